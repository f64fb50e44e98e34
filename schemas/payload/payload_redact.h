/*
 * payload_redact: takes what a map's `privacy:` rules name out of a message, before anything of it
 * is written. What is dropped is gone; what is hashed becomes a keyed hash, by which the same card
 * or person is recognised as long as the key holds, and by nobody without the secret.
 *
 *     struct payload_redactor *redactor = payload_redactor_new();             one per thread
 *     payload_key_derive(secret, payload_period(local_s, rotate_s), &key);    a key a period
 *     switch (payload_redact(redactor, map, &key, payload, &redacted)) …      only on REDACT_DONE
 * is there anything that may be written
 *
 * What a rule names: by JSON Pointer with * for every item or member, at every place that fits,
 * also where a key occurs twice. Of an object a dropped member goes with its key; in a list null
 * stands in its place, so that what follows keeps its. null stays as it is. Where a pointer can't
 * go on, since a text, a number or a list stands where it expects an object (or any but a list
 * where it expects one), that value is hashed, or becomes null, as a whole: a card in place of
 * {"number": card} is a card. A hash is a string: the first RECORD_KEYED_HASH_BYTES of HMAC-SHA-256
 * in lowercase hex, of a string's text (escapes resolved, so that all ways to write it give one
 * hash), of any other value's bytes as they stand. Everything else is kept byte for byte, numbers
 * above all; blanks between the members of a list or object that a rule passes through are not.
 *
 * Keys: the key of a period is HMAC-SHA-256 of the period's number under the secret. Who learns it
 * can try values of that period only.
 */
#ifndef CROWDTIDE_SCHEMAS_PAYLOAD_PAYLOAD_REDACT_H
#define CROWDTIDE_SCHEMAS_PAYLOAD_PAYLOAD_REDACT_H

#include "schemas/json/json.h"
#include "schemas/payload/payload_map.h"
#include "schemas/record/record.h"

enum {
    PAYLOAD_KEY_BYTES = 32,
    PAYLOAD_SECRET_BYTES_MIN = 16, /* of the secret: fewer can be guessed */
};

struct payload_key {
    uint8_t bytes[PAYLOAD_KEY_BYTES];
};

/* The number of the period that a moment lies in, by the venue's clocks: with 24 h a key lasts from
 * midnight to midnight. */
int64_t payload_period(int64_t local_s, int64_t rotate_s);

/* False: the library has no memory. */
bool payload_key_derive(struct str secret, int64_t period, struct payload_key *ret_key);

/* Whether rules are for the payloads that this map reads, for their topics, and whether one of them
 * wants a key. */
bool payload_map_redacts(const struct payload_map *map);
bool payload_map_redacts_topic(const struct payload_map *map);
bool payload_map_hashes(const struct payload_map *map);

/* Of any bytes: what personal dead letters show in place of them. False: the library has no memory.
 */
bool payload_keyed_hash(const struct payload_key *key, struct str bytes,
                        uint8_t ret_hash[RECORD_KEYED_HASH_BYTES]);

struct payload_redactor;
struct payload_redactor *payload_redactor_new(void); /* NULL: out of memory */
void payload_redactor_free(
    struct payload_redactor *redactor); /* NULL is allowed; what it held is overwritten */

enum payload_redact {
    REDACT_DONE,
    REDACT_MALFORMED, /* not JSON */
    REDACT_UTF8,
    REDACT_OVERSIZED, /* over PAYLOAD_DOCUMENT_BYTES_MAX, before or after */
    REDACT_KEY,       /* a rule wants a key, and there is none */
    REDACT_FAILED,    /* the library has no memory */
};
/* payload needs nothing behind it. *ret_redacted is the redactor's until its next call. key NULL:
 * there is none. */
enum payload_redact payload_redact(struct payload_redactor *redactor, const struct payload_map *map,
                                   const struct payload_key *key, struct str payload,
                                   struct str *ret_redacted);

/* Adds the topic to *out, each capture that a rule names replaced: a hash by its hex, what is
   dropped by "-"; so the topic keeps its levels, and the map goes on reading it. On anything but
   DONE what was to be hashed is "-", too: what is in *out may always be written. The capture's
   bytes are hashed as they stand. */
enum payload_redact payload_redact_topic(const struct payload_maps *maps,
                                         const struct payload_map *map,
                                         const struct payload_key *key, struct str topic,
                                         struct text *out);

#endif
