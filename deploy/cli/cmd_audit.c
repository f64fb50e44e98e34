/* crowdtide audit: the books recomputed, and compared with Kafka and the store. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "deploy/cli/arguments.h"
#include "deploy/cli/audit_print.h"
#include "deploy/cli/cli.h"

enum { EXIT_GAP = 1 };

static int run(const struct audit_options *options, bool json)
{
    struct audit_report report;
    struct error err = {0};
    char text[ERROR_WHERE_BYTES + 128];
    cli_signals();
    if (!audit_run(options, &report, &err)) {
        fprintf(stderr, "crowdtide audit: %s\n", error_describe(&err, text, sizeof text));
        return err.code == ERROR_CONFIG ? EXIT_USAGE : EXIT_FAILED;
    }
    (json ? audit_print_json : audit_print)(options, &report);
    if (report.stopped)
        fprintf(stderr, "crowdtide audit: stopped before its end\n");
    int code = report.findings || report.stopped ? EXIT_GAP : EXIT_OK;
    audit_free(&report);
    return code;
}

int cmd_audit(int argc, char **argv)
{
    const char *config_path = NULL;
    bool kafka = false, series = false, json = false;
    const struct arguments_option options[] = {
        ARGUMENTS_CONFIG(&config_path),
        {.name = "kafka",
         .help = "compare with the crowdtide.* topics, under read_committed",
         .flag = &kafka},
        {.name = "series", .help = "compare with the time-series store", .flag = &series},
        {.name = "json", .help = "for programs: one JSON object", .flag = &json},
        {0},
    };
    const struct arguments spec = {
        "audit", "",
        "Recomputes the books from the logs: reads all of them with their checksums, runs the "
        "readings through\nthe core again and compares every result byte for byte, so that an "
        "input dealt with twice or not at\nall is named. Then, if asked, looks up each result in "
        "Kafka and in the store. Gaps are named by the\nsequence of the readings log they come "
        "from. It may run while everything runs (it takes process's\nposition first), or on a "
        "stopped or copied state directory.",
        options,
        "What retention or a disk cap has deleted is not judged; the report says from where on it "
        "judges. The\nstore must answer InfluxQL: InfluxDB 1.x, or 2.x by its 1.x interface. "
        "Exit code: 0 the books balance,\n1 a gap (each named), or a log, Kafka or the store "
        "could not be read, 2 bad use."};
    int code;
    if (!arguments_parse(argc, argv, &spec, NULL, &code))
        return code;
    struct config config;
    if (!cli_load_config(config_path, &config))
        return EXIT_USAGE;
    const struct audit_options audit = {
        .config = &config, .kafka = kafka, .series = series, .stop = cli_stop()};
    code = run(&audit, json);
    config_free(&config);
    return code;
}
