#include "ingest/simulate/simulate.h"

#include <stdio.h>
#include <time.h>

#include "ingest/mqtt_publisher.h"
#include "ingest/simulate/devices.h"
#include "schemas/base/clock.h"
#include "schemas/base/report.h"

#define PROGRAM "simulate"

enum { STEP_MS = 100, PROGRESS_S = 10, SETTLE_MS = 2, NS_PER_MS = 1000000 };

struct simulate {
    const struct simulate_options *options;
    struct mqtt_publisher *publisher;
    struct movement *movement;
    struct devices *devices;
};

static bool send(void *arg, const char *topic, struct str payload, bool retain)
{
    struct simulate *simulate = arg;
    return mqtt_publisher_send(simulate->publisher, topic, payload, retain);
}

static void progress(struct simulate *simulate)
{
    uint32_t main_zone = movement_main_zone(simulate->movement);
    const struct venue_zone *zone = &simulate->options->venue->zones[main_zone];
    int minutes = (int)(movement_time_s(simulate->movement) / 60);
    struct mqtt_publisher_counts counts = mqtt_publisher_counts(simulate->publisher);
    report(REPORT_INFO, PROGRAM, "progress",
           "clock=%02d:%02d inside=%lld main_zone=" STR_FMT
           " main_inside=%lld main_capacity=%lld sent=%llu acked=%llu connected=%d",
           minutes / 60, minutes % 60, (long long)movement_inside(simulate->movement, 0),
           STR_ARG(zone->id), (long long)movement_inside(simulate->movement, main_zone),
           (long long)zone->capacity, (unsigned long long)counts.sent,
           (unsigned long long)counts.acked, counts.connected);
}

static void run(struct simulate *simulate)
{
    const struct simulate_options *options = simulate->options;
    int64_t start_ns = clock_boot_ns(), next_ns = start_ns, told_ns = 0;
    double budget = 0;
    while (!*options->stop) {
        struct error err = {0};
        if (!mqtt_publisher_poll(simulate->publisher, &err))
            report_error(PROGRAM, "not_connected", &err);
        /* The day waits for the broker: without one nobody would see the morning. */
        if (mqtt_publisher_counts(simulate->publisher).connected) {
            double step_s = STEP_MS / 1000.0;
            movement_step(simulate->movement, step_s * options->speed);
            budget += options->rate_limit * step_s;
            if (budget > options->rate_limit)
                budget = options->rate_limit; /* at most one second's worth at once */
            budget -= devices_report(simulate->devices, clock_wall_ns() / NS_PER_MS,
                                     budget > 0 ? (uint32_t)budget : 0);
        }
        int64_t now_ns = clock_boot_ns();
        if (options->duration_s > 0 && (double)(now_ns - start_ns) >= options->duration_s * 1e9)
            return;
        if (!options->quiet && now_ns - told_ns >= (int64_t)PROGRESS_S * 1000000000) {
            progress(simulate);
            told_ns = now_ns;
        }
        next_ns += (int64_t)STEP_MS * NS_PER_MS;
        if (next_ns < now_ns)
            next_ns = now_ns; /* too slow for this speed: the day gets longer */
        int64_t pause_ns = next_ns - now_ns;
        nanosleep(
            &(struct timespec){.tv_sec = pause_ns / 1000000000, .tv_nsec = pause_ns % 1000000000},
            NULL);
    }
}

/* Waits for the PUBACK of everything sent; false when the connection or the time is over. */
static bool settle(struct simulate *simulate, int64_t until_ns)
{
    for (;;) {
        struct mqtt_publisher_counts counts = mqtt_publisher_counts(simulate->publisher);
        if (!counts.connected || clock_boot_ns() >= until_ns)
            return false;
        if (counts.acked + counts.refused >= counts.sent)
            return true;
        nanosleep(&(struct timespec){.tv_nsec = SETTLE_MS * NS_PER_MS}, NULL);
    }
}

/* Counters keep what they counted: without this, the people of an ended simulation would be inside
 * for ever. */
static void end(struct simulate *simulate)
{
    int64_t until_ns = clock_boot_ns() + (int64_t)SIMULATE_END_S * 1000000000, inside;
    devices_rush(simulate->devices);
    do {
        inside = movement_leave(simulate->movement);
        while (devices_report(simulate->devices, clock_wall_ns() / NS_PER_MS, UINT32_MAX) > 0) {
            if (!settle(simulate, until_ns))
                return;
        }
    } while (inside > 0);
}

int simulate_run(const struct simulate_options *options)
{
    struct error err = {0};
    struct mqtt_settings settings;
    struct simulate simulate = {.options = options};
    if (!mqtt_settings_from(options->config, options->venue->id,
                            options->drill ? "-drill" : "-simulate", &settings, &err) ||
        !mqtt_settings_files(&settings, &err)) {
        report_error(PROGRAM, "bad_configuration", &err);
        return 2;
    }
    bool ok =
        movement_open(&(struct movement_options){.venue = options->venue,
                                                 .seed = options->seed,
                                                 .people = options->people,
                                                 .start_s = options->start_s,
                                                 .main_zone = options->main_zone},
                      &simulate.movement, &err) &&
        devices_open(&(struct devices_options){.movement = simulate.movement,
                                               .venue = options->venue,
                                               .seed = options->seed,
                                               .dropouts_per_hour = options->dropouts_per_hour,
                                               .drill = options->drill,
                                               .send = send,
                                               .arg = &simulate},
                     &simulate.devices, &err) &&
        mqtt_publisher_open(&settings, options->seed, &simulate.publisher, &err);
    if (ok) {
        run(&simulate);
        end(&simulate);
        if (!options->quiet)
            progress(&simulate);
    } else {
        report_error(PROGRAM, "not_started", &err);
    }
    mqtt_publisher_close(simulate.publisher);
    devices_close(simulate.devices);
    movement_close(simulate.movement);
    return ok ? 0 : 1;
}
