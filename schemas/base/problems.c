#include "schemas/base/problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 5, 0))) static void add(struct problems *problems, bool warning,
                                                      uint32_t line, uint32_t column,
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

static bool before(const struct problem *a, const struct problem *b)
{
    return a->line != b->line ? a->line < b->line : a->column < b->column;
}

void problems_sort(struct problems *problems)
{
    for (uint32_t i = 1; i < problems_listed(problems); i++) {
        struct problem moving = problems->problem[i];
        uint32_t at = i;
        for (; at > 0 && before(&moving, &problems->problem[at - 1]); at--)
            problems->problem[at] = problems->problem[at - 1];
        problems->problem[at] = moving;
    }
}

void problems_append(struct problems *problems, const struct problems *more)
{
    for (uint32_t i = 0; i < problems_listed(more); i++)
        if (problems->count + i < PROBLEMS_MAX)
            problems->problem[problems->count + i] = more->problem[i];
    problems->count += more->count;
    problems->warnings += more->warnings;
}

void problems_file(struct problems *problems, struct str file)
{
    uint32_t most = PROBLEM_FILE_BYTES - 1;
    if (file.len > most)
        file = (struct str){file.at + file.len - most, most};
    for (uint32_t i = 0; i < problems_listed(problems); i++) {
        char *to = problems->problem[i].file;
        if (to[0])
            continue;
        memcpy(to, file.at, file.len);
        to[file.len] = '\0';
    }
}
