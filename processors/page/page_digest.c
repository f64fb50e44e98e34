/* The digest: what should have rung and could not in time, in one message. */
#include "processors/page/page_lane_private.h"

enum { DETAILS_SPARE_BYTES = 16 };

/* What is over, was never told, and lies before the target's first use is history. What takes
   updates hears of ends apart. */
static bool told_of(const struct page_lane *lane, const struct page_late *late)
{
    bool known = page_state_find(lane->state, late->alert->alert.id) != NULL;
    if (page_alert_over(&late->alert->alert))
        return known ? late->rings || !page_kind_updates(lane->o.target->kind)
                     : late->rings && !lane->first;
    return late->rings;
}

static int worst_first(const struct result_alert *a)
{
    return page_alert_over(a)                                                 ? LEVEL_NONE
           : a->level == LEVEL_UNKNOWN && a->last_known_level != LEVEL_ABSENT ? a->last_known_level
                                                                              : a->level;
}

bool page_digest_alert(const struct page_lane *lane, int64_t now_ms, char ids[PAGE_DIGEST_ID_BYTES],
                       struct result_alert *ret)
{
    uint32_t count = 0;
    int64_t oldest_ms = now_ms;
    result_clear(RECORD_ALERT, ret);
    ret->level = LEVEL_NONE;
    for (uint32_t i = 0; i < lane->late_count; i++) {
        const struct result_alert *a = &lane->late[i].alert->alert;
        if (!told_of(lane, &lane->late[i]))
            continue;
        if (worst_first(a) > ret->level)
            ret->level = (int8_t)worst_first(a);
        count++;
    }
    /* Named after what it began with, so that a repeat after a crash has the same key, however much
       has come to it since. */
    if (lane->late_count)
        oldest_ms = lane->late_at_ms;
    struct text id = text_over(ids, PAGE_DIGEST_ID_BYTES);
    if (lane->o.target->exercise)
        text_add(&id, RESULT_EXERCISE_PREFIX);
    text_add_str(&id, lane->o.venue);
    text_add_char(&id, '/');
    text_add_str(&id, lane->o.venue);
    text_add(&id, "/" PAGE_RULE_DIGEST "/");
    text_add_i64(&id, oldest_ms);
    ret->id = (struct str){ids, (uint32_t)id.len};
    ret->n = 1;
    ret->venue = ret->zone = lane->o.venue;
    ret->rule = STR_LIT(PAGE_RULE_DIGEST);
    ret->status = lane->o.target->exercise ? STR_LIT("Exercise") : STR_LIT("Actual");
    ret->state = STR_LIT("active_unacked");
    ret->value = (double)count;
    ret->unit = STR_LIT("alerts");
    ret->start = oldest_ms;
    ret->at = now_ms;
    ret->page = true;
    return count > 0;
}

static void add_count(struct text *out, enum paging_language language, uint32_t count)
{
    if (language != PAGING_EN) {
        text_add(out, "补报：");
        text_add_u64(out, count);
        text_add(out, " 条告警未能及时送达，以下为当前状态");
    }
    if (language == PAGING_BOTH)
        text_add(out, " / ");
    if (language != PAGING_ZH) {
        text_add(out, "Digest: ");
        text_add_u64(out, count);
        text_add(out, count == 1 ? " alert could not be paged in time; as it is now"
                                 : " alerts could not be paged in time; as they are now");
    }
}

/* Open ones, then those that are over; in each the worst levels first. */
static bool in_turn(const struct page_lane *lane, const struct page_late *late, int turn)
{
    return told_of(lane, late) && LEVEL_RED - worst_first(&late->alert->alert) == turn;
}

void page_digest_say(const struct page_lane *lane, struct text *subject, struct text *text)
{
    const enum paging_language language = lane->o.target->language;
    const struct page_world *world = lane->o.world;
    char line[PAGE_SUBJECT_BYTES], rest[PAGE_TEXT_BYTES];
    uint32_t count = 0, named = 0;
    for (uint32_t i = 0; i < lane->late_count; i++)
        count += told_of(lane, &lane->late[i]);
    if (lane->o.target->exercise)
        text_add(subject, language == PAGING_EN   ? "[EXERCISE] "
                          : language == PAGING_ZH ? "【演练】"
                                                  : "【演练 EXERCISE】");
    add_count(subject, language, count);
    for (int turn = 0; turn <= LEVEL_RED - LEVEL_UNKNOWN; turn++) {
        for (uint32_t i = 0; i < lane->late_count && named < PAGE_DIGEST_LINES; i++) {
            const struct page_late *late = &lane->late[i];
            if (!in_turn(lane, late, turn))
                continue;
            struct text head = text_over(line, sizeof line), body = text_over(rest, sizeof rest);
            world->say(world->arg, lane->o.target,
                       page_alert_over(&late->alert->alert) ? PAGE_END : PAGE_RING,
                       &late->alert->alert, &head, &body);
            text_add(text, named++ ? "\n- " : "- ");
            text_add_str(text, utf8_cut((struct str){line, (uint32_t)head.len}, 300));
        }
    }
    if (count > named) {
        text_add(text, "\n… +");
        text_add_u64(text, count - named);
    }
}

void page_digest_details(const struct page_lane *lane, struct text *out)
{
    uint32_t named = 0;
    text_add_char(out, '[');
    for (uint32_t i = 0; i < lane->late_count && named < PAGE_DIGEST_DETAILS; i++) {
        if (!told_of(lane, &lane->late[i]))
            continue;
        const size_t before = out->len;
        text_add(out, named ? "," : "");
        result_json(RECORD_ALERT, &lane->late[i].alert->alert, out);
        if (out->overflow || out->cap - out->len < DETAILS_SPARE_BYTES) {
            out->len = before; /* whole ones only */
            out->overflow = false;
            break;
        }
        named++;
    }
    text_add_char(out, ']');
}
