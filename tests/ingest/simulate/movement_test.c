/* The simulated people: nobody is made or lost, the sensors' counts account for everybody, the day
 * has its shape, the seed decides everything. */
#include "ingest/simulate/movement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/simulate/devices.h"
#include "tests/support/support.h"

/* Two halls with cells and doors, a plaza behind two gates with queues, a forum without any sensor
 * at its door, a car park. */
static const char fair[] =
    "venue: {id: fair, time_zone: Asia/Shanghai}\n"
    "zones:\n"
    "  - {id: plaza, kind: plaza, area_m2: 90}\n"
    "  - {id: queue-a, kind: queue, area_m2: 100}\n"
    "  - {id: queue-b, kind: queue, area_m2: 100}\n"
    "  - {id: hall-1, kind: hall, capacity: 1000, area_m2: 2000}\n"
    "  - {id: hall-2, kind: hall, capacity: 800, area_m2: 2000}\n"
    "  - {id: c11, kind: cell, parent: hall-1, area_m2: 25}\n"
    "  - {id: c12, kind: cell, parent: hall-1, area_m2: 25}\n"
    "  - {id: c21, kind: cell, parent: hall-2, area_m2: 25}\n"
    "  - {id: forum, kind: forum, parent: plaza, capacity: 200, area_m2: 300}\n"
    "  - {id: park, kind: carpark, area_m2: 5000}\n"
    "sensors:\n"
    "  - {id: ga, class: gate, zone: plaza, outside: queue-a, lanes: 8, entry_verification: yes}\n"
    "  - {id: gb, class: gate, zone: plaza, outside: queue-b, lanes: 8}\n"
    "  - {id: d1a, class: crowd, counter: delta, zone: hall-1, outside: plaza}\n"
    "  - {id: d1b, class: crowd, counter: total, zone: hall-1, outside: plaza, wrap: 65536}\n"
    "  - {id: d2, class: crowd, counter: daily, zone: hall-2, outside: plaza}\n"
    "  - {id: l1, class: crowd, counter: level, zone: hall-1}\n"
    "  - {id: lc, class: crowd, counter: level, zone: c11, saturates_at: 5}\n"
    "  - {id: qa, class: crowd, counter: level, zone: queue-a}\n"
    "  - {id: v, class: vehicle_gate, zone: park}\n"
    "  - {id: lamp, class: light, zone: plaza}\n";

static struct venue *parse(const char *source)
{
    struct problems problems = {0};
    struct venue *venue = NULL;
    if (!venue_parse(str_of(source), &venue, &problems))
        fail_msg("%s", problems.problem[0].text);
    return venue;
}

static struct movement *open_day(const struct venue *venue, uint64_t seed, uint32_t people)
{
    struct movement *m = NULL;
    struct error err = {0};
    if (!movement_open(&(struct movement_options){.venue = venue,
                                                  .seed = seed,
                                                  .people = people,
                                                  .start_s = MOVEMENT_OPEN_S,
                                                  .main_zone = VENUE_NO_ZONE},
                       &m, &err))
        fail_msg("%s", err.where);
    return m;
}

static int64_t net(struct movement *m, const struct venue *venue, const char *sensor)
{
    const struct movement_passages *p =
        movement_passages(m, venue_sensor_find(venue, str_of(sensor)));
    return (int64_t)p->in - p->out;
}

static int64_t inside(struct movement *m, const struct venue *venue, const char *zone)
{
    return movement_inside(m, venue_zone_find(venue, str_of(zone)));
}

static void check_books(struct movement *m, const struct venue *venue, int64_t people)
{
    assert_int_equal(movement_inside(m, 0) + movement_outside(m), people);
    int64_t sum = 0;
    for (uint32_t z = 1; z < venue->zone_count; z++) {
        assert_true(movement_inside(m, z) >= 0);
        if (venue->zones[z].parent == 0)
            sum += movement_inside(m, z);
    }
    assert_true(movement_inside(m, 0) >= sum);
    /* What the doors and gates counted is what is behind them. */
    assert_int_equal(inside(m, venue, "hall-1"), net(m, venue, "d1a") + net(m, venue, "d1b"));
    assert_int_equal(inside(m, venue, "hall-2"), net(m, venue, "d2"));
    int64_t queues = inside(m, venue, "queue-a") + inside(m, venue, "queue-b");
    assert_int_equal(movement_inside(m, 0) - queues, net(m, venue, "ga") + net(m, venue, "gb"));
    assert_true(net(m, venue, "v") >= 0);
}

static void people_are_conserved(void **state)
{
    (void)state;
    struct venue *venue = parse(fair);
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct movement *m = open_day(venue, seed, 3000);
        for (int i = 0; i < 1500; i++) { /* two days and more */
            movement_step(m, 61.7);
            check_books(m, venue, 3000);
        }
        while (movement_leave(m) > 0)
            check_books(m, venue, 3000);
        check_books(m, venue, 3000);
        assert_int_equal(movement_inside(m, 0), 0);
        movement_close(m);
    }
    venue_free(venue);
}

