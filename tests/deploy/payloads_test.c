/* The payload maps that are shipped: each says where its fields come from and how far they were
 * verified, and each message among its samples becomes what the map says it does. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/payload/payload_decode.h"
#include "tests/support/support.h"

#define PAYLOADS CROWDTIDE_SOURCE_DIR "/deploy/payloads/"
enum { SOURCE_MAX = PAYLOAD_MAP_BYTES_MAX, SHIPPED_MAX = PAYLOAD_MAPS_MAX, OUTCOME_MAX = 32768 };

struct shipped {
    char name[64]; /* the file's, without ".yaml" */
    char *text;    /* NUL-terminated */
    const struct payload_map *map;
};

struct fixture {
    struct shipped shipped[SHIPPED_MAX];
    uint32_t count;
    struct payload_maps *maps;
    struct payload_decoder *decoder;
};

static char *take_file(const char *path)
{
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    char *text = malloc(SOURCE_MAX + 1);
    assert_non_null(text);
    size_t len = fread(text, 1, SOURCE_MAX, in);
    assert_true(len < SOURCE_MAX);
    text[len] = '\0';
    assert_int_equal(fclose(in), 0);
    return text;
}

/* NULL: with a mistake, which is told. Not even a warning is wanted. */
static struct payload_map *compile(const char *name, const char *text)
{
    struct problems problems = {0};
    struct payload_map *map = NULL;
    bool ok = payload_map_parse(str_of(text), &map, &problems);
    for (uint32_t i = 0; i < problems_listed(&problems); i++)
        print_error("%s.yaml:%u:%u: %s\n", name, problems.problem[i].line,
                    problems.problem[i].column, problems.problem[i].text);
    if (ok && problems.count == 0)
        return map;
    payload_map_free(map);
    return NULL;
}

static int by_name(const void *a, const void *b)
{
    const struct shipped *left = a, *right = b;
    return strcmp(left->name, right->name);
}

static void list_shipped(struct fixture *f)
{
    DIR *dir = opendir(PAYLOADS);
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        size_t len = strlen(entry->d_name);
        if (len <= 5 || strcmp(entry->d_name + len - 5, ".yaml") != 0)
            continue;
        assert_true(f->count < SHIPPED_MAX);
        struct shipped *s = &f->shipped[f->count++];
        assert_true(len - 5 < sizeof s->name);
        memcpy(s->name, entry->d_name, len - 5);
    }
    assert_int_equal(closedir(dir), 0);
    qsort(f->shipped, f->count, sizeof f->shipped[0], by_name);
}

/* All of them in one list, as a venue with everything would have them. */
static int load_all(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    bool all = true;
    assert_non_null(f);
    *state = f;
    list_shipped(f);
    f->maps = payload_maps_new();
    f->decoder = payload_decoder_new();
    assert_non_null(f->maps);
    assert_non_null(f->decoder);
    for (uint32_t i = 0; i < f->count; i++) {
        struct shipped *s = &f->shipped[i];
        char path[512];
        struct error err = {0};
        snprintf(path, sizeof path, PAYLOADS "%s.yaml", s->name);
        s->text = take_file(path);
        struct payload_map *map = compile(s->name, s->text);
        all = all && map;
        if (map)
            assert_true(payload_maps_add(f->maps, map, NULL, 0, &err));
        s->map = map;
    }
    return all ? 0 : -1;
}

static int free_all(void **state)
{
    struct fixture *f = *state;
    for (uint32_t i = 0; i < f->count; i++)
        free(f->shipped[i].text);
    payload_decoder_free(f->decoder);
    payload_maps_free(f->maps);
    free(f);
    return 0;
}

static struct str written(const struct text *t)
{
    return (struct str){t->at, (uint32_t)t->len};
}

static void outcome_of(struct payload_decoder *decoder, const struct payload_maps *maps,
                       const struct payload_map *map, const struct payload_sample *sample,
                       struct text *out)
{
    struct payload_outcome outcome;
    char *padded = calloc(1, sample->payload.len + JSON_PADDING_BYTES);
    assert_non_null(padded);
    if (sample->payload.len)
        memcpy(padded, sample->payload.at, sample->payload.len);
    struct payload_message message = {.topic = sample->topic,
                                      .payload = {padded, sample->payload.len},
                                      .content_type = sample->content_type,
                                      .received_ms = sample->received_ms,
                                      .utc_offset_s = sample->utc_offset_s};
    payload_decode(decoder, maps, map, &message, &outcome);
    payload_outcome_text(&outcome, out);
    free(padded);
}

/* True when the message becomes what the sample says. */
static bool sample_holds(struct payload_decoder *decoder, const struct payload_maps *maps,
                         const struct payload_map *map, const struct payload_sample *sample,
                         bool tell)
{
    static char want_bytes[OUTCOME_MAX], have_bytes[OUTCOME_MAX];
    struct text want = text_over(want_bytes, sizeof want_bytes);
    struct text have = text_over(have_bytes, sizeof have_bytes);
    payload_sample_text(sample, &want);
    outcome_of(decoder, maps, map, sample, &have);
    assert_false(want.overflow || have.overflow);
    bool same = str_equal(written(&want), written(&have));
    if (!same && tell)
        print_error("line %u: wanted\n" STR_FMT "got\n" STR_FMT, sample->line,
                    STR_ARG(written(&want)), STR_ARG(written(&have)));
    return same;
}

