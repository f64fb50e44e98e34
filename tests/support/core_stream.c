#include "tests/support/core_stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "processors/core/label.h"

#define STREAM_RULES                                                                               \
    "rules:\n"                                                                                     \
    "  - {id: full, metric: percent_capacity, kinds: [hall], clear_s: 20, min_samples: 1,\n"       \
    "     levels: {blue: {enter: 50, dwell_s: 9, action: Watch., plan: [Look, Tell]},\n"           \
    "              yellow: {enter: 80, dwell_s: 3, escalate_s: [20, 50], action: Meter.},\n"       \
    "              red: {enter: 100, dwell_s: 0, action: Stop.}}}\n"                               \
    "  - {id: dense, metric: density_mean_60s, kinds: [cell, plaza], clear_s: 5, min_samples: "    \
    "2,\n"                                                                                         \
    "     levels: {orange: {enter: 2, dwell_s: 2, action: Release.},\n"                            \
    "              red: {enter: 3, dwell_s: 1, action: Close.}}}\n"                                \
    "  - {id: rush, metric: in_per_min, kinds: [hall, plaza], clear_s: 3, min_samples: 1,\n"       \
    "     levels: {yellow: {enter: 150, dwell_s: 0, action: Open lanes.}}}\n"                      \
    "  - {id: slow, metric: gate_load, kinds: [plaza, hall, queue], clear_s: 3, min_samples: 1,\n" \
    "     levels: {yellow: {enter: 0.7, dwell_s: 2, action: Open lanes.}}}\n"                      \
    "  - {id: lamps, metric: lights_failed_percent, kinds: [plaza], clear_s: 3, min_samples: 1,\n" \
    "     levels: {blue: {enter: 40, dwell_s: 2, action: Send somebody.}}}\n"

#define STREAM_DESK                                                                                \
    "shifts: [\"00:00\", \"09:02\"]\n"                                                             \
    "roles:\n"                                                                                     \
    "  - {id: steward, commands: [ack, assign, note, step, anchor]}\n"                             \
    "  - {id: chief, commands: all, supervisor: yes}\n"

/* service: of two counters and a gate. s0, s4 and s5 may be silent as long as their period says. */
#define STREAM_SENSORS(service)                                                                    \
    "sensors:\n"                                                                                   \
    "  - {id: s0, class: crowd, counter: level, zone: h1-a}\n"                                     \
    "  - {id: s1, class: crowd, counter: level, zone: h1-b, silence_s: 20, saturates_at: 90}\n"    \
    "  - {id: s2, class: crowd, counter: level, zone: h1-b, silence_s: 20" service "}\n"           \
    "  - {id: s3, class: crowd, counter: delta, zone: h2, outside: h3, silence_s: 25}\n"           \
    "  - {id: s4, class: crowd, counter: delta, zone: h2, outside: h1}\n"                          \
    "  - {id: s5, class: crowd, counter: total, wrap: 65536, zone: plaza}\n"                       \
    "  - {id: s6, class: crowd, counter: daily, zone: h2-a, outside: h2, silence_s: 25" service    \
    "}\n"                                                                                          \
    "  - {id: s7, class: crowd, counter: total, zone: h2-a, outside: h2-b, silence_s: 25}\n"       \
    "  - {id: s8, class: gate, zone: plaza, outside: apron, lanes: 4, silence_s: 30,\n"            \
    "     queue: apron}\n"                                                                         \
    "  - {id: s9, class: gate, zone: h2, outside: plaza, silence_s: 30,\n"                         \
    "     lane_rate_per_min: 3, queue: apron}\n"                                                   \
    "  - {id: s10, class: vehicle_gate, zone: lot, outside: road, silence_s: 30" service "}\n"     \
    "  - {id: s11, class: light, zone: plaza, silence_s: 40, group: ring,\n"                       \
    "     scene_lux: 20, dim_lux: 4}\n"                                                            \
    "  - {id: s12, class: light, zone: h1, silence_s: 40}\n"                                       \
    "  - {id: s16, class: light, zone: plaza, silence_s: 40, group: path}\n"                       \
    "  - {id: s17, class: crowd, counter: level, zone: apron, silence_s: 25}\n"                    \
    "  - {id: s13, class: crowd, counter: level, zone: h3, silence_s: 15}\n"

