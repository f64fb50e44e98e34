#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "deploy/cli/arguments.h"
#include "deploy/cli/cli.h"
#include "deploy/cli/supervise.h"
#include "schemas/base/report.h"
#include "schemas/counters/counters.h"
#include "schemas/venue/venue.h"

enum {
    BACKOFF_FIRST_MS = 200,
    BACKOFF_MAX_MS = 5000,
    HEALTHY_MS = 60000,
    STOP_MS = 10000,
    REMINDER_MS = 60000,
    HUNG_MS = 60000,
    PATH_BYTES = 4096,
    PROGRAMS = 6,
};

enum { STAGE_INGEST, STAGE_PROCESS, STAGE_PUBLISH };
_Static_assert((int)STAGE_PUBLISH < (int)SUPERVISE_STAGES, "stages");

struct running {
    struct counters *counters;
    enum program program[PROGRAMS]; /* of each supervised one */
};

static uint64_t pulse(void *arg, uint32_t i)
{
    const struct running *running = arg;
    struct counters_program seen = counters_program(running->counters, running->program[i]);
    return (uint64_t)seen.alive_wall_ns;
}

static void tick(void *arg)
{
    const struct running *running = arg;
    counters_alive(running->counters);
}

static void restarting(void *arg)
{
    const struct running *running = arg;
    counters_add(running->counters, COUNTER_RUN_RESTARTS, 1);
}

/* The path of this binary, so that a program started again after an upgrade is the new one. */
static const char *own_path(char out[PATH_BYTES])
{
    ssize_t n = readlink("/proc/self/exe", out, PATH_BYTES - 1);
    if (n <= 0)
        return "/proc/self/exe";
    out[n] = '\0';
    return out;
}

/* Ingest stops first: then nothing new comes in, process reaches the end of the readings and
   snapshots there, and the publishers send what that gave. What can't be sent any more waits in the
   logs. */
static int supervise(const struct config *config, const char *config_path,
                     struct counters *counters)
{
    char path[PATH_BYTES];
    const char *binary = own_path(path);
    const char *option = config_path ? "-c" : NULL; /* NULL ends argv early */
    const char *const ingest[] = {"crowdtide", "ingest", option, config_path, NULL};
    const char *const process[] = {"crowdtide", "process", option, config_path, NULL};
    const char *const kafka[] = {"crowdtide", "publish", "kafka", option, config_path, NULL};
    const char *const series[] = {"crowdtide", "publish", "series", option, config_path, NULL};
    const char *const serve[] = {"crowdtide", "serve", option, config_path, NULL};
    const char *const page[] = {"crowdtide", "page", option, config_path, NULL};
    const uint32_t bad_config = 1U << EXIT_USAGE, fenced = 1U << 3;
    struct running running = {.counters = counters};
    struct supervise_program programs[PROGRAMS];
    uint32_t count = 0;
    running.program[count] = PROGRAM_INGEST;
    programs[count++] = (struct supervise_program){.name = "ingest",
                                                   .argv = ingest,
                                                   .final_codes = bad_config,
                                                   .stage = STAGE_INGEST,
                                                   .reloads = true};
    running.program[count] = PROGRAM_PROCESS;
    programs[count++] = (struct supervise_program){.name = "process",
                                                   .argv = process,
                                                   .final_codes = bad_config,
                                                   .stage = STAGE_PROCESS,
                                                   .watched = true};
    if (config->kafka_enabled) {
        running.program[count] = PROGRAM_KAFKA;
        programs[count++] = (struct supervise_program){.name = "publish-kafka",
                                                       .argv = kafka,
                                                       .final_codes = bad_config | fenced,
                                                       .stage = STAGE_PUBLISH};
    }
    if (config->series_enabled) {
        running.program[count] = PROGRAM_SERIES;
        programs[count++] = (struct supervise_program){.name = "publish-series",
                                                       .argv = series,
                                                       .final_codes = bad_config | fenced,
                                                       .stage = STAGE_PUBLISH};
    }
    if (config->serve_enabled) {
        running.program[count] = PROGRAM_SERVE;
        programs[count++] = (struct supervise_program){
            .name = "serve", .argv = serve, .final_codes = bad_config, .stage = STAGE_PUBLISH};
    }
    if (config->page_file[0]) {
        running.program[count] = PROGRAM_PAGE;
        programs[count++] = (struct supervise_program){.name = "page",
                                                       .argv = page,
                                                       .final_codes = bad_config,
                                                       .stage = STAGE_PUBLISH,
                                                       .reloads = true,
                                                       .watched = true};
    }
    for (uint32_t i = 0; i < count; i++)
        programs[i].path = binary;
    return supervise_run(&(struct supervise_options){
        .programs = programs,
        .count = count,
        .backoff_first_ms = BACKOFF_FIRST_MS,
        .backoff_max_ms = BACKOFF_MAX_MS,
        .healthy_ms = HEALTHY_MS,
        .stop_ms = STOP_MS,
        .reminder_ms = REMINDER_MS,
        .hung_ms = HUNG_MS,
        .pulse = pulse,
        .tick = tick,
        .restarting = restarting,
        .arg = &running,
    });
}

/* Mistakes are told once, here, before four programs would tell them. */
static bool check(const char *config_path, struct config *config)
{
    struct venue *venue = NULL;
    if (!cli_load_config(config_path, config))
        return false;
    bool ok = cli_load_venue(config, &venue, NULL);
    if (ok)
        venue_free(venue);
    else
        config_free(config);
    return ok;
}

int cmd_run(int argc, char **argv)
{
    const char *config_path = NULL;
    const struct arguments_option options[] = {ARGUMENTS_CONFIG(&config_path), {0}};
    const struct arguments spec = {
        .command = "run",
        .operands = "",
        .about = "Starts ingest, process, the publishers, serve and (with page.file) page, and "
                 "starts again what ends. "
                 "SIGTERM or\n"
                 "Ctrl-C stops them in order and leaves nothing half done; twice: at once; three\n"
                 "times: kills. SIGHUP makes ingest read the venue file again.",
        .options = options,
        .more =
            "Exit codes: 0 stopped, 1 failure (also: already running on this state directory),\n"
            "2 bad use or bad configuration.",
    };
    int code = EXIT_OK;
    if (!arguments_parse(argc, argv, &spec, NULL, &code))
        return code;
    struct config config;
    struct counters *counters = NULL;
    struct error err = {0};
    if (!check(config_path, &config))
        return EXIT_USAGE;
    if (!counters_open(config.state_dir, PROGRAM_RUN, &counters, &err)) {
        report_error("run", "refused", &err);
        config_free(&config);
        return EXIT_FAILED;
    }
    report(REPORT_INFO, "run", "starting", "version=%s state_dir=\"%s\"", CROWDTIDE_VERSION,
           config.state_dir);
    code = supervise(&config, config_path, counters);
    report(REPORT_INFO, "run", "stopped", "code=%d", code);
    counters_close(counters);
    config_free(&config);
    return code;
}
