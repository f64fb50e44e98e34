/*
 * page_text: what people read about an alert, in Chinese and English: what, where, how bad, since
 * when, what to do.
 *
 *     struct page_about about = {.venue = venue, .time_zone = &zone, .alert = &alert, …};
 *     page_text_subject(&about, PAGING_BOTH, &subject);     one line
 *     page_text_body(&about, PAGING_BOTH, &body);           several, the first like the subject
 *
 * Exercise and Test begin each text with their mark. The words are the field's: 拥挤度, 客流,
 * 橙色预警, 限流, 批次放行. Names are the venue model's; the rule's action and the plan's steps are
 * used as they are written, and where they are not in the reader's language, what is usually done
 * at that level is said before them.
 */
#ifndef CROWDTIDE_PROCESSORS_PAGE_PAGE_TEXT_H
#define CROWDTIDE_PROCESSORS_PAGE_PAGE_TEXT_H

#include "processors/page/paging.h"
#include "schemas/json/json.h"

enum {
    PAGE_TEXT_SUBJECT_BYTES_MAX = 480,
    PAGE_TEXT_BODY_BYTES_MAX = 2000, /* WeCom takes texts of 2,048 */
    PAGE_TEXT_LATE_MS = 60 * 1000,   /* what is told later than this says so */
};

/* Borrowed. One thread at a time, as the parser is. */
struct page_about {
    const struct venue *venue;
    const struct time_zone *time_zone; /* the venue's */
    const struct result_alert *alert;
    int64_t now_ms;           /* when it is told */
    struct json_parser *json; /* for the plan; NULL: the rule's action alone is told */
};

/* Adds a line of at most PAGE_TEXT_SUBJECT_BYTES_MAX bytes, or text of at most
   PAGE_TEXT_BODY_BYTES_MAX, of well-formed UTF-8 without control characters but the newline; cut at
   a character, with "…", where it would be longer. No newline at the end. */
void page_text_subject(const struct page_about *about, enum paging_language language,
                       struct text *out);
void page_text_body(const struct page_about *about, enum paging_language language,
                    struct text *out);

#endif
