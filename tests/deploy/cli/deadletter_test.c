/* What would become of a dead letter that is sent once more. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/deadletter.h"
#include "schemas/base/problems.h"
#include "tests/support/support.h"

static const char venue_text[] =
    "venue: {id: v, time_zone: UTC}\n"
    "payloads:\n"
    "  - {map: pair}\n"
    "zones:\n"
    "  - {id: hall, kind: hall, capacity: 1000}\n"
    "sensors:\n"
    "  - {id: look, class: crowd, counter: level, zone: hall}\n"
    "  - {id: left, class: crowd, counter: level, zone: hall, device: left}\n"
    "  - {id: right, class: crowd, counter: level, zone: hall, device: right}\n"
    "--- # payload map pair pair.yaml\n"
    "payload: pair\n"
    "topics: [\"pair/{name}\"]\n"
    "readings:\n"
    "  - {class: crowd, kind: level, device: left, occupancy: /l, time: {at: /lt, format: "
    "epoch_s}}\n"
    "  - {class: crowd, kind: level, device: right, occupancy: /r, time: {at: /rt, format: "
    "epoch_s}}\n";

#define LOOK "crowdtide/v/crowd/look"
#define TIMED "{\"ts\":1790000000000,\"occupancy\":5}"

static const struct {
    const char *topic, *payload, *reason;
    enum deadletter_kept kept;
    bool replayed, partly, retained;
    enum deadletter_verdict verdict;
} table[] = {
    {LOOK, TIMED, "unknown_sensor", .verdict = DEADLETTER_SEND},
    /* What is not there as it was can't be sent, whatever else is true of it. */
    {LOOK, TIMED, "unknown_sensor", .kept = DEADLETTER_DELETED, .verdict = DEADLETTER_GONE},
    {LOOK, TIMED, "unknown_sensor", .kept = DEADLETTER_PERSONAL, .verdict = DEADLETTER_GONE},
    {LOOK, TIMED, "oversized", .kept = DEADLETTER_CUT, .verdict = DEADLETTER_GONE},
    {LOOK, TIMED, "rejected", .kept = DEADLETTER_COMMAND, .replayed = true,
     .verdict = DEADLETTER_GONE},
    /* Still not readable: also one that was sent once more, and one of a drill. */
    {LOOK, "{\"occupancy\":", "malformed", .verdict = DEADLETTER_AGAIN},
    {LOOK, "{\"occupancy\":\"many\"}", "wrong_type", .replayed = true, .verdict = DEADLETTER_AGAIN},
    {"crowdtide/v/crowd/nobody", TIMED, "unknown_sensor", .verdict = DEADLETTER_AGAIN},
    {"drill/v/crowd/nobody", TIMED, "unknown_sensor", .verdict = DEADLETTER_AGAIN},
    {"elsewhere", TIMED, "unknown_topic", .verdict = DEADLETTER_AGAIN},
    /* Readable: what else forbids it, the weightiest first. */
    {LOOK, TIMED, "poison", .replayed = true, .partly = true, .retained = true,
     .verdict = DEADLETTER_REPEATED},
    {LOOK, TIMED, "poison", .partly = true, .retained = true, .verdict = DEADLETTER_PARTLY},
    {LOOK, TIMED, "poison", .retained = true, .verdict = DEADLETTER_POISON},
    {"drill/v/crowd/look", TIMED, "poison", .verdict = DEADLETTER_POISON},
    {"drill/v/crowd/look", TIMED, "unknown_sensor", .retained = true, .verdict = DEADLETTER_DRILL},
    {LOOK, TIMED, "unknown_sensor", .retained = true, .verdict = DEADLETTER_RETAINED},
    {LOOK, "{\"occupancy\":5}", "unknown_sensor", .retained = true, .verdict = DEADLETTER_RETAINED},
    /* Without a time of its own it would count as of now: every reading must have one. */
    {LOOK, "{\"occupancy\":5}", "unknown_sensor", .verdict = DEADLETTER_NOW},
    {"pair/a", "{\"l\":5,\"lt\":1790000000,\"r\":6,\"rt\":1790000000}", "unknown_sensor",
     .verdict = DEADLETTER_SEND},
    {"pair/a", "{\"l\":5,\"lt\":1790000000,\"r\":6}", "unknown_sensor", .verdict = DEADLETTER_NOW},
    {"pair/a", "{\"l\":5,\"r\":6,\"rt\":1790000000}", "unknown_sensor", .verdict = DEADLETTER_NOW},
};

static void each_letter_has_its_verdict(void **state)
{
    struct problems *problems = calloc(1, sizeof *problems);
    struct venue *venue = NULL;
    struct payload_shown *shown = NULL;
    struct error err = {0};
    char *page = malloc(SHOWN_BYTES_MAX);
    (void)state;
    assert_non_null(problems);
    assert_non_null(page);
    if (!venue_parse(STR_LIT(venue_text), &venue, problems))
        fail_msg("%s", problems->problem[0].text);
    assert_true(payload_shown_new(venue, CROWDTIDE_SOURCE_DIR "/deploy/payloads", &shown, &err));
    struct text lines =
        text_over(page, SHOWN_BYTES_MAX); /* one for all: each is judged by its own lines */
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char padded[1024] = {0};
        struct deadletter letter = {.replayed = table[i].replayed};
        (void)snprintf(letter.reason, sizeof letter.reason, "%s", table[i].reason);
        (void)snprintf(padded, sizeof padded, "%s", table[i].payload);
        const struct deadletter_original original = {.kept = table[i].kept,
                                                     .topic = str_of(table[i].topic),
                                                     .payload = str_of(padded),
                                                     .received_ms = INT64_C(1790000001000),
                                                     .retained = table[i].retained};
        enum deadletter_verdict got =
            deadletter_judge(shown, &letter, &original, table[i].partly, &lines);
        if (got != table[i].verdict)
            fail_msg("%zu %s %s: \"%s\"", i, table[i].topic, table[i].payload,
                     deadletter_verdict_text(got));
    }
    payload_shown_free(shown);
    venue_free(venue);
    free(problems);
    free(page);
}

/* --force is for what is known and would count otherwise than then; never for what can't be read or
 * sent, or was counted. */
static void what_force_overrules(void **state)
{
    static const bool can[DEADLETTER_VERDICTS] = {
        [DEADLETTER_SEND] = true,     [DEADLETTER_NOW] = true,   [DEADLETTER_PARTLY] = true,
        [DEADLETTER_REPEATED] = true, [DEADLETTER_DRILL] = true, [DEADLETTER_POISON] = true,
        [DEADLETTER_RETAINED] = true};
    (void)state;
    for (int v = 0; v < DEADLETTER_VERDICTS; v++) {
        if (deadletter_can_force((enum deadletter_verdict)v) != can[v])
            fail_msg("%s", deadletter_verdict_text((enum deadletter_verdict)v));
        assert_true(strlen(deadletter_verdict_text((enum deadletter_verdict)v)) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_letter_has_its_verdict),
        cmocka_unit_test(what_force_overrules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
