#include "schemas/base/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "schemas/base/clock.h"
#include "schemas/base/str.h"

enum { REPORT_LINE_BYTES = 2048 };

void report(enum report_level level, const char *program, const char *event, const char *format,
            ...)
{
    static const char *const names[] = {"info", "warn", "error"};
    char line[REPORT_LINE_BYTES];
    struct text out = text_over(line, sizeof line - 1);
    text_add(&out, "time=");
    text_add_time_ms(&out, clock_wall_ns() / 1000000);
    text_add(&out, " level=");
    text_add(&out, names[level]);
    text_add(&out, " program=");
    text_add(&out, program);
    text_add(&out, " event=");
    text_add(&out, event);
    text_add_char(&out, ' ');
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line + out.len, sizeof line - out.len, format, args);
    va_end(args);
    if (n > 0)
        out.len = (size_t)n < sizeof line - out.len ? out.len + (size_t)n : sizeof line - 1;
    while (out.len && line[out.len - 1] == ' ')
        out.len--;
    line[out.len++] = '\n';
    ssize_t wrote = write(STDERR_FILENO, line, out.len);
    (void)wrote; /* nobody is left to tell */
}

void report_error(const char *program, const char *event, const struct error *err)
{
    char text[600], quoted[600];
    error_describe(err, text, sizeof text);
    report(REPORT_ERROR, program, event, "code=%s error=\"%s\"", error_name(err->code),
           report_quote(text, quoted, sizeof quoted));
}

const char *report_quote(const char *text, char *out, size_t cap)
{
    size_t n = 0;
    for (; *text && n + 1 < cap; text++) {
        unsigned char c = (unsigned char)*text;
        out[n++] = (char)(c < 0x20 || c == 0x7f ? ' ' : c == '"' ? '\'' : c == '\\' ? '/' : c);
    }
    if (cap)
        out[n] = '\0';
    return out;
}
