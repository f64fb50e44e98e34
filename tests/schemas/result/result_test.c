/* The result codec: binary round trips of every type, and JSON and line protocol against what their
 * readers accept. */
#include "schemas/result/result.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/base/bytes.h"
#include "schemas/json/json.h"
#include "tests/support/support.h"

enum { ROUNDS = 400, BODY_CAP = 1 << 17, POOL_BYTES = 1 << 17, FIELDS_MAX = 64 };

static const unsigned all_types[] = {
#define TYPE_NUMBER(TYPE, name, measurement, topic) RECORD_##TYPE,
    RESULT_TYPES(TYPE_NUMBER)
#undef TYPE_NUMBER
};
enum { TYPE_COUNT = sizeof all_types / sizeof all_types[0] };

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Text of awkward bytes, never empty; hostile: any byte at all. */
static struct str random_text(uint64_t *rng, char *pool, size_t *used, bool hostile)
{
    static const char *const awkward[] = {"\"", "\\",   ",",    " ",        "=",    "\n", "\t",
                                          "a",  "hall", "\x7f", "\xc3\xa4", "\x01", "0",  "-1"};
    uint64_t r = next_random(rng);
    uint32_t want = (uint32_t)(r % 40 == 0 ? 200 + r % 400 : 1 + r % 20);
    char *at = pool + *used;
    uint32_t len = 0;
    while (len < want && *used + len + 8 < POOL_BYTES) {
        uint64_t pick = next_random(rng);
        if (hostile) {
            at[len++] = (char)pick;
            continue;
        }
        const char *piece = awkward[pick % (sizeof awkward / sizeof awkward[0])];
        while (*piece)
            at[len++] = *piece++;
    }
    *used += len;
    return (struct str){at, len};
}

static void fill(unsigned type, union result_any *into, uint64_t *rng, char *pool, bool hostile)
{
    static const int64_t integers[] = {0, 1, -1, INT64_MAX, INT64_MIN + 1, 1795428600123};
    static const double reals[] = {0.1, -0.0, 1e-300, 1.7976931348623157e308, 4.7, 1e21};
    const struct result_type *t = result_type_of(type);
    size_t used = 0;
    result_clear(type, into);
    for (uint32_t i = 0; i < t->field_count; i++) {
        char *at = (char *)into + t->fields[i].offset;
        uint64_t r = next_random(rng);
        if (r % 4 == 0)
            continue;
        r >>= 8;
        struct str s;
        int64_t n = r % 3 == 0 ? integers[r % 6] : (int64_t)(r % 100000);
        double x = r % 3 == 0 ? reals[r % 6] : (double)(r % 1000) / 7;
        switch ((enum result_kind)t->fields[i].kind) {
        case RESULT_TEXT:
            s = random_text(rng, pool, &used, hostile);
            memcpy(at, &s, sizeof s);
            break;
        case RESULT_JSON:
            s = STR_LIT("{\"a\":[1]}");
            memcpy(at, &s, sizeof s);
            break;
        case RESULT_INT:
            memcpy(at, &n, sizeof n);
            break;
        case RESULT_TIME:
            n = (int64_t)(r % 4000000000000);
            memcpy(at, &n, sizeof n);
            break;
        case RESULT_REAL:
            memcpy(at, &x, sizeof x);
            break;
        case RESULT_BOOL:
            *at = (char)(r % 2);
            break;
        case RESULT_LEVEL:
            *at = (char)((int)(r % 6) - 1);
            break;
        }
    }
}

static bool field_equal(const struct result_field *field, const void *a, const void *b)
{
    const char *x = (const char *)a + field->offset, *y = (const char *)b + field->offset;
    struct str s, t;
    double v, w;
    switch ((enum result_kind)field->kind) {
    case RESULT_TEXT:
    case RESULT_JSON:
        memcpy(&s, x, sizeof s);
        memcpy(&t, y, sizeof t);
        return str_equal(s, t);
    case RESULT_REAL:
        memcpy(&v, x, sizeof v);
        memcpy(&w, y, sizeof w);
        return (v == w && signbit(v) == signbit(w)) || (isnan(v) && isnan(w));
    case RESULT_INT:
    case RESULT_TIME:
        return memcmp(x, y, 8) == 0;
    case RESULT_BOOL:
    case RESULT_LEVEL:
        return *x == *y;
    }
    return false;
}

