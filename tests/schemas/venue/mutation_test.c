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

enum { SOURCE_MAX = 16384, VENUE_RUNS = 6000, CONFIG_RUNS = 1000 };

static const char venue_seed[] =
    "venue: {id: fair, name: Fair, time_zone: Europe/Berlin, capacity: 900}\n"
    "defaults: {silence_s: {crowd: 30}, dwell_s: {red: 5}, clear_s: 60}\n"
    "zones:\n"
    "  - {id: plaza, kind: plaza, area_m2: 90}\n"
    "  - id: hall-1\n"
    "    kind: hall\n"
    "    capacity: 500\n"
    "    polygon: [[0, 0], [100, 0], [100, 100], [0, 100]]\n"
    "  - {id: aisle, kind: cell, parent: hall-1, area_m2: 25, name: \"Aisle ü\"}\n"
    "  - &s {id: stairs, kind: stairs, parent: aisle, area_m2: 12.5, width_m: 2.5}\n"
    "sensors:\n"
    "  - {id: door, class: crowd, counter: total, zone: hall-1, outside: plaza, wrap: 65536}\n"
    "  - {id: cam, class: crowd, counter: level, zone: aisle, saturates_at: 255, silence_s: 10}\n"
    "  - {id: g1, class: gate, zone: plaza, lanes: 12, entry_verification: yes}\n"
    "  - {id: lamp, class: light, zone: stairs}\n"
    "rules:\n"
    "  - id: r1\n"
    "    metric: density\n"
    "    kinds: [cell, stairs]\n"
    "    levels:\n"
    "      blue: {enter: 1, action: look}\n"
    "      red:\n"
    "        enter: 4.5\n"
    "        dwell_s: 0.5\n"
    "        action: |-\n"
    "          act\n"
    "builtin_rules: yes\n";

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

/* YAML ends a line at CR, NEL, LS and PS too, so there may be more lines than line feeds. */
static uint32_t lines_at_most(const char *source, uint32_t len)
{
    uint32_t lines = 2;
    for (uint32_t i = 0; i < len; i++)
        lines += source[i] == '\n' || source[i] == '\r' || (unsigned char)source[i] >= 0x80;
    return lines;
}

static void check_problems(const struct problems *problems, uint32_t lines)
{
    assert_true(problems->warnings <= problems->count);
    for (uint32_t i = 0; i < problems_listed(problems); i++) {
        assert_true(problems->problem[i].text[0] != '\0');
        assert_in_range(problems->problem[i].line, 1, lines);
    }
}

static void check_venue(const struct venue *v)
{
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
        assert_true(s->lanes <= VENUE_GATE_LANES_MAX);
    }
    char words[8192];
    for (uint32_t i = 0; i < v->rule_count; i++) {
        const struct venue_rule *r = &v->rules[i];
        assert_true(r->kinds != 0 || r->zone_count > 0 || r->tag_count > 0);
        for (uint32_t k = 0; k < r->zone_count; k++)
            assert_true(r->zone[k] < v->zone_count);
        double before = 0;
        for (uint32_t level = 0; level < VENUE_LEVELS; level++) {
            if (isnan(r->enter[level]))
                continue;
            assert_true(r->enter[level] > before && r->action[level].len > 0);
            before = r->enter[level];
        }
        assert_true(before > 0 && r->min_samples >= 1);
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
    struct problems none = {0};
    struct venue *whole = NULL;
    assert_true(venue_parse(str_of(venue_seed), &whole, &none));
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
        check_problems(&problems, lines_at_most(source, len));
        if (ok)
            check_venue(v);
        accepted += ok;
        venue_free(v);
    }
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
            check_problems(&problems, lines_at_most(source, len));
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
        check_problems(&problems, lines_at_most(source, len));
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