static void the_day_has_its_shape(void **state)
{
    (void)state;
    struct venue *venue = parse(fair);
    struct movement *m = open_day(venue, 3, 3000);
    uint32_t main_zone = movement_main_zone(m);
    int64_t capacity = venue->zones[main_zone].capacity;
    assert_int_equal(venue->zones[main_zone].kind, ZONE_HALL);
    int64_t peak = 0, at_noon = 0;
    while (movement_time_s(m) < 12 * 3600) {
        movement_step(m, 60);
        int64_t now = movement_inside(m, main_zone);
        double hour = movement_time_s(m) / 3600;
        if (hour > 10.1 && hour < 10.8)
            assert_true(now > capacity * 97 / 100); /* the event holds */
        peak = now > peak ? now : peak;
        at_noon = now;
    }
    assert_true(peak > capacity);
    assert_true(peak < capacity * 115 / 100);
    assert_true(at_noon < capacity / 2); /* far enough down for every level to clear */
    while (movement_time_s(m) < 18.4 * 3600)
        movement_step(m, 60);
    assert_true(movement_inside(m, 0) < 60); /* mass exit: nearly all are gone */
    assert_true(movement_passages(m, venue_sensor_find(venue, STR_LIT("ga")))->rejects > 0);
    assert_int_equal(movement_passages(m, venue_sensor_find(venue, STR_LIT("gb")))->rejects, 0);
    movement_close(m);
    venue_free(venue);
}

static void the_seed_decides(void **state)
{
    (void)state;
    struct venue *venue = parse(fair);
    struct movement *a = open_day(venue, 9, 2000), *b = open_day(venue, 9, 2000);
    struct movement *c = open_day(venue, 10, 2000);
    int differences = 0;
    for (int i = 0; i < 200; i++) {
        movement_step(a, 30);
        movement_step(b, 30);
        movement_step(c, 30);
        for (uint32_t z = 0; z < venue->zone_count; z++) {
            assert_int_equal(movement_inside(a, z), movement_inside(b, z));
            differences += movement_inside(a, z) != movement_inside(c, z);
        }
    }
    assert_true(differences > 100);
    movement_close(a);
    movement_close(b);
    movement_close(c);
    venue_free(venue);
}

static void small_and_odd_venues_work(void **state)
{
    (void)state;
    static const char *const sources[] = {
        "venue: {id: v}\nzones: [{id: h, kind: hall, capacity: 10}]\n"
        "sensors: [{id: s, class: crowd, counter: level, zone: h}]\n",
        "venue: {id: v}\nzones: [{id: c, kind: corridor, area_m2: 10, width_m: 3}]\n"
        "sensors: [{id: s, class: crowd, counter: delta, zone: c}]\n",
        "venue: {id: v}\nzones: [{id: r, kind: road, area_m2: 10}]\n"
        "sensors: [{id: s, class: vehicle_gate, zone: r}]\n",
    };
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        struct venue *venue = parse(sources[i]);
        struct movement *m = open_day(venue, i, 100);
        for (int n = 0; n < 700; n++) {
            movement_step(m, 60);
            assert_int_equal(movement_inside(m, 0) + movement_outside(m), 100);
        }
        movement_close(m);
        venue_free(venue);
    }
}

/* ---- devices: what was sent adds up to what happened -------------------------------------- */

struct heard {
    uint32_t messages, refuse_every, offline, online;
    long long gate_in, gate_out, gate_rejects, delta_in, delta_out, total_in, seq[16];
    long long level_max, level_last, cell_max;
};

static long long field(struct str payload, const char *name)
{
    char text[DEVICES_PAYLOAD_BYTES + 1], key[32];
    memcpy(text, payload.at, payload.len);
    text[payload.len] = '\0';
    (void)snprintf(key, sizeof key, "\"%s\":", name);
    const char *at = strstr(text, key);
    return at ? strtoll(at + strlen(key), NULL, 10) : 0;
}

static bool has(struct str payload, const char *words)
{
    return memmem(payload.at, payload.len, words, strlen(words)) != NULL;
}

static bool hear(void *arg, const char *topic, struct str payload, bool retain)
{
    struct heard *heard = arg;
    heard->messages++;
    if (heard->refuse_every && heard->messages % heard->refuse_every == 0)
        return false;
    const char *sensor = strrchr(topic, '/') + 1;
    if (strncmp(topic, "crowdtide/fair/status/", 22) == 0) {
        assert_true(retain);
        heard->offline += has(payload, "offline");
        heard->online += has(payload, "online");
        return true;
    }
    assert_false(retain);
    static const char *const names[] = {"ga", "gb", "d1a", "d1b", "d2",
                                        "l1", "lc", "qa",  "v",   "lamp"};
    for (size_t i = 0; i < 10; i++) {
        if (strcmp(names[i], sensor) == 0)
            assert_int_equal(field(payload, "seq"), ++heard->seq[i]);
    }
    if (strcmp(sensor, "ga") == 0 || strcmp(sensor, "gb") == 0) {
        bool in = has(payload, "\"direction\":\"in\"");
        if (has(payload, "\"event\":\"pass\"")) {
            heard->gate_in += in;
            heard->gate_out += !in;
        } else if (has(payload, "\"event\":\"reject\"")) {
            heard->gate_rejects++;
        } else {
            heard->gate_in += field(payload, "in");
            heard->gate_out += field(payload, "out");
            heard->gate_rejects += field(payload, "rejects");
        }
    } else if (strcmp(sensor, "d1a") == 0) {
        heard->delta_in += field(payload, "in");
        heard->delta_out += field(payload, "out");
    } else if (strcmp(sensor, "d1b") == 0) {
        assert_true(field(payload, "in") >= heard->total_in); /* a running counter */
        heard->total_in = field(payload, "in");
    } else if (strcmp(sensor, "l1") == 0) {
        heard->level_last = field(payload, "occupancy");
        heard->level_max =
            heard->level_last > heard->level_max ? heard->level_last : heard->level_max;
    } else if (strcmp(sensor, "lc") == 0 && field(payload, "occupancy") > heard->cell_max) {
        heard->cell_max = field(payload, "occupancy");
    }
    return true;
}