static void check_equal(unsigned type, const void *a, const void *b)
{
    const struct result_type *t = result_type_of(type);
    for (uint32_t i = 0; i < t->field_count; i++) {
        if (!field_equal(&t->fields[i], a, b))
            fail_msg("%s.%s differs", record_type_name(type), t->fields[i].name);
    }
}

static void every_type_round_trips(void **state)
{
    (void)state;
    static char pool[POOL_BYTES];
    static uint8_t body[BODY_CAP];
    uint64_t rng = 20261123;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < TYPE_COUNT; i++) {
            unsigned type = all_types[i];
            union result_any in, out;
            fill(type, &in, &rng, pool, round % 2);
            struct result_origin origin = {next_random(&rng), (uint32_t)round, (uint32_t)i}, got;
            uint32_t len = result_encode(type, &origin, &in, body, sizeof body);
            assert_true(len > 0);
            assert_true(result_decode(type, body, len, &got, &out, NULL));
            check_equal(type, &in, &out);
            assert_int_equal(got.input_seq, origin.input_seq);
            assert_int_equal(got.input_epoch, origin.input_epoch);
            assert_int_equal(got.index, origin.index);
            /* One byte less never fits; a copy of exactly that size never writes past its end. */
            assert_int_equal(result_encode(type, &origin, &in, body, len), len);
            uint8_t *tight = malloc(len ? len : 1);
            assert_non_null(tight);
            assert_int_equal(result_encode(type, &origin, &in, tight, len), len);
            assert_memory_equal(tight, body, len);
            for (uint32_t cap = 0; cap < len; cap += 1 + cap / 8)
                assert_int_equal(result_encode(type, &origin, &in, tight, cap), 0);
            free(tight);
        }
    }
}

static void a_cleared_result_is_absent_everywhere(void **state)
{
    (void)state;
    for (int i = 0; i < TYPE_COUNT; i++) {
        union result_any any, back;
        uint8_t body[64];
        char buffer[256];
        struct result_origin origin = {7, 1, 2}, got;
        memset(&any, 0x5a, sizeof any);
        result_clear(all_types[i], &any);
        uint32_t len = result_encode(all_types[i], &origin, &any, body, sizeof body);
        const struct result_type *t = result_type_of(all_types[i]);
        assert_int_equal(len, RESULT_ORIGIN_BYTES + 1 + (t->field_count + 7) / 8);
        assert_true(result_decode(all_types[i], body, len, &got, &back, NULL));
        check_equal(all_types[i], &any, &back);
        struct text out = text_over(buffer, sizeof buffer);
        result_json(all_types[i], &any, &out);
        assert_int_equal(out.len, 2);
        assert_memory_equal(buffer, "{}", 2);
        out.len = 0;
        result_line(all_types[i], &any, 1, &out);
        assert_int_equal(out.len, 0);
    }
    assert_null(result_type_of(RECORD_MQTT));
    assert_null(result_type_of(100000));
}

static void values_that_are_none_count_as_absent(void **state)
{
    (void)state;
    struct result_zone zone;
    uint8_t body[256];
    char buffer[512];
    union result_any back;
    struct result_origin origin = {1, 1, 0};
    result_clear(RECORD_ZONE, &zone);
    zone.venue = STR_LIT("expo");
    zone.at = 1000;
    zone.occupancy = 3;
    zone.density = (double)INFINITY;
    zone.density_mean_10s = (double)NAN;
    zone.level = 77;
    struct text out = text_over(buffer, sizeof buffer);
    result_json(RECORD_ZONE, &zone, &out);
    const char *json = "{\"venue\":\"expo\",\"at\":\"1970-01-01T00:00:01.000Z\",\"occupancy\":3}";
    assert_int_equal(out.len, strlen(json));
    assert_memory_equal(buffer, json, out.len);
    out.len = 0;
    result_line(RECORD_ZONE, &zone, 5, &out);
    const char *line = "zone,venue=expo occupancy=3i 1000000000\n";
    assert_int_equal(out.len, strlen(line));
    assert_memory_equal(buffer, line, out.len);
    uint32_t len = result_encode(RECORD_ZONE, &origin, &zone, body, sizeof body);
    assert_true(result_decode(RECORD_ZONE, body, len, &origin, &back, NULL));
    assert_true(isnan(back.zone.density));
    assert_int_equal(back.zone.level, LEVEL_ABSENT);
}

