/* gate: which zone's rules hear of which gate, the limits of its figures, and its lines in the
 * series. Whole stories are in golden/gate*.txt. */
#include "processors/core/gate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/core_feed.h"
#include "tests/support/support.h"

static const int64_t start_ms = INT64_C(1795424400000); /* 2026-11-23T09:00:00Z */

/* ---- which gates a zone's people wait at ----------------------------------------------------- */

static const char zones_yaml[] =
    "venue: {id: v}\nbuiltin_rules: no\nzones:\n"
    "  - {id: north, kind: hall}\n"
    "  - {id: apron, kind: queue}\n"
    "  - {id: south, kind: hall}\n"
    "  - {id: empty, kind: hall}\n"
    "  - {id: north-closed, kind: hall}\n"
    "  - {id: lot, kind: carpark}\n"
    "sensors:\n"
    "  - {id: n1, class: gate, zone: north, queue: apron, lanes: 1, lane_rate_per_min: 10}\n"
    "  - {id: n2, class: gate, zone: north, queue: apron, lanes: 1, lane_rate_per_min: 10}\n"
    "  - {id: n3, class: gate, zone: north, queue: apron, lanes: 1, lane_rate_per_min: 10, "
    "service: maintenance}\n"
    "  - {id: s1, class: gate, zone: south, lanes: 1, lane_rate_per_min: 10}\n"
    "  - {id: b1, class: vehicle_gate, zone: lot, lanes: 1, lane_rate_per_min: 10}\n"
    "  - {id: c1, class: gate, zone: north-closed, lanes: 1, lane_rate_per_min: 10}\n";

/* People let in each minute (two reports), and of them refused; -1: the gate says nothing. */
struct told {
    const char *gate;
    int64_t served, rejects;
};
static const struct told told[] = {
    {"n1", 4, 0}, {"n2", 6, 2}, {"n3", 9, 9}, {"s1", 5, 1}, {"b1", 7, 0}, {"c1", 0, 0},
};

static void test_zone_metric(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        double load, reject_percent, wait_min; /* NAN: no gate of it is known */
    } cases[] = {
        /* The worst of n1 (4 / 10) and n2 (8 / 10, 2 of 8 refused); n3 is in maintenance.
           Waits are estimated: 0.8² / 0.2 = 3.2 people, served in 0.32 min. */
        {"apron", 0.8, 25, 0.32},
        {"north", (double)NAN, (double)NAN,
         (double)NAN},                   /* its gates are judged where people wait */
        {"south", 0.6, 100.0 / 6, 0.09}, /* names no queue; 0.36 / 0.4 = 0.9 people */
        {"lot", 0.7, 0, 0.1633},         /* 0.49 / 0.3 = 1.63 vehicles */
        {"north-closed", 0, 0, 0},       /* as its gate says */
        {"empty", (double)NAN, (double)NAN, (double)NAN},
        {"v", (double)NAN, (double)NAN, (double)NAN},
    };
    struct core_feed feed;
    core_feed_init(&feed, zones_yaml, start_ms);
    for (int64_t at_s = 0; at_s <= 600; at_s += 60) {
        core_feed_until(&feed, start_ms + at_s * 1000);
        for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
            char topic[64], payload[64];
            snprintf(topic, sizeof topic, "crowdtide/v/gate/%s", told[i].gate);
            snprintf(payload, sizeof payload, "{\"in\":%d,\"rejects\":%d,\"state\":\"%s\"}",
                     (int)told[i].served, (int)told[i].rejects, told[i].served ? "open" : "closed");
            core_feed_publish(&feed, start_ms + at_s * 1000, topic, payload, 0);
        }
    }
    core_feed_until(&feed, start_ms + 601000);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t z = venue_zone_find(feed.core->model.venue, str_of(cases[i].zone));
        const struct {
            enum metric metric;
            double want;
        } metrics[] = {{METRIC_GATE_LOAD, cases[i].load},
                       {METRIC_REJECT_PERCENT, cases[i].reject_percent},
                       {METRIC_GATE_WAIT, cases[i].wait_min}};
        for (size_t m = 0; m < 3; m++) {
            double value = gate_zone_metric(feed.core, z, metrics[m].metric);
            if (isnan(metrics[m].want) ? !isnan(value) : !(fabs(value - metrics[m].want) < 0.001)) {
                print_error("%s, %s: %f, not %f\n", cases[i].zone, metric_text(metrics[m].metric),
                            value, metrics[m].want);
                fail();
            }
        }
    }
    core_feed_free(&feed);
}

/* ---- limits ---------------------------------------------------------------------------------- */

enum { ANY = -1 };

struct limit {
    const char *what, *state;
    int64_t people, lanes_open; /* in the queue; -1: nobody counts them */
    int64_t served;             /* a minute */
    double load, wait_s;        /* NAN: absent */
    int64_t queue;              /* RESULT_ABSENT */
    const char *basis;
    double rule_load, rule_wait_min; /* what rules hear; ANY: longer, for the upper bound */
};
#define NO ((double)NAN)

/* clang-format off */
static const struct limit limits[] = {
    {"94 of 100: 0.94² / 0.06 = 14.7",
     "open", -1, 10, 94, 0.94, 8.836, 15, "estimated", 0.94, 0.1473},
    {"95 of 100: people wait, how many nobody knows",
     "open", -1, 10, 95, 0.95, NO, RESULT_ABSENT, "", 0.95, NO},
    {"nobody comes",
     "open", -1, 10, 0, 0, 0, 0, "estimated", 0, 0},
    {"nobody counts the queue, and no lane is open",
     "open", -1, 0, 0, NO, NO, RESULT_ABSENT, "", 0, 0},
    {"5 before a closed gate may be an error",
     "closed", 5, 10, 0, NO, NO, 5, "counted", 0, 0},
    {"6 are a queue that has no end",
     "closed", 6, 10, 0, 10, NO, 6, "counted", 10, 1440},
    {"6 before an open gate without an open lane, too",
     "open", 6, 0, 0, 10, NO, 6, "counted", 10, 1440},
    {"6 before a gate with one lane: 6 / 10 min",
     "open", 6, 1, 10, 1, 36, 6, "counted", 1, ANY},
};
/* clang-format on */

