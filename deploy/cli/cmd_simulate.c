#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/cli.h"
#include "deploy/cli/settings.h"
#include "ingest/simulate/movement.h"
#include "ingest/simulate/simulate.h"

static void usage(FILE *to)
{
    (void)fprintf(
        to,
        "usage: crowdtide simulate [-c FILE] [OPTIONS]\n\n"
        "Publishes the day of the configured venue to the broker: arrivals by gate, movement "
        "between\n"
        "halls, exits. The hall with the main event is over its capacity from 9:50 to 10:55, "
        "another one\n"
        "from 13:55 to 14:55; everybody leaves from 16:00, and when the simulation ends. Time "
        "stamps are\n"
        "the wall clock's.\n\n"
        "  -c, --config FILE      configuration\n"
        "  -s, --speed N          simulated seconds a second (default %g)\n"
        "      --start HH:MM      time of day at the beginning (default 09:30)\n"
        "  -d, --duration S       stop after S seconds (default: run until stopped)\n"
        "  -p, --people N         people in the day (default %d)\n"
        "      --main-zone ID     zone of the main event (default: a hall chosen by the seed)\n"
        "  -r, --rate-limit N     messages/s at most (default %g)\n"
        "      --dropouts N       dropouts of one sensor per hour of wall time (default %g)\n"
        "      --seed N           seed (default 1): the same seed gives the same day\n"
        "      --drill            publish below drill/: an exercise, which leaves the real state "
        "alone\n"
        "  -q, --quiet            no progress lines\n"
        "  -h, --help             this text\n",
        SIMULATE_SPEED_DEFAULT, MOVEMENT_PEOPLE_DEFAULT, SIMULATE_RATE_DEFAULT,
        SIMULATE_DROPOUTS_DEFAULT);
}

static bool number(const char *text, double min, double max, double *ret)
{
    char *end = NULL;
    errno = 0;
    double value = strtod(text, &end);
    if (errno || end == text || *end || !isfinite(value) || value < min || value > max) {
        (void)fprintf(stderr, "crowdtide simulate: \"%s\" is not a number from %g to %g\n", text,
                      min, max);
        return false;
    }
    *ret = value;
    return true;
}

static bool time_of_day(const char *text, double *ret_s)
{
    unsigned hour = 0, minute = 0;
    char rest = 0;
    if (sscanf(text, "%2u:%2u%c", &hour, &minute, &rest) != 2 || hour > 23 || minute > 59) {
        (void)fprintf(stderr, "crowdtide simulate: \"%s\" is not a time such as 09:30\n", text);
        return false;
    }
    *ret_s = hour * 3600.0 + minute * 60.0;
    return true;
}

struct arguments {
    const char *config, *main_zone;
    struct simulate_options simulate;
    double people, seed;
    bool help;
};

static bool parse(int argc, char **argv, struct arguments *to)
{
    static const struct option long_options[] = {{"config", required_argument, NULL, 'c'},
                                                 {"speed", required_argument, NULL, 's'},
                                                 {"start", required_argument, NULL, 'S'},
                                                 {"duration", required_argument, NULL, 'd'},
                                                 {"people", required_argument, NULL, 'p'},
                                                 {"main-zone", required_argument, NULL, 'm'},
                                                 {"rate-limit", required_argument, NULL, 'r'},
                                                 {"dropouts", required_argument, NULL, 'D'},
                                                 {"seed", required_argument, NULL, 'e'},
                                                 {"drill", no_argument, NULL, 'x'},
                                                 {"quiet", no_argument, NULL, 'q'},
                                                 {"help", no_argument, NULL, 'h'},
                                                 {NULL, 0, NULL, 0}};
    struct simulate_options *simulate = &to->simulate;
    bool ok = true;
    for (int c; ok && (c = getopt_long(argc, argv, "c:s:d:p:r:qh", long_options, NULL)) != -1;) {
        switch (c) {
        case 'c':
            to->config = optarg;
            break;
        case 's':
            ok = number(optarg, 0.01, 3600, &simulate->speed);
            break;
        case 'S':
            ok = time_of_day(optarg, &simulate->start_s);
            break;
        case 'd':
            ok = number(optarg, 0.1, 1e9, &simulate->duration_s);
            break;
        case 'p':
            ok = number(optarg, 1, MOVEMENT_PEOPLE_MAX, &to->people);
            break;
        case 'm':
            to->main_zone = optarg;
            break;
        case 'r':
            ok = number(optarg, 1, 1e6, &simulate->rate_limit);
            break;
        case 'D':
            ok = number(optarg, 0, 3600, &simulate->dropouts_per_hour);
            break;
        case 'e':
            ok = number(optarg, 0, 9007199254740992.0, &to->seed);
            break;
        case 'x':
            simulate->drill = true;
            break;
        case 'q':
            simulate->quiet = true;
            break;
        case 'h':
            to->help = true;
            break;
        default:
            ok = false;
        }
    }
    return ok && optind == argc;
}

int cmd_simulate(int argc, char **argv)
{
    struct arguments arguments = {.simulate = {.speed = SIMULATE_SPEED_DEFAULT,
                                               .start_s = SIMULATE_START_DEFAULT_S,
                                               .rate_limit = SIMULATE_RATE_DEFAULT,
                                               .dropouts_per_hour = SIMULATE_DROPOUTS_DEFAULT,
                                               .main_zone = VENUE_NO_ZONE,
                                               .stop = cli_stop()},
                                  .people = MOVEMENT_PEOPLE_DEFAULT,
                                  .seed = 1};
    if (!parse(argc, argv, &arguments)) {
        usage(stderr);
        return EXIT_USAGE;
    }
    if (arguments.help) {
        usage(stdout);
        settings_print(stdout, "simulate");
        return EXIT_OK;
    }
    struct config config = {0};
    struct venue *venue = NULL;
    int code = EXIT_USAGE;
    if (!cli_load_config(arguments.config, &config))
        return EXIT_USAGE;
    if (!cli_load_venue(&config, &venue, NULL))
        goto done;
    if (arguments.main_zone) {
        arguments.simulate.main_zone = venue_zone_find(venue, str_of(arguments.main_zone));
        if (arguments.simulate.main_zone == VENUE_NO_ZONE) {
            (void)fprintf(stderr, "crowdtide simulate: the venue has no zone \"%s\"\n",
                          arguments.main_zone);
            goto done;
        }
    }
    arguments.simulate.config = &config;
    arguments.simulate.venue = venue;
    arguments.simulate.people = (uint32_t)arguments.people;
    arguments.simulate.seed = (uint64_t)arguments.seed;
    cli_signals();
    code = simulate_run(&arguments.simulate);

done:
    venue_free(venue);
    config_free(&config);
    return code;
}
