/*
 * alert_mutation: breaking any cell of the alert table breaks a scenario. Machines are brought into
 * every state by a few steps; what each further step makes of them is written down. Then each cell
 * in turn gets every other action and every other next state, and some scenario must end otherwise.
 *
 * Steps: =85 a reading of 85, !85 a count of 85 that counts at once, +60 a minute goes by, else an
 * event. Outcomes: state, level, number of announcements; `acked`; escalation steps; the state
 * announced last, when it is another.
 *
 * Mutants that no scenario can see are those of cells that are never used: `unused` says why. An
 * action that needs a level where the event brings none, or an open alert where there is none, is
 * not run but refused by what the table is meant to look like (fits).
 */
#include "processors/core/alert.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/result/result.h"
#include "tests/support/support.h"

enum { STEPS_BYTES = 160, OUTCOME_BYTES = 96 };

static const struct venue_rule rule = {
    .enter = {(double)NAN, 80, 90, 100},
    .dwell_ms = {0, 10000, 10000, 10000},
    .clear_margin_pct = 10,
    .clear_ms = 60000,
    .min_samples = 1,
    .escalate_ms = {[1] = {600000}, [2] = {180000}, [3] = {60000, 120000}},
};

#define YELLOW "found =85 +10 =85"
#define ORANGE "found =95 +10 =95"
/* Orange and unacknowledged, after somebody has acknowledged the loss of its data at yellow. */
#define ORANGE_AGAIN YELLOW " lost acknowledge found =95 +10 =95"

static const struct reach {
    const char *name, *steps, *stands;
} reaches[] = {
    {"unknown", "", "unknown none 0"},
    {"normal", "found", "normal none 0"},
    {"pending", "found =85", "pending none 0"},
    {"unacked", YELLOW, "active_unacked yellow 1"},
    {"acked", YELLOW " acknowledge", "active_acked yellow 2 acked"},
    {"clearing", YELLOW " =70", "clearing yellow 2"},
    {"clearing, acked", YELLOW " acknowledge =70", "clearing yellow 3 acked"},
    {"orange, clearing", ORANGE " =70", "clearing orange 2"},
    {"orange, clearing, acked", ORANGE " acknowledge =70", "clearing orange 3 acked"},
    {"shelved", YELLOW " shelve", "shelved yellow 2"},
    {"shelved, acked", YELLOW " acknowledge shelve", "shelved yellow 3 acked"},
    {"suppressed", YELLOW " suppress", "suppressed yellow 2"},
    {"acked again", YELLOW " lost acknowledge found", "active_acked yellow 4 acked"},
    {"again", ORANGE_AGAIN, "active_unacked orange 5"},
    {"again, clearing", ORANGE_AGAIN " =70", "clearing orange 6"},
    {"again, shelved", ORANGE_AGAIN " shelve", "shelved orange 6"},
    {"again, suppressed", ORANGE_AGAIN " suppress", "suppressed orange 6"},
    {"suppressed, acked", YELLOW " acknowledge suppress", "suppressed yellow 3 acked"},
    {"lost", YELLOW " lost", "unknown yellow 2"},
    {"lost, acked", YELLOW " lost acknowledge", "unknown yellow 3 acked"},
    {"acked, lost", YELLOW " acknowledge lost", "unknown yellow 3"},
    {"gone", "found retire", "out_of_service none 0"},
};

/* Every reach is tried with each of these; what is not listed below changes nothing. */
static const char *const tries[] = {
    "settle",      "lost",    "cause",    "found",       "vouch",       "escalate",
    "acknowledge", "shelve",  "unshelve", "expire",      "handover",    "remark",
    "suppress",    "release", "retire",   "!95",         "!0",          "=85",
    "=75",         "=70",     "=0",       "=95 +10 =95", "=70 +60 =70", "=75 +60 =75",
};

