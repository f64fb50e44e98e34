#include "deploy/cli/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "deploy/cli/check_page.h"
#include "deploy/cli/check_samples.h"
#include "ingest/mqtt_settings.h"
#include "processors/net/kafka_link.h"

#define ZONEINFO "/usr/share/zoneinfo"
enum { PATH_BYTES = 4200 };

/* The nearest directory of the path that exists; creating the rest is left to the programs. */
static void nearest_dir(const char *path, char *out, size_t cap)
{
    struct stat st;
    (void)snprintf(out, cap, "%s", path);
    while (stat(out, &st) != 0) {
        char *slash = strrchr(out, '/');
        if (!slash) {
            (void)snprintf(out, cap, ".");
            return;
        }
        slash[slash == out] = '\0';
        if (slash == out)
            return;
    }
}

static void check_state_dir(struct check *check)
{
    const struct config *c = &check->config;
    char dir[PATH_BYTES];
    struct statvfs fs;
    nearest_dir(c->state_dir, dir, sizeof dir);
    if (access(dir, W_OK | X_OK) != 0) {
        problems_warn(&check->problems, 0, 0, "state_dir %s: this user can't write to %s (%s)",
                      c->state_dir, dir, strerrordesc_np(errno));
        return;
    }
    if (statvfs(dir, &fs) != 0)
        return;
    uint64_t free_mb = (uint64_t)fs.f_bavail * fs.f_frsize >> 20;
    uint64_t caps_mb =
        (uint64_t)(c->log_readings_max_mb + c->log_bulk_max_mb + c->log_alerts_max_mb);
    if (free_mb < caps_mb)
        problems_warn(&check->problems, 0, 0,
                      "state_dir %s: %llu MiB are free, less than the logs may take together "
                      "(log.…_max_mb: %llu MiB)",
                      c->state_dir, (unsigned long long)free_mb, (unsigned long long)caps_mb);
}

static void check_readable(struct check *check, const char *name, const char *path)
{
    if (path[0] && access(path, R_OK) != 0)
        problems_add(&check->problems, 0, 0, "%s: %s: %s", name, path, strerrordesc_np(errno));
}

/* What the libraries' own rules say, without a connection. */
static void check_libraries(struct check *check)
{
    const struct config *c = &check->config;
    struct error err = {0};
    struct kafka_link link = {
        .brokers = c->kafka_brokers, .options = c->kafka_options, .sasl_password = NULL};
    if (c->kafka_enabled && !kafka_link_check(&link, &err))
        problems_add(&check->problems, 0, 0, "kafka.options: %s", err.where);
    struct mqtt_settings settings;
    struct mqtt_filters filters = {0};
    struct str venue_id = check->venue ? check->venue->id : STR_LIT("venue");
    if (!mqtt_settings_from(c, venue_id, "", &settings, &err) ||
        !mqtt_filters_from(c, venue_id, &filters, &err))
        problems_add(&check->problems, 0, 0, "%s", err.where);
    mqtt_filters_free(&filters);
}

static void check_time_zone(struct check *check)
{
    char path[256];
    struct str zone = check->venue->time_zone;
    (void)snprintf(path, sizeof path, "%s/" STR_FMT, ZONEINFO, STR_ARG(zone));
    if (access(ZONEINFO, R_OK) == 0 && access(path, R_OK) != 0)
        problems_warn(&check->venue_problems, check->venue->zones[0].line, 0,
                      "time_zone: this machine knows no " STR_FMT, STR_ARG(zone));
}

/* Why the venue file could not be taken. The reader puts "file:line:column: " before the reason of
 * a malformed one. */
static void venue_refused(struct check *check, const struct error *err)
{
    const char *reason = err->where;
    size_t name_len = strlen(check->config.venue_file);
    char text[PROBLEM_BYTES];
    unsigned line = 0, column = 0;
    int skip = 0;
    if (err->code == ERROR_MALFORMED && strlen(reason) > name_len &&
        sscanf(reason + name_len, ":%u:%u: %n", &line, &column, &skip) == 2)
        problems_add(&check->venue_problems, line, column, "%s", reason + name_len + skip);
    else
        problems_add(&check->venue_problems, 0, 0, "%s", error_describe(err, text, sizeof text));
}

static void check_venue(struct check *check)
{
    struct error err = {0};
    char *source = NULL;
    size_t len = 0;
    if (!check->config.venue_file[0]) {
        problems_add(&check->problems, 0, 0, "no venue file: the setting \"venue\" is empty");
        return;
    }
    if (!config_read_venue(&check->config, &source, &len, &err)) {
        venue_refused(check, &err);
        return;
    }
    if (venue_parse((struct str){source, (uint32_t)len}, &check->venue, &check->venue_problems)) {
        venue_warn_unattended(check->venue, &check->venue_problems);
        venue_warn_bindings(check->venue, &check->venue_problems);
        check_time_zone(check);
        check_samples((struct str){source, (uint32_t)len}, &check->venue_problems);
        (void)config_privacy_fits(&check->config, check->venue, &check->venue_problems);
    }
    free(source);
}

void check_open(struct check *check, const char *path)
{
    *check = (struct check){.path = path ? path : ""};
    check->answer[CHECK_MQTT].name = "broker";
    check->answer[CHECK_KAFKA].name = "kafka";
    check->answer[CHECK_SERIES].name = "series";
    check->has_config = config_load(path, &check->config, &check->problems);
    if (!check->has_config)
        return;
    check_venue(check);
    check_page_open(check);
    check_state_dir(check);
    check_readable(check, "mqtt.ca_file", check->config.mqtt_ca_file);
    check_readable(check, "mqtt.cert_file", check->config.mqtt_cert_file);
    check_readable(check, "mqtt.key_file", check->config.mqtt_key_file);
    check_readable(check, "series.ca_file", check->config.series_ca_file);
    check_libraries(check);
}

void check_close(struct check *check)
{
    paging_free(check->paging);
    venue_free(check->venue);
    if (check->has_config)
        config_free(&check->config);
    *check = (struct check){0};
}

bool check_passed(const struct check *check)
{
    return check->has_config && check->venue && !problems_refuse(&check->problems) &&
           !problems_refuse(&check->venue_problems) && !problems_refuse(&check->page_problems);
}

bool check_answered(const struct check *check)
{
    for (int i = 0; i < CHECK_SERVERS; i++)
        if (check->answer[i].asked && !check->answer[i].ok)
            return false;
    return true;
}
