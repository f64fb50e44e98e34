#include "processors/watch/validity.h"

#include <string.h>

/* When the tick was, by the clock of the machine that it came from. */
static int64_t wall_ms(const struct result_heartbeat *beat)
{
    return beat->at + (beat->clock_offset_ms == RESULT_ABSENT ? 0 : beat->clock_offset_ms);
}

struct validity validity_of(const struct result_heartbeat *beat, int64_t now_ms)
{
    struct validity v = {0};
    if (!beat || beat->at == RESULT_ABSENT) {
        v.fault = VALIDITY_NEVER;
        return v;
    }
    int64_t until_ms =
        beat->valid_until == RESULT_ABSENT ? wall_ms(beat) + RESULT_VALID_MS : beat->valid_until;
    v.age_ms = now_ms - wall_ms(beat);
    v.remaining_ms = until_ms - now_ms;
    if (beat->path.len && beat->path.len < sizeof v.path)
        memcpy(v.path, beat->path.at, beat->path.len);
    if (v.remaining_ms > RESULT_VALID_MS + VALIDITY_AHEAD_MS)
        v.fault = VALIDITY_FUTURE;
    else if (v.remaining_ms < 0)
        v.fault = v.age_ms > RESULT_VALID_MS ? VALIDITY_OLD : VALIDITY_PATH;
    return v;
}

struct path_words {
    const char *path, *words;
};
/* As processors/core/path.h has them. */
static const struct path_words paths[] = {
    {"broker", "ingest is not connected to the broker with every subscription"},
    {"silent",
     "ingest is connected to the broker, but no probe comes back through it: it hangs, or "
     "ingest may no longer read or publish below crowdtide/{venue}/"},
    {"refused", "the broker refuses what ingest publishes to itself: its access list has changed"},
};

static void add_lasting(struct text *out, int64_t ms)
{
    text_add_i64(out, ms < 120000 ? ms / 1000 : ms / 60000);
    text_add(out, ms < 120000 ? " s" : " min");
}

void validity_explain(const struct validity *v, struct text *out)
{
    const char *words = "the path from the broker is not proven";
    switch (v->fault) {
    case VALIDITY_NONE:
        return;
    case VALIDITY_NEVER:
        text_add(out, "no heartbeat has ever come");
        return;
    case VALIDITY_OLD:
        text_add(out, "the last heartbeat is ");
        add_lasting(out, v->age_ms);
        text_add(out, " old");
        return;
    case VALIDITY_FUTURE:
        text_add(out, "the last heartbeat is ");
        add_lasting(out, -v->age_ms);
        text_add(out, " in the future: check the clocks");
        return;
    case VALIDITY_PATH:
        for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
            words = strcmp(v->path, paths[i].path) == 0 ? paths[i].words : words;
        text_add(out, "for ");
        add_lasting(out, RESULT_VALID_MS - v->remaining_ms);
        text_add(out, " ");
        text_add(out, words);
        return;
    }
}