static void every_sample_becomes_what_its_map_says(void **state)
{
    const struct fixture *f = *state;
    bool all = true;
    for (uint32_t i = 0; i < f->count; i++) {
        const struct shipped *s = &f->shipped[i];
        const struct payload_sample *sample;
        for (uint32_t k = 0; (sample = payload_map_sample(s->map, k)) != NULL; k++) {
            if (sample_holds(f->decoder, f->maps, s->map, sample, true))
                continue;
            print_error("… in %s.yaml\n", s->name);
            all = false;
        }
    }
    assert_true(all);
}

/* A map that nobody can check, or that shows only the good case, is none to trust. */
static void every_map_says_what_it_stands_on(void **state)
{
    const struct fixture *f = *state;
    assert_true(f->count >= 16);
    for (uint32_t i = 0; i < f->count; i++) {
        const struct shipped *s = &f->shipped[i];
        const struct payload_facts *facts = payload_map_facts(s->map);
        uint32_t samples = 0, readings = 0, says_little = 0;
        const struct payload_sample *sample;
        for (; (sample = payload_map_sample(s->map, samples)) != NULL; samples++) {
            readings += sample->reading_count;
            says_little += sample->nothing || sample->refused.len;
            for (uint32_t k = 0; k < sample->reading_count; k++)
                says_little += memmem(sample->reading[k].at, sample->reading[k].len, " refused ",
                                      strlen(" refused ")) != NULL;
        }
        if (!str_is(facts->id, s->name) || !facts->title.len || !facts->source.len ||
            !strstr(s->text, "\nverified: ") || samples < 3 || readings == 0 || says_little == 0)
            fail_msg("%s.yaml: %u samples, %u readings, %u that say nothing or are refused; "
                     "id, title, source and verified have to be there",
                     s->name, samples, readings, says_little);
    }
}

/* However many of them a venue takes, none reads what is another's. */
static void no_map_takes_the_topics_of_another(void **state)
{
    const struct fixture *f = *state;
    for (uint32_t i = 0; i < f->count; i++) {
        const struct shipped *s = &f->shipped[i];
        const struct payload_sample *sample;
        for (uint32_t k = 0; (sample = payload_map_sample(s->map, k)) != NULL; k++) {
            const struct payload_map *fits = payload_maps_find(f->maps, sample->topic);
            if (fits != s->map)
                fail_msg("%s.yaml:%u: " STR_FMT " is read by " STR_FMT, s->name, sample->line,
                         STR_ARG(sample->topic),
                         STR_ARG(fits ? payload_map_facts(fits)->id : STR_LIT("none")));
        }
    }
}

static void the_table_of_devices_names_every_map(void **state)
{
    const struct fixture *f = *state;
    char *table = take_file(PAYLOADS "DEVICES.md");
    for (uint32_t i = 0; i < f->count; i++) {
        char cell[80];
        snprintf(cell, sizeof cell, "`%s`", f->shipped[i].name);
        if (!strstr(table, cell))
            fail_msg("DEVICES.md does not name %s", f->shipped[i].name);
    }
    free(table);
}

/* What compares the samples does see a number that is wrong. */
static void a_wrong_sample_is_seen(void **state)
{
    const struct fixture *f = *state;
    static const char source[] = "payload: wrong\n"
                                 "title: A counter\n"
                                 "source: here\n"
                                 "verified: unverified\n"
                                 "topics: [\"wrong/{device}\"]\n"
                                 "readings:\n"
                                 "  - {class: crowd, kind: level, device: \"{device}\", "
                                 "occupancy: /n}\n"
                                 "samples:\n"
                                 "  - {topic: wrong/a, payload: '{\"n\":12}', "
                                 "readings: [\"a crowd_level occupancy=12\"]}\n"
                                 "  - {topic: wrong/a, payload: '{\"n\":12}', "
                                 "readings: [\"a crowd_level occupancy=13\"]}\n"
                                 "  - {topic: wrong/a, payload: '{\"n\":12}', nothing: yes}\n";
    struct payload_maps *maps = payload_maps_new();
    struct payload_map *map = compile("wrong", source);
    struct error err = {0};
    assert_non_null(maps);
    assert_non_null(map);
    assert_true(payload_maps_add(maps, map, NULL, 0, &err));
    assert_true(sample_holds(f->decoder, maps, map, payload_map_sample(map, 0), true));
    assert_false(sample_holds(f->decoder, maps, map, payload_map_sample(map, 1), false));
    assert_false(sample_holds(f->decoder, maps, map, payload_map_sample(map, 2), false));
    payload_maps_free(maps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_becomes_what_its_map_says),
        cmocka_unit_test(every_map_says_what_it_stands_on),
        cmocka_unit_test(no_map_takes_the_topics_of_another),
        cmocka_unit_test(the_table_of_devices_names_every_map),
        cmocka_unit_test(a_wrong_sample_is_seen),
    };
    return cmocka_run_group_tests(tests, load_all, free_all);
}
