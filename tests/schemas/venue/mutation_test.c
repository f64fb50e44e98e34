/*
 * Damaged venue and configuration files, thousands of them from a seed: never a crash, every
 * refusal has a reason, and a line that the file has; what is accepted keeps the promises of
 * venue.h. CROWDTIDE_SEED repeats one run.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/config/config.h"
#include "schemas/venue/venue.h"
#include "schemas/yaml/tree.h"
#include "tests/support/support.h"
#include "tests/support/venue_mistakes.h"

enum { SOURCE_MAX = 16384, VENUE_RUNS = 6000, CONFIG_RUNS = 1000 };

static const char config_seed[] = "venue: venue.yaml\nstate_dir: state\n"
                                  "mqtt:\n  url: mqtt://127.0.0.1:1883\n  version: 5\n"
                                  "  filters: [a/#, b/+]\n  username: ${HOME}\n"
                                  "log: {sync: every, sync_ms: 50, cap_forces: no}\n"
                                  "kafka:\n  brokers: h:1\n  options:\n    - a=b\n    - c=d\n"
                                  "series: {url: \"http://h:8086\", api: v2, org: o}\n";

/* Pieces that mean something to YAML or to the files. */
static const char *const pieces[] = {
    "\n",
    " ",
    "  - ",
    ": ",
    ",",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "#",
    "&s ",
    "*s",
    "!x ",
    "|",
    ">",
    "---\n",
    "...\n",
    "?",
    "%",
    "\t",
    "\r",
    "-",
    "0",
    "-1",
    "1e9",
    "nan",
    ".inf",
    "999999999999999999",
    "65537",
    "null",
    "~",
    "yes",
    "id: ",
    "hall-1",
    "aisle",
    "kind: ",
    "parent: ",
    "zone",
    "levels:",
    "red",
    "action",
    "${HOME}",
    "${X",
    "$${",
    "\xc3\xbc",
    "\xff",
    "\x01",
    "\\x00",
    "\xe2\x80\xa8",
    "venue",
    "zones:\n",
    "polygon: [[0, 0]",
    "capacity: 0",
    "area_m2: 1000000",
    "<<: *s",
};

static uint64_t next(uint64_t *random)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return *random >> 24;
}

/* Every digit from `at` to the end of its number becomes another: the gentlest of edits. */
static void renumber(char *out, uint32_t len, uint32_t at, uint64_t *random)
{
    while (at < len && (out[at] < '0' || out[at] > '9'))
        at++;
    for (; at < len && out[at] >= '0' && out[at] <= '9'; at++)
        out[at] = (char)('0' + next(random) % 10);
}

/* One edit or several: numbers and bytes changed, bytes removed or doubled, pieces put in. */
static uint32_t mutate(const char *seed, char *out, uint64_t *random)
{
    uint32_t len = (uint32_t)strlen(seed);
    memcpy(out, seed, len);
    uint32_t edits = next(random) % 2 ? 1 : 2 + (uint32_t)next(random) % 7;
    for (uint32_t i = 0; i < edits && len > 1; i++) {
        uint32_t at = (uint32_t)next(random) % len;
        uint32_t span = 1 + (uint32_t)next(random) % 40;
        span = span < len - at ? span : len - at;
        const char *piece = pieces[next(random) % (sizeof pieces / sizeof pieces[0])];
        uint32_t n = (uint32_t)strlen(piece);
        switch (next(random) % 7) {
        case 0:
            out[at] = (char)next(random);
            break;
        case 1:
            memmove(out + at, out + at + span, len - at - span);
            len -= span;
            break;
        case 2:
            if (len + span < SOURCE_MAX) {
                memmove(out + at + span, out + at, len - at);
                len += span;
            }
            break;
        case 3:
        case 4:
            renumber(out, len, at, random);
            break;
        default:
            if (len + n < SOURCE_MAX) {
                memmove(out + at + n, out + at, len - at);
                memcpy(out + at, piece, n);
                len += n;
            }
        }
    }
    out[len] = '\0';
    return len;
}

/* Bytes of the line break at the start of the text; 0: there is none. YAML ends a line at CR, NEL,
 * LS and PS too. */
