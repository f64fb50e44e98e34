/*
 * Messages of topics that are not crowdtide's own, as the venue's payload maps read them. One
 * message may give many readings, of many sensors; the books stay in messages:
 *
 *   quarantined       the message was refused as a whole, or a reading of a bound sensor was, or
 *                     nothing of it is bound and it is of a device that the venue does not know:
 *                     one dead letter, with the first reason and how many there were
 *   decoded           else, when a reading counted, or the message says nothing, as its map
 *                     declares, or all it says is of parts that may be unbound; or when no map's
 *                     filter fits, and what is subscribed for them is wider than they are
 *   duplicate         else, when a reading was said before
 *   ignored_retained  else
 *
 * A part may be unbound when its map says so, or when another part of its device is bound: who
 * bound that one has seen the device, and chose. What an unbound part says is not judged either.
 */
#include <string.h>

#include "processors/core/drill.h"
#include "processors/core/message_private.h"
#include "schemas/payload/payload_decode.h"
#include "schemas/payload/payload_map.h"

enum { NAME_SHOWN_BYTES_MAX = 48 }; /* of a device or part, in a dead letter */

struct mapped { /* one message, and what has become of it so far */
    struct core *core;
    const struct record_mqtt *message;
    bool drill;   /* it is of a drill … */
    bool entered; /* … whose shadow state is in force */
    uint32_t counted, duplicate, retained, refused;
    uint32_t unbound, strangers;            /* strangers: of the unbound, those that may not be */
    const struct payload_reading *stranger; /* the first */
    struct refusal refusal;                 /* the first */
    uint64_t payload_hash;
    bool hashed;
    uint32_t taken_count;
    struct taken { /* the readings so far */
        uint32_t sensor;
        int64_t ts_ms;
    } taken[PAYLOAD_READINGS_MAX];
};

/* ---- words ----------------------------------------------------------------------------------- */

/* Captured from a topic a name may be any bytes, and long. */
static void name_add(struct text *t, struct str name)
{
    if (!utf8_valid((const uint8_t *)name.at, name.len)) {
        text_add(t, "(not UTF-8)");
        return;
    }
    uint32_t len = name.len < NAME_SHOWN_BYTES_MAX ? name.len : NAME_SHOWN_BYTES_MAX;
    while (len && len < name.len && ((uint8_t)name.at[len] & 0xc0) == 0x80)
        len--;
    text_add_bytes(t, name.at, len);
    text_add(t, len < name.len ? "…" : "");
}

static void sender_add(struct text *t, struct str device, struct str part)
{
    text_add_char(t, '"');
    name_add(t, device);
    if (part.len) {
        text_add(t, "\" part \"");
        name_add(t, part);
    }
    text_add_char(t, '"');
}

static void kind_add(struct text *t, enum sensor_class class, enum counter_kind kind)
{
    text_add(t, sensor_class_text(class));
    if (class == SENSOR_CROWD) {
        text_add_char(t, ' ');
        text_add(t, counter_kind_text(kind));
    }
}

/* ---- books ----------------------------------------------------------------------------------- */

/* The first of them is the message's. */
static void reading_refused(struct mapped *m, const struct payload_reading *reading,
                            const struct refusal *refusal)
{
    if (m->refused++)
        return;
    struct text t = refusal_begin(&m->refusal, refusal->reason);
    sender_add(&t, reading->device, reading->part);
    text_add(&t, ": ");
    text_add(&t, refusal->detail);
    (void)refusal_end(&t);
}

/* Nothing of the message is bound: which device was it, so that somebody can bind it? */
static void strangers_refused(struct mapped *m)
{
    struct text t = refusal_begin(&m->refusal, REFUSAL_UNKNOWN_SENSOR);
    text_add(&t, "no sensor is device ");
    sender_add(&t, m->stranger->device, m->stranger->part);
    if (m->unbound > 1) {
        text_add(&t, ", nor any other of the message's readings: ");
        text_add_u64(&t, m->unbound);
    }
    (void)refusal_end(&t);
}

static void refusals_count(struct mapped *m)
{
    if (m->refused < 2)
        return;
    char before[REFUSAL_DETAIL_BYTES];
    memcpy(before, m->refusal.detail, sizeof before);
    struct text t = refusal_begin(&m->refusal, m->refusal.reason);
    text_add_u64(&t, m->refused);
    text_add(&t, " readings refused; the first: ");
    text_add(&t, before);
    (void)refusal_end(&t);
}