static void bodies_of_other_versions(void **state)
{
    (void)state;
    static char pool[POOL_BYTES];
    uint8_t body[BODY_CAP / 64];
    uint64_t rng = 7;
    union result_any in, out;
    struct result_origin origin = {9, 1, 0};
    fill(RECORD_SKIPPED, &in, &rng, pool, false);
    in.skipped = (struct result_skipped){.input_seq = 4, .crashes = 3, .at = 5};
    uint32_t len = result_encode(RECORD_SKIPPED, &origin, &in, body, sizeof body);
    /* A newer writer: 20 fields, the last one present, three known. */
    uint8_t newer[128];
    memcpy(newer, body, RESULT_ORIGIN_BYTES);
    newer[16] = 20;
    newer[17] = body[17];
    newer[18] = 0;
    newer[19] = 0x08;
    memcpy(newer + 20, body + 18, len - 18);
    memcpy(newer + 20 + len - 18, "what I do not know", 18);
    assert_true(result_decode(RECORD_SKIPPED, newer, 20 + len - 18 + 18, &origin, &out, NULL));
    check_equal(RECORD_SKIPPED, &in, &out);
    /* An older writer: two fields only. */
    uint8_t older[64];
    memcpy(older, body, RESULT_ORIGIN_BYTES);
    older[16] = 2;
    older[17] = 3;
    memcpy(older + 18, body + 18, 16);
    assert_true(result_decode(RECORD_SKIPPED, older, 34, &origin, &out, NULL));
    assert_int_equal(out.skipped.input_seq, 4);
    assert_int_equal(out.skipped.crashes, 3);
    assert_int_equal(out.skipped.at, RESULT_ABSENT);
}

/* Every cut and every flipped byte: refused, or a result whose texts lie inside the body. Nothing
 * is written on refusal. */
static void damaged_bodies_are_refused_or_harmless(void **state)
{
    (void)state;
    static char pool[POOL_BYTES];
    uint64_t rng = 99;
    for (int round = 0; round < ROUNDS; round++) {
        unsigned type = all_types[next_random(&rng) % TYPE_COUNT];
        const struct result_type *t = result_type_of(type);
        union result_any in, out, untouched;
        struct result_origin origin = {1, 1, 1}, got = {5, 5, 5};
        uint8_t body[4096];
        fill(type, &in, &rng, pool, true);
        uint32_t len = result_encode(type, &origin, &in, body, sizeof body);
        if (len == 0)
            continue; /* longer than this test wants */
        for (uint32_t cut = 0; cut < len; cut++) {
            uint8_t *copy = malloc(cut ? cut : 1);
            assert_non_null(copy);
            memcpy(copy, body, cut);
            memset(&out, 0x3c, sizeof out);
            memset(&untouched, 0x3c, sizeof untouched);
            struct error err = {0};
            assert_false(result_decode(type, copy, cut, &got, &out, &err));
            assert_int_equal(err.code, ERROR_MALFORMED);
            assert_memory_equal(&out, &untouched, sizeof out);
            assert_int_equal(got.input_seq, 5);
            free(copy);
        }
        assert_false(result_decode(type, body, len + 1, &got, &out, NULL));
        uint32_t at = (uint32_t)(next_random(&rng) % len);
        body[at] ^= (uint8_t)(1 + next_random(&rng) % 255);
        if (!result_decode(type, body, len, &got, &out, NULL))
            continue;
        for (uint32_t i = 0; i < t->field_count; i++) {
            if (t->fields[i].kind != RESULT_TEXT)
                continue;
            struct str s;
            memcpy(&s, (const char *)&out + t->fields[i].offset, sizeof s);
            if (s.len)
                assert_true(s.at >= (const char *)body && s.at + s.len <= (const char *)body + len);
        }
    }
}