static const struct outcome {
    const char *reach, *steps, *ends;
} outcomes[] = {
    {"unknown", "found", "normal none 0"},
    {"unknown", "vouch", "normal none 0"},
    {"unknown", "escalate", "unknown none 0 1"},
    {"unknown", "retire", "out_of_service none 0"},
    {"normal", "lost", "unknown none 0"},
    {"normal", "retire", "out_of_service none 0"},
    {"normal", "!95", "active_unacked orange 1"},
    {"normal", "=85", "pending none 0"},
    {"normal", "=95 +10 =95", "active_unacked orange 1"},
    {"pending", "lost", "unknown none 0"},
    {"pending", "retire", "out_of_service none 0"},
    {"pending", "!95", "active_unacked orange 1"},
    {"pending", "!0", "normal none 0"},
    {"pending", "=75", "normal none 0"},
    {"pending", "=70", "normal none 0"},
    {"pending", "=0", "normal none 0"},
    {"pending", "=95 +10 =95", "active_unacked orange 1"},
    {"pending", "=70 +60 =70", "normal none 0"},
    {"pending", "=75 +60 =75", "normal none 0"},
    {"unacked", "lost", "unknown yellow 2"},
    {"unacked", "escalate", "active_unacked yellow 2 1"},
    {"unacked", "acknowledge", "active_acked yellow 2 acked"},
    {"unacked", "shelve", "shelved yellow 2"},
    {"unacked", "remark", "active_unacked yellow 2"},
    {"unacked", "suppress", "suppressed yellow 2"},
    {"unacked", "release", "active_unacked yellow 2"},
    {"unacked", "retire", "out_of_service none 2"},
    {"unacked", "!95", "active_unacked orange 2"},
    {"unacked", "!0", "normal none 3 said resolved"},
    {"unacked", "=70", "clearing yellow 2"},
    {"unacked", "=0", "clearing yellow 2"},
    {"unacked", "=95 +10 =95", "active_unacked orange 2"},
    {"unacked", "=70 +60 =70", "normal none 3 said resolved"},
    {"acked", "lost", "unknown yellow 3"},
    {"acked", "shelve", "shelved yellow 3 acked"},
    {"acked", "remark", "active_acked yellow 3 acked"},
    {"acked", "suppress", "suppressed yellow 3 acked"},
    {"acked", "retire", "out_of_service none 3 acked"},
    {"acked", "!95", "active_unacked orange 3"},
    {"acked", "!0", "normal none 4 acked said resolved"},
    {"acked", "=70", "clearing yellow 3 acked"},
    {"acked", "=0", "clearing yellow 3 acked"},
    {"acked", "=95 +10 =95", "active_unacked orange 3"},
    {"acked", "=70 +60 =70", "normal none 4 acked said resolved"},
    {"clearing", "lost", "unknown yellow 3"},
    {"clearing", "escalate", "clearing yellow 3 1"},
    {"clearing", "acknowledge", "clearing yellow 3 acked"},
    {"clearing", "shelve", "shelved yellow 3"},
    {"clearing", "remark", "clearing yellow 3"},
    {"clearing", "suppress", "suppressed yellow 3"},
    {"clearing", "retire", "out_of_service none 3"},
    {"clearing", "!95", "active_unacked orange 3"},
    {"clearing", "!0", "normal none 3 said resolved"},
    {"clearing", "=85", "active_unacked yellow 3"},
    {"clearing", "=75", "active_unacked yellow 3"},
    {"clearing", "=95 +10 =95", "active_unacked orange 4"},
    {"clearing", "=70 +60 =70", "normal none 3 said resolved"},
    {"clearing", "=75 +60 =75", "active_unacked yellow 3"},
    {"clearing, acked", "lost", "unknown yellow 4"},
    {"clearing, acked", "escalate", "clearing yellow 4 acked 1"},
    {"clearing, acked", "shelve", "shelved yellow 4 acked"},
    {"clearing, acked", "remark", "clearing yellow 4 acked"},
    {"clearing, acked", "suppress", "suppressed yellow 4 acked"},
    {"clearing, acked", "retire", "out_of_service none 4 acked"},
    {"clearing, acked", "!95", "active_unacked orange 4"},
    {"clearing, acked", "!0", "normal none 4 acked said resolved"},
    {"clearing, acked", "=85", "active_acked yellow 4 acked"},
    {"clearing, acked", "=75", "active_acked yellow 4 acked"},
    {"clearing, acked", "=95 +10 =95", "active_unacked orange 5"},
    {"clearing, acked", "=70 +60 =70", "normal none 4 acked said resolved"},
    {"clearing, acked", "=75 +60 =75", "active_acked yellow 4 acked"},
    {"orange, clearing", "lost", "unknown orange 3"},
    {"orange, clearing", "escalate", "clearing orange 3 1"},
    {"orange, clearing", "acknowledge", "clearing orange 3 acked"},
    {"orange, clearing", "shelve", "shelved orange 3"},
    {"orange, clearing", "remark", "clearing orange 3"},
    {"orange, clearing", "suppress", "suppressed orange 3"},
    {"orange, clearing", "retire", "out_of_service none 3"},
    {"orange, clearing", "!95", "active_unacked orange 3"},
    {"orange, clearing", "!0", "normal none 4 said resolved"},
    {"orange, clearing", "=85", "active_unacked orange 3"},
    {"orange, clearing", "=95 +10 =95", "active_unacked orange 3"},
    {"orange, clearing", "=70 +60 =70", "clearing yellow 3"},
    {"orange, clearing", "=75 +60 =75", "active_unacked yellow 3"},
    {"orange, clearing, acked", "lost", "unknown orange 4"},
    {"orange, clearing, acked", "escalate", "clearing orange 4 acked 1"},
    {"orange, clearing, acked", "shelve", "shelved orange 4 acked"},
    {"orange, clearing, acked", "remark", "clearing orange 4 acked"},
    {"orange, clearing, acked", "suppress", "suppressed orange 4 acked"},
    {"orange, clearing, acked", "retire", "out_of_service none 4 acked"},
    {"orange, clearing, acked", "!95", "active_acked orange 4 acked"},
    {"orange, clearing, acked", "!0", "normal none 5 acked said resolved"},
    {"orange, clearing, acked", "=85", "active_acked orange 4 acked"},
    {"orange, clearing, acked", "=95 +10 =95", "active_acked orange 4 acked"},
    {"orange, clearing, acked", "=70 +60 =70", "clearing yellow 4 acked"},
    {"orange, clearing, acked", "=75 +60 =75", "active_acked yellow 4 acked"},
    {"shelved", "lost", "unknown yellow 3"},
    {"shelved", "acknowledge", "shelved yellow 3 acked"},
    {"shelved", "unshelve", "active_unacked yellow 3"},
    {"shelved", "expire", "active_unacked yellow 3"},
    {"shelved", "handover", "active_unacked yellow 3"},
    {"shelved", "remark", "shelved yellow 3"},
    {"shelved", "retire", "out_of_service none 3"},
    {"shelved", "!95", "active_unacked orange 3"},
    {"shelved", "!0", "normal none 3 said resolved"},
    {"shelved", "=95 +10 =95", "active_unacked orange 3"},
    {"shelved", "=70 +60 =70", "normal none 3 said resolved"},
    {"shelved, acked", "lost", "unknown yellow 4"},
    {"shelved, acked", "unshelve", "active_acked yellow 4 acked"},
    {"shelved, acked", "expire", "active_acked yellow 4 acked"},
    {"shelved, acked", "handover", "active_acked yellow 4 acked"},
    {"shelved, acked", "remark", "shelved yellow 4 acked"},
    {"shelved, acked", "retire", "out_of_service none 4 acked"},
    {"shelved, acked", "!95", "active_unacked orange 4"},
    {"shelved, acked", "!0", "normal none 4 acked said resolved"},
    {"shelved, acked", "=95 +10 =95", "active_unacked orange 4"},
    {"shelved, acked", "=70 +60 =70", "normal none 4 acked said resolved"},
    {"suppressed", "lost", "unknown yellow 3"},
    {"suppressed", "acknowledge", "suppressed yellow 3 acked"},
    {"suppressed", "remark", "suppressed yellow 3"},
    {"suppressed", "release", "active_unacked yellow 3"},
    {"suppressed", "retire", "out_of_service none 3"},
    {"suppressed", "!95", "active_unacked orange 3"},
    {"suppressed", "!0", "normal none 3 said resolved"},
    {"suppressed", "=95 +10 =95", "active_unacked orange 3"},
    {"suppressed", "=70 +60 =70", "normal none 3 said resolved"},
    {"acked again", "lost", "unknown yellow 5"},
    {"acked again", "shelve", "shelved yellow 5 acked"},
    {"acked again", "remark", "active_acked yellow 5 acked"},
    {"acked again", "suppress", "suppressed yellow 5 acked"},
    {"acked again", "retire", "out_of_service none 5 acked"},
    {"acked again", "!95", "active_unacked orange 5"},
    {"acked again", "!0", "normal none 6 acked said resolved"},
    {"acked again", "=70", "clearing yellow 5 acked"},
    {"acked again", "=0", "clearing yellow 5 acked"},
    {"acked again", "=95 +10 =95", "active_unacked orange 5"},
    {"acked again", "=70 +60 =70", "normal none 6 acked said resolved"},
    {"again", "lost", "unknown orange 6"},
    {"again", "escalate", "active_unacked orange 6 1"},
    {"again", "acknowledge", "active_acked orange 6 acked"},
    {"again", "shelve", "shelved orange 6"},
    {"again", "remark", "active_unacked orange 6"},
    {"again", "suppress", "suppressed orange 6"},
    {"again", "release", "active_unacked orange 6"},
    {"again", "retire", "out_of_service none 6"},
    {"again", "!0", "normal none 8 said resolved"},
    {"again", "=75", "clearing orange 6"},
    {"again", "=70", "clearing orange 6"},
    {"again", "=0", "clearing orange 6"},
    {"again", "=70 +60 =70", "clearing yellow 7"},
    {"again", "=75 +60 =75", "active_unacked yellow 7"},
    {"again, clearing", "lost", "unknown orange 7"},
    {"again, clearing", "escalate", "clearing orange 7 1"},
    {"again, clearing", "acknowledge", "clearing orange 7 acked"},
    {"again, clearing", "shelve", "shelved orange 7"},
    {"again, clearing", "remark", "clearing orange 7"},
    {"again, clearing", "suppress", "suppressed orange 7"},
    {"again, clearing", "retire", "out_of_service none 7"},
    {"again, clearing", "!95", "active_unacked orange 7"},
    {"again, clearing", "!0", "normal none 8 said resolved"},
    {"again, clearing", "=85", "active_unacked orange 7"},
    {"again, clearing", "=95 +10 =95", "active_unacked orange 7"},
    {"again, clearing", "=70 +60 =70", "clearing yellow 7"},
    {"again, clearing", "=75 +60 =75", "active_unacked yellow 7"},
    {"again, shelved", "lost", "unknown orange 7"},
    {"again, shelved", "acknowledge", "shelved orange 7 acked"},
    {"again, shelved", "unshelve", "active_unacked orange 7"},
    {"again, shelved", "expire", "active_unacked orange 7"},
    {"again, shelved", "handover", "active_unacked orange 7"},
    {"again, shelved", "remark", "shelved orange 7"},
    {"again, shelved", "retire", "out_of_service none 7"},
    {"again, shelved", "!0", "normal none 8 said resolved"},
    {"again, shelved", "=70 +60 =70", "shelved yellow 7"},
    {"again, shelved", "=75 +60 =75", "shelved yellow 7"},
    {"again, suppressed", "lost", "unknown orange 7"},
    {"again, suppressed", "acknowledge", "suppressed orange 7 acked"},
    {"again, suppressed", "remark", "suppressed orange 7"},
    {"again, suppressed", "release", "active_unacked orange 7"},
    {"again, suppressed", "retire", "out_of_service none 7"},
    {"again, suppressed", "!0", "normal none 8 said resolved"},
    {"again, suppressed", "=70 +60 =70", "suppressed yellow 7"},
    {"again, suppressed", "=75 +60 =75", "suppressed yellow 7"},
    {"suppressed, acked", "lost", "unknown yellow 4"},
    {"suppressed, acked", "remark", "suppressed yellow 4 acked"},
    {"suppressed, acked", "release", "active_acked yellow 4 acked"},
    {"suppressed, acked", "retire", "out_of_service none 4 acked"},
    {"suppressed, acked", "!95", "active_unacked orange 4"},
    {"suppressed, acked", "!0", "normal none 4 acked said resolved"},
    {"suppressed, acked", "=95 +10 =95", "active_unacked orange 4"},
    {"suppressed, acked", "=70 +60 =70", "normal none 4 acked said resolved"},
    {"lost", "lost", "unknown yellow 3"},
    {"lost", "cause", "unknown yellow 3"},
    {"lost", "found", "active_unacked yellow 3"},
    {"lost", "vouch", "active_unacked yellow 3"},
    {"lost", "escalate", "unknown yellow 3 1"},
    {"lost", "acknowledge", "unknown yellow 3 acked"},
    {"lost", "remark", "unknown yellow 3"},
    {"lost", "release", "unknown yellow 3"},
    {"lost", "retire", "out_of_service none 3"},
    {"lost, acked", "lost", "unknown yellow 4"},
    {"lost, acked", "cause", "unknown yellow 4 acked"},
    {"lost, acked", "found", "active_acked yellow 4 acked"},
    {"lost, acked", "vouch", "active_acked yellow 4 acked"},
    {"lost, acked", "escalate", "unknown yellow 4 acked 1"},
    {"lost, acked", "remark", "unknown yellow 4 acked"},
    {"lost, acked", "release", "unknown yellow 4 acked"},
    {"lost, acked", "retire", "out_of_service none 4 acked"},
    {"acked, lost", "lost", "unknown yellow 4"},
    {"acked, lost", "cause", "unknown yellow 4"},
    {"acked, lost", "found", "active_acked yellow 4 acked"},
    {"acked, lost", "vouch", "active_acked yellow 4 acked"},
    {"acked, lost", "escalate", "unknown yellow 4 1"},
    {"acked, lost", "acknowledge", "unknown yellow 4 acked"},
    {"acked, lost", "remark", "unknown yellow 4"},
    {"acked, lost", "release", "unknown yellow 4"},
    {"acked, lost", "retire", "out_of_service none 4 acked"},
};