static void books_close(struct mapped *m)
{
    struct core_books *books = &m->core->books;
    bool bound = m->counted || m->duplicate || m->retained || m->refused;
    if (m->strangers && !bound) {
        strangers_refused(m);
        message_refuse(m->core, m->message, &m->refusal);
        return;
    }
    books->unbound_readings += m->unbound;
    if (m->refused) {
        refusals_count(m);
        message_refuse(m->core, m->message, &m->refusal);
    } else if (m->counted || !bound) {
        books->decoded++;
        books->no_reading += !bound;
    } else if (m->duplicate) {
        books->duplicate++;
    } else {
        books->ignored_retained++;
    }
}

/* ---- readings -------------------------------------------------------------------------------- */

/* Into the shadow state, with the first reading of a message of a drill. */
static bool drill_begin(struct mapped *m, bool status, struct refusal *refusal)
{
    if (!m->drill || m->entered)
        return true;
    if (!drill_admit(m->core, !status, refusal))
        return false;
    drill_enter(m->core);
    m->entered = true;
    return true;
}

/* What a message without a number of its own is told from its repeats by: the bytes, and which
 * reading of them it is. */
struct identity {
    uint64_t payload_hash, index;
    int64_t ts_ms;
};

static struct dedup_message identity_of(struct mapped *m, uint32_t index,
                                        const struct result_reading *reading, int64_t source_ms,
                                        struct identity *space)
{
    if (!m->hashed)
        m->payload_hash = str_hash(m->message->payload);
    m->hashed = true;
    *space = (struct identity){m->payload_hash, index, source_ms};
    return (struct dedup_message){.ts_ms = source_ms,
                                  .seq = reading->seq,
                                  .dup = m->message->bits & RECORD_MQTT_DUP,
                                  .bytes = {(const char *)space, sizeof *space}};
}

/* Two readings of one sensor and time in one message would be one point of the series. The decoder
 * has seen to those that say so; what a clock says that is ahead, becomes now. */
static bool time_free(struct mapped *m, uint32_t s, int64_t ts_ms, struct refusal *refusal)
{
    for (uint32_t i = 0; i < m->taken_count; i++) {
        if (m->taken[i].sensor == s && m->taken[i].ts_ms == ts_ms)
            return refusal_set(refusal, REFUSAL_OUT_OF_RANGE,
                               "another reading of the message has the same time");
    }
    if (m->taken_count < PAYLOAD_READINGS_MAX)
        m->taken[m->taken_count++] = (struct taken){s, ts_ms};
    return true;
}

/* One reading of a bound sensor to the state. */
static void reading_apply(struct mapped *m, uint32_t index, const struct payload_reading *from,
                          uint32_t s, struct sensor_message *message,
                          struct result_reading *reading)
{
    struct core *core = m->core;
    struct refusal refusal;
    struct identity space;
    if (message->retained && message_retained_ignored(core, s, message->status, m->drill)) {
        m->retained++;
        return;
    }
    if (!drill_begin(m, message->status, &refusal)) {
        reading_refused(m, from, &refusal);
        return;
    }
    message_date(core, s, reading, message);
    if (!time_free(m, s, reading->ts, &refusal)) {
        reading_refused(m, from, &refusal);
        return;
    }
    struct dedup_message identity = identity_of(m, index, reading, message->source_ms, &space);
    core->step++; /* what it touches is its own: each reading is judged for itself */
    core->touched_count = 0;
    switch (message_reading(core, s, &identity, reading, message, &refusal)) {
    case MESSAGE_COUNTED:
        m->counted++;
        break;
    case MESSAGE_DUPLICATE:
        m->duplicate++;
        break;
    case MESSAGE_REFUSED:
        reading_refused(m, from, &refusal);
        break;
    }
}

/* The sensor must be what the map says it is: a total taken for a level would be a crowd. */
static bool kind_fits(const struct payload_reading *from, const struct venue_sensor *sensor,
                      struct refusal *refusal)
{
    if (from->class == sensor->class && (from->class != SENSOR_CROWD || from->kind == sensor->kind))
        return true;
    struct text t = refusal_begin(refusal, REFUSAL_WRONG_TYPE);
    text_add(&t, "the map says ");
    kind_add(&t, from->class, from->kind);
    text_add(&t, ", sensor ");
    text_add_str(&t, sensor->id);
    text_add(&t, " is ");
    kind_add(&t, sensor->class, sensor->kind);
    return refusal_end(&t);
}

