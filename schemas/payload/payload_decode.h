/*
 * payload_decode: an MQTT message into readings, by a payload map.
 *
 *     struct payload_decoder *decoder = payload_decoder_new();           one per thread
 *     struct payload_outcome outcome;
 *     payload_decode(decoder, maps, payload_maps_find(maps, message.topic), &message, &outcome);
 *     for (uint32_t i = 0; outcome.kind == PAYLOAD_READINGS && i < outcome.count; i++) … outcome.reading[i]
 *
 * Pure in the message and the map, and allocates nothing. What the outcome points to is the decoder's, the map's or the message's, until the decoder's next message.
 *
 * Readings come in the map's order; an entry that iterates gives those of one element after the other. Parts of one reading (same device, part, kind and time, from different
 * entries or elements) that say different members become one; that say the same member differently are refused, both.
 */
#ifndef CROWDTIDE_SCHEMAS_PAYLOAD_PAYLOAD_DECODE_H
#define CROWDTIDE_SCHEMAS_PAYLOAD_PAYLOAD_DECODE_H

#include "schemas/json/json.h"
#include "schemas/payload/payload_map.h"
#include "schemas/result/refusal.h"
#include "schemas/result/result.h"

enum { PAYLOAD_READINGS_MAX = 256, PAYLOAD_DOCUMENT_BYTES_MAX = 524288 };

struct payload_message {
    struct str topic;
    struct str payload;       /* JSON_PADDING_BYTES readable behind it */
    struct str content_type;  /* len 0: none was given */
    int64_t received_ms;
    int32_t utc_offset_s;     /* of the venue, then: for `zone: venue`; RECORD_NO_UTC_OFFSET: not known, and such a time counts as not given */
    bool retained;
};

struct payload_reading {
    struct str device, part;
    uint32_t entry;           /* of payload_map_binding */
    enum sensor_class class;
    enum counter_kind kind;   /* crowd */
    bool historical;          /* stored or repeated data: repairs history, never pages */
    bool partial;             /* what it lacks stays as known; otherwise it is complete (members_complete) */
    bool unbound_ignore;      /* no mistake when no sensor is bound to it */
    bool refused;             /* values count for nothing; refusal says why */
    bool unnamed;             /* refused, and device or part could not be read: whose it is nobody knows */
    _Alignas(64) /* copied whole: across as few cache lines as it can be */
    struct result_reading values; /* ts: source time, RESULT_ABSENT: none was given; all but the class's members absent */
    struct refusal refusal;
};

struct payload_outcome {
    enum { PAYLOAD_READINGS, PAYLOAD_NOTHING, PAYLOAD_STATUS, PAYLOAD_REFUSED } kind;
    uint32_t count;           /* READINGS: at least 1, refused ones included */
    const struct payload_reading *reading;
    struct str device;        /* STATUS: whose sensors are all … */
    bool online;              /* … online or offline */
    struct refusal refusal;   /* REFUSED: the message as a whole */
};

struct payload_decoder;
struct payload_decoder *payload_decoder_new(void); /* NULL: out of memory */
void payload_decoder_free(struct payload_decoder *decoder); /* NULL is allowed */

/* map is one of maps, and fits the topic (payload_maps_find). */
void payload_decode(struct payload_decoder *decoder, const struct payload_maps *maps,
                    const struct payload_map *map, const struct payload_message *message,
                    struct payload_outcome *ret_outcome);

/* After payload_decode, of the same message: calls back with the JSON Pointer of each member that no entry looks at, elements of an iterated list as "*" and once. Nothing when the
   payload is not JSON. */
void payload_ignored(struct payload_decoder *decoder, const struct payload_map *map,
                     void (*found)(void *context, struct str pointer), void *context);

/* A further step of a JSON Pointer: "/a~1b" for the key a/b. */
void payload_pointer_key(struct text *out, struct str key);

/* "dev1/line1 crowd_total in=72 out=200 ts=2026-01-01T12:00:00.000Z", then " historical" and " partial" where it is so; of a refused one
   "dev1/line1 crowd_total refused wrong_type: in (/line_1_total_in): not a whole number". For samples, `check` and `listen`. */
void payload_reading_text(const struct payload_reading *reading, struct text *out);
/* The whole outcome that way: one line a reading; "nothing"; "online dev1"; "refused malformed: …". Lines end with a line feed. */
void payload_outcome_text(const struct payload_outcome *outcome, struct text *out);
/* What a sample of a map should become, in the same words. */
void payload_sample_text(const struct payload_sample *sample, struct text *out);

#endif
