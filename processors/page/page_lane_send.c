/* A lane's message: from what it is about to what goes out. */
#include <stdlib.h>

#include "processors/page/page_lane_private.h"

enum { DETAILS_BYTES = 256 * 1024 };

void page_lane_about_clear(struct page_lane *lane)
{
    for (uint32_t i = 0; i < lane->about_count; i++)
        free(lane->about[i]);
    lane->about_count = 0;
    lane->job = JOB_NONE;
}

bool page_lane_about(struct page_lane *lane, enum page_act act, const struct result_alert *alert)
{
    const struct page_known *known = page_state_find(lane->state, alert->id);
    uint32_t at = lane->about_count;
    if (at == lane->span)
        return false;
    lane->about[at] = page_alert_copy(alert);
    if (!lane->about[at])
        return false;
    lane->act[at] = act;
    lane->about_said[at] = known ? known->said_level : (int8_t)LEVEL_ABSENT;
    lane->about_count++;
    return true;
}

struct words { /* of one note */
    char subject[PAGE_SUBJECT_BYTES], text[PAGE_TEXT_BYTES];
};

static void say(const struct page_lane *lane, uint32_t i, struct words *words,
                struct page_note *ret)
{
    const struct page_world *world = lane->o.world;
    struct text subject = text_over(words->subject, sizeof words->subject);
    struct text text = text_over(words->text, sizeof words->text);
    if (lane->job == JOB_DIGEST)
        page_digest_say(lane, &subject, &text);
    else
        world->say(world->arg, lane->o.target, lane->act[i], &lane->about[i]->alert, &subject,
                   &text);
    *ret = (struct page_note){.act = lane->act[i],
                              .alert = &lane->about[i]->alert,
                              .said_level = lane->about_said[i],
                              .subject = {words->subject, (uint32_t)subject.len},
                              .text = {words->text, (uint32_t)text.len}};
}

bool page_lane_send(struct page_lane *lane, int64_t now_ms, struct error *err)
{
    const struct page_world *world = lane->o.world;
    const uint32_t count = lane->about_count;
    struct page_note *notes = calloc(count, sizeof *notes);
    struct words *words = malloc(count * sizeof *words);
    char *details = lane->job == JOB_DIGEST ? malloc(DETAILS_BYTES) : NULL;
    bool ok = notes && words && (details || lane->job != JOB_DIGEST);
    if (!ok)
        error_set(err, ERROR_NO_MEMORY, 0, "page");
    for (uint32_t i = 0; ok && i < count; i++)
        say(lane, i, &words[i], &notes[i]);
    if (ok && details) {
        struct text all = text_over(details, DETAILS_BYTES);
        page_digest_details(lane, &all);
        notes[0].details = (struct str){details, (uint32_t)all.len};
    }
    ok = ok && page_body_write(lane->o.target, notes, count, now_ms, lane->message, err) &&
         world->send(world->arg, lane->o.number, lane->o.target, lane->message, err);
    lane->sending = ok;
    free(notes);
    free(words);
    free(details);
    return ok;
}
