#include <stdio.h>
#include <stdlib.h>

#include "deploy/cli/arguments.h"
#include "deploy/cli/check.h"
#include "deploy/cli/check_page.h"
#include "deploy/cli/check_payload.h"
#include "deploy/cli/cli.h"
#include "deploy/cli/settings.h"

static int run_payload(const char *path, struct check_payload *payload)
{
    struct check *check = malloc(sizeof *check);
    int code = EXIT_USAGE;
    if (!check) {
        (void)fprintf(stderr, "crowdtide check: out of memory\n");
        return EXIT_FAILED;
    }
    check_open(check, path);
    payload->config = &check->config;
    payload->venue = check->venue;
    if (check_passed(check) && check->venue)
        code = check_payload(payload);
    else
        check_print(check);
    check_close(check);
    free(check);
    return code;
}

static int run_page(const char *path, const struct check_page *asked)
{
    struct check *check = malloc(sizeof *check);
    int code = EXIT_USAGE;
    if (!check) {
        (void)fprintf(stderr, "crowdtide check: out of memory\n");
        return EXIT_FAILED;
    }
    check_open(check, path);
    if (!check_passed(check))
        check_print(check);
    else if (!check->paging)
        (void)fprintf(stderr, "crowdtide check --page: the setting page.file is empty: nobody is "
                              "paged for anything\n");
    else
        code = check_page(check, asked);
    check_close(check);
    free(check);
    return code;
}

static int run(const char *path, bool connect, bool json)
{
    struct check *check = malloc(sizeof *check);
    if (!check) {
        (void)fprintf(stderr, "crowdtide check: out of memory\n");
        return EXIT_FAILED;
    }
    check_open(check, path);
    bool passed = check_passed(check);
    if (passed && connect)
        check_connect(check);
    bool answered = check_answered(check);
    if (json)
        check_print_json(check);
    else
        check_print(check);
    check_close(check);
    free(check);
    if (!passed)
        return EXIT_USAGE;
    return answered ? EXIT_OK : EXIT_FAILED;
}

int cmd_check(int argc, char **argv)
{
    const char *path = NULL;
    struct check_payload payload = {0};
    struct check_page page = {0};
    int operands = 0;
    bool connect = false, json = false, settings = false, venue_settings = false;
    const struct arguments_option options[] = {
        ARGUMENTS_CONFIG(&path),
        {.name = "connect", .help = "try the broker, Kafka and the store too", .flag = &connect},
        {.name = "json", .help = "for programs: one JSON object", .flag = &json},
        {.name = "settings",
         .help = "print every setting with its limits and default (Markdown) and end",
         .flag = &settings},
        {.name = "venue-settings",
         .help = "the same for the settings in a venue file",
         .flag = &venue_settings},
        {.name = "payload",
         .value = "FILE",
         .help = "show what a message becomes; -: standard input; wants --topic",
         .text = &payload.file},
        {.name = "topic",
         .value = "TOPIC",
         .help = "where it would be published",
         .text = &payload.topic},
        {.name = "map",
         .value = "FILE",
         .help = "try it with this payload map alone",
         .text = &payload.map},
        {.name = "content-type",
         .value = "TYPE",
         .help = "as an MQTT 5 publisher gives it",
         .text = &payload.content_type},
        {.name = "page",
         .value = "ZONE",
         .help = "who would be paged for this zone at LEVEL, by each rule and step of escalation",
         .text = &page.zone},
        {.name = "rule", .value = "RULE", .help = "by this rule alone", .text = &page.rule},
        {.name = "at",
         .value = "TIME",
         .help = "not now but then: 2026-05-16T03:00 in the venue's local time",
         .text = &page.at},
        {.name = "escalation",
         .value = "STEP",
         .help = "at this step alone; 0: at once",
         .text = &page.escalation},
        {0},
    };
    const struct arguments spec = {
        "check", "[LEVEL]",
        "Checks the configuration, the venue file and who is paged for what (page.file): every\n"
        "mistake with file, line and reason; then a summary of the venue, each rule in a sentence\n"
        "with its worst-case detection time, and the routes, teams and targets of pages.",
        options,
        "Exit code: 0 all is well, 1 a server did not answer (--connect) or not every reading of "
        "the\n"
        "message would count (--payload), 2 the configuration or "
        "the\nvenue has mistakes, or somebody would not be paged. Warnings do not count."};
    int code;
    if (!arguments_parse(argc, argv, &spec, &operands, &code))
        return code;
    if (argc - operands != (page.zone ? 1 : 0) ||
        (!page.zone && (page.rule || page.at || page.escalation))) {
        (void)fprintf(stderr, page.zone
                                  ? "crowdtide check: --page ZONE wants one LEVEL\n"
                                  : "crowdtide check: LEVEL, --rule, --at and --escalation "
                                    "go with --page ZONE; nothing else follows the options\n");
        return EXIT_USAGE;
    }
    if (settings) {
        settings_print_table(stdout);
        return EXIT_OK;
    }
    if (venue_settings) {
        settings_print_venue_table(stdout);
        return EXIT_OK;
    }
    if (!payload.file != !payload.topic || (payload.map && !payload.file)) {
        (void)fprintf(stderr, "crowdtide check: --payload FILE and --topic TOPIC go together\n");
        return EXIT_USAGE;
    }
    if (payload.topic && (!payload.topic[0] || strpbrk(payload.topic, "+#"))) {
        (void)fprintf(stderr, "crowdtide check: --topic is where one message would be published: "
                              "not empty, and without + and #\n");
        return EXIT_USAGE;
    }
    payload.json = page.json = json;
    if (page.zone) {
        page.level = argv[operands];
        return run_page(path, &page);
    }
    return payload.file ? run_payload(path, &payload) : run(path, connect, json);
}
