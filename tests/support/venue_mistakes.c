#include "tests/support/venue_mistakes.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/support.h"

enum { SOURCE_MAX = 8192 };
static const char mark = '^';

struct place {
    uint32_t line, column;
};

/* The source without its mark, and where that was; line 0: there is none. */
static struct place unmark(const char *marked, char source[SOURCE_MAX])
{
    struct place at = {0}, here = {1, 1};
    size_t len = 0;
    for (const char *c = marked; *c; c++) {
        if (*c == mark) {
            assert_int_equal(at.line, 0);
            at = here;
            continue;
        }
        assert_true(len + 1 < SOURCE_MAX);
        source[len++] = *c;
        here = *c == '\n' ? (struct place){here.line + 1, 1}
                          : (struct place){here.line, here.column + 1};
    }
    source[len] = '\0';
    return at;
}

static void show(const struct problems *problems)
{
    for (uint32_t i = 0; i < problems_listed(problems); i++) {
        const struct problem *p = &problems->problem[i];
        print_error("%u:%u: %s%s\n", p->line, p->column, p->warning ? "warning: " : "", p->text);
    }
}

static void check_one(const struct venue_mistake *m)
{
    char source[SOURCE_MAX];
    struct problems problems = {0};
    struct venue *venue = NULL;
    struct place at = unmark(m->source, source);
    bool warned = m->answer == VENUE_WARNED, found = false;
    bool ok = venue_parse(str_of(source), &venue, &problems);
    for (uint32_t i = 0; i < problems_listed(&problems) && !found; i++) {
        const struct problem *p = &problems.problem[i];
        found = p->line == at.line && p->column == at.column && p->warning == warned &&
                strstr(p->text, m->words);
    }
    if (!found || ok != warned) {
        print_error("%s\nexpected at %u:%u: %s\n", source, at.line, at.column, m->words);
        show(&problems);
    }
    assert_true(found);
    assert_int_equal(ok, warned);
    venue_free(venue);
}

void venue_mistakes_check(const struct venue_mistake *mistakes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_one(&mistakes[i]);
}

struct venue *venue_mistakes_none(const char *source, bool warnings_allowed)
{
    struct problems problems = {0};
    struct venue *venue = NULL;
    bool ok = venue_parse(str_of(source), &venue, &problems);
    if (!ok || (problems.count && !warnings_allowed)) {
        print_error("%s\n", source);
        show(&problems);
    }
    assert_true(ok);
    if (!warnings_allowed)
        assert_int_equal(problems.count, 0);
    return venue;
}

char *venue_mistakes_everything(void)
{
    FILE *in = fopen(CROWDTIDE_SOURCE_DIR "/tests/fuzz/corpus/venue/everything.yaml", "r");
    char *source = malloc(SOURCE_MAX);
    assert_non_null(in);
    assert_non_null(source);
    size_t len = fread(source, 1, SOURCE_MAX - 1, in);
    assert_true(len > 0 && len < SOURCE_MAX - 1);
    assert_int_equal(fclose(in), 0);
    source[len] = '\0';
    return source;
}
