/* stream: what must hold whatever comes: the books balance, numbers are in order, sums are sums,
 * people are conserved. */
#include <stdio.h>
#include <string.h>

#include "tests/support/core_stream.h"
#include "tests/support/support.h"

enum { STEPS = 6000, ZONES = 16 };

struct shown {
    char zone[ID_BYTES_MAX + 1];
    int64_t occupancy;
    bool known;
};

struct watch {
    struct shown zone[ZONES];
    uint32_t zones;
    struct {
        char id[200];
        int64_t n;
        bool ended;
    } alert[4096];
    uint32_t alerts;
    uint64_t letters, readings, drills, replies, done;
    int64_t last_zone_ms;
};

static void alert_watch(struct watch *w, const struct result_alert *a)
{
    char id[200] = {0};
    assert_true(a->id.len < sizeof id);
    memcpy(id, a->id.at, a->id.len);
    assert_true(a->id.len > 6);
    assert_int_equal(str_is(a->status, "Exercise"), memcmp(a->id.at, "drill/", 6) == 0);
    assert_false(str_is(a->state, "pending"));
    assert_true(a->start <= a->at);
    assert_true(a->level >= LEVEL_UNKNOWN && a->level <= LEVEL_RED);
    for (uint32_t i = 0; i < w->alerts; i++) {
        if (strcmp(w->alert[i].id, id) != 0)
            continue;
        assert_int_equal(a->n, ++w->alert[i].n);
        assert_false(w->alert[i].ended); /* nothing follows the end */
        w->alert[i].ended = a->duration_ms != RESULT_ABSENT;
        return;
    }
    assert_int_equal(a->n, 1);
    assert_true(str_is(a->state, "active_unacked"));
    assert_true(w->alerts < 4096);
    memcpy(w->alert[w->alerts].id, id, sizeof id);
    w->alert[w->alerts++].n = 1;
}

static struct shown *shown_of(struct watch *w, struct str zone)
{
    for (uint32_t i = 0; i < w->zones; i++) {
        if (str_is(zone, w->zone[i].zone))
            return &w->zone[i];
    }
    assert_true(w->zones < ZONES);
    memcpy(w->zone[w->zones].zone, zone.at, zone.len);
    return &w->zone[w->zones++];
}

static void seen(void *arg, unsigned type, const union result_any *r)
{
    struct watch *w = arg;
    struct shown *shown;
    switch (type) {
    case RECORD_READING:
        w->readings++;
        w->drills += str_is(r->reading.status, "Exercise");
        assert_true(r->reading.ts <= r->reading.received);
        break;
    case RECORD_DEADLETTER:
        w->letters++;
        break;
    case RECORD_ALERT:
        alert_watch(w, &r->alert);
        break;
    case RECORD_ZONE:
        assert_int_equal(r->zone.at % 1000, 0);
        assert_true(r->zone.at >= w->last_zone_ms);
        w->last_zone_ms = r->zone.at;
        assert_true(r->zone.occupancy == RESULT_ABSENT || r->zone.occupancy >= 0);
        if (str_is(r->zone.status, "Actual")) {
            shown = shown_of(w, r->zone.zone);
            shown->known = r->zone.known;
            shown->occupancy = r->zone.occupancy == RESULT_ABSENT ? 0 : r->zone.occupancy;
        }
        assert_true(r->zone.occupancy_err == RESULT_ABSENT || r->zone.occupancy_err >= 0);
        assert_true(r->zone.in_per_min >= 0 && r->zone.out_per_min >= 0);
        assert_true(r->zone.sensors_fresh <= r->zone.sensors);
        /* Silence is never green. */
        if (r->zone.known)
            assert_true(r->zone.level == LEVEL_UNKNOWN ? r->zone.rules_unknown > 0
                                                       : r->zone.level || !r->zone.rules_unknown);
        else
            assert_int_equal(r->zone.level, LEVEL_UNKNOWN);
        break;
    case RECORD_REPLY:
        w->replies++;
        w->done += r->reply.ok == 1;
        break;
    default:
        break;
    }
}

static void test_invariants(void **state)
{
    (void)state;
    for (uint64_t seed = 11; seed <= 14; seed++) {
        struct core_stream s = core_stream_begin(seed);
        struct core_feed feed;
        static struct watch watch;
        memset(&watch, 0, sizeof watch);
        core_stream_init(&s, &feed);
        feed.seen = seen;
        feed.arg = &watch;
        for (int i = 0; i < STEPS; i++) {
            core_stream_next(&s, &feed);
            struct core_books b = core_books(feed.core);
            assert_int_equal(b.received,
                             b.decoded + b.duplicate + b.quarantined + b.ignored_retained);
        }
        struct core_books b = core_books(feed.core);
        assert_int_equal(b.decoded, watch.readings);
        assert_int_equal(b.quarantined, watch.letters);
        assert_int_equal(s.commands, watch.replies);
        assert_true(watch.done > 20 && watch.replies > watch.done + 20);
        assert_true(watch.letters > 0 && watch.drills > 0 && b.duplicate > 0 &&
                    b.ignored_retained > 0);
        assert_true(watch.alerts > 10);
        core_feed_free(&feed);
    }
}

