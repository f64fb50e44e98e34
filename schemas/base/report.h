/*
 * report: one structured line on stderr (logfmt): time level program event key=value … Only mains and the loops they run use it; library code returns errors.
 */
#ifndef CROWDTIDE_SCHEMAS_BASE_REPORT_H
#define CROWDTIDE_SCHEMAS_BASE_REPORT_H

#include "schemas/base/error.h"

enum report_level { REPORT_INFO, REPORT_WARN, REPORT_ERROR };

/* event: snake_case constant. format: the key=value pairs, values with spaces in double quotes (%s of text that may hold any byte goes through report_quote). */
void report(enum report_level level, const char *program, const char *event, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* report(ERROR …, "error=\"…\""). */
void report_error(const char *program, const char *event, const struct error *err);

/* Copies text into out with control characters, quotes and backslashes replaced, so that it can stand between double quotes. Returns out. */
const char *report_quote(const char *text, char *out, size_t cap);

#endif