/* The reader of the JSON is simdjson, which is strict: every object must parse and give the values
 * back. */
static void json_reads_back(void **state)
{
    (void)state;
    static char pool[POOL_BYTES];
    static char buffer[BODY_CAP * 8 + JSON_PADDING_BYTES];
    struct json_parser *parser = json_parser_new(sizeof buffer);
    assert_non_null(parser);
    uint64_t rng = 31337;
    for (int round = 0; round < ROUNDS * 2; round++) {
        unsigned type = all_types[round % TYPE_COUNT];
        const struct result_type *t = result_type_of(type);
        union result_any in;
        bool hostile = round % 3 == 0;
        fill(type, &in, &rng, pool, hostile);
        struct text out = text_over(buffer, sizeof buffer - JSON_PADDING_BYTES);
        result_json(type, &in, &out);
        assert_false(out.overflow);
        struct json_field fields[FIELDS_MAX];
        size_t count = 0, at = 0;
        enum json_status status =
            json_parse_flat(parser, (uint8_t *)buffer, out.len, fields, FIELDS_MAX, &count);
        if (status != JSON_OK)
            fail_msg("%s: %.*s", json_status_text(status), (int)out.len, buffer);
        for (uint32_t i = 0; i < t->field_count && at < count; i++) {
            const char *value = (const char *)&in + t->fields[i].offset;
            if (!str_is(fields[at].key, t->fields[i].name))
                continue;
            struct str s;
            double x;
            if (t->fields[i].kind == RESULT_TEXT && !hostile) {
                memcpy(&s, value, sizeof s);
                assert_true(str_equal(s, fields[at].text));
            }
            if (t->fields[i].kind == RESULT_INT && fields[at].kind == JSON_INT)
                assert_memory_equal(&fields[at].integer, value, 8);
            if (t->fields[i].kind == RESULT_REAL && fields[at].kind == JSON_REAL) {
                memcpy(&x, value, sizeof x);
                assert_true(fields[at].real == x);
            }
            at++;
        }
        assert_int_equal(at, count);
    }
    json_parser_free(parser);
}

/* Splits one line the way InfluxDB does and says whether it would take it: tags without empty
 * values, fields with values, an integer time, one line. */
static bool line_acceptable(const char *line, size_t len)
{
    size_t i = 0;
    bool quoted = false;
    int spaces = 0;
    if (len == 0 || line[len - 1] != '\n')
        return false;
    for (; i + 1 < len; i++) {
        unsigned char c = (unsigned char)line[i];
        if (c < 0x20 || c == 0x7f)
            return false;
        if (quoted && c == '\\') {
            if (line[i + 1] != '"' && line[i + 1] != '\\')
                return false;
            i++;
        } else if (c == '"' && spaces == 1) {
            quoted = !quoted;
        } else if (!quoted && c == '\\') {
            if (spaces || !strchr(", =", line[i + 1]))
                return false;
            i++;
        } else if (!quoted && c == ' ') {
            spaces++;
        } else if (!quoted && c == '=' && strchr(", \n", line[i + 1])) {
            return false;
        }
    }
    return !quoted && spaces == 2;
}

static void lines_are_acceptable(void **state)
{
    (void)state;
    static char pool[POOL_BYTES];
    static char buffer[BODY_CAP * 4];
    uint64_t rng = 4711;
    int written = 0;
    for (int round = 0; round < ROUNDS * 4; round++) {
        unsigned type = all_types[round % TYPE_COUNT];
        union result_any in;
        fill(type, &in, &rng, pool, round % 2);
        struct text out = text_over(buffer, sizeof buffer);
        result_line(type, &in, next_random(&rng), &out);
        assert_false(out.overflow);
        if (out.len == 0)
            continue;
        written++;
        if (!line_acceptable(buffer, out.len))
            fail_msg("%.*s", (int)out.len, buffer);
    }
    assert_true(written > ROUNDS);
}