/* state event: why no alert ever meets it there */
static const struct unused {
    const char *states, *events; /* "*": all */
    const char *why;
} unused[] = {
    {"normal", "raise", "enter comes first, so it is pending by then"},
    {"active_unacked active_acked unknown", "step step_on cleared",
     "they come to an alert that is clearing, or kept quiet"},
    {"unknown", "below above", "an alert without data is not cleared"},
    {"resolved", "*", "settle follows at once, and brings it to normal"},
};

/* ---- running --------------------------------------------------------------------------------- */

static bool event_of(const char *word, enum alert_event *ret)
{
    for (int e = 0; e < ALERT_EVENT_COUNT; e++) {
        if (strcmp(word, alert_event_text((enum alert_event)e)) == 0) {
            *ret = (enum alert_event)e;
            return true;
        }
    }
    return false;
}

/* Returns the state that was announced last; `said` when nothing was. */
static unsigned step(struct alert *a, struct alert_terms *terms, const char *word, unsigned said)
{
    struct alert_changes changes = {0};
    enum alert_event event = ALERT_ON_SETTLE;
    if (word[0] == '+') {
        terms->now_ns += strtoll(word + 1, NULL, 10) * 1000000000;
        alert_time(a, terms, &changes);
    } else if (word[0] == '=' || word[0] == '!') {
        struct alert_input in = {.ts_ms = terms->now_ns / 1000000,
                                 .value = strtod(word + 1, NULL),
                                 .estimate = (double)NAN,
                                 .sample = true,
                                 .at_once = word[0] == '!'};
        alert_evaluate(a, terms, &in, &changes);
    } else {
        assert_true(event_of(word, &event));
        a->shelved_ms = terms->now_ns / 1000000 + 1800000;
        alert_fire(a, terms, event, &changes);
    }
    return changes.count ? changes.change[changes.count - 1].state : said;
}