/* Every place counts its borders; people walk at random. Nobody is made or lost. */
static void test_conservation(void **state)
{
    (void)state;
    static const char yaml[] =
        "venue: {id: v}\nbuiltin_rules: no\nzones:\n"
        "  - {id: a, kind: hall}\n  - {id: b, kind: hall}\n"
        "  - {id: c, kind: cell, parent: b}\n  - {id: d, kind: cell, parent: b}\n"
        "sensors:\n"
        "  - {id: o-a, class: crowd, counter: delta, zone: a}\n"
        "  - {id: a-b, class: gate, zone: b, outside: a}\n"
        "  - {id: a-c, class: crowd, counter: delta, zone: c, outside: a}\n"
        "  - {id: c-d, class: crowd, counter: delta, zone: c, outside: d}\n"
        "  - {id: b-d, class: crowd, counter: delta, zone: d, outside: b}\n";
    static const char *const topics[] = {"crowdtide/v/crowd/o-a", "crowdtide/v/gate/a-b",
                                         "crowdtide/v/crowd/a-c", "crowdtide/v/crowd/c-d",
                                         "crowdtide/v/crowd/b-d"};
    struct core_stream s = core_stream_begin(77);
    struct core_feed feed;
    static struct watch w;
    memset(&w, 0, sizeof w);
    core_feed_init(&feed, yaml, s.t_ms);
    feed.seen = seen;
    feed.arg = &w;
    int64_t a = 0, b = 0, c = 0, d = 0;
    for (int i = 0; i < STEPS; i++) {
        char payload[64];
        int64_t in = core_stream_below(&s, 8), out = core_stream_below(&s, 8);
        uint32_t which = i < 200 ? 0 : core_stream_below(&s, 5);
        if (i < 200)
            in += 40;
        int64_t by = in - out;
        int64_t to[4] = {which == 0  ? by
                         : which < 3 ? -by
                                     : 0,
                         which == 1 || which == 2 ? by : 0, which == 2 || which == 3 ? by : 0,
                         which == 3   ? -by
                         : which == 4 ? by
                                      : 0};
        if (a + to[0] < 0 || b + to[1] < 0 || c + to[2] < 0 || d + to[3] < 0)
            continue; /* nobody can leave who is not there */
        a += to[0];
        b += to[1];
        c += to[2];
        d += to[3];
        s.t_ms += core_stream_below(&s, 30);
        core_feed_until(&feed, s.t_ms);
        snprintf(payload, sizeof payload, "{\"in\":%d,\"out\":%d}", (int)in, (int)out);
        core_feed_publish(&feed, s.t_ms, topics[which], payload, 0);
    }
    core_feed_until(&feed, s.t_ms + 2000);
    assert_int_equal(shown_of(&w, STR_LIT("a"))->occupancy, a);
    assert_int_equal(shown_of(&w, STR_LIT("b"))->occupancy, b);
    assert_int_equal(shown_of(&w, STR_LIT("c"))->occupancy, c);
    assert_int_equal(shown_of(&w, STR_LIT("d"))->occupancy, d);
    assert_int_equal(shown_of(&w, STR_LIT("v"))->occupancy, a + b);
    assert_true(a + b > 1000);
    core_feed_free(&feed);
}

/* Any bytes as topic and payload: a dead letter or a reading, never a crash. */
static void test_any_bytes(void **state)
{
    (void)state;
    struct core_stream s = core_stream_begin(5);
    struct core_feed feed;
    core_stream_init(&s, &feed);
    for (int i = 0; i < 20000; i++) {
        char topic[64] = "crowdtide/v/crowd/s0",
             payload[128] = "{\"ts\":\"2026-11-23T09:00:00Z\",\"occupancy\":12}";
        struct str t = str_of(topic), p = str_of(payload);
        for (uint32_t hit = 0; hit <= core_stream_below(&s, 3); hit++) {
            topic[core_stream_below(&s, t.len * 3) % sizeof topic] =
                (char)core_stream_below(&s, 256);
            payload[core_stream_below(&s, p.len)] = (char)core_stream_below(&s, 256);
        }
        if (i % 5 == 0)
            p.len = core_stream_below(&s, p.len + 1);
        core_feed_bytes(&feed, s.t_ms, t, p, core_stream_below(&s, 4));
    }
    struct core_books b = core_books(feed.core);
    assert_int_equal(b.received, 20000);
    assert_int_equal(b.received, b.decoded + b.duplicate + b.quarantined + b.ignored_retained);
    core_feed_free(&feed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_invariants),
        cmocka_unit_test(test_conservation),
        cmocka_unit_test(test_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
