#include "processors/page/page_plan.h"

#include "schemas/json/json_document.h"

enum { PLAN_BYTES_MAX = 16 * 1024 };

static void step_read(const struct json_document *d, uint32_t object, struct page_step *ret,
                      bool *ret_done)
{
    struct json_field field;
    for (uint32_t at = json_first(object), end = json_end(d, object); at != end;
         at = json_after(d, at + 1)) {
        struct str key = json_text(d, at);
        json_read(d, at + 1, &field);
        if (str_is(key, "step") && field.kind == JSON_INT)
            ret->number = field.integer;
        if (str_is(key, "text") && field.kind == JSON_STRING)
            ret->text = field.text;
        if (str_is(key, "done") && field.kind == JSON_BOOL)
            *ret_done = field.boolean;
    }
}

bool page_plan_open(struct json_parser *parser, struct str plan, struct page_step *ret)
{
    uint8_t bytes[PLAN_BYTES_MAX + JSON_PADDING_BYTES];
    struct json_document d;
    bool found = false;
    if (!parser || plan.len == 0 || plan.len > PLAN_BYTES_MAX)
        return false;
    memcpy(bytes, plan.at, plan.len);
    memset(bytes + plan.len, 0, JSON_PADDING_BYTES);
    if (json_parse_document(parser, bytes, plan.len, &d) != JSON_OK ||
        json_kind_at(&d, JSON_ROOT) != JSON_ARRAY)
        return false;
    ret->of = 0;
    for (uint32_t at = json_first(JSON_ROOT), end = json_end(&d, JSON_ROOT); at != end;
         at = json_after(&d, at)) {
        struct page_step step = {0};
        bool done = false;
        ret->of++;
        if (found || json_kind_at(&d, at) != JSON_OBJECT)
            continue;
        step_read(&d, at, &step, &done);
        if (done || step.text.len == 0)
            continue;
        ret->number = step.number;
        ret->text = step.text;
        found = true;
    }
    return found;
}