static const char *const venues[2] = {
    "venue: {id: v, capacity: 3000}\nbuiltin_rules: no\n" STREAM_DESK
    "operators: [{id: li, uid: 1, roles: [steward]}, {id: mo, uid: 2, roles: [chief]},\n"
    "  {id: bo, uid: 3, roles: [chief]}]\n"
    "settings: {gate_window_s: 60, light_dwell_s: 4, daylight_lux: 20, dark_lux: 9}\n" STREAM_RULES
    "zones:\n"
    "  - {id: plaza, kind: plaza, area_m2: 90, width_m: 3}\n"
    "  - {id: apron, kind: queue, area_m2: 60}\n"
    "  - {id: h1, kind: hall, capacity: 200, area_m2: 300, cells_cover: yes}\n"
    "  - {id: h1-a, kind: cell, parent: h1, area_m2: 20}\n"
    "  - {id: h1-b, kind: cell, parent: h1, area_m2: 25}\n"
    "  - {id: h2, kind: hall, capacity: 300, area_m2: 300, empty_at: \"00:00\", empty_bound: 40}\n"
    "  - {id: h2-a, kind: cell, parent: h2, area_m2: 20}\n"
    "  - {id: h2-b, kind: cell, parent: h2, area_m2: 20}\n"
    "  - {id: h3, kind: hall, capacity: 90}\n"
    "  - {id: lot, kind: carpark}\n"
    "  - {id: road, kind: road}\n" STREAM_SENSORS(""),
    /* Another order, other numbers, a zone and a rule's level less, sensors more. */
    "venue: {id: v, capacity: 2000}\nbuiltin_rules: no\n" STREAM_DESK
    "operators: [{id: bo, uid: 3, roles: [chief]}, {id: mo, uid: 2, roles: [chief]}]\n"
    "settings: {gate_window_s: 95, light_dwell_s: 4, daylight_lux: 20, dark_lux: 9,\n"
    "  bucket_s: 2, long_bucket_s: 30}\n" STREAM_RULES "zones:\n"
    "  - {id: road, kind: road}\n"
    "  - {id: lot, kind: carpark}\n"
    "  - {id: h3, kind: hall, capacity: 60}\n"
    "  - {id: h2, kind: hall, capacity: 250, area_m2: 300}\n"
    "  - {id: h2-b, kind: cell, parent: h2, area_m2: 20}\n"
    "  - {id: h2-a, kind: cell, parent: h2, area_m2: 30}\n"
    "  - {id: h1, kind: hall, capacity: 150, area_m2: 300}\n"
    "  - {id: h1-b, kind: cell, parent: h1, area_m2: 25}\n"
    "  - {id: h1-a, kind: cell, parent: h1, area_m2: 20}\n"
    "  - {id: plaza, kind: plaza, area_m2: 90, width_m: 3}\n"
    "  - {id: apron, kind: queue, area_m2: 60}\n" STREAM_SENSORS(
        ", service: maintenance") "  - {id: s14, class: crowd, counter: level, zone: h3, "
                                  "silence_s: 15}\n"
                                  "  - {id: s15, class: crowd, counter: delta, zone: h1, outside: "
                                  "plaza, silence_s: 15}\n",
};

static const char *const classes[CORE_STREAM_SENSORS] = {
    "crowd", "crowd", "crowd", "crowd", "crowd", "crowd", "crowd", "crowd", "gate",
    "gate",  "gate",  "light", "light", "crowd", "crowd", "crowd", "light", "crowd"};

struct core_stream core_stream_begin(uint64_t seed)
{
    return (struct core_stream){.random = seed * 2 + 1, .t_ms = INT64_C(1795424400000)};
}

uint32_t core_stream_below(struct core_stream *s, uint32_t n)
{
    s->random = s->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((s->random >> 33) % n);
}

void core_stream_init(struct core_stream *s, struct core_feed *feed)
{
    core_feed_init(feed, venues[s->model], s->t_ms);
}

/* The broker is away for a while; the venue lies where it is nearly midnight, or nobody knows
 * where. */
