/* A paging file: refused with reasons, or a roster that keeps its promises at a small venue.
 * Secrets are not read: a fuzzer would name any file of the machine. */
#include <string.h>

#include "processors/page/paging.h"
#include "tests/fuzz/fuzz.h"

static const char venue_yaml[] =
    "venue: {id: v}\n"
    "builtin_rules: no\n"
    "rules: [{id: full, metric: percent_capacity, kinds: [hall], levels: {yellow: {enter: 80, "
    "action: Meter.}, red: {enter: 100, action: Stop.}}}]\n"
    "zones: [{id: h1, kind: hall, capacity: 100}, {id: h2, kind: hall, parent: h1, capacity: 9}]\n"
    "sensors: [{id: s, class: crowd, counter: level, zone: h2}, {id: t, class: crowd, counter: "
    "level, zone: h1}]\n";

static void words_must_fit(const struct paging *paging)
{
    static char words[1024 * 1024];
    for (uint32_t i = 0; i < paging_target_count(paging); i++) {
        struct text out = text_over(words, sizeof words);
        const struct paging_target *t = paging_target(paging, i);
        FUZZ_MUST(id_valid(t->id) && paging_target_find(paging, t->id) == i);
        FUZZ_MUST(t->url && t->secret && t->username && t->from && t->ca_file && !t->secret[0]);
        paging_target_explain(paging, i, &out);
        FUZZ_MUST(out.len && !out.overflow);
    }
    for (uint32_t i = 0; i < paging_team_count(paging); i++) {
        struct text out = text_over(words, sizeof words);
        paging_team_explain(paging, i, &out);
        FUZZ_MUST(out.len && !out.overflow);
    }
    for (uint32_t i = 0; i < paging_route_count(paging); i++) {
        struct text out = text_over(words, sizeof words);
        paging_route_explain(paging, i, &out);
        FUZZ_MUST(out.len && !out.overflow);
    }
}

/* Nothing crosses between real and exercise, and where there is no hole somebody is reached by the
 * roster itself, at every step. */
static void reach_must_hold(const struct paging *paging, const struct venue *venue, bool fits)
{
    const uint64_t actual = paging_targets_of(paging, false);
    const uint64_t exercise = paging_targets_of(paging, true);
    FUZZ_MUST((actual & exercise) == 0);
    for (uint32_t min = 0; min < PAGING_WEEK_MIN; min += 7)
        for (uint32_t i = 0; i < 2 * 3 * 4; i++) {
            struct paging_event event = {STR_LIT("v"),    i & 1 ? STR_LIT("h1") : STR_LIT("h2"),
                                         STR_LIT("full"), LEVEL_YELLOW + (int)(i / 2 % 3),
                                         PAGING_ACTUAL,   i / 6};
            uint64_t real = paging_reach(paging, venue, &event, min);
            event.status = PAGING_EXERCISE;
            uint64_t drill = paging_reach(paging, venue, &event, min);
            event.status = PAGING_TEST;
            uint64_t test = paging_reach(paging, venue, &event, min);
            FUZZ_MUST((real & ~actual) == 0 && (drill & ~exercise) == 0);
            FUZZ_MUST(real || !actual);
            FUZZ_MUST(!fits || event.level == LEVEL_ORANGE || (test & actual) == real);
            FUZZ_MUST(!fits || real);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct problems problems;
    struct paging *paging = NULL;
    struct venue *venue = NULL;
    if (size > PAGING_BYTES_MAX)
        return 0;
    memset(&problems, 0, sizeof problems);
    if (!paging_parse((struct str){(const char *)data, (uint32_t)size}, NULL, &paging, &problems)) {
        FUZZ_MUST(problems_refuse(&problems));
        return 0;
    }
    FUZZ_MUST(!problems_refuse(&problems));
    FUZZ_MUST(venue_parse(str_of(venue_yaml), &venue, &problems));
    memset(&problems, 0, sizeof problems);
    bool fits = paging_fit(paging, venue, &problems);
    FUZZ_MUST(fits == !problems_refuse(&problems));
    words_must_fit(paging);
    reach_must_hold(paging, venue, fits);
    paging_free(paging);
    venue_free(venue);
    return 0;
}
