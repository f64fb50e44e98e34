/* site_venue: the site as a venue file. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/quality/site.h"

static void zone_write(FILE *to, const struct site *site, const struct site_zone *zone, bool cells)
{
    fprintf(to, "  - {id: %s, kind: %s", zone->id, zone->kind);
    if (zone->parent > 0)
        fprintf(to, ", parent: %s", site->zone[zone->parent].id);
    if (zone->capacity)
        fprintf(to, ", capacity: %lld", (long long)zone->capacity);
    if (zone->area_m2 > 0)
        fprintf(to, ", area_m2: %g", zone->area_m2);
    if (cells && zone->cells)
        fputs(", cells_cover: yes", to);
    fputs("}\n", to);
}

static void sensor_write(FILE *to, const struct site *site, const struct site_sensor *sensor,
                         const struct site_options *options)
{
    static const char *const counters[] = {[SITE_LEVEL] = "level",
                                           [SITE_DELTA] = "delta",
                                           [SITE_DAILY] = "daily",
                                           [SITE_TOTAL_16] = "total, wrap: 65536",
                                           [SITE_TOTAL_32] = "total, wrap: 4294967296"};
    fprintf(to, "  - {id: %s, zone: %s", sensor->id, site->zone[sensor->zone].id);
    if (sensor->outside != SITE_NONE)
        fprintf(to, ", outside: %s", site->zone[sensor->outside].id);
    if (sensor->sense == SITE_GATE)
        fputs(", class: gate, lanes: 7", to);
    else
        fprintf(to, ", class: crowd, counter: %s", counters[sensor->sense]);
    if (site_saturates_at(sensor, options))
        fprintf(to, ", saturates_at: %lld", (long long)site_saturates_at(sensor, options));
    fputs("}\n", to);
}

struct rule {
    const char *id, *metric, *scope;
    double enter[SITE_LEVELS];
};

/* The built-in rules for these zones, and only those, so that every zone is judged by one. */
static const struct rule rules[] = {
    {"venue-capacity", "percent_capacity", "kinds: [venue]", {50, 80, 90, 100}},
    {"hall-capacity", "percent_capacity", "kinds: [hall]", {50, 80, 90, 100}},
    {"food-capacity", "percent_capacity", "zone: food-court", {50, 80, 90, 100}},
    {"forum-capacity", "percent_capacity", "kinds: [forum]", {80, 90, 95, 100}},
    {"queue-capacity", "percent_capacity", "kinds: [queue]", {50, 75, 90, 100}},
};

static void rule_write(FILE *to, const struct rule *rule)
{
    static const char *const levels[] = {"blue", "yellow", "orange", "red"};
    fprintf(to, "  - id: %s\n    metric: %s\n    %s\n    levels:\n", rule->id, rule->metric,
            rule->scope);
    for (int i = 0; i < SITE_LEVELS; i++)
        fprintf(to, "      %s: {enter: %g, action: \"Look.\"}\n", levels[i], rule->enter[i]);
}

char *site_venue(const struct site *site, enum site_variant variant,
                 const struct site_options *options)
{
    char *yaml = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&yaml, &len);
    if (!to)
        abort();
    fprintf(to, "venue: {id: quality, time_zone: UTC, capacity: %lld}\n",
            (long long)site->zone[0].capacity);
    fputs("defaults: {interval_s: {crowd: 5, gate: 5}, silence_s: {crowd: 30, gate: 30}}\n", to);
    if (options->settings)
        fprintf(to, "settings:\n%s", options->settings);
    fputs("zones:\n", to);
    for (int z = 1; z < site->zones; z++)
        if (site_has_zone(site, variant, z))
            zone_write(to, site, &site->zone[z], variant != SITE_DOORS);
    fputs("sensors:\n", to);
    for (int s = 0; s < site->sensors; s++)
        if (site_has_sensor(site, variant, s))
            sensor_write(to, site, &site->sensor[s], options);
    fputs("rules:\n", to);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        rule_write(to, &rules[i]);
    if (variant != SITE_DOORS)
        for (int z = 0; z < site->zones; z++)
            if (site->zone[z].group == SITE_STAGE) {
                char id[2 * SITE_ID_BYTES], scope[2 * SITE_ID_BYTES];
                snprintf(id, sizeof id, "%s-density", site->zone[z].id);
                snprintf(scope, sizeof scope, "zone: %s", site->zone[z].id);
                rule_write(to, &(struct rule){id, "density", scope, {1.1, 2.2, 3.0, 4.0}});
            }
    if (fclose(to) != 0)
        abort();
    return yaml;
}
