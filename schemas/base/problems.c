#include "schemas/base/problems.h"

#include <stdarg.h>
#include <stdio.h>

static void add(struct problems *problems, bool warning, uint32_t line, uint32_t column,
                const char *format, va_list args)
{
    uint32_t at = problems->count++;
    problems->warnings += warning;
    if (at >= PROBLEMS_MAX)
        return;
    struct problem *p = &problems->problem[at];
    *p = (struct problem){.warning = warning, .line = line, .column = column};
    if (vsnprintf(p->text, sizeof p->text, format, args) < 0)
        p->text[0] = '\0';
}

void problems_add(struct problems *problems, uint32_t line, uint32_t column, const char *format,
                  ...)
{
    va_list args;
    va_start(args, format);
    add(problems, false, line, column, format, args);
    va_end(args);
}

void problems_warn(struct problems *problems, uint32_t line, uint32_t column, const char *format,
                   ...)
{
    va_list args;
    va_start(args, format);
    add(problems, true, line, column, format, args);
    va_end(args);
}