static bool near(double value, double want, double within)
{
    return isnan(want) ? isnan(value) : want == ANY || fabs(value - want) < within;
}

static void test_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        const struct limit *l = &limits[i];
        struct core_feed feed;
        char yaml[512], payload[128];
        const struct gate *gate;
        bool counted = l->people >= 0;
        snprintf(yaml, sizeof yaml,
                 "venue: {id: v}\nbuiltin_rules: no\n"
                 "zones: [{id: h, kind: hall}, {id: q, kind: queue}]\nsensors:\n"
                 "  - {id: g, class: gate, zone: h, lane_rate_per_min: 10%s}\n"
                 "  - {id: c, class: crowd, counter: level, zone: q}\n",
                 counted ? ", queue: q" : "");
        core_feed_init(&feed, yaml, start_ms);
        for (int64_t at_s = 0; at_s <= 420; at_s += 30) {
            core_feed_until(&feed, start_ms + at_s * 1000);
            snprintf(payload, sizeof payload, "{\"in\":%d,\"lanes_open\":%d,\"state\":\"%s\"}",
                     (int)(at_s % 60 ? l->served / 2 : (l->served + 1) / 2), (int)l->lanes_open,
                     l->state);
            core_feed_publish(&feed, start_ms + at_s * 1000, "crowdtide/v/gate/g", payload, 0);
            snprintf(payload, sizeof payload, "{\"occupancy\":%d}", (int)l->people);
            if (l->people >= 0)
                core_feed_publish(&feed, start_ms + at_s * 1000, "crowdtide/v/crowd/c", payload, 0);
        }
        core_feed_until(&feed, start_ms + 421000);
        gate = &feed.core->model.gates[0];
        const struct gate_figures *f = &gate->figures;
        static const char *const basis[] = {"", "counted", "estimated"};
        uint32_t zone = venue_zone_find(feed.core->model.venue, str_of(counted ? "q" : "h"));
        double rule_load = gate_zone_metric(feed.core, zone, METRIC_GATE_LOAD);
        double rule_wait = gate_zone_metric(feed.core, zone, METRIC_GATE_WAIT);
        bool queue =
            l->queue == RESULT_ABSENT ? isnan(f->queue) : (int64_t)(f->queue + 0.5) == l->queue;
        if (!near(f->load, l->load, 0.001) || !near(f->wait_s, l->wait_s, 0.01) || !queue ||
            !near(rule_load, l->rule_load, 0.001) || !near(rule_wait, l->rule_wait_min, 0.001) ||
            (l->rule_wait_min == ANY && !(rule_wait * 60 > l->wait_s)) ||
            strcmp(basis[f->basis], l->basis) != 0) {
            print_error("%s: load %f, wait %f, queue %f %s; rules: %f, %f\n", l->what, f->load,
                        f->wait_s, f->queue, basis[f->basis], rule_load, rule_wait);
            fail();
        }
        core_feed_free(&feed);
    }
}

/* ---- the series ------------------------------------------------------------------------------ */

struct lines {
    char text[4096];
    size_t len;
};

static void line_kept(void *arg, unsigned type, const union result_any *r)
{
    struct lines *lines = arg;
    if (type != RECORD_LANE && type != RECORD_REJECT)
        return;
    struct text t = text_over(lines->text + lines->len, sizeof lines->text - lines->len - 1);
    result_line(type, r, 7, &t);
    lines->len += t.len;
    lines->text[lines->len] = '\0';
}

/* Whatever a gate calls its lanes, each is a tag, and each line a point of its own. */
static void test_series(void **state)
{
    (void)state;
    static struct lines lines;
    struct core_feed feed;
    memset(&lines, 0, sizeof lines);
    core_feed_init(&feed, zones_yaml, start_ms);
    feed.seen = line_kept;
    feed.arg = &lines;
    core_feed_publish(&feed, start_ms + 100, "crowdtide/v/gate/s1",
                      "{\"lane\":\"A 1,=\\\\\",\"event\":\"pass\",\"direction\":\"out\"}", 0);
    core_feed_publish(
        &feed, start_ms + 200, "crowdtide/v/gate/s1",
        "{\"lane\":\"A "
        "1,=\\\\\",\"event\":\"reject\",\"direction\":\"in\",\"reason\":\"no\\nticket\"}",
        0);
    core_feed_publish(&feed, start_ms + 300, "crowdtide/v/gate/s1",
                      "{\"event\":\"reject\",\"direction\":\"in\"}", 0);
    core_feed_until(&feed, start_ms + 2000);
    assert_string_equal(
        lines.text,
        "lane,venue=v,gate=s1,lane=A\\ 1\\,\\=_,direction=in "
        "per_min=0i,total=0i,rejects_total=1i,valid_until=1795424401000i 1795424401000000000\n"
        "lane,venue=v,gate=s1,lane=A\\ 1\\,\\=_,direction=out "
        "per_min=1i,total=1i,valid_until=1795424401000i 1795424401000000000\n"
        "reject,venue=v,gate=s1,reason=no_ticket per_min=1i,total=1i,valid_until=1795424401000i "
        "1795424401000000000\n");
    core_feed_free(&feed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zone_metric),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_series),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
