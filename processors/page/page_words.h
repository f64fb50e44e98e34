/* page_words: the words of pages, in Chinese and English: levels, metrics, causes. */
#ifndef CROWDTIDE_PROCESSORS_PAGE_PAGE_WORDS_H
#define CROWDTIDE_PROCESSORS_PAGE_PAGE_WORDS_H

#include <stdbool.h>

#include "schemas/base/str.h"

enum page_tongue { PAGE_ZH, PAGE_EN, PAGE_TONGUES };

struct page_words {
    const char *in[PAGE_TONGUES];
};

/* "橙色", "ORANGE"; none, blue … red; what is not a level is "". */
const char *page_level_words(int level, enum page_tongue tongue);

/* How a metric's value is said: `before` value `after`. */
struct page_metric {
    const char *id;
    struct page_words before, after;
    int decimals;
    bool crowd; /* it is about people and their passage: the usual measures are for it */
};
/* NULL: one that this build does not know. */
const struct page_metric *page_metric_words(struct str metric);

/* Why an alert is unknown, ended or came back; the text itself when it is none that is known. */
struct str page_cause_words(struct str cause, enum page_tongue tongue);

/* What is usually done at a level, yellow to red; NULL at others. */
const char *page_measure_words(int level, enum page_tongue tongue);

/* What the pager itself says: a title for a rule of its own, and what to do; NULL: no such rule. */
struct page_own_words {
    const char *rule;
    struct page_words title, action;
};
const struct page_own_words *page_own_words(struct str rule);

#endif