static void surroundings_change(struct core_stream *s, struct core_feed *feed)
{
    int32_t to_midnight_s = (int32_t)(86400 - s->t_ms / 1000 % 86400);
    feed->broker_lost = core_stream_below(s, 3) == 0;
    feed->probe = (uint8_t)core_stream_below(s, RECORD_PROBE_COUNT);
    feed->probe_ms = core_stream_below(s, 4) ? core_stream_below(s, 20000) : RECORD_NO_PROBE;
    feed->utc_offset_s = core_stream_below(s, 4)
                             ? to_midnight_s - (int32_t)core_stream_below(s, 1800)
                             : RECORD_NO_UTC_OFFSET;
}

/* Now and then lanes and reasons that a gate has no room for. */
static void gate_event(struct core_stream *s, uint32_t a, uint32_t b, char *part, size_t cap)
{
    char lane[64];
    snprintf(lane, sizeof lane, "%0*u", core_stream_below(s, 12) ? 1 : LABEL_BYTES_MAX + 1, b);
    if (a)
        snprintf(part, cap, "\"lane\":\"%s\",\"event\":\"pass\",\"direction\":\"%s\"", lane,
                 b < 3 ? "in" : "out");
    else
        snprintf(part, cap,
                 "\"lane\":\"%s\",\"event\":\"reject\",\"direction\":\"in\",\"reason\":\"r%u\"",
                 lane, core_stream_below(s, 24));
}

static void values(struct core_stream *s, uint32_t sensor, struct text *t)
{
    char part[192];
    uint32_t a = core_stream_below(s, 6), b = core_stream_below(s, 5);
    switch (sensor) {
    case 5:
    case 6:
    case 7:
        s->total_in[sensor] += (int64_t)a * (core_stream_below(s, 50) == 0 ? 3000 : 1);
        s->total_out[sensor] += b;
        if (core_stream_below(s, 60) == 0) /* a restart */
            s->total_in[sensor] = s->total_out[sensor] = 0;
        snprintf(part, sizeof part, "\"in\":%" PRId64 ",\"out\":%" PRId64,
                 s->total_in[sensor] % 65536, s->total_out[sensor] % 65536);
        break;
    case 3:
    case 4:
    case 15:
        snprintf(part, sizeof part, "\"in\":%u,\"out\":%u", a, b);
        break;
    case 8:
    case 9:
        if (a < 4)
            gate_event(s, a, b, part, sizeof part);
        else
            snprintf(part, sizeof part, "\"in\":%u,\"out\":%u,\"rejects\":%u,\"state\":\"%s\"", a,
                     b, a % 2, core_stream_below(s, 8) ? "open" : "closed");
        break;
    case 10:
        snprintf(part, sizeof part, "\"in\":%u,\"lanes_open\":%u", a, b);
        break;
    case 11:
    case 12:
        snprintf(part, sizeof part, "\"lux\":%u.%u,\"state\":\"%s\",\"fault\":%s", a * 7, b,
                 a % 3 == 0   ? "off"
                 : a % 3 == 1 ? "on"
                              : "dim",
                 core_stream_below(s, 9) ? "false" : "true");
        break;
    case 16:
        snprintf(part, sizeof part, "\"power_w\":%u.%u", a * 30, b);
        break;
    default:
        snprintf(part, sizeof part, "\"occupancy\":%u", core_stream_below(s, 110));
    }
    text_add(t, part);
}

/* Some sensors' clocks are set wrong and right again, and stay so long enough to be found out. */
static int64_t clock_behind_ms(const struct core_stream *s, uint32_t sensor)
{
    static const int64_t behind_ms[] = {0, 240000, 0, -3600000};
    bool odd_clock = sensor == 0 || sensor == 4 || sensor == 8;
    return odd_clock ? behind_ms[s->t_ms / 600000 % 4] : 0;
}

