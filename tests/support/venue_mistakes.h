/*
 * venue_mistakes: venue files with one mistake each, held against what the reader answers. The place where the answer must point is marked in the source by ^, which is taken
 * out before the file is read.
 *
 *     static const struct venue_mistake mistakes[] = {
 *         {"venue: {id: f}\nzones:\n- {id: h, kind: ^hal}\n", VENUE_REFUSED, "is not one of hall, cell"}, …
 *     };
 *     venue_mistakes_check(mistakes, count);
 */
#ifndef CROWDTIDE_TESTS_SUPPORT_VENUE_MISTAKES_H
#define CROWDTIDE_TESTS_SUPPORT_VENUE_MISTAKES_H

#include "schemas/venue/venue.h"

enum venue_answer { VENUE_REFUSED, VENUE_WARNED };

struct venue_mistake {
    const char *source;
    enum venue_answer answer; /* of this problem: refused files may have others beside it; warned ones have warnings only */
    const char *words;
};

/* Fails, with the case and what was said instead, when a problem is not said at its place. */
void venue_mistakes_check(const struct venue_mistake *mistakes, size_t count);

/* The venue of a file without a mistake; fails with its problems, warnings too when there must be none. Freed by the caller. */
struct venue *venue_mistakes_none(const char *source, bool warnings_allowed);

/* A file with every key there is (one of the fuzzer's corpus). malloc'ed; freed by the caller. */
char *venue_mistakes_everything(void);

#endif