static void run(const struct alert_cell (*table)[ALERT_EVENT_COUNT], const char *first,
                const char *then, char ends[OUTCOME_BYTES])
{
    struct alert a;
    struct alert_terms terms = alert_terms_of(&rule, INT64_C(1000000000000));
    char steps[STEPS_BYTES], *save = NULL;
    unsigned said = ALERT_STATE_COUNT;
    terms.table = table;
    alert_init(&a, 0, 0);
    snprintf(steps, sizeof steps, "%s %s", first, then);
    for (char *w = strtok_r(steps, " ", &save); w; w = strtok_r(NULL, " ", &save))
        said = step(&a, &terms, w, said);
    struct text t = text_over(ends, OUTCOME_BYTES - 1);
    text_add(&t, alert_state_text((enum alert_state)a.state));
    text_add(&t, " ");
    text_add(&t, level_text(a.level));
    text_add(&t, " ");
    text_add_i64(&t, a.n);
    text_add(&t, alert_acked(&a) ? " acked" : "");
    if (a.escalation) {
        text_add(&t, " ");
        text_add_i64(&t, a.escalation);
    }
    if (said != a.state && said != ALERT_STATE_COUNT) {
        text_add(&t, " said ");
        text_add(&t, alert_state_text((enum alert_state)said));
    }
    ends[t.len] = '\0';
}

