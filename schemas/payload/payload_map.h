/*
 * payload_map: what one kind of device's MQTT messages mean, as a YAML file says it
 * (deploy/payloads/README.md is the reference of that file), compiled once.
 *
 *     struct payload_map *map;
 *     if (!payload_map_parse(source, &map, &problems)) …              each problem with line,
 * column and reason struct payload_maps *maps = payload_maps_new(); if (!payload_maps_add(maps,
 * map, NULL, 0, &err)) …              the list owns the map from here on const struct payload_map
 * *fits = payload_maps_find(maps, topic); payload_decode(decoder, maps, fits, &message, &outcome);
 * payload_decode.h payload_maps_free(maps);
 *
 * Maps and lists are immutable once built and may be read by any number of threads. No files, no
 * environment, no clock.
 */
#ifndef CROWDTIDE_SCHEMAS_PAYLOAD_PAYLOAD_MAP_H
#define CROWDTIDE_SCHEMAS_PAYLOAD_PAYLOAD_MAP_H

#include "schemas/base/error.h"
#include "schemas/base/problems.h"
#include "schemas/base/str.h"
#include "schemas/venue/venue.h"

enum {
    PAYLOAD_MAPS_MAX = 64,       /* of one venue */
    PAYLOAD_FILTERS_MAX = 16,    /* topic filters of one map; as many again for its statuses */
    PAYLOAD_CAPTURES_MAX = 8,    /* names that a map's filters capture */
    PAYLOAD_ENTRIES_MAX = 64,    /* readings of a map, `for` expanded */
    PAYLOAD_STATUSES_MAX = 16,   /* statuses of a map */
    PAYLOAD_POINTERS_MAX = 1024, /* different steps of all pointers of a map */
    PAYLOAD_SCOPES_MAX = 16,     /* different places that a map iterates, and the document */
    PAYLOAD_STARS_MAX = 4,       /* iterations in one another */
    PAYLOAD_CARRIED_MAX = 8,     /* `carry` of a map */
    PAYLOAD_SAMPLES_MAX = 64,
    PAYLOAD_RULES_MAX = 32,       /* privacy rules of a map */
    PAYLOAD_NAME_BYTES_MAX = 128, /* what a message calls a device or a part */
    PAYLOAD_MAP_BYTES_MAX = 256 * 1024,
};

struct payload_map;

/* False when there is a problem that refuses the file; *ret_map is then untouched. */
bool payload_map_parse(struct str source, struct payload_map **ret_map, struct problems *problems);
void payload_map_free(struct payload_map *map); /* NULL is allowed */

/* What the file says about itself. All texts are the map's. */
struct payload_facts {
    struct str id, title, source;
    enum {
        PAYLOAD_UNVERIFIED,
        PAYLOAD_DOCUMENT,
        PAYLOAD_SAMPLE
    } verified;                   /* what its fields were checked against */
    const struct str *unverified; /* pointers that nothing confirms */
    uint32_t unverified_count;
};
const struct payload_facts *payload_map_facts(const struct payload_map *map);

/* A sensor that an entry of `readings:` tells about: for the stanza that binds it, and to compare
 * with the sensor as it is bound. */
struct payload_binding {
    enum sensor_class class;
    enum counter_kind kind;  /* crowd */
    struct str device, part; /* as the map writes them: "{device}", "line{n}" with n replaced */
    int64_t wrap;            /* 65536, 4294967296, 0: does not wrap; -1: not said */
    int64_t saturates_at;    /* 0: not said */
    int64_t silence_ms;      /* likewise */
    int64_t interval_ms;     /* likewise */
    bool partial, unbound_ignore;
};
/* Entry i; NULL beyond the last. */
const struct payload_binding *payload_map_binding(const struct payload_map *map, uint32_t i);

/* A sample of the map: a message, and what it becomes. */
struct payload_sample {
    uint32_t line;
    struct str topic, payload, content_type;
    int64_t received_ms;       /* `received:`; 2026-01-01T12:00:00Z when the sample has none */
    int32_t utc_offset_s;      /* `utc_offset:`; +08:00 likewise */
    const struct str *reading; /* each as payload_reading_text writes it */
    uint32_t reading_count;
    bool nothing;       /* understood, and says nothing */
    struct str refused; /* the message as a whole: "malformed: …"; len 0: it is not */
    struct str status;  /* "online dev1", "offline dev1"; len 0: no status */
};
/* Sample i; NULL beyond the last. */
const struct payload_sample *payload_map_sample(const struct payload_map *map, uint32_t i);

/* What must be gone before anything is written. */
struct payload_token {
    struct str text; /* ~0 and ~1 resolved */
    bool any;        /* *: every item or member */
};
struct payload_privacy {
    enum { PAYLOAD_DROP, PAYLOAD_HASH } act;
    int32_t capture;    /* of the topic, by its place in the map; -1: of the payload, by pointer */
    struct str pointer; /* or the capture's name; as the file has it */
    const struct payload_token *token;
    uint32_t token_count;
    uint32_t line, column;
};
/* Rule i; NULL beyond the last. */
const struct payload_privacy *payload_map_privacy(const struct payload_map *map, uint32_t i);

/* Whether these bytes are one of the words that a status of the map reads as a bare text (`text:
 * payload`): they are the map's own then, and nobody's. */
bool payload_map_says(const struct payload_map *map, struct str payload);

/* The maps of a venue, in its order. */
struct payload_maps;
struct payload_maps *payload_maps_new(void);       /* NULL: out of memory */
void payload_maps_free(struct payload_maps *maps); /* with its maps; NULL is allowed */

/* Adds a map behind those that are there, and owns it. filters replace the map's own (copied); 0:
   the map's own. False: err says why (INVALID: filter err->position is none, or lacks a capture
   that the map needs; TOO_LARGE: over a limit; NO_MEMORY), and the map is the caller's still. */
bool payload_maps_add(struct payload_maps *maps, struct payload_map *map, const struct str *filters,
                      uint32_t filter_count, struct error *err);
uint32_t payload_maps_count(const struct payload_maps *maps); /* NULL: 0 */
const struct payload_map *payload_maps_at(const struct payload_maps *maps, uint32_t i);

/* The first map one of whose filters fits the topic, those of its statuses included. NULL: none, or
 * maps is NULL. */
const struct payload_map *payload_maps_find(const struct payload_maps *maps, struct str topic);

/* Of a topic that no map fits: whether it came only because what is subscribed is wider than the
   filters: "vs-{device}/up" is subscribed as "+/up", and "a/+/c" beside "a/b/+" as "a/+/+". Nobody
   asked for its messages. payload_maps_beside tells, once all maps are added, of a filter that is
   subscribed beside theirs and widens what it overlaps in part; false: out of memory. */
bool payload_maps_beside(struct payload_maps *maps, const char *filter);
bool payload_maps_widened(const struct payload_maps *maps, struct str topic);

/* What to subscribe: every filter, captures as +, each once. */
uint32_t payload_maps_filter_count(const struct payload_maps *maps); /* NULL: 0 */
struct str payload_maps_filter(const struct payload_maps *maps, uint32_t i);

#endif
