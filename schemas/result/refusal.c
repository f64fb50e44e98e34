#include "schemas/result/refusal.h"

const char *refusal_reason_text(enum refusal_reason reason)
{
    static const char *const text[] = {
#define REFUSAL_TEXT(name, word) word,
        REFUSALS(REFUSAL_TEXT)
#undef REFUSAL_TEXT
    };
    return text[reason];
}

struct text refusal_begin(struct refusal *refusal, enum refusal_reason reason)
{
    refusal->reason = reason;
    return text_over(refusal->detail, sizeof refusal->detail - 1);
}

bool refusal_end(struct text *detail)
{
    detail->at[detail->len] = '\0'; /* begin left room for it */
    return false;
}

bool refusal_set(struct refusal *refusal, enum refusal_reason reason, const char *text)
{
    struct text t = refusal_begin(refusal, reason);
    text_add(&t, text);
    return refusal_end(&t);
}

bool refusal_about(struct refusal *refusal, enum refusal_reason reason, const char *member,
                   const char *text)
{
    struct text t = refusal_begin(refusal, reason);
    text_add(&t, member);
    text_add(&t, ": ");
    text_add(&t, text);
    return refusal_end(&t);
}
