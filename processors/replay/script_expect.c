/* Expectations: levels of zones in time, members of the last results, and what must not have been
 * said. */
#include <stdio.h>
#include <string.h>

#include "processors/replay/script_private.h"

enum { SHOWN_BYTES = 400 };

/* An `expect` line, its first words taken off. */
struct expectation {
    bool exercise;
    struct script_words words;
    uint32_t at; /* the word in hand */
};

static struct str word_at(const struct expectation *e, uint32_t i)
{
    return i < e->words.count ? e->words.word[i].text : (struct str){"", 0};
}

static uint32_t rest_of(const struct expectation *e)
{
    return e->words.count - e->at;
}

static void key_begin(const struct expectation *e, struct text *key)
{
    text_add(key, e->exercise ? "exercise " : "");
}

/* ---- levels ---------------------------------------------------------------------------------- */

enum when { WHEN_NOW, WHEN_BY, WHEN_AT, WHEN_STAYS };

struct level_wish {
    struct str zone;
    enum level level;
    enum when when;
    int64_t at_ms;
};

static bool level_form(struct script *s)
{
    return script_broken(
        s, "expect ZONE LEVEL by|at TIME, expect ZONE stays LEVEL until TIME, or expect ZONE LEVEL "
           "is the form");
}

/* ZONE LEVEL, ZONE LEVEL by|at TIME, ZONE stays LEVEL until TIME */
static bool level_wish_take(struct script *s, const struct expectation *e, struct level_wish *wish)
{
    uint32_t n = rest_of(e), at = e->at;
    bool stays = n > 1 && str_is(word_at(e, at + 1), "stays");
    *wish = (struct level_wish){.zone = word_at(e, at), .at_ms = s->clock.t_ms};
    if (n != (stays ? 5u : 2u) && n != (stays ? 5u : 4u))
        return level_form(s);
    if (venue_zone_find(s->venue, wish->zone) == VENUE_NO_ZONE)
        return script_broken(s,
                             "the venue has no zone \"" STR_FMT "\", and it is no kind of result",
                             STR_ARG(wish->zone));
    if (!level_parse(word_at(e, at + 1 + stays), &wish->level))
        return script_broken(s, "a level is expected, not \"" STR_FMT "\"",
                             STR_ARG(word_at(e, at + 1 + stays)));
    if (n == 2)
        return true;
    struct str when = word_at(e, at + 2 + stays);
    wish->when = stays ? WHEN_STAYS : str_is(when, "at") ? WHEN_AT : WHEN_BY;
    if (stays ? !str_is(when, "until") : !str_is(when, "at") && !str_is(when, "by"))
        return level_form(s);
    return script_clock_need(s, word_at(e, at + 3 + stays), &wish->at_ms);
}

static void level_unmet(struct script *s, const struct expectation *e,
                        const struct level_wish *wish, const struct script_kept *seen)
{
    static const char *const words[] = {
        [WHEN_NOW] = "at", [WHEN_BY] = "by", [WHEN_AT] = "at", [WHEN_STAYS] = "until"};
    char then[SCRIPT_CLOCK_BYTES], since[SCRIPT_CLOCK_BYTES];
    char expected[SHOWN_BYTES];
    (void)snprintf(expected, sizeof expected, "expected %s" STR_FMT " %s%s %s %s",
                   e->exercise ? "exercise " : "", STR_ARG(wish->zone),
                   wish->when == WHEN_STAYS ? "to stay " : "", level_text(wish->level),
                   words[wish->when], script_clock_text(s, wish->at_ms, then));
    if (seen->level_since_ms == 0)
        script_unmet(s, "%s: it is unknown, nothing has been said about it", expected);
    else
        script_unmet(s, "%s: it is %s since %s, %s before", expected, level_text(seen->level),
                     script_clock_text(s, seen->level_since_ms, since),
                     level_text(seen->level_before));
}

static bool expect_level(struct script *s, const struct expectation *e)
{
    struct level_wish wish;
    char key[SCRIPT_KEY_BYTES];
    if (!level_wish_take(s, e, &wish))
        return false;
    struct text t = text_over(key, sizeof key - 1);
    key_begin(e, &t);
    text_add(&t, "zone ");
    text_add_str(&t, wish.zone);
    key[t.len] = '\0';
    int64_t from_ms = s->clock.t_ms;
    if (!script_clock_to(s, wish.at_ms))
        return false;
    struct script_kept seen = script_results_level(s, key);
    bool met = seen.level == (int)wish.level;
    if (wish.when == WHEN_STAYS)
        met = met && seen.level_since_ms <= from_ms;
    if (wish.when == WHEN_AT) /* in the second that ends then */
        met = met && seen.level_since_ms > wish.at_ms - 1000 && seen.level_since_ms <= wish.at_ms;
    if (!met)
        level_unmet(s, e, &wish, &seen);
    return true;
}

/* ---- results --------------------------------------------------------------------------------- */

/* "venue/zone/rule" names what the venue has. */
static bool alert_known(const struct script *s, struct str key)
{
    const char *first = memchr(key.at, '/', key.len);
    const char *last = memrchr(key.at, '/', key.len);
    if (!first || first == last)
        return false;
    struct str venue = {key.at, (uint32_t)(first - key.at)};
    struct str zone = {first + 1, (uint32_t)(last - first - 1)};
    struct str rule = {last + 1, (uint32_t)(key.at + key.len - last - 1)};
    for (uint32_t i = 0; i < s->venue->rule_count; i++) {
        if (str_equal(rule, s->venue->rules[i].id))
            return str_equal(venue, s->venue->id) &&
                   venue_zone_find(s->venue, zone) != VENUE_NO_ZONE;
    }
    return false;
}