static const struct {
    const char *zone, *reason, *expected;
} escapes[] = {
    {"a b", "x", "reading,zone=a\\ b ts_,reason=\"x\""},
    {"a,b=c", "say \"no\"", "reading,zone=a\\,b\\=c ts_,reason=\"say \\\"no\\\"\""},
    {"back\\", "tail\\", "reading,zone=back_ ts_,reason=\"tail\\\\\""},
    {"a\\,b", "\n", "reading,zone=a_\\,b ts_,reason=\" \""},
    {"\x01\x7f", "\xe5\xb1\x95", "reading,zone=__ ts_,reason=\"\xe5\xb1\x95\""},
};

static void line_escapes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++) {
        struct result_reading r;
        char buffer[256], expected[256];
        result_clear(RECORD_READING, &r);
        r.zone = str_of(escapes[i].zone);
        r.reason = str_of(escapes[i].reason);
        r.ts = 1795428600123;
        r.occupancy = 5;
        struct text out = text_over(buffer, sizeof buffer);
        result_line(RECORD_READING, &r, 7000042, &out);
        const char *cut = strstr(escapes[i].expected, "ts_");
        (void)snprintf(expected, sizeof expected, "%.*soccupancy=5i%s 1795428600123000042\n",
                       (int)(cut - escapes[i].expected), escapes[i].expected, cut + 3);
        assert_int_equal(out.len, strlen(expected));
        assert_memory_equal(buffer, expected, out.len);
    }
}

