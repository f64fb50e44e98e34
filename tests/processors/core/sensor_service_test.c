/* sensor_service: sensors leave and return during the day; what zones count of them is always what
 * would be counted anew. */
#include <stdio.h>
#include <string.h>

#include "processors/core/model.h"
#include "processors/core/sensor.h"
#include "tests/support/core_stream.h"
#include "tests/support/support.h"

static const char venue[] = "venue: {id: v}\n"
                            "builtin_rules: no\n"
                            "zones:\n"
                            "  - {id: h1, kind: hall}\n"
                            "  - {id: h2, kind: hall}\n"
                            "sensors:\n"
                            "  - {id: a, class: crowd, counter: level, zone: h1, silence_s: 60}\n"
                            "  - {id: b, class: crowd, counter: level, zone: h1, silence_s: 60}\n"
                            "  - {id: d, class: crowd, counter: total, zone: h2, silence_s: 600}\n";

static const int64_t t_ms = INT64_C(1795424400000);

/* As a command does it, within a step. */
static void service(struct core_feed *f, const char *id, enum sensor_service as, int64_t until_ms)
{
    uint32_t s = venue_sensor_find(f->core->model.venue, str_of(id));
    f->core->results = &f->results;
    sensor_service_set(f->core, s, as, until_ms);
    f->core->results = NULL;
}

static const struct zone *zone_of(const struct core_feed *f, const char *id)
{
    return &f->core->model.zones[venue_zone_find(f->core->model.venue, str_of(id))];
}

static void say(struct core_feed *f, int64_t at_ms, const char *sensor, const char *payload)
{
    char topic[64];
    snprintf(topic, sizeof topic, "crowdtide/v/crowd/%s", sensor);
    core_feed_publish(f, at_ms, topic, payload, 0);
}

static void test_level_leaves_and_returns(void **state)
{
    (void)state;
    struct core_feed f;
    core_feed_init(&f, venue, t_ms);
    say(&f, t_ms + 100, "a", "{\"occupancy\":40}");
    say(&f, t_ms + 200, "b", "{\"occupancy\":60}");
    assert_int_equal(zone_of(&f, "h1")->occupancy, 100);
    service(&f, "b", SERVICE_MAINTENANCE, t_ms + 5000);
    assert_int_equal(zone_of(&f, "h1")->occupancy, 40);
    assert_int_equal(zone_of(&f, "h1")->sensors, 1);
    assert_true(zone_of(&f, "h1")->known);
    say(&f, t_ms + 300, "b", "{\"occupancy\":70}");
    assert_int_equal(zone_of(&f, "h1")->occupancy, 40);
    /* A jump that nobody has confirmed goes with its sensor. */
    say(&f, t_ms + 400, "a", "{\"occupancy\":4000}");
    assert_int_equal(zone_of(&f, "h1")->suspect, 3960);
    service(&f, "a", SERVICE_RETIRED, CORE_NEVER); /* none is left */
    assert_int_equal(zone_of(&f, "h1")->suspect, 0);
    assert_int_equal(core_summary(f.core).sensors_silent, 1); /* d; the others are not missed */
    assert_false(zone_of(&f, "h1")->known);
    assert_int_equal(zone_of(&f, "h1")->sensors, 0);
    assert_int_equal(health_cause_of(f.core, venue_zone_find(f.core->model.venue, str_of("h1"))),
                     CAUSE_SERVICE);
    /* Maintenance ends by itself on the second; then b is waited for. */
    core_feed_until(&f, t_ms + 4000);
    assert_int_equal(zone_of(&f, "h1")->sensors, 0);
    core_feed_until(&f, t_ms + 5000);
    assert_int_equal(zone_of(&f, "h1")->sensors, 1);
    assert_int_equal(zone_of(&f, "h1")->fresh, 0);
    assert_int_equal(core_summary(f.core).sensors_silent, 2);
    assert_false(zone_of(&f, "h1")->known);
    say(&f, t_ms + 5100, "b", "{\"occupancy\":75}");
    assert_true(zone_of(&f, "h1")->known);
    assert_int_equal(zone_of(&f, "h1")->occupancy, 75);
    core_feed_free(&f);
}