void core_stream_message(struct core_stream *s, struct core_feed *feed)
{
    uint32_t sensor = core_stream_below(s, CORE_STREAM_SENSORS), odd = core_stream_below(s, 100);
    unsigned bits = odd < 4 ? RECORD_MQTT_RETAIN : odd < 7 ? RECORD_MQTT_DUP : 0;
    char part[64];
    struct text t = text_over(s->last_payload, sizeof s->last_payload - 1);
    text_add_char(&t, '{');
    if (odd % 3) {
        int64_t ts_ms = s->t_ms - core_stream_below(s, odd % 10 == 1 ? 120000 : 900);
        ts_ms += odd == 50 ? 3600000 : 0;
        ts_ms -= clock_behind_ms(s, sensor);
        snprintf(part, sizeof part, "\"ts\":%" PRId64 ",", ts_ms);
        text_add(&t, part);
    }
    if (odd % 4) {
        snprintf(part, sizeof part, "\"seq\":%" PRId64 ",", ++s->seq[sensor]);
        text_add(&t, part);
    }
    values(s, sensor, &t);
    text_add(&t, "}");
    if (odd == 20) /* damaged */
        t.at[core_stream_below(s, (uint32_t)t.len)] = (char)core_stream_below(s, 256);
    if (odd == 21 || odd == 22) {
        t.len = 0;
        text_add(&t, odd == 21 ? "offline" : "online");
    }
    t.at[t.len] = '\0';
    bool drill = s->drills > 0 || (s->drills == 0 && odd == 30);
    snprintf(s->last_topic, sizeof s->last_topic, "%s/v/%s/s%u", drill ? "drill" : "crowdtide",
             odd == 21 || odd == 22 ? "status" : classes[sensor], sensor);
    core_feed_bytes(feed, s->t_ms, str_of(s->last_topic),
                    (struct str){s->last_payload, (uint32_t)t.len}, bits);
}

/* What each command has: a letter a member. */
static const struct {
    const char *word, *members;
} orders[] = {
    {"ack", "a"},       {"ack", "at"},        {"assign", "aw"},  {"note", "at"},
    {"shelve", "amt"},  {"unshelve", "a"},    {"step", "ak"},    {"anchor", "zpb"},
    {"anchor", "zp"},   {"capacity", "zp"},   {"close", "z"},    {"open", "z"},
    {"open", "z"},      {"evacuation", "zo"}, {"service", "sv"}, {"service", "sv"},
    {"service", "svh"}, {"dance", ""},        {"drill", "d"},    {"drill", "d"},
    {"drill", "d"},
};

static const char *one_of(struct core_stream *s, const char *const words[], uint32_t count)
{
    return words[core_stream_below(s, count)];
}
#define ONE_OF(s, ...)                                                                             \
    one_of((s), (const char *const[]){__VA_ARGS__},                                                \
           sizeof(const char *const[]){__VA_ARGS__} / sizeof(const char *))

static void text_member(struct text *t, const char *key, const char *value)
{
    text_add(t, ",\"");
    text_add(t, key);
    text_add(t, "\":\"");
    text_add(t, value);
    text_add_char(t, '"');
}

static void number_member(struct text *t, const char *key, int64_t value)
{
    text_add(t, ",\"");
    text_add(t, key);
    text_add(t, "\":");
    text_add_i64(t, value);
}

static void alert_member(struct core_stream *s, struct text *t)
{
    char alert[96];
    const char *lead = ONE_OF(s, "", "", "", "v/", "v/v/");
    const char *zone = ONE_OF(s, "h1", "h2", "h3", "h3", "plaza", "h1-b", "nowhere");
    const char *rule = ONE_OF(s, "full", "full", "full", "dense", "rush", "slow");
    const char *start = ONE_OF(s, "", "", "", "/", "/1795424400000");
    snprintf(alert, sizeof alert, "%s%s/%s%s", lead, zone, rule, start);
    text_member(t, "alert", alert);
}

