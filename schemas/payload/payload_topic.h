/*
 * payload_topic: MQTT topic filters that take names out of a topic: "milesight/{device}/up",
 * "vs-{device}/+/status", "axis/{serial}/#".
 *
 *     struct payload_captures names = {0};
 *     if (!payload_filter_parse(arena, STR_LIT("milesight/{device}/up"), &names, &filter, &reason))
 * … struct str capture[PAYLOAD_CAPTURES_MAX]; payload_filter_match(&filter,
 * STR_LIT("milesight/vs1/up"), capture)     true; capture[0] is vs1
 *
 * Matching is that of MQTT 5, section 4.7: + stands for one level, also an empty one; # at the end
 * for all that follows and for nothing; neither, nor a capture, stands for a first level that
 * begins with $. A capture takes at least one byte of one level; several of one level are told
 * apart by the text between them, the first as short as it can be.
 */
#ifndef CROWDTIDE_SCHEMAS_PAYLOAD_PAYLOAD_TOPIC_H
#define CROWDTIDE_SCHEMAS_PAYLOAD_PAYLOAD_TOPIC_H

#include "schemas/base/arena.h"
#include "schemas/payload/payload_map.h"

enum {
    PAYLOAD_FILTER_BYTES_MAX = 512,
    PAYLOAD_LEVELS_MAX = 32,      /* of a filter */
    PAYLOAD_LEVEL_PIECES_MAX = 9, /* texts and captures of one level */
};
#define PAYLOAD_FOR_READINGS UINT32_MAX /* of a filter: for no status */

struct payload_captures { /* names of a map; capture i of each of its filters is name i */
    struct str name[PAYLOAD_CAPTURES_MAX];
    uint32_t count;
};

struct payload_level {
    enum { LEVEL_LITERAL, LEVEL_PLUS, LEVEL_CAPTURE, LEVEL_PATTERN } kind;
    struct str literal;
    uint32_t capture;     /* CAPTURE */
    uint32_t piece_count; /* PATTERN: texts and captures by turns */
    struct payload_level_piece {
        struct str text;
        int32_t capture; /* -1: text */
    } * piece;
};

struct payload_segment { /* literal levels that follow one another, their slashes among them, and
                            the level behind that is none; cut from the filter's text */
    struct str text;
    const struct payload_level *hole; /* NULL: of the last one */
};

struct payload_filter {
    struct str text, subscribe; /* as written; captures as + */
    const struct payload_level *level;
    uint32_t level_count;
    bool rest; /* # behind them */
    const struct payload_segment *segment;
    uint32_t segment_count;    /* at least 1 */
    struct str prefix, suffix; /* the text of the first segment, and of the last when there are two
                                  and nothing may follow it */
    bool single;               /* between these one level, which is captured whole, and no more */
    uint32_t captures;         /* bits of those it has */
    uint32_t status;           /* which status of the map it is for; PAYLOAD_FOR_READINGS */
};

/* Copies into the arena. Names that *captures does not have are added while there is room; captures
 * may be fixed by `closed`: then others serve as +. False with a reason, a sentence. */
bool payload_filter_parse(struct arena *arena, struct str text, struct payload_captures *captures,
                          bool closed, struct payload_filter *ret_filter, const char **ret_reason);

/* capture[i] is set for those that the filter has; borrowed from the topic. */
bool payload_filter_match(const struct payload_filter *filter, struct str topic,
                          struct str ret_capture[PAYLOAD_CAPTURES_MAX]);

/* The first of several that fits; NULL: none does. */
const struct payload_filter *payload_filters_match(const struct payload_filter *filter,
                                                   uint32_t count, struct str topic,
                                                   struct str ret_capture[PAYLOAD_CAPTURES_MAX]);

/* One level, without its slashes. */
bool payload_level_match(const struct payload_level *level, struct str text,
                         struct str ret_capture[PAYLOAD_CAPTURES_MAX]);

#endif
