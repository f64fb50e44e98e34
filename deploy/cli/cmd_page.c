#include <stdio.h>
#include <stdlib.h>

#include "deploy/cli/arguments.h"
#include "deploy/cli/cli.h"
#include "processors/page/page.h"
#include "schemas/base/report.h"
#include "schemas/counters/counters.h"

enum { PATH_BYTES = 4096 };

struct files { /* what the pager goes by */
    struct config config;
    struct venue *venue;
    struct paging *paging;
    uint32_t holes; /* of the roster at this venue, names that it has not included */
};

static void files_free(struct files *files)
{
    paging_free(files->paging);
    if (files->venue)
        venue_free(files->venue);
    config_free(&files->config);
}

/* Every problem is printed. holes_too: also a roster that leaves holes: who starts pages by it,
   since otherwise nobody would be paged at all. */
static bool files_load(const char *path, bool holes_too, struct files *ret)
{
    struct files files = {0};
    struct problems problems = {0};
    if (!cli_load_config(path, &files.config))
        return false;
    bool ok = cli_load_venue(&files.config, &files.venue, NULL);
    if (ok && !files.config.page_file[0]) {
        (void)fprintf(stderr, "crowdtide page: the setting page.file is empty: nobody is paged for "
                              "anything\n");
        ok = false;
    }
    if (ok) {
        ok = paging_load(files.config.page_file, &files.paging, &problems) &&
             (paging_fit(files.paging, files.venue, &problems) || holes_too);
        files.holes = problems.count - problems.warnings;
        cli_print_problems(files.config.page_file, &problems);
    }
    if (!ok) {
        files_free(&files);
        return false;
    }
    *ret = files;
    return true;
}

/* SIGHUP: new files, if they are good. */
static void reload(const char *path, struct files *files)
{
    struct files fresh;
    *cli_reload() = 0;
    if (!files_load(path, false, &fresh)) {
        report(REPORT_ERROR, "page", "reload_refused", "why=\"the files have mistakes\"");
        return;
    }
    files_free(files);
    *files = fresh;
    report(REPORT_INFO, "page", "reloaded", "targets=%u", paging_target_count(files->paging));
}

static int run(const char *path, struct files *files, bool kafka)
{
    int code;
    char quoted[PATH_BYTES];
    if (files->holes)
        report(REPORT_ERROR, "page", "roster_holes",
               "file=\"%s\" holes=%u then=\"the whole team is paged, or everybody\"",
               report_quote(files->config.page_file, quoted, sizeof quoted), files->holes);
    do {
        const struct page_options options = {.config = &files->config,
                                             .venue = files->venue,
                                             .paging = files->paging,
                                             .holes = files->holes,
                                             .kafka = kafka,
                                             .stop = cli_stop(),
                                             .reload = cli_reload()};
        code = page_run(&options);
        if (code == PAGE_RELOAD)
            reload(path, files);
    } while (code == PAGE_RELOAD);
    return code;
}

/* ---- --test ------------------------------------------------------------------------------------
 */

static void answered(void *arg, const struct paging_target *target, bool taken, int status,
                     const char *words)
{
    (void)arg;
    (void)printf("%-12s " STR_FMT ": %s", paging_kind_text(target->kind), STR_ARG(target->id),
                 taken ? "taken" : "NOT TAKEN");
    if (status)
        (void)printf(" (%d)", status);
    (void)printf("%s%s\n", words[0] ? ": " : "", words);
}

static int test(const struct files *files, const char *zone, const char *word, const char *rule)
{
    enum level level = LEVEL_NONE;
    uint32_t asked = 0, taken = 0;
    struct error err = {0};
    char text[512];
    if (venue_zone_find(files->venue, str_of(zone)) == VENUE_NO_ZONE) {
        (void)fprintf(stderr, "crowdtide page --test: the venue has no zone \"%s\"\n", zone);
        return EXIT_USAGE;
    }
    if (!level_parse(str_of(word), &level) || level < LEVEL_YELLOW) {
        (void)fprintf(stderr, "crowdtide page --test: yellow, orange or red page, not \"%s\"\n",
                      word);
        return EXIT_USAGE;
    }
    const struct page_options options = {.config = &files->config,
                                         .venue = files->venue,
                                         .paging = files->paging,
                                         .stop = cli_stop(),
                                         .reload = cli_reload()};
    const struct page_trial trial = {.zone = str_of(zone),
                                     .rule = str_of(rule ? rule : ""),
                                     .level = level,
                                     .answered = answered};
    if (!page_test(&options, &trial, &asked, &taken, &err)) {
        (void)fprintf(stderr, "crowdtide page --test: %s\n",
                      error_describe(&err, text, sizeof text));
        return EXIT_FAILED;
    }
    if (asked == 0)
        (void)fprintf(stderr, "crowdtide page --test: no rule of %s pages at %s\n", zone, word);
    return asked && taken == asked ? EXIT_OK : EXIT_FAILED;
}

int cmd_page(int argc, char **argv)
{
    const char *path = NULL, *rule = NULL, *from = NULL;
    bool trial = false;
    int operands = 0, code = EXIT_OK;
    const struct arguments_option options[] = {
        ARGUMENTS_CONFIG(&path),
        {.name = "from",
         .value = "log|kafka",
         .help = "where alerts come from: the alerts log (default), or Kafka, on another machine",
         .text = &from},
        {.name = "test",
         .help = "send a page marked Test, once, to all whom a page of ZONE at LEVEL would reach "
                 "now, and say what each answered",
         .flag = &trial},
        {.name = "rule", .value = "RULE", .help = "--test: of this rule only", .text = &rule},
        {0}};
    const struct arguments spec = {
        .command = "page",
        .operands = "[--test ZONE LEVEL]",
        .about =
            "Delivers pages: reads the alerts log and tells the targets of page.file, each with a\n"
            "position of its own that moves only after delivery. `crowdtide run` starts it when\n"
            "page.file is set. A roster with holes does not keep it from starting: it says where\n"
            "they are, and pages the whole team there, or everybody. SIGHUP reads the files again\n"
            "and keeps the old ones where the new have mistakes or holes. With --from kafka it\n"
            "needs the roster, the venue file and a state directory of its own, and nothing else "
            "of\n"
            "the other machine.",
        .options = options,
        .more = "Exit codes: 0 stopped by SIGTERM (--test: everybody has taken it), 1 failure, 2 "
                "bad use or\nbad configuration. Who would be paged for what: crowdtide check "
                "--page.",
    };
    if (!arguments_parse(argc, argv, &spec, &operands, &code))
        return code;
    if (argc - operands != (trial ? 2 : 0) || (rule && !trial)) {
        (void)fprintf(stderr, "crowdtide page: see crowdtide page --help\n");
        return EXIT_USAGE;
    }
    const bool kafka = from && str_is(str_of(from), "kafka");
    if (from && !kafka && !str_is(str_of(from), "log")) {
        (void)fprintf(stderr, "crowdtide page: --from log or kafka, not \"%s\"\n", from);
        return EXIT_USAGE;
    }
    struct files files;
    if (!files_load(path, true, &files))
        return EXIT_USAGE;
    cli_signals();
    code =
        trial ? test(&files, argv[operands], argv[operands + 1], rule) : run(path, &files, kafka);
    files_free(&files);
    return code;
}