static void order_member(struct core_stream *s, char letter, struct text *t)
{
    char sensor[8];
    switch (letter) {
    case 'a':
        alert_member(s, t);
        break;
    case 'z':
        text_member(t, "zone", ONE_OF(s, "h1", "h2", "h3", "h1-a", "plaza", "lot", "v", "nowhere"));
        break;
    case 's':
        snprintf(sensor, sizeof sensor, "s%u", core_stream_below(s, CORE_STREAM_SENSORS + 1));
        text_member(t, "sensor", sensor);
        break;
    case 'p':
        number_member(t, "people", core_stream_below(s, 250));
        break;
    case 'b':
        number_member(t, "bound", core_stream_below(s, 30));
        break;
    case 'm':
        number_member(t, "minutes", 1 + core_stream_below(s, 33));
        break;
    case 'k':
        number_member(t, "step", 1 + core_stream_below(s, 3));
        break;
    case 'h':
        number_member(t, "hours", 1 + core_stream_below(s, 9));
        break;
    case 'w':
        text_member(t, "to", ONE_OF(s, "li", "mo", "bo", "zoe"));
        break;
    case 'o':
        text_member(t, "state", ONE_OF(s, "on", "off", "up"));
        break;
    case 'd':
        text_member(t, "state", ONE_OF(s, "start", "start", "start", "stop"));
        break;
    case 'v':
        text_member(t, "state",
                    ONE_OF(s, "in_service", "in_service", "in_service", "maintenance",
                           "maintenance", "commissioning", "retired"));
        break;
    default:
        text_member(t, "text", ONE_OF(s, "seen", "coaches \\u00e9", "\\u0000"));
    }
}

/* Who asks is mostly who he says. */
static uint32_t sign(struct core_stream *s, struct text *t)
{
    uint32_t who = core_stream_below(s, 3), odd = core_stream_below(s, 40);
    char nonce[24];
    snprintf(nonce, sizeof nonce, "%016" PRIx64, s->random);
    text_member(t, "operator", odd == 0 ? "zoe" : who == 0 ? "li" : who == 1 ? "mo" : "bo");
    text_member(t, "nonce", odd == 1 ? "short" : nonce);
    number_member(t, "issued", s->t_ms - core_stream_below(s, odd == 2 ? 60000 : 2000));
    return odd == 3 ? 0 : who + 1;
}

void core_stream_command(struct core_stream *s, struct core_feed *feed)
{
    bool again = s->last_command[0] && core_stream_below(s, 20) == 0;
    uint32_t count = sizeof orders / sizeof orders[0] - (s->drills ? 3 : 0);
    uint32_t at = core_stream_below(s, count), uid = 2;
    struct text t = text_over(s->last_command, sizeof s->last_command - 1);
    if (again) {
        t.len = strlen(s->last_command);
    } else {
        text_add(&t, "{\"command\":\"");
        text_add(&t, orders[at].word);
        text_add_char(&t, '"');
        for (const char *m = orders[at].members; *m; m++)
            order_member(s, *m, &t);
        uid = sign(s, &t);
        if (s->drills > 0 || (s->drills == 0 && core_stream_below(s, 4) == 0))
            text_add(&t, ",\"drill\":true");
        text_add_char(&t, '}');
        t.at[t.len] = '\0';
    }
    /* Damaged; one for a drill would not say any more that it is. */
    if (s->drills <= 0 && core_stream_below(s, 40) == 0)
        t.at[core_stream_below(s, (uint32_t)t.len)] = (char)(1 + core_stream_below(s, 255));
    s->commands++;
    core_feed_command(feed, s->t_ms, uid, (struct str){s->last_command, (uint32_t)t.len});
}

void core_stream_next(struct core_stream *s, struct core_feed *feed)
{
    uint32_t kind = core_stream_below(s, 400);
    int64_t before_ms = s->t_ms;
    s->t_ms += core_stream_below(s, 160);
    if (kind == 0) {
        s->t_ms += core_stream_below(s, 40000);
        core_feed_gap(feed, s->t_ms);
    } else if (kind == 1) {
        s->model = 1 - s->model;
        core_feed_model(feed, s->t_ms, venues[s->model]);
    } else if (kind == 2) {
        s->t_ms += core_stream_below(s, 700000); /* nobody wrote: not even a gap */
        core_feed_tick(feed, s->t_ms);
    } else if (kind == 3) {
        surroundings_change(s, feed);
        core_feed_tick(feed, s->t_ms);
    } else if (before_ms / 1000 != s->t_ms / 1000) {
        core_feed_tick(feed, s->t_ms);
    } else if (kind < 16) {
        core_stream_command(s, feed);
    } else if (kind < 32 && s->last_topic[0]) {
        core_feed_publish(feed, s->t_ms, s->last_topic, s->last_payload,
                          kind % 2 ? RECORD_MQTT_DUP : 0);
    } else {
        core_stream_message(s, feed);
    }
}
