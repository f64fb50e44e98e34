/*
 * payload, by properties: the canonical map says what processors/core/reading.c says; the order of
 * an object's members does not matter; whatever a document holds, readings are within the limits of
 * their members. The documents are the samples of the shipped maps, written anew with members in
 * another order and values of other kinds, from seeds.
 */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "processors/core/reading.h"
#include "schemas/json/json_document.h"
#include "schemas/payload/payload_decode.h"
#include "tests/support/support.h"

#define PAYLOADS CROWDTIDE_SOURCE_DIR "/deploy/payloads/"
enum { DOCUMENT_MAX = 64 * 1024, TEXT_MAX = 256 * 1024, ROUNDS = 60, CANONICAL_ROUNDS = 20000 };

struct fixture {
    struct payload_maps *maps;
    struct payload_decoder *decoder;
    struct json_parser *parser;
    char document[DOCUMENT_MAX + JSON_PADDING_BYTES];
    char first[TEXT_MAX], second[TEXT_MAX];
};

static uint64_t seed = 11;
static uint32_t below(uint32_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((seed >> 33) % n);
}

static void map_load(struct fixture *f, const char *name)
{
    static struct problems problems;
    char path[512];
    char *text = calloc(1, PAYLOAD_MAP_BYTES_MAX + 1);
    struct payload_map *map = NULL;
    struct error err = {0};
    snprintf(path, sizeof path, PAYLOADS "%s", name);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    assert_true(fread(text, 1, PAYLOAD_MAP_BYTES_MAX, in) > 0);
    assert_int_equal(fclose(in), 0);
    assert_true(payload_map_parse(str_of(text), &map, &problems));
    assert_true(payload_maps_add(f->maps, map, NULL, 0, &err));
    free(text);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->maps = payload_maps_new();
    f->decoder = payload_decoder_new();
    f->parser = json_parser_new(READING_DOCUMENT_BYTES_MAX);
    DIR *dir = opendir(PAYLOADS);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        if (strstr(entry->d_name, ".yaml"))
            map_load(f, entry->d_name);
    assert_int_equal(closedir(dir), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    payload_maps_free(f->maps);
    payload_decoder_free(f->decoder);
    json_parser_free(f->parser);
    free(f);
    return 0;
}

/* What a value is replaced by. */
static const char *const others[] = {
    "null", "-1", "0",      "1e300", "0.5", "18446744073709551615", "true", "\"\"",
    "[]",   "{}", "\"on\"", "255",   "[{}]"};

/* Writes a value anew: each object's members in another order; one value in `spoil` by another (0:
 * none). */
static void write_anew(const struct json_document *d, uint32_t at, uint32_t spoil, struct text *out)
{
    struct json_field v = {0};
    json_read(d, at, &v);
    if (spoil && below(spoil) == 0) {
        text_add(out, others[below(sizeof others / sizeof others[0])]);
        return;
    }
    switch (v.kind) {
    case JSON_NULL:
        text_add(out, "null");
        return;
    case JSON_BOOL:
        text_add(out, v.boolean ? "true" : "false");
        return;
    case JSON_INT:
        text_add_i64(out, v.integer);
        return;
    case JSON_UINT:
        text_add_u64(out, v.natural);
        return;
    case JSON_REAL:
        text_add_f64(out, v.real);
        return;
    case JSON_STRING:
        text_add_json(out, v.text);
        return;
    case JSON_ARRAY:
        text_add_char(out, '[');
        for (uint32_t in = json_first(at); in != json_end(d, at); in = json_after(d, in)) {
            text_add(out, in == json_first(at) ? "" : ",");
            write_anew(d, in, spoil, out);
        }
        text_add_char(out, ']');
        return;
    case JSON_OBJECT:
        break;
    }
    uint32_t member[128], count = 0;
    for (uint32_t in = json_first(at); in != json_end(d, at); in = json_after(d, in + 1)) {
        assert_true(count < 128);
        member[count++] = in;
    }
    text_add_char(out, '{');
    for (uint32_t i = 0; i < count; i++) {
        uint32_t other = i + below(count - i), swapped = member[i];
        member[i] = member[other];
        member[other] = swapped;
        text_add(out, i ? "," : "");
        text_add_json(out, json_text(d, member[i]));
        text_add_char(out, ':');
        write_anew(d, member[i] + 1, spoil, out);
    }
    text_add_char(out, '}');
}

/* The sample's payload into f->document, as it is or written anew. False: it is no JSON. */
static bool document_make(struct fixture *f, struct str payload, bool anew, uint32_t spoil,
                          uint32_t *ret_len)
{
    struct json_document d;
    char *copy = calloc(1, payload.len + JSON_PADDING_BYTES);
    if (payload.len)
        memcpy(copy, payload.at, payload.len);
    bool json = json_parse_document(f->parser, (const uint8_t *)copy, payload.len, &d) == JSON_OK;
    struct text out = text_over(f->document, DOCUMENT_MAX);
    if (json && anew)
        write_anew(&d, JSON_ROOT, spoil, &out);
    else
        text_add_str(&out, payload);
    assert_false(out.overflow);
    memset(f->document + out.len, '}', JSON_PADDING_BYTES);
    *ret_len = (uint32_t)out.len;
    free(copy);
    return json;
}

static void decode(struct fixture *f, const struct payload_map *map,
                   const struct payload_sample *sample, uint32_t len, struct payload_outcome *ret)
{
    static struct payload_message message;
    message = (struct payload_message){.topic = sample->topic,
                                       .payload = {f->document, len},
                                       .content_type = sample->content_type,
                                       .received_ms = sample->received_ms,
                                       .utc_offset_s = sample->utc_offset_s};
    payload_decode(f->decoder, f->maps, map, &message, ret);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The outcome's lines in the order of the alphabet. */
static void sorted_lines(const struct payload_outcome *outcome, char *to)
{
    static char text[TEXT_MAX];
    char *line[PAYLOAD_READINGS_MAX + 1], *save = NULL;
    uint32_t count = 0;
    struct text out = text_over(text, TEXT_MAX - 1);
    payload_outcome_text(outcome, &out);
    text[out.len] = '\0';
    for (char *at = strtok_r(text, "\n", &save); at; at = strtok_r(NULL, "\n", &save))
        line[count++] = at;
    qsort(line, count, sizeof line[0], by_text);
    struct text all = text_over(to, TEXT_MAX - 1);
    for (uint32_t i = 0; i < count; i++) {
        text_add(&all, line[i]);
        text_add_char(&all, '\n');
    }
    to[all.len] = '\0';
}

/* Which member a refusal names first may depend on the order of elements of an object, never which
 * readings there are. */
static void test_order_of_members_does_not_matter(void **state)
{
    struct fixture *f = *state;
    uint32_t compared = 0;
    for (uint32_t m = 0; m < payload_maps_count(f->maps); m++) {
        const struct payload_map *map = payload_maps_at(f->maps, m);
        const struct payload_sample *sample;
        for (uint32_t i = 0; (sample = payload_map_sample(map, i)); i++) {
            struct payload_outcome outcome;
            uint32_t len;
            if (!document_make(f, sample->payload, false, 0, &len))
                continue;
            decode(f, map, sample, len, &outcome);
            sorted_lines(&outcome, f->first);
            for (uint32_t round = 0; round < ROUNDS; round++) {
                (void)document_make(f, sample->payload, true, 0, &len);
                decode(f, map, sample, len, &outcome);
                sorted_lines(&outcome, f->second);
                if (strcmp(f->first, f->second) != 0)
                    fail_msg("%s sample %u:\n%sthen\n%s", payload_map_facts(map)->id.at, i,
                             f->first, f->second);
                compared++;
            }
        }
    }
    assert_true(compared > 16 * ROUNDS);
}

static void within_limits(const struct payload_reading *r)
{
    struct members members = members_of(r->class, r->kind);
    struct refusal refusal;
    for (uint32_t i = 0; i < members.count; i++) {
        const struct member *m = &members.member[i];
        const char *at = (const char *)&r->values + m->offset;
        if (!member_said(m, &r->values))
            continue;
        if (m->kind == MEMBER_COUNT) {
            int64_t v;
            memcpy(&v, at, sizeof v);
            assert_true(v >= 0 && (double)v <= m->max);
        } else if (m->kind == MEMBER_REAL) {
            double v;
            memcpy(&v, at, sizeof v);
            assert_true(v >= 0 && v <= m->max);
        } else if (m->kind == MEMBER_TEXT) {
            struct str v;
            memcpy(&v, at, sizeof v);
            assert_true(v.len <= READING_TEXT_BYTES_MAX &&
                        utf8_valid((const uint8_t *)v.at, v.len));
        }
    }
    assert_true(r->values.ts == RESULT_ABSENT || r->values.ts >= 0);
    assert_true(r->partial || members_complete(r->class, r->kind, &r->values, &refusal));
    assert_true(r->device.len > 0 && r->device.len <= PAYLOAD_NAME_BYTES_MAX &&
                r->part.len <= PAYLOAD_NAME_BYTES_MAX);
}

static void ignored_count(void *context, struct str pointer)
{
    assert_true(pointer.len > 0);
    ++*(uint32_t *)context;
}

static void test_readings_are_within_limits(void **state)
{
    struct fixture *f = *state;
    uint32_t read = 0, refused = 0, ignored = 0;
    for (uint32_t m = 0; m < payload_maps_count(f->maps); m++) {
        const struct payload_map *map = payload_maps_at(f->maps, m);
        const struct payload_sample *sample;
        for (uint32_t round = 0; round < ROUNDS; round++)
            for (uint32_t i = 0; (sample = payload_map_sample(map, i)); i++) {
                struct payload_outcome outcome;
                uint32_t len;
                (void)document_make(f, sample->payload, true, 2 + below(12), &len);
                if (len && below(8) == 0)
                    f->document[below(len)] = (char)below(256);
                decode(f, map, sample, len, &outcome);
                assert_true(outcome.count <= PAYLOAD_READINGS_MAX);
                assert_true((outcome.kind == PAYLOAD_READINGS) == (outcome.count > 0));
                for (uint32_t r = 0; r < outcome.count; r++) {
                    refused += outcome.reading[r].refused;
                    if (outcome.reading[r].refused)
                        continue;
                    within_limits(&outcome.reading[r]);
                    read++;
                }
                payload_ignored(f->decoder, map, ignored_count, &ignored);
            }
    }
    assert_true(read > 100 && refused > 100 && ignored > 100);
}

static const char *const kinds[] = {"level", "delta",        "daily", "total",
                                    "gate",  "vehicle_gate", "light"};
static const struct venue_sensor sensors[] = {
    {.class = SENSOR_CROWD, .kind = COUNTER_LEVEL},
    {.class = SENSOR_CROWD, .kind = COUNTER_DELTA},
    {.class = SENSOR_CROWD, .kind = COUNTER_DAILY},
    {.class = SENSOR_CROWD, .kind = COUNTER_TOTAL},
    {.class = SENSOR_GATE, .kind = COUNTER_DELTA},
    {.class = SENSOR_VEHICLE_GATE, .kind = COUNTER_DELTA},
    {.class = SENSOR_LIGHT, .kind = COUNTER_LEVEL},
};
static const enum topic_class topics[] = {TOPIC_CROWD, TOPIC_CROWD, TOPIC_CROWD, TOPIC_CROWD,
                                          TOPIC_GATE,  TOPIC_GATE,  TOPIC_LIGHT};

/* Mostly right for the member. */
static const char *value_for(const struct member *m)
{
    static const char *const numbers[] = {
        "0",  "1",   "72",    "10000000", "10000001", "9007199254740992",
        "-1", "1.5", "812.0", "\"3\"",    "true"};
    static const char *const words[] = {"\"pass\"", "\"reject\"", "\"in\"", "\"out\"",
                                        "\"open\"", "\"closed\"", "\"on\"", "\"dim\"",
                                        "\"off\"",  "\"ajar\"",   "1"};
    static const char *const texts[] = {"\"3\"", "\"a b\"", "\"\\u00e9\"", "{}"};
    static const char *const bools[] = {"true", "false", "0"};
    static const char *const times[] = {"1767268800000", "\"2026-01-01T12:00:00Z\"",
                                        "\"2026-01-01T12:00:00\"", "-5", "false"};
#define ONE_OF(list) list[below(sizeof list / sizeof list[0])]
    switch (m->kind) {
    case MEMBER_TIME:
        return ONE_OF(times);
    case MEMBER_COUNT:
    case MEMBER_REAL:
        return ONE_OF(numbers);
    case MEMBER_BOOL:
        return ONE_OF(bools);
    case MEMBER_WORD:
        return ONE_OF(words);
    case MEMBER_TEXT:
        return ONE_OF(texts);
    }
    return "null";
}

static uint32_t canonical_write(struct fixture *f, struct members members)
{
    struct text out = text_over(f->document, DOCUMENT_MAX);
    text_add_char(&out, '{');
    for (uint32_t i = 0; i < members.count; i++) {
        if (below(3) == 0)
            continue;
        text_add(&out, out.len > 1 ? "," : "");
        text_add_json(&out, members.member[i].name);
        text_add_char(&out, ':');
        text_add(&out, value_for(&members.member[i]));
    }
    text_add(&out, out.len > 1 ? ",\"more\":1}" : "}");
    memset(f->document + out.len, '}', JSON_PADDING_BYTES);
    return (uint32_t)out.len;
}

static const struct payload_map *canonical_map(struct fixture *f)
{
    return payload_maps_find(f->maps, STR_LIT("canonical/level/x"));
}

static void test_canonical_map_says_what_the_core_says(void **state)
{
    struct fixture *f = *state;
    const struct payload_map *map = canonical_map(f);
    uint32_t read = 0, refused = 0;
    assert_non_null(map);
    for (uint32_t round = 0; round < CANONICAL_ROUNDS; round++) {
        uint32_t kind = below(7);
        struct payload_reading core = {
            .class = sensors[kind].class, .kind = sensors[kind].kind, .device = STR_LIT("x")};
        char topic[64];
        uint32_t len = canonical_write(f, members_of(core.class, core.kind));
        snprintf(topic, sizeof topic, "canonical/%s/x", kinds[kind]);
        result_clear(RECORD_READING, &core.values);
        bool ok = reading_parse(f->parser, topics[kind], &sensors[kind],
                                (struct str){f->document, len}, &core.values, &core.refusal);
        const struct payload_message message = {.topic = str_of(topic),
                                                .payload = {f->document, len}};
        struct payload_outcome outcome;
        payload_decode(f->decoder, f->maps, map, &message, &outcome);
        bool mapped = outcome.kind == PAYLOAD_READINGS && !outcome.reading[0].refused;
        if (ok != mapped)
            fail_msg("%s %.*s: core %d, map %d: %s", topic, (int)len, f->document, ok, mapped,
                     ok ? outcome.reading[0].refusal.detail : core.refusal.detail);
        read += ok;
        refused += !ok;
        if (!ok)
            continue;
        struct text first = text_over(f->first, TEXT_MAX - 1),
                    second = text_over(f->second, TEXT_MAX - 1);
        payload_reading_text(&core, &first);
        payload_reading_text(&outcome.reading[0], &second);
        f->first[first.len] = f->second[second.len] = '\0';
        assert_string_equal(f->first, f->second);
    }
    assert_true(read > CANONICAL_ROUNDS / 20 && refused > CANONICAL_ROUNDS / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order_of_members_does_not_matter, setup, teardown),
        cmocka_unit_test_setup_teardown(test_readings_are_within_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_canonical_map_says_what_the_core_says, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
