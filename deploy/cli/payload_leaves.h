/*
 * payload_leaves: the numbers, yes or no, and times that stand in a JSON payload, with the pointers that a payload map would name them by,
 * and what their names suggest that they are. Of lists of objects only the first element is looked at: the others are like it.
 *
 *     if (payload_leaves_find(parser, payload, &leaves)) …
 */
#ifndef CROWDTIDE_DEPLOY_CLI_PAYLOAD_LEAVES_H
#define CROWDTIDE_DEPLOY_CLI_PAYLOAD_LEAVES_H

#include "schemas/json/json.h"

enum {
    LEAF_POINTER_BYTES = 128,
    LEAF_VALUE_BYTES = 32,
    LEAVES_MAX = 64,
};

enum leaf_meaning { LEAF_OTHER, LEAF_IN, LEAF_OUT, LEAF_OCCUPANCY, LEAF_LUX, LEAF_POWER, LEAF_TIME };

struct payload_leaf {
    char pointer[LEAF_POINTER_BYTES];
    uint32_t each; /* so much of the pointer leads to an element of a list; 0: it is none's */
    char value[LEAF_VALUE_BYTES]; /* as it is written; of a time that is a text empty */
    const char *format; /* of a time: as maps name it; else NULL */
    bool text; /* a number or time that is written as text */
    bool local; /* a time without its offset */
    enum leaf_meaning meaning;
};

struct payload_leaves {
    struct payload_leaf leaf[LEAVES_MAX]; /* those beyond are left out */
    uint32_t count;
    char part[LEAF_POINTER_BYTES]; /* what the elements of one list are called, seen from them; empty: nothing */
    uint32_t part_each; /* of which list: as leaf.each */
};

/* False: it is not JSON, or holds times at best. payload has JSON_PADDING_BYTES behind it. */
bool payload_leaves_find(struct json_parser *parser, struct str payload, struct payload_leaves *ret);

#endif
