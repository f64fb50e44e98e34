#include "schemas/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *text;
    enum error_action action;
} error_table[] = {
#define ERROR_ROW(code, act, words) [ERROR_##code] = {#code, words, ERROR_##act},
    ERROR_CODES(ERROR_ROW)
#undef ERROR_ROW
};

enum { ERROR_COUNT = sizeof error_table / sizeof error_table[0] };

void error_fill(struct error *err, enum error_code code, int sys_errno, const char *format, ...)
{
    if (!err)
        return;
    err->code = code;
    err->sys_errno = sys_errno;
    err->position = 0;
    va_list args;
    va_start(args, format);
    if (vsnprintf(err->where, sizeof err->where, format, args) < 0)
        err->where[0] = '\0';
    va_end(args);
}

const char *error_text(enum error_code code)
{
    return (unsigned)code < ERROR_COUNT ? error_table[code].text : "unknown error";
}

const char *error_name(enum error_code code)
{
    return (unsigned)code < ERROR_COUNT ? error_table[code].name : "UNKNOWN";
}

enum error_action error_action(enum error_code code)
{
    return (unsigned)code < ERROR_COUNT ? error_table[code].action : ERROR_STOP;
}

const char *error_describe(const struct error *err, char *out, size_t cap)
{
    char sys[96] = "";
    if (err->sys_errno) {
        char text[80];
        (void)snprintf(sys, sizeof sys, " (%s)", strerror_r(err->sys_errno, text, sizeof text));
    }
    if (snprintf(out, cap, "%s: %s%s", err->where, error_text(err->code), sys) < 0 && cap)
        out[0] = '\0';
    return out;
}