static const char *ends_of(const struct reach *reach, const char *steps)
{
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        if (strcmp(outcomes[i].reach, reach->name) == 0 && strcmp(outcomes[i].steps, steps) == 0)
            return outcomes[i].ends;
    }
    return reach->stands;
}

/* The first scenario that ends otherwise with this table; false when none does. */
static bool broken(const struct alert_cell (*table)[ALERT_EVENT_COUNT], bool say)
{
    char ends[OUTCOME_BYTES];
    bool any = false;
    for (size_t r = 0; r < sizeof reaches / sizeof reaches[0]; r++) {
        run(table, reaches[r].steps, "", ends);
        if (strcmp(ends, reaches[r].stands) != 0) {
            any = true;
            if (say)
                fprintf(stderr, "%s stands: %s\n", reaches[r].name, ends);
        }
        for (size_t t = 0; t < sizeof tries / sizeof tries[0]; t++) {
            run(table, reaches[r].steps, tries[t], ends);
            if (strcmp(ends, ends_of(&reaches[r], tries[t])) == 0)
                continue;
            any = true;
            if (!say)
                return true;
            fprintf(stderr, "    {\"%s\", \"%s\", \"%s\"},\n", reaches[r].name, tries[t], ends);
        }
        if (any && !say)
            return true;
    }
    return any;
}