static void times_outside_the_stores_range_give_no_line(void **state)
{
    (void)state;
    static const struct {
        int64_t at;
        const char *line;
    } cases[] = {
        {RESULT_ABSENT, ""},
        {INT64_MAX, ""},
        {9223372036854, ""},
        {9223372036853, "zone occupancy=1i 9223372036853000000\n"},
        {-1, "zone occupancy=1i -1000000\n"},
        {-9223372036854, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct result_zone zone;
        char buffer[128];
        result_clear(RECORD_ZONE, &zone);
        zone.occupancy = 1;
        zone.at = cases[i].at;
        struct text out = text_over(buffer, sizeof buffer);
        result_line(RECORD_ZONE, &zone, 999999, &out);
        assert_int_equal(out.len, strlen(cases[i].line));
        assert_memory_equal(buffer, cases[i].line, out.len);
    }
}

static void too_small_a_buffer_overflows_and_is_not_overrun(void **state)
{
    (void)state;
    static char pool[POOL_BYTES];
    uint64_t rng = 5;
    for (int i = 0; i < TYPE_COUNT; i++) {
        union result_any in;
        fill(all_types[i], &in, &rng, pool, false);
        for (size_t cap = 0; cap < 40; cap++) {
            char *tight = malloc(cap ? cap : 1);
            assert_non_null(tight);
            struct text out = text_over(tight, cap);
            result_json(all_types[i], &in, &out);
            assert_true(out.overflow || out.len <= cap);
            out = text_over(tight, cap);
            result_line(all_types[i], &in, 1, &out);
            assert_true(out.len <= cap);
            free(tight);
        }
    }
}

static void keys(void **state)
{
    (void)state;
    union result_any any;
    char buffer[64];
#define KEY_IS(type_, expected)                                                                    \
    do {                                                                                           \
        struct text out = text_over(buffer, sizeof buffer);                                        \
        result_key(type_, &any, &out);                                                             \
        assert_int_equal(out.len, strlen(expected));                                               \
        assert_memory_equal(buffer, expected, out.len);                                            \
    } while (0)
    result_clear(RECORD_ZONE, &any);
    any.zone.venue = STR_LIT("expo");
    any.zone.zone = STR_LIT("hall-1");
    KEY_IS(RECORD_ZONE, "expo/hall-1");
    result_clear(RECORD_READING, &any);
    any.reading.venue = STR_LIT("expo");
    any.reading.sensor = STR_LIT("s");
    KEY_IS(RECORD_READING, "expo/s");
    result_clear(RECORD_ALERT, &any);
    any.alert.id = STR_LIT("expo/hall-1/density/17");
    KEY_IS(RECORD_ALERT, "expo/hall-1/density/17");
    result_clear(RECORD_DEADLETTER, &any);
    any.deadletter.topic = STR_LIT("a/b");
    KEY_IS(RECORD_DEADLETTER, "a/b");
    result_clear(RECORD_ERA, &any);
    KEY_IS(RECORD_ERA, "");
}

/* Whatever the reader does with the status: an exercise has keys, ids and measurements of its own.
 */
static void exercises_are_told_apart(void **state)
{
    (void)state;
    static char pool[POOL_BYTES], line[2][POOL_BYTES], key[2][POOL_BYTES];
    uint64_t rng = 9;
    for (int i = 0; i < TYPE_COUNT; i++) {
        const struct result_type *t = result_type_of(all_types[i]);
        union result_any any;
        struct text lines[2], names[2];
        fill(all_types[i], &any, &rng, pool, false);
        struct str *status = result_status(all_types[i], &any), *found = NULL;
        for (uint32_t f = 0; f < t->field_count; f++) {
            if (strcmp(t->fields[f].name, "status") == 0)
                found = (struct str *)(void *)((char *)&any + t->fields[f].offset);
        }
        assert_ptr_equal(status, found);
        if (!status) {
            assert_false(result_is_exercise(all_types[i], &any));
            continue;
        }
        for (int exercise = 0; exercise < 2; exercise++) {
            *status = exercise ? STR_LIT("Exercise") : STR_LIT("Actual");
            assert_int_equal(result_is_exercise(all_types[i], &any), exercise);
            lines[exercise] = text_over(line[exercise], POOL_BYTES);
            names[exercise] = text_over(key[exercise], POOL_BYTES);
            result_line(all_types[i], &any, 1, &lines[exercise]);
            result_key(all_types[i], &any, &names[exercise]);
        }
        if (lines[0].len) /* the measurement */
            assert_memory_equal(line[1], "drill_", 6);
        if (lines[0].len && all_types[i] != RECORD_ALERT) {
            assert_int_equal(lines[1].len, lines[0].len + 6);
            assert_memory_equal(line[1] + 6, line[0], lines[0].len);
        }
        if (all_types[i] == RECORD_ALERT) { /* its id says it already */
            assert_int_equal(names[1].len, names[0].len);
            continue;
        }
        assert_int_equal(names[1].len, names[0].len + 6);
        assert_memory_equal(key[1], "drill/", 6);
        assert_memory_equal(key[1] + 6, key[0], names[0].len);
    }
}

static void levels_by_word_and_number(void **state)
{
    (void)state;
    static const char *const words[] = {"unknown", "none", "blue", "yellow", "orange", "red"};
    for (int i = 0; i < 6; i++) {
        enum level level;
        assert_string_equal(level_text(i - 1), words[i]);
        assert_true(level_parse(str_of(words[i]), &level));
        assert_int_equal(level, i - 1);
    }
    enum level level = LEVEL_RED;
    assert_false(level_parse(STR_LIT("Red"), &level));
    assert_int_equal(level, LEVEL_RED);
    assert_string_equal(level_text(LEVEL_ABSENT), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_round_trips),
        cmocka_unit_test(a_cleared_result_is_absent_everywhere),
        cmocka_unit_test(values_that_are_none_count_as_absent),
        cmocka_unit_test(bodies_of_other_versions),
        cmocka_unit_test(damaged_bodies_are_refused_or_harmless),
        cmocka_unit_test(json_reads_back),
        cmocka_unit_test(lines_are_acceptable),
        cmocka_unit_test(line_escapes),
        cmocka_unit_test(times_outside_the_stores_range_give_no_line),
        cmocka_unit_test(too_small_a_buffer_overflows_and_is_not_overrun),
        cmocka_unit_test(keys),
        cmocka_unit_test(exercises_are_told_apart),
        cmocka_unit_test(levels_by_word_and_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
