#include "processors/core/refusal.h"

#include <stdarg.h>
#include <stdio.h>

const char *refusal_reason_text(enum refusal_reason reason)
{
    static const char *const text[] = {
#define REFUSAL_TEXT(name, word) word,
        REFUSALS(REFUSAL_TEXT)
#undef REFUSAL_TEXT
    };
    return text[reason];
}

bool refusal_set(struct refusal *refusal, enum refusal_reason reason, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    refusal->reason = reason;
    if (vsnprintf(refusal->detail, sizeof refusal->detail, format, args) < 0)
        refusal->detail[0] = '\0';
    va_end(args);
    return false;
}