static void test_scenarios(void **state)
{
    (void)state;
    assert_false(broken(alert_table, true));
}

/* ---- mutants --------------------------------------------------------------------------------- */

/* An alert is open in these states, or may be. */
static bool holds_alert(unsigned state)
{
    return state != ALERT_NORMAL && state != ALERT_PENDING && state != ALERT_RESOLVED &&
           state != ALERT_OUT_OF_SERVICE;
}

/* Whether such a cell says what it does: what is to do nothing, or one step of escalation, stays
 * where it is; a move to the same state is one of an alert that is announced again; `next` is left
 * to the alert only where that differs from one alert to another. */
static bool next_fits(unsigned state, struct alert_cell cell)
{
    if (cell.action == ALERT_DO_NONE || cell.action == ALERT_DO_ESCALATE)
        return cell.next == state;
    if (cell.action == ALERT_DO_MOVE && cell.next == state)
        return holds_alert(state);
    if (cell.next == ALERT_AS_LEVEL)
        return state == ALERT_UNKNOWN;
    return cell.next != ALERT_AS_ACKED ||
           ((state == ALERT_CLEARING || state == ALERT_SHELVED || state == ALERT_SUPPRESSED) &&
            cell.action != ALERT_DO_RAISE && cell.action != ALERT_DO_ACK);
}

