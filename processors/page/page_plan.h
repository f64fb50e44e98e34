/* page_plan: what is to be done next, of the contingency plan that an alert carries. */
#ifndef CROWDTIDE_PROCESSORS_PAGE_PAGE_PLAN_H
#define CROWDTIDE_PROCESSORS_PAGE_PAGE_PLAN_H

#include "schemas/json/json.h"

struct page_step {
    int64_t number, of;
    struct str text; /* the parser's, until its next call */
};

/* The first step that is not done of [{step, text, done, by}, …]. False: there is none, or it is no
   such list, or there is no parser (NULL). */
bool page_plan_open(struct json_parser *parser, struct str plan, struct page_step *ret);

#endif
