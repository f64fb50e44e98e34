/* A trial: a page marked Test, once to each target that a real one would reach. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "processors/page/page.h"
#include "processors/page/page_post.h"
#include "schemas/base/clock.h"

enum { ID_BYTES = 256, WAIT_MS = 50, WORDS_BYTES = 512 };

static struct result_alert test_alert(const struct venue *venue, const struct page_trial *trial,
                                      int64_t now_ms, char id[ID_BYTES])
{
    struct result_alert a;
    struct text text = text_over(id, ID_BYTES);
    result_clear(RECORD_ALERT, &a);
    text_add(&text, "test/");
    text_add_str(&text, venue->id);
    text_add_char(&text, '/');
    text_add_str(&text, trial->zone);
    text_add_char(&text, '/');
    text_add_i64(&text, now_ms);
    a.id = (struct str){id, (uint32_t)text.len};
    a.n = 1;
    a.venue = venue->id;
    a.zone = trial->zone;
    a.status = STR_LIT("Test");
    a.state = STR_LIT("active_unacked");
    a.level = (int8_t)trial->level;
    a.start = a.at = now_ms;
    a.page = true;
    return a;
}

/* Sets the rule (the first that reaches anybody) and returns everybody reached by one of them. */
static uint64_t reach(const struct page_options *options, const struct page_world *world,
                      const struct page_trial *trial, struct result_alert *a)
{
    const struct venue *venue = options->venue;
    uint32_t zone = venue_zone_find(venue, trial->zone);
    uint64_t all = 0;
    for (uint32_t i = 0; i < venue->rule_count && zone != VENUE_NO_ZONE; i++) {
        const struct venue_rule *rule = &venue->rules[i];
        if ((trial->rule.len && !str_equal(trial->rule, rule->id)) ||
            isnan(rule->enter[trial->level - 1]) || !venue_rule_applies(venue, rule, zone))
            continue;
        struct result_alert asked = *a;
        asked.rule = rule->id;
        uint64_t targets = world->reach(world->arg, &asked);
        if (targets && a->rule.len == 0) {
            a->rule = rule->id;
            a->action = rule->action[trial->level - 1];
            a->metric = str_of(metric_text(rule->metric));
            a->value = a->threshold = rule->enter[trial->level - 1];
            a->unit = str_of(metric_unit(rule->metric));
        }
        all |= targets;
    }
    return all;
}

struct ask { /* one target */
    struct page_message message;
    char subject[PAGE_SUBJECT_BYTES], text[PAGE_TEXT_BYTES];
};

static bool begin(const struct page_world *world, uint32_t i, const struct paging_target *target,
                  const struct result_alert *a, struct ask *ask, struct error *err)
{
    struct text subject = text_over(ask->subject, sizeof ask->subject);
    struct text text = text_over(ask->text, sizeof ask->text);
    world->say(world->arg, target, PAGE_RING, a, &subject, &text);
    const struct page_note note = {.act = PAGE_RING,
                                   .alert = a,
                                   .said_level = LEVEL_ABSENT,
                                   .subject = {ask->subject, (uint32_t)subject.len},
                                   .text = {ask->text, (uint32_t)text.len}};
    return page_body_write(target, &note, 1, a->at, &ask->message, err) &&
           world->send(world->arg, i, target, &ask->message, err);
}

static bool finish(const struct page_world *world, uint32_t i, const struct paging_target *target,
                   const struct page_trial *trial, bool *ret_taken)
{
    struct page_answer answer;
    if (!world->answer(world->arg, i, &answer))
        return false;
    *ret_taken = page_judge(target->kind, answer.status, answer.body) == PAGE_TAKEN;
    trial->answered(trial->arg, target, *ret_taken, answer.status,
                    answer.problem[0] ? answer.problem : answer.body);
    return true;
}

bool page_test(const struct page_options *options, const struct page_trial *trial,
               uint32_t *ret_asked, uint32_t *ret_taken, struct error *err)
{
    char id[ID_BYTES];
    struct page_post *post = NULL;
    uint32_t asked = 0, taken = 0, targets = paging_target_count(options->paging);
    const struct page_post_options post_options = {.venue = options->venue,
                                                   .paging = options->paging,
                                                   .timeout_s =
                                                       (uint32_t)options->config->page_timeout_s};
    if (!page_post_new(&post_options, &post, err))
        return false;
    const struct page_world *world = page_post_world(post);
    struct result_alert a = test_alert(options->venue, trial, clock_wall_ns() / 1000000, id);
    uint64_t open = reach(options, world, trial, &a);
    struct ask *asks = calloc(targets ? targets : 1, sizeof *asks);
    bool ok = asks || error_set(err, ERROR_NO_MEMORY, 0, "trial");
    for (uint32_t i = 0; ok && i < targets; i++) {
        struct error why = {0};
        if (!(open >> i & 1))
            continue;
        asked++;
        if (!begin(world, i, paging_target(options->paging, i), &a, &asks[i], &why)) {
            open &= ~(UINT64_C(1) << i);
            trial->answered(trial->arg, paging_target(options->paging, i), false, 0, why.where);
        }
    }
    while (ok && open) {
        page_post_wait(post, WAIT_MS);
        for (uint32_t i = 0; i < targets; i++) {
            bool good = false;
            if (!(open >> i & 1) ||
                !finish(world, i, paging_target(options->paging, i), trial, &good))
                continue;
            open &= ~(UINT64_C(1) << i);
            taken += good;
        }
    }
    page_post_free(post);
    free(asks);
    if (ok) {
        *ret_asked = asked;
        *ret_taken = taken;
    }
    return ok;
}