static bool fits(unsigned state, unsigned event, struct alert_cell cell)
{
    if (!next_fits(state, cell))
        return false;
    switch ((enum alert_action)cell.action) {
    case ALERT_DO_START:
        return event == ALERT_ON_RAISE && !holds_alert(state);
    case ALERT_DO_RAISE:
        return event == ALERT_ON_RAISE && holds_alert(state);
    case ALERT_DO_LOWER:
        return (event == ALERT_ON_STEP || event == ALERT_ON_STEP_ON) && holds_alert(state);
    case ALERT_DO_LOSE:
        return event == ALERT_ON_LOST && holds_alert(state);
    case ALERT_DO_ACK:
        return holds_alert(state) && state != ALERT_ACTIVE_ACKED; /* it is acknowledged */
    case ALERT_DO_END:
    case ALERT_DO_ESCALATE:
        return holds_alert(state);
    default:
        return true;
    }
}

static bool lists(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = words; (at = strstr(at, word)); at += len) {
        if ((at == words || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
            return true;
    }
    return strcmp(words, "*") == 0;
}

static bool is_unused(unsigned state, unsigned event)
{
    for (size_t i = 0; i < sizeof unused / sizeof unused[0]; i++) {
        if (lists(unused[i].states, alert_state_text((enum alert_state)state)) &&
            lists(unused[i].events, alert_event_text((enum alert_event)event)) &&
            !(state == ALERT_RESOLVED && event == ALERT_ON_SETTLE))
            return true;
    }
    return false;
}

struct tally {
    uint32_t mutants, run, unseen; /* run: those that fit */
};

static void mutant_try(struct alert_cell (*table)[ALERT_EVENT_COUNT], unsigned s, unsigned e,
                       struct alert_cell mutant, struct tally *tally)
{
    tally->mutants++;
    if (!fits(s, e, mutant))
        return;
    tally->run++;
    table[s][e] = mutant;
    bool seen = broken((const struct alert_cell(*)[ALERT_EVENT_COUNT])table, false);
    table[s][e] = alert_table[s][e];
    if (seen)
        return;
    if (!is_unused(s, e)) {
        fprintf(stderr, "%s %s: nobody sees {%s, %u}\n", alert_state_text((enum alert_state)s),
                alert_event_text((enum alert_event)e),
                alert_action_text((enum alert_action)mutant.action), mutant.next);
        tally->unseen++;
    }
}

static void test_every_cell(void **state)
{
    (void)state;
    struct alert_cell table[ALERT_STATE_COUNT][ALERT_EVENT_COUNT];
    struct tally tally = {0};
    memcpy(table, alert_table, sizeof table);
    for (unsigned s = 0; s < ALERT_STATE_COUNT; s++) {
        for (unsigned e = 0; e < ALERT_EVENT_COUNT; e++) {
            struct alert_cell was = alert_table[s][e];
            assert_true(fits(s, e, was));
            for (unsigned action = 0; action < ALERT_ACTION_COUNT; action++) {
                if (action != was.action)
                    mutant_try(table, s, e, (struct alert_cell){(uint8_t)action, was.next}, &tally);
            }
            for (unsigned next = 0; next <= ALERT_AS_LEVEL; next++) {
                if (next != was.next)
                    mutant_try(table, s, e, (struct alert_cell){was.action, (uint8_t)next}, &tally);
            }
        }
    }
    assert_int_equal(tally.unseen, 0);
    assert_int_equal(tally.mutants, ALERT_STATE_COUNT * ALERT_EVENT_COUNT *
                                        (ALERT_ACTION_COUNT - 1 + ALERT_AS_LEVEL));
    print_message("%u mutants, %u of them run\n", tally.mutants, tally.run);
    assert_true(tally.run > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenarios),
        cmocka_unit_test(test_every_cell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
