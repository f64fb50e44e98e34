/* crowdtide replay: recorded readings through another venue file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "deploy/cli/arguments.h"
#include "deploy/cli/cli.h"
#include "deploy/cli/replay_print.h"
#include "schemas/base/clock.h"
#include "schemas/venue/venue.h"

enum { PATH_BYTES = 4200 };

struct words { /* as they were given */
    const char *config, *log, *venue, *against, *from, *until, *out;
    bool json;
};

struct command {
    struct config config;
    char readings[PATH_BYTES], alerts[PATH_BYTES], snapshots[PATH_BYTES];
    char *source; /* of the other venue */
    size_t source_len;
    struct replay_options options;
};

static bool mistake(const char *what, const char *word)
{
    fprintf(stderr, "crowdtide replay: %s%s%s%s\ncrowdtide replay --help tells more.\n", what,
            word ? " '" : "", word ? word : "", word ? "'" : "");
    return false;
}

static bool is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* --log names a state directory, or a readings log, beside which the results may be. */
static bool logs_find(struct command *c, const char *dir)
{
    int n = snprintf(c->readings, sizeof c->readings, "%s/readings", dir);
    int m = snprintf(c->alerts, sizeof c->alerts, "%s/alerts", dir);
    if (n > 0 && (size_t)n < sizeof c->readings && !is_dir(c->readings)) {
        n = snprintf(c->readings, sizeof c->readings, "%s", dir);
        m = snprintf(c->alerts, sizeof c->alerts, "%s/../alerts", dir);
    }
    if (n < 0 || (size_t)n >= sizeof c->readings || m < 0 || (size_t)m >= sizeof c->alerts)
        return mistake("the path is too long:", dir);
    int k = snprintf(c->snapshots, sizeof c->snapshots, "%s/../snapshots", c->readings);
    c->options.snapshots_dir = k > 0 && (size_t)k < sizeof c->snapshots ? c->snapshots : NULL;
    c->options.readings_dir = c->readings;
    c->options.alerts_dir = is_dir(c->alerts) ? c->alerts : NULL;
    if (c->options.against_results && !c->options.alerts_dir)
        return mistake("--against results needs the alerts log, and there is no", c->alerts);
    return true;
}

static bool time_take(const char *word, int64_t absent_ms, int64_t *ret_ms)
{
    *ret_ms = absent_ms;
    return !word || time_parse_rfc3339(str_of(word), ret_ms) ||
           mistake("a time such as 2026-11-23T10:00:00+08:00 is expected, not", word);
}

/* Every mistake of the venue file is named, as `check` would. */
static bool venue_take(struct command *c, const char *path)
{
    struct error err = {0};
    char text[ERROR_WHERE_BYTES + 128];
    struct problems problems = {0};
    struct venue *venue = NULL;
    if (!config_read_venue_file(path, c->config.payload_dir, &c->source, &c->source_len, &err)) {
        fprintf(stderr, "crowdtide replay: %s\n", error_describe(&err, text, sizeof text));
        return false;
    }
    c->options.venue = (struct str){c->source, (uint32_t)c->source_len};
    c->options.venue_path = path;
    bool ok = venue_parse(c->options.venue, &venue, &problems);
    cli_print_problems(path, &problems);
    venue_free(venue);
    return ok;
}

static bool options_take(struct command *c, const struct words *words)
{
    const char *against = words->against ? words->against : "model";
    if (!words->venue && strcmp(against, "results") != 0)
        return mistake(
            "--venue FILE is missing: which venue file shall be tried? (--against results "
            "alone tries this program)",
            NULL);
    c->options.against_results = strcmp(against, "results") == 0;
    if (!c->options.against_results && strcmp(against, "model") != 0)
        return mistake("--against takes model or results, not", against);
    c->options.late_ms = c->config.late_s * 1000;
    c->options.out_dir = words->out;
    c->options.stop = cli_stop();
    return time_take(words->from, INT64_MIN, &c->options.from_ms) &&
           time_take(words->until, INT64_MAX, &c->options.until_ms) &&
           logs_find(c, words->log ? words->log : c->config.state_dir) &&
           (!words->venue || venue_take(c, words->venue));
}