/* The first word of a key names something, so that a slip of the pen is not "nothing said". */
static bool key_known(struct script *s, const struct script_kind *kind, struct str word)
{
    bool known = true;
    if (kind->type == RECORD_ALERT)
        known = alert_known(s, word);
    else if (kind->field[0] && strcmp(kind->field[0], "zone") == 0)
        known = venue_zone_find(s->venue, word) != VENUE_NO_ZONE;
    else if (kind->field[0] && kind->type != RECORD_REPLY)
        known = venue_sensor_find(s->venue, word) != UINT32_MAX;
    return known ||
           script_broken(s, "the venue in force has no %s \"" STR_FMT "\"%s", kind->word,
                         STR_ARG(word),
                         kind->type == RECORD_ALERT ? ": VENUE/ZONE/RULE is the form" : "");
}

/* Takes the key's words; key is SCRIPT_KEY_BYTES long. */
static bool key_take(struct script *s, struct expectation *e, const struct script_kind *kind,
                     char *key)
{
    uint32_t n = script_kind_words(kind), first = e->at;
    struct text t = text_over(key, SCRIPT_KEY_BYTES - 1);
    key_begin(e, &t);
    text_add(&t, kind->word);
    if (rest_of(e) < n)
        return script_broken(s, "`%s` is named by %u words", kind->word, n);
    for (uint32_t i = 0; i < n; i++) {
        struct str word = word_at(e, e->at++);
        int64_t ms;
        text_add_char(&t, ' ');
        if (strcmp(kind->field[i], "at") == 0 && script_clock_parse(s, word, &ms))
            text_add_time_ms(&t, ms);
        else
            text_add_str(&t, word);
    }
    key[t.len] = '\0';
    return n == 0 || script_results_find(s, key) || key_known(s, kind, word_at(e, first));
}

/* nothing [KIND] KEY… */
static bool expect_nothing(struct script *s, struct expectation *e)
{
    char key[SCRIPT_KEY_BYTES], json[SHOWN_BYTES], since[SCRIPT_CLOCK_BYTES];
    const struct script_kind *kind = script_kind_find(word_at(e, e->at));
    if (kind)
        e->at++;
    else
        kind = script_kind_find(STR_LIT("alert"));
    if (!key_take(s, e, kind, key))
        return false;
    if (rest_of(e))
        return script_broken(s, "\"" STR_FMT "\" is one word too many", STR_ARG(word_at(e, e->at)));
    const struct script_kept *kept = script_results_find(s, key);
    struct result_origin origin;
    union result_any r;
    if (!kept || !kept->body)
        return true;
    struct text t = text_over(json, sizeof json - 1);
    if (result_decode(kept->type, kept->body, kept->len, &origin, &r, NULL))
        result_json(kept->type, &r, &t);
    json[t.len] = '\0';
    script_unmet(s, "expected nothing about %s: at %s was said %s", key,
                 script_clock_text(s, kept->t_ms, since), json);
    return true;
}

/* KIND KEY… member value … */
static bool expect_members(struct script *s, struct expectation *e, const struct script_kind *kind)
{
    char key[SCRIPT_KEY_BYTES], wanted[SHOWN_BYTES], seen[SHOWN_BYTES], since[SCRIPT_CLOCK_BYTES];
    struct text want = text_over(wanted, sizeof wanted - 1), see = text_over(seen, sizeof seen - 1);
    struct result_origin origin;
    union result_any r;
    bool all = true;
    if (!key_take(s, e, kind, key))
        return false;
    if (!rest_of(e))
        return script_broken(s, "a member and its value are expected after `%s`", key);
    const struct script_kept *kept = script_results_find(s, key);
    bool there =
        kept && kept->body && result_decode(kept->type, kept->body, kept->len, &origin, &r, NULL);
    while (rest_of(e)) {
        bool met = true;
        if (!script_compare(s, kind, there ? &r : NULL, &e->words, &e->at, &met, &want, &see))
            return false;
        all = all && met;
    }
    wanted[want.len] = '\0';
    seen[see.len] = '\0';
    if (!there)
        script_unmet(s, "expected a result of %s: there is none yet", key);
    else if (!all)
        script_unmet(s, "expected %s %s: %s, as said at %s", key, wanted, seen,
                     script_clock_text(s, kept->t_ms, since));
    return true;
}

bool script_expect(struct script *s, struct str rest)
{
    struct expectation e = {0};
    if (!script_words_need(s, rest, &e.words))
        return false;
    if (str_is(word_at(&e, 0), "exercise")) {
        e.exercise = true;
        e.at = 1;
    }
    s->report->expectations++;
    if (str_is(word_at(&e, e.at), "nothing")) {
        e.at++;
        return expect_nothing(s, &e);
    }
    const struct script_kind *kind = script_kind_find(word_at(&e, e.at));
    if (!kind)
        return expect_level(s, &e);
    e.at++;
    return expect_members(s, &e, kind);
}