static void test_door_rebases(void **state)
{
    (void)state;
    struct core_feed f;
    core_feed_init(&f, venue, t_ms);
    say(&f, t_ms + 100, "d", "{\"in\":100,\"out\":0}");
    say(&f, t_ms + 1000, "d", "{\"in\":110,\"out\":0}");
    assert_int_equal(zone_of(&f, "h2")->occupancy, 10);
    service(&f, "d", SERVICE_MAINTENANCE, CORE_NEVER);
    say(&f, t_ms + 2000, "d", "{\"in\":150,\"out\":0}"); /* somebody tests it */
    service(&f, "d", SERVICE_IN, CORE_NEVER);
    say(&f, t_ms + 3000, "d", "{\"in\":155,\"out\":0}");
    assert_int_equal(zone_of(&f, "h2")->occupancy, 10);
    say(&f, t_ms + 4000, "d", "{\"in\":158,\"out\":0}");
    assert_int_equal(zone_of(&f, "h2")->occupancy, 13);
    core_feed_free(&f);
}

/* What a zone keeps of its sensors. */
struct kept {
    int64_t occupancy, level_sum, suspect;
    uint32_t in_maintenance, sensors, fresh, silent_unheard, level_count, saturated;
};

enum { ZONES = 16 };

static void keep(const struct core *core, struct kept kept[ZONES])
{
    memset(kept, 0, ZONES * sizeof *kept);
    assert_true(core->model.venue->zone_count <= ZONES);
    for (uint32_t z = 0; z < core->model.venue->zone_count; z++) {
        const struct zone *zone = &core->model.zones[z];
        kept[z].occupancy = zone->occupancy;
        kept[z].level_sum = zone->level_sum;
        kept[z].suspect = zone->suspect;
        kept[z].in_maintenance = zone->in_maintenance;
        kept[z].sensors = zone->sensors;
        kept[z].fresh = zone->fresh;
        kept[z].silent_unheard = zone->silent_unheard;
        kept[z].level_count = zone->level_count;
        kept[z].saturated = zone->saturated;
    }
}

static void any_service(struct core_stream *s, struct core_feed *f)
{
    uint32_t sensor = core_stream_below(s, f->core->model.venue->sensor_count);
    enum sensor_service as = (enum sensor_service)core_stream_below(s, SERVICE_COUNT);
    bool ends = as == SERVICE_MAINTENANCE && core_stream_below(s, 2);
    f->core->results = &f->results;
    sensor_service_set(f->core, sensor, as,
                       ends ? f->t_ms + core_stream_below(s, 9000) : CORE_NEVER);
    f->core->results = NULL;
}

/* Sensors leave and return at any time: counts kept are counts made anew. */
static void test_counts_hold(void **state)
{
    (void)state;
    struct kept kept[ZONES], anew[ZONES];
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct core_stream s = core_stream_begin(seed);
        struct core_feed f;
        core_stream_init(&s, &f);
        for (int i = 0; i < 4000; i++) {
            core_stream_next(&s, &f);
            if (core_stream_below(&s, 20) == 0)
                any_service(&s, &f);
            if (i % 10)
                continue;
            int64_t next_ms = f.core->model.service_next_ms;
            keep(f.core, kept);
            model_derive(f.core);
            keep(f.core, anew);
            assert_memory_equal(kept, anew, sizeof kept);
            /* Too early is only a look in vain. */
            assert_true(next_ms <= f.core->model.service_next_ms);
        }
        core_feed_free(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_level_leaves_and_returns),
        cmocka_unit_test(test_door_rebases),
        cmocka_unit_test(test_counts_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
