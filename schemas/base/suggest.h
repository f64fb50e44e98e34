/*
 * suggest: "did you mean …" for a misspelt word.
 *
 *     const char *near = suggest_word(word, words, count);    // NULL: nothing is near
 *
 * Near: at most two letters added, lost, changed or swapped with their neighbour, and no more than a third of the word.
 */
#ifndef CROWDTIDE_SCHEMAS_BASE_SUGGEST_H
#define CROWDTIDE_SCHEMAS_BASE_SUGGEST_H

#include "schemas/base/str.h"

/* Edits from a to b (insert, delete, change, swap neighbours), or limit + 1 when there are more than limit. Words over 64 bytes: limit + 1. */
uint32_t suggest_distance(struct str a, struct str b, uint32_t limit);

/* How far apart a suggestion for the word may be. */
uint32_t suggest_limit(struct str word);

/* The nearest of the words, the first of equals; NULL when none is near. */
const char *suggest_word(struct str word, const char *const *words, uint32_t count);

#endif