/* What could not be done, or only in part. That this program says other than what was said is an
 * answer of its own; that another venue file does is what one asks for it for. */
static int code_of(const struct replay_options *options, const struct replay_report *report)
{
    bool differs =
        options->venue.len == 0 && report->table.count > report->table.total[DIFFERENCE_SAME];
    char text[ERROR_WHERE_BYTES + 128];
    if (report->damaged)
        fprintf(stderr,
                "crowdtide replay: the readings log is damaged, and was run up to there: %s\n",
                error_describe(&report->damage, text, sizeof text));
    if (report->stopped)
        fprintf(stderr, "crowdtide replay: stopped before the end of the log\n");
    return report->damaged || report->stopped || differs ? EXIT_FAILED : EXIT_OK;
}

static int run(struct command *c, bool json)
{
    struct replay_report report;
    struct error err = {0};
    char text[ERROR_WHERE_BYTES + 128];
    cli_signals();
    int64_t began_ns = clock_boot_ns();
    if (!replay_run(&c->options, &report, &err)) {
        fprintf(stderr, "crowdtide replay: %s\n", error_describe(&err, text, sizeof text));
        return err.code == ERROR_MODEL || err.code == ERROR_INVALID ? EXIT_USAGE : EXIT_FAILED;
    }
    const struct replay_printed printed = {&c->options, &report, clock_boot_ns() - began_ns};
    (json ? replay_print_json : replay_print)(&printed);
    (void)fflush(stdout);
    int code = code_of(&c->options, &report);
    replay_free(&report);
    return code;
}

int cmd_replay(int argc, char **argv)
{
    struct words words = {0};
    const struct arguments_option options[] = {
        ARGUMENTS_CONFIG(&words.config),
        {.name = "log",
         .value = "DIR",
         .help = "state directory or readings log; default the configured state directory",
         .text = &words.log},
        {.name = "venue",
         .value = "FILE",
         .help = "OTHER: the venue file to try, in place of every model in the log",
         .text = &words.venue},
        {.name = "against",
         .value = "WHAT",
         .help = "compare with: model, the log's own models run again (default), or results, "
                 "what was said then; with results and without --venue it is this program "
                 "that is tried",
         .text = &words.against},
        {.name = "from",
         .value = "TIME",
         .help = "compare alerts from then on; everything before is run all the same",
         .text = &words.from},
        {.name = "until", .value = "TIME", .help = "run up to then", .text = &words.until},
        {.name = "out",
         .value = "DIR",
         .help = "write OTHER's results into DIR/alerts and DIR/bulk, marked as replayed",
         .text = &words.out},
        {.name = "json", .help = "for programs: one JSON object", .flag = &words.json},
        {0},
    };
    const struct arguments spec = {
        "replay", "",
        "Runs recorded readings through another venue file, without servers and without disturbing "
        "a live\nsystem, and prints how its alerts differ: for each zone and rule, levels that are "
        "reached earlier,\nlater, only with OTHER (raised) or no more (missed), once more while it "
        "lasted before (again), or once\nwhere it was left and reached again before (joined).",
        options,
        "The state begins empty at the oldest record kept. Results written by --out are refused by "
        "publishers\nand pager; `crowdtide log` reads them. Drills are not compared. Before an "
        "upgrade: the new program with\n--against results and no --venue says, beside the running "
        "one, how its alerts differ (from the oldest\nsnapshot on when the readings' beginning is "
        "deleted). Exit code: 0 it ran, 1 the log could not be read\nto its end, or without "
        "--venue "
        "there is a difference, 2 bad use or a mistake in the venue file."};
    struct command *c = NULL;
    int code;
    if (!arguments_parse(argc, argv, &spec, NULL, &code))
        return code;
    c = calloc(1, sizeof *c);
    if (!c) {
        fprintf(stderr, "crowdtide replay: out of memory\n");
        return EXIT_FAILED;
    }
    if (!cli_load_config(words.config, &c->config)) {
        free(c);
        return EXIT_USAGE;
    }
    code = options_take(c, &words) ? run(c, words.json) : EXIT_USAGE;
    config_free(&c->config);
    free(c->source);
    free(c);
    return code;
}
