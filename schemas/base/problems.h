/*
 * problems: what is wrong in a file that a person wrote (configuration, venue model): every mistake, not only the first, each with its place and reason.
 *
 *     struct problems problems = {0};
 *     problems_add(&problems, line, column, "zone \"%s\" is defined twice", id);
 *     problems_warn(&problems, line, column, …);
 *     if (problems_refuse(&problems)) …
 *
 * Caller-owned, no memory of its own, one thread. Lines and columns count from 1; 0: no place in the file (the environment, the file as a whole).
 */
#ifndef CROWDTIDE_SCHEMAS_BASE_PROBLEMS_H
#define CROWDTIDE_SCHEMAS_BASE_PROBLEMS_H

#include <stdbool.h>
#include <stdint.h>

#include "schemas/base/str.h"

enum { PROBLEMS_MAX = 50, PROBLEM_BYTES = 320, PROBLEM_FILE_BYTES = 128 };

struct problem {
    bool warning; /* does not refuse the file */
    uint32_t line, column;
    char text[PROBLEM_BYTES]; /* NUL-terminated; cut when longer */
    char file[PROBLEM_FILE_BYTES]; /* likewise, its beginning cut: the file it is in when that is another one than was asked about; "" the same */
};

struct problems {
    uint32_t count;    /* of all, also beyond PROBLEMS_MAX */
    uint32_t warnings; /* of them, those that do not refuse the file */
    struct problem problem[PROBLEMS_MAX];
};

/* Add one. Beyond PROBLEMS_MAX only the counts grow. */
void problems_add(struct problems *problems, uint32_t line, uint32_t column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void problems_warn(struct problems *problems, uint32_t line, uint32_t column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Puts the listed ones into the order of the file; those of one place stay in the order they came. */
void problems_sort(struct problems *problems);

/* Adds what the other list holds, its unlisted ones as counts. */
void problems_append(struct problems *problems, const struct problems *more);

/* Says of those that name no file that they are in this one. */
void problems_file(struct problems *problems, struct str file);
/* The file that a problem is in. */
static inline const char *problem_file(const struct problem *problem, const char *asked)
{
    return problem->file[0] ? problem->file : asked;
}

/* How many problems the list holds: count or PROBLEMS_MAX, whichever is less. */
static inline uint32_t problems_listed(const struct problems *problems)
{
    return problems->count < PROBLEMS_MAX ? problems->count : PROBLEMS_MAX;
}

/* True when at least one of them is not a warning. */
static inline bool problems_refuse(const struct problems *problems)
{
    return problems->count > problems->warnings;
}

#endif