static uint32_t line_break(struct str s)
{
    static const char *const breaks[] = {"\r\n",     "\n",           "\r",
                                         "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};
    for (size_t i = 0; i < sizeof breaks / sizeof breaks[0]; i++) {
        struct str b = str_of(breaks[i]);
        if (s.len >= b.len && memcmp(s.at, b.at, b.len) == 0)
            return b.len;
    }
    return 0;
}

/* True when the file has such a place: a character, or the end of the line or of the file behind
 * it.
 */
static bool place_exists(struct str s, uint32_t line, uint32_t column)
{
    uint32_t at_line = 1, at_column = 1;
    if (line == 0 || column == 0)
        return false;
    for (;;) {
        if (at_line == line && at_column == column)
            return true;
        if (s.len == 0)
            return false;
        uint32_t step = line_break(s);
        if (step) {
            at_line++;
            at_column = 1;
        } else {
            at_column++;
            for (step = 1; step < s.len && (s.at[step] & 0xc0) == 0x80; step++)
                ;
        }
        s = (struct str){s.at + step, s.len - step};
    }
}

static void check_problems(const struct problems *problems, struct str source)
{
    assert_true(problems->warnings <= problems->count);
    for (uint32_t i = 0; i < problems_listed(problems); i++) {
        const struct problem *p = &problems->problem[i];
        assert_true(p->text[0] != '\0');
        if (!place_exists(source, p->line, p->column))
            fail_msg("no place %u:%u (%s) in:\n" STR_FMT, p->line, p->column, p->text,
                     STR_ARG(source));
    }
}

static void check_levels(const struct venue *v, const struct venue_rule *r)
{
    double before = 0;
    assert_true(r->min_samples >= 1);
    for (uint32_t level = 0; level < VENUE_LEVELS; level++) {
        if (isnan(r->enter[level]))
            continue;
        assert_true(r->enter[level] > before && r->action[level].len > 0);
        before = r->enter[level];
        for (uint32_t k = 0; k < r->plan_count[level]; k++)
            assert_true(r->plan[level][k].len > 0);
        const int64_t *step = r->escalate_ms[level];
        for (uint32_t k = 1; k < VENUE_ESCALATIONS_MAX; k++)
            assert_true(step[k] == 0 || step[k] > step[k - 1]);
        for (uint32_t zone = 0; zone < v->zone_count; zone++)
            assert_true(venue_rule_samples(v, r, zone, level) <= r->min_samples);
    }
    assert_true(before > 0);
}

static void check_people(const struct venue *v)
{
    char words[8192];
    for (uint32_t i = 0; i < v->role_count; i++)
        assert_true(v->roles[i].id.len > 0 && v->roles[i].commands != 0);
    for (uint32_t i = 0; i < v->operator_count; i++) {
        const struct venue_operator *o = &v->operators[i];
        assert_int_equal(venue_operator_find(v, o->id), i);
        assert_int_equal(venue_operator_of_uid(v, o->uid, o->id), i);
        assert_true(v->role_count == VENUE_ROLES_MAX || o->roles >> v->role_count == 0);
        struct text out = text_over(words, sizeof words);
        venue_operator_explain(v, i, &out);
        assert_true(out.len > 0 && !out.overflow);
    }
    for (uint32_t i = 0; i < v->shift_count; i++)
        assert_in_range(v->shift_min[i], i ? v->shift_min[i - 1] + 1 : 0, 24 * 60 - 1);
}

static void check_settings(const struct venue *v)
{
    uint32_t count;
    const struct venue_setting *settings = venue_setting_table(&count);
    for (uint32_t i = 0; i < count; i++) {
        const void *field = (const char *)&v->settings + settings[i].offset;
        double value = settings[i].kind == VENUE_SETTING_BOOL   ? *(const bool *)field
                       : settings[i].kind == VENUE_SETTING_REAL ? *(const double *)field
                       : settings[i].kind == VENUE_SETTING_COUNT
                           ? (double)*(const int64_t *)field
                           : (double)*(const int64_t *)field / 1000;
        assert_true(value >= settings[i].min && value <= settings[i].max);
    }
}

static void check_venue(const struct venue *v)
{
    check_people(v);
    check_settings(v);
    assert_true(v->id.len > 0 && id_valid(v->id));
    for (uint32_t i = 0; i < v->zone_count; i++) {
        const struct venue_zone *z = &v->zones[i];
        assert_int_equal(venue_zone_find(v, z->id), i);
        uint32_t depth = 0;
        for (uint32_t at = i; at != 0; at = v->zones[at].parent)
            assert_true(++depth <= VENUE_DEPTH_MAX);
        assert_true(z->area_m2 >= 0 && z->width_m >= 0 && z->capacity >= 0 && z->name.len > 0);
    }
    for (uint32_t i = 0; i < v->sensor_count; i++) {
        const struct venue_sensor *s = &v->sensors[i];
        assert_int_equal(venue_sensor_find(v, s->id), i);
        assert_true(s->zone < v->zone_count && s->zone != s->outside);
        assert_true(s->outside < v->zone_count || s->outside == VENUE_NO_ZONE);
        assert_true(s->silence_ms >= 1000 && s->interval_ms < s->silence_ms);
        assert_true(s->lanes <= VENUE_GATE_LANES_MAX && (unsigned)s->service < SERVICE_COUNT);
        assert_true(s->queue == VENUE_NO_ZONE || (s->queue < v->zone_count && s->queue != s->zone));
        assert_true(isnan(s->error_pct) || (s->error == -1 && s->error_pct <= 100));
        assert_true(isnan(s->dim_lux) || isnan(s->scene_lux) || s->dim_lux < s->scene_lux);
        assert_true(venue_gate_zone(s) < v->zone_count);
    }
    char words[8192];
    for (uint32_t i = 0; i < v->rule_count; i++) {
        const struct venue_rule *r = &v->rules[i];
        assert_true(r->kinds != 0 || r->zone_count > 0 || r->tag_count > 0);
        for (uint32_t k = 0; k < r->zone_count; k++)
            assert_true(r->zone[k] < v->zone_count && (k == 0 || r->zone[k] > r->zone[k - 1]));
        check_levels(v, r);
        struct text out = text_over(words, sizeof words);
        venue_rule_explain(v, r, &out);
        assert_true(out.len > 0 && !out.overflow);
    }
}

static uint64_t seed(void)
{
    const char *given = getenv("CROWDTIDE_SEED");
    uint64_t value = given ? strtoull(given, NULL, 10) : 20261123;
    print_message("CROWDTIDE_SEED=%llu\n", (unsigned long long)value);
    return value;
}

static void damaged_venues(void **state)
{
    (void)state;
    static char source[SOURCE_MAX + 1];
    uint64_t random = seed();
    uint32_t accepted = 0;
    char *venue_seed = venue_mistakes_everything();
    struct problems none = {0};
    struct venue *whole = NULL;
    assert_true(venue_parse(str_of(venue_seed), &whole, &none));
    check_venue(whole);
    venue_free(whole);
    for (uint32_t run = 0; run < VENUE_RUNS; run++) {
        uint32_t len = mutate(venue_seed, source, &random);
        struct problems problems = {0};
        struct venue *v = NULL;
        /* A copy without anything behind it, so that a sanitizer sees a read past the end. */
        char *exact = malloc(len ? len : 1);
        assert_non_null(exact);
        memcpy(exact, source, len);
        bool ok = venue_parse((struct str){exact, len}, &v, &problems);
        free(exact);
        assert_int_equal(ok, !problems_refuse(&problems));
        check_problems(&problems, (struct str){source, len});
        if (ok)
            check_venue(v);
        accepted += ok;
        venue_free(v);
    }
    free(venue_seed);
    /* The loop is worth something only if both happen. */
    assert_true(accepted > VENUE_RUNS / 100 && accepted < VENUE_RUNS / 2);
}

/* What expands, means the same afterwards as when the tree replaces the variables itself. */
static void damaged_files_expand_alike(void **state)
{
    (void)state;
    static char source[SOURCE_MAX + 1];
    uint64_t random = seed();
    for (uint32_t run = 0; run < CONFIG_RUNS; run++) {
        uint32_t len = mutate(config_seed, source, &random);
        struct problems problems = {0}, again = {0};
        struct tree *direct = NULL, *expanded = NULL;
        char *text = NULL;
        size_t text_len = 0;
        bool parsed = tree_parse((struct str){source, len}, &tree_env_process, &direct, &problems);
        if (!parsed)
            check_problems(&problems, (struct str){source, len});
        if (tree_expand((struct str){source, len}, &tree_env_process, &text, &text_len, &again)) {
            struct problems after = {0};
            assert_int_equal(parsed, tree_parse((struct str){text, (uint32_t)text_len}, NULL,
                                                &expanded, &after));
            if (parsed) {
                assert_int_equal(tree_root(direct)->weight, tree_root(expanded)->weight);
                assert_int_equal(tree_root(direct)->count, tree_root(expanded)->count);
            }
        }
        tree_free(direct);
        tree_free(expanded);
        free(text);
    }
}

static void damaged_configurations(void **state)
{
    (void)state;
    static char source[SOURCE_MAX + 1];
    char dir[512], path[600];
    uint64_t random = seed();
    uint32_t accepted = 0;
    (void)support_temp_dir(dir, sizeof dir);
    (void)snprintf(path, sizeof path, "%s/c.yaml", dir);
    for (uint32_t run = 0; run < CONFIG_RUNS; run++) {
        uint32_t len = mutate(config_seed, source, &random);
        FILE *out = fopen(path, "w");
        assert_non_null(out);
        assert_int_equal(fwrite(source, 1, len, out), len);
        assert_int_equal(fclose(out), 0);
        struct problems problems = {0};
        struct config config;
        bool ok = config_load(path, &config, &problems);
        assert_int_equal(ok, !problems_refuse(&problems));
        check_problems(&problems, (struct str){source, len});
        if (ok) {
            assert_true(config.state_dir[0] && config.command_socket[0] && config.mqtt_url[0]);
            config_free(&config);
        }
        accepted += ok;
    }
    assert_true(accepted > CONFIG_RUNS / 100 && accepted < CONFIG_RUNS / 2);
    support_remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_venues),
        cmocka_unit_test(damaged_files_expand_alike),
        cmocka_unit_test(damaged_configurations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
