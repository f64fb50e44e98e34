/*
 * label: names that devices make up as they go: lanes, reasons. Kept in tables of a fixed size, so
 * that a device that makes up ever new ones costs no memory.
 *
 *     struct label first[MAX + 1];   count of them in use; place MAX is for the others
 *     uint32_t at = label_place(&parts[0].label, sizeof parts[0], &count, MAX, name);
 *
 * A name is never cut, since two could become one: one that is longer than LABEL_BYTES_MAX, the ones
 * that come when the table is full, and the word "other" itself share the place of the others.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_LABEL_H
#define CROWDTIDE_PROCESSORS_CORE_LABEL_H

#include <stddef.h>
#include <stdint.h>

#include "schemas/base/str.h"

enum { LABEL_BYTES_MAX = 47 };

struct label {
    uint8_t len; /* 0: the place is free */
    char text[LABEL_BYTES_MAX];
};

/* Where the name is or will be from now on: 0 to max, max for the others. The labels stand `stride`
 * bytes apart. O(max). */
uint32_t label_place(struct label *first, size_t stride, uint32_t *count, uint32_t max,
                     struct str name);
struct str label_text(const struct label *label); /* borrows from it */

#endif
