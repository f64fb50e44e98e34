/* page_say: numbers, times and the texts of others, as a page has them. */
#ifndef CROWDTIDE_PROCESSORS_PAGE_PAGE_SAY_H
#define CROWDTIDE_PROCESSORS_PAGE_PAGE_SAY_H

#include "processors/page/page_words.h"
#include "schemas/base/time_zone.h"

/* One line, at most so many bytes and "…": control characters become spaces, and what is not UTF-8
   '?'. */
void page_say_text(struct text *out, struct str text, uint32_t bytes_max);
/* At most so many decimals (0 to 2), none of them a nought at the end. */
void page_say_number(struct text *out, double value, int decimals);
/* "11月25日 10:32" or "25 Nov 10:32", by the zone's clocks. */
void page_say_time(struct text *out, enum page_tongue tongue, const struct time_zone *zone,
                   int64_t unix_ms);
/* Whether a text has letters that only a Chinese reader knows. */
bool page_say_chinese(struct str text);

#endif