static void messages_add_up(void **state)
{
    (void)state;
    struct venue *venue = parse(fair);
    for (uint32_t refuse = 0; refuse <= 7; refuse += 7) {
        /* The same day twice: one seen by devices, one counted by hand. */
        struct movement *m = open_day(venue, 5, 3000), *twin = open_day(venue, 5, 3000);
        struct heard heard = {.refuse_every = refuse};
        struct devices *devices = NULL;
        assert_true(devices_open(&(struct devices_options){.movement = m,
                                                           .venue = venue,
                                                           .seed = 5,
                                                           .dropouts_per_hour = 20,
                                                           .send = hear,
                                                           .arg = &heard},
                                 &devices, NULL));
        int64_t wall_ms = 1700000000000;
        for (int i = 0; i < 3000; i++) { /* five minutes of wall time */
            movement_step(m, 12);
            movement_step(twin, 12);
            assert_in_range(devices_report(devices, wall_ms += 100, 3), 0, 3);
        }
        devices_rush(devices); /* all dropouts end, all that waits is sent */
        while (movement_leave(m) > 0) {
            while (devices_report(devices, wall_ms += 100, 100) > 0)
                ;
        }
        while (movement_leave(twin) > 0)
            ;
        while (devices_report(devices, wall_ms += 100, 100) > 0)
            ;
        assert_int_equal(heard.gate_in, heard.gate_out);
        assert_int_equal(heard.level_last, 0);
        const struct movement_passages *ga = movement_passages(twin, 0),
                                       *gb = movement_passages(twin, 1),
                                       *d1a = movement_passages(twin, 2),
                                       *d1b = movement_passages(twin, 3);
        assert_true(ga->in > 500);
        assert_int_equal(heard.gate_in, ga->in + gb->in);
        assert_int_equal(heard.gate_out, ga->out + gb->out);
        assert_int_equal(heard.gate_rejects, ga->rejects + gb->rejects);
        assert_int_equal(heard.delta_in, d1a->in);
        assert_int_equal(heard.delta_out, d1a->out);
        assert_int_equal(heard.total_in, d1b->in % 65536);
        assert_true(heard.level_max > 300);
        assert_int_equal(heard.cell_max, 5); /* saturates */
        assert_true(heard.offline > 0);
        assert_int_equal(heard.online, heard.offline);
        devices_close(devices);
        movement_close(m);
        movement_close(twin);
    }
    venue_free(venue);
}

struct roots {
    uint32_t real, drill, retained;
};

static bool hear_root(void *arg, const char *topic, struct str payload, bool retain)
{
    struct roots *roots = arg;
    (void)payload;
    roots->real += strncmp(topic, "crowdtide/fair/", 15) == 0;
    roots->drill += strncmp(topic, "drill/fair/", 11) == 0;
    roots->retained += retain;
    return true;
}

/* Nothing of it may be taken for real, nor stay on the broker. */
static void a_drill_says_so(void **state)
{
    (void)state;
    struct venue *venue = parse(fair);
    for (int drill = 0; drill < 2; drill++) {
        struct movement *m = open_day(venue, 5, 3000);
        struct roots roots = {0};
        struct devices *devices = NULL;
        assert_true(devices_open(&(struct devices_options){.movement = m,
                                                           .venue = venue,
                                                           .seed = 5,
                                                           .dropouts_per_hour = 60,
                                                           .drill = drill,
                                                           .send = hear_root,
                                                           .arg = &roots},
                                 &devices, NULL));
        for (int i = 0; i < 3000; i++) {
            movement_step(m, 12);
            (void)devices_report(devices, 1700000000000 + i * 100, 3);
        }
        assert_true(roots.real + roots.drill > 1000);
        assert_int_equal(drill ? roots.real + roots.retained : roots.drill, 0);
        assert_int_equal(drill, roots.retained == 0);
        devices_close(devices);
        movement_close(m);
    }
    venue_free(venue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_are_conserved), cmocka_unit_test(the_day_has_its_shape),
        cmocka_unit_test(the_seed_decides),     cmocka_unit_test(small_and_odd_venues_work),
        cmocka_unit_test(messages_add_up),      cmocka_unit_test(a_drill_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
