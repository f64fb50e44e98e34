/* crowdtide test: text scripts with a virtual clock against a venue file. */
#include <stdio.h>
#include <stdlib.h>

#include "deploy/cli/arguments.h"
#include "deploy/cli/cli.h"
#include "processors/replay/script.h"

/* A result as JSON: the longest, a dead letter, holds a whole message in base64. */
enum { TRACE_BYTES = 2 * 1024 * 1024, SHOWN_BYTES = SCRIPT_REASON_BYTES * 6 + 8 };

struct tester {
    const char *venue_path;
    bool json, trace;
    char *trace_bytes;
    struct script_report report; /* of the file in hand */
    uint32_t files, failed, broken;
    uint32_t expectations, unmet;
};

/* Every result but the heartbeat, which comes each second and says nothing about the venue. */
static void trace(void *arg, const char *clock, unsigned type, const union result_any *result)
{
    const struct tester *t = arg;
    struct text line = text_over(t->trace_bytes, TRACE_BYTES);
    if (type == RECORD_HEARTBEAT)
        return;
    result_json(type, result, &line);
    fprintf(t->json ? stderr : stdout, "%s %s " STR_FMT "\n", clock, record_type_name(type),
            (int)line.len, line.at);
}

/* ---- for people ------------------------------------------------------------------------------ */

static void print_file(const struct tester *t, const char *path, bool ok)
{
    const struct script_report *r = &t->report;
    if (ok)
        printf("ok %s (%u expectations)\n", path, r->expectations);
    for (uint32_t i = 0; i < r->listed; i++) {
        const struct script_failure *f = &r->failure[i];
        printf("FAILED %s:%u: %s%s\n", path, f->line, f->fault == SCRIPT_BROKEN ? "error: " : "",
               f->reason);
    }
    if (r->unmet + r->broken > r->listed)
        printf("FAILED %s: and %u more\n", path, r->unmet + r->broken - r->listed);
}

static void print_summary(const struct tester *t)
{
    printf("%u scripts, %u failed; %u expectations, %u not met\n", t->files, t->failed,
           t->expectations, t->unmet);
}

/* ---- for programs ---------------------------------------------------------------------------- */

static void print_json_text(const char *text)
{
    char bytes[SHOWN_BYTES];
    struct text out = text_over(bytes, sizeof bytes);
    text_add_json(&out, str_of(text));
    printf(STR_FMT, (int)out.len, out.at);
}

static void print_json_file(const struct tester *t, const char *path, bool ok)
{
    const struct script_report *r = &t->report;
    printf("%s{\"file\":", t->files > 1 ? "," : "{\"files\":[");
    print_json_text(path);
    printf(",\"ok\":%s,\"expectations\":%u,\"unmet\":%u,\"broken\":%s,\"failures\":[",
           ok ? "true" : "false", r->expectations, r->unmet, r->broken ? "true" : "false");
    for (uint32_t i = 0; i < r->listed; i++) {
        const struct script_failure *f = &r->failure[i];
        printf("%s{\"line\":%u,\"fault\":\"%s\",\"reason\":", i ? "," : "", f->line,
               f->fault == SCRIPT_BROKEN ? "broken" : "unmet");
        print_json_text(f->reason);
        printf("}");
    }
    printf("]}");
}

static void print_json_summary(const struct tester *t)
{
    printf("],\"scripts\":%u,\"failed\":%u,\"expectations\":%u,\"unmet\":%u,\"ok\":%s}\n", t->files,
           t->failed, t->expectations, t->unmet, t->failed ? "false" : "true");
}

/* ---- the command ----------------------------------------------------------------------------- */

static void test_file(struct tester *t, const char *path)
{
    const struct script_options options = {
        .path = path, .venue_path = t->venue_path, .seen = t->trace ? trace : NULL, .arg = t};
    bool ok = script_run(&options, &t->report);
    t->files++;
    t->failed += !ok;
    t->broken += t->report.broken;
    t->expectations += t->report.expectations;
    t->unmet += t->report.unmet;
    (t->json ? print_json_file : print_file)(t, path, ok);
    (void)fflush(stdout);
}

int cmd_test(int argc, char **argv)
{
    struct tester *t = calloc(1, sizeof *t);
    int code = EXIT_FAILED, operands = 0;
    if (!t) {
        fprintf(stderr, "crowdtide test: out of memory\n");
        return EXIT_FAILED;
    }
    const struct arguments_option options[] = {
        {.name = "venue",
         .value = "FILE",
         .help = "the venue of scripts that name none",
         .text = &t->venue_path},
        {.name = "trace",
         .help = "print each result but heartbeats as it appears (with --json: on stderr)",
         .flag = &t->trace},
        {.name = "json", .help = "for programs: one JSON object", .flag = &t->json},
        {0},
    };
    const struct arguments spec = {
        "test", "FILES…",
        "Runs scripts of what sensors report and operators do, on a virtual clock and without "
        "servers,\nand checks what must come of it: alerts, levels, figures.",
        options,
        "    venue venue.yaml\n"
        "    10:00:00 every 5 until 10:01:00 sensor c1 occupancy 812\n"
        "    expect hall-8.1 orange by 10:00:20\n\n"
        "deploy/venues/TESTING.md describes the language. Exit code: 0 all is as expected, 1 an\n"
        "expectation was not met, 2 a script or its venue has a mistake."};
    if (!arguments_parse(argc, argv, &spec, &operands, &code))
        goto done;
    if (operands == argc) {
        fprintf(stderr, "crowdtide test: no script is named\n"
                        "crowdtide test --help tells more.\n");
        code = EXIT_USAGE;
        goto done;
    }
    t->trace_bytes = t->trace ? malloc(TRACE_BYTES) : NULL;
    if (t->trace && !t->trace_bytes) {
        fprintf(stderr, "crowdtide test: out of memory\n");
        code = EXIT_FAILED;
        goto done;
    }
    for (int i = operands; i < argc; i++)
        test_file(t, argv[i]);
    (t->json ? print_json_summary : print_summary)(t);
    code = t->broken ? EXIT_USAGE : t->failed ? EXIT_FAILED : EXIT_OK;
done:
    free(t->trace_bytes);
    free(t);
    return code;
}
