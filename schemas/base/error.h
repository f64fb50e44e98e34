/*
 * error: what went wrong, where, and what the caller should do about it.
 *
 * A function that can fail returns bool (or an enum of its own) and takes a caller-owned
 * `struct error *`. Out-parameters (`ret_…`) are untouched on failure.
 *
 *     struct error err = {0};
 *     if (!log_writer_open(&options, &writer, &err))
 *         return error_report(&err);
 *
 * Library code fills the struct and never logs, exits or aborts on bad input.
 */
#ifndef CROWDTIDE_SCHEMAS_BASE_ERROR_H
#define CROWDTIDE_SCHEMAS_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a caller should do: try the same again, give up this one input, or stop the program. */
enum error_action { ERROR_RETRY, ERROR_REJECT, ERROR_STOP };

/* code, action, constant text */
#define ERROR_CODES(E)                                                                             \
    E(NONE, REJECT, "no error")                                                                    \
    E(INVALID, REJECT, "invalid value")                                                            \
    E(MALFORMED, REJECT, "malformed input")                                                        \
    E(TOO_LARGE, REJECT, "over a limit")                                                           \
    E(NOT_FOUND, REJECT, "not found")                                                              \
    E(CONFIG, STOP, "bad configuration")                                                           \
    E(MODEL, REJECT, "bad venue model")                                                            \
    E(LOCKED, STOP, "another process holds the lock")                                              \
    E(CORRUPT, STOP, "corrupt data below a durable mark")                                          \
    E(VERSION, STOP, "format version not supported")                                               \
    E(UNOPENED, RETRY, "nothing in it counts")                                                     \
    E(LOST, STOP, "data already deleted by retention")                                             \
    E(MISMATCH, STOP, "belongs to another log")                                                    \
    E(NO_SPACE, RETRY, "no space left")                                                            \
    E(IO, STOP, "input/output error")                                                              \
    E(NO_MEMORY, STOP, "out of memory")                                                            \
    E(NETWORK, RETRY, "network error")                                                             \
    E(REMOTE_BUSY, RETRY, "remote side asks to wait")                                              \
    E(REMOTE_REJECT, REJECT, "remote side refuses the data")                                       \
    E(REMOTE_DENIED, RETRY, "remote side denies access")                                           \
    E(FENCED, STOP, "another instance took over")                                                  \
    E(FATAL, STOP, "library reports a fatal error")

enum error_code {
#define ERROR_ENUM(code, action, text) ERROR_##code,
    ERROR_CODES(ERROR_ENUM)
#undef ERROR_ENUM
};

enum { ERROR_WHERE_BYTES = 320 };

struct error {
    enum error_code code;
    int sys_errno;                 /* 0 when the operating system was not involved */
    uint64_t position;             /* byte offset, line or sequence; 0 when there is none */
    char where[ERROR_WHERE_BYTES]; /* the place and the particulars, for a person; always NUL-terminated */
};

/* Fills *err (which may be NULL) and is false, so that callers can `return error_set(…)`. `format` describes
   the place and the particulars; it is cut at ERROR_WHERE_BYTES. A macro, so that compilers and analysers see the false. */
#define error_set(err, code, sys_errno, ...)                                                       \
    (error_fill(err, code, sys_errno, __VA_ARGS__), error_is_false())

void error_fill(struct error *err, enum error_code code, int sys_errno, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static inline bool error_is_false(void)
{
    return false;
}

/* The constant text, short name ("NO_SPACE") and action of a code. Never NULL. */
const char *error_text(enum error_code code);
const char *error_name(enum error_code code);
enum error_action error_action(enum error_code code);

/* Writes "where: text (errno text)" into out, cut at cap, NUL-terminated. Returns out. */
const char *error_describe(const struct error *err, char *out, size_t cap);

#endif