/* Stored data without a time, or older than what any repair reaches back to, would be taken for the
 * present. */
static bool stored_placed(int64_t source_ms, int64_t now_ms, struct refusal *refusal)
{
    if (source_ms == RESULT_ABSENT)
        return refusal_set(refusal, REFUSAL_WRONG_TYPE, "stored data without a time");
    return now_ms - source_ms <= CORE_BACKFILL_MS_MAX ||
           refusal_set(refusal, REFUSAL_OUT_OF_RANGE, "stored data of more than seven days ago");
}

static void unbound_count(struct mapped *m, const struct payload_reading *from)
{
    const struct venue *venue = m->core->model.venue;
    m->unbound++;
    if (from->unbound_ignore || venue_device_first(venue, from->device) != UINT32_MAX)
        return;
    if (m->strangers++ == 0)
        m->stranger = from;
}

static void reading_take(struct mapped *m, uint32_t index, const struct payload_reading *from)
{
    struct core *core = m->core;
    struct refusal refusal;
    uint32_t s = venue_device_find(core->model.venue, from->device, from->part);
    if (s == UINT32_MAX && !from->unnamed) {
        unbound_count(m, from);
        return;
    }
    if (from->refused) {
        reading_refused(m, from, &from->refusal);
        return;
    }
    int64_t now_ms = core_now_ms(core), source_ms = from->values.ts;
    if (!kind_fits(from, &core->model.venue->sensors[s], &refusal) ||
        (from->historical && !stored_placed(source_ms, now_ms, &refusal))) {
        reading_refused(m, from, &refusal);
        return;
    }
    struct result_reading reading = from->values;
    struct sensor_message message = {.reading = &reading,
                                     .source_ms = source_ms,
                                     .retained = m->message->bits & RECORD_MQTT_RETAIN,
                                     .partial = from->partial,
                                     .stored = from->historical};
    reading_apply(m, index, from, s, &message, &reading);
}

/* Every sensor of the device is gone, or back. */
static void status_take(struct mapped *m, const struct payload_outcome *outcome)
{
    struct core *core = m->core;
    const struct payload_reading from = {.device = outcome->device};
    uint32_t index = 0;
    for (uint32_t s = venue_device_first(core->model.venue, outcome->device); s != UINT32_MAX;
         s = core->model.venue->devices[s].next) {
        struct result_reading reading = core->reading_clear;
        reading.state = outcome->online ? STR_LIT("online") : STR_LIT("offline");
        struct sensor_message message = {.reading = &reading,
                                         .source_ms = RESULT_ABSENT,
                                         .status = true,
                                         .retained = m->message->bits & RECORD_MQTT_RETAIN};
        reading_apply(m, index++, &from, s, &message, &reading);
    }
    /* Many a device that nobody counts with says that it is there: what it sends beside is refused.
     */
    m->unbound += index == 0;
}

/* ---- messages -------------------------------------------------------------------------------- */

bool message_mapped(struct core *core, const struct record_mqtt *message)
{
    const struct venue *venue = core->model.venue;
    struct mapped m; /* but for `taken` */
    memset(&m, 0, offsetof(struct mapped, taken));
    m.core = core;
    m.message = message;
    struct payload_message read = {.payload = message->payload,
                                   .content_type = message->content_type,
                                   .received_ms = core_now_ms(core),
                                   .utc_offset_s = core->utc_offset_s,
                                   .retained = message->bits & RECORD_MQTT_RETAIN};
    if (!venue->payloads || !venue_raw_topic(venue, message->topic, &read.topic, &m.drill))
        return false;
    const struct payload_map *map = payload_maps_find(venue->payloads, read.topic);
    if (!map && !payload_maps_widened(venue->payloads, read.topic))
        return false;
    if (!map) {
        core->books.decoded++;
        core->books.no_reading++;
        return true;
    }
    struct payload_outcome outcome;
    payload_decode(core->decoder, venue->payloads, map, &read, &outcome);
    switch (outcome.kind) {
    case PAYLOAD_REFUSED:
        message_refuse(core, message, &outcome.refusal);
        return true;
    case PAYLOAD_NOTHING:
        break;
    case PAYLOAD_STATUS:
        status_take(&m, &outcome);
        break;
    case PAYLOAD_READINGS:
        for (uint32_t i = 0; i < outcome.count; i++)
            reading_take(&m, i, &outcome.reading[i]);
        break;
    }
    core->stored = false;
    if (m.entered)
        drill_leave(core);
    books_close(&m);
    return true;
}
