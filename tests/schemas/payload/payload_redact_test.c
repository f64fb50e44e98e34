/* Privacy rules: what is gone, what is hashed, and that all else is kept as it was. */
#include "schemas/payload/payload_redact.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/payload/payload_decode.h"
#include "tests/support/support.h"

static struct payload_map *map_of(const char *privacy)
{
    char source[1024];
    struct payload_map *map = NULL;
    struct problems problems = {0};
    (void)snprintf(source, sizeof source,
                   "payload: p\ntopics: [\"a/{device}\"]\n%s"
                   "readings: [{class: gate, device: \"{device}\", in: /n}]\n",
                   privacy);
    if (!payload_map_parse(str_of(source), &map, &problems))
        fail_msg("%u: %s", problems.problem[0].line, problems.problem[0].text);
    return map;
}

static const struct payload_key *key_of(const char *secret, int64_t period)
{
    static struct payload_key key;
    assert_true(payload_key_derive(str_of(secret), period, &key));
    return &key;
}

/* The payload must lie at the end of its memory: reading on is a fault that sanitizers see. */
static enum payload_redact redact(struct payload_redactor *r, const struct payload_map *map,
                                  const struct payload_key *key, const char *payload,
                                  char out[2048])
{
    struct str kept = {0};
    size_t len = strlen(payload);
    char *exact = malloc(len + (len == 0));
    assert_non_null(exact);
    memcpy(exact, payload, len);
    enum payload_redact done =
        payload_redact(r, map, key, (struct str){exact, (uint32_t)len}, &kept);
    (void)snprintf(out, 2048, "%.*s", (int)kept.len, kept.len ? kept.at : "");
    free(exact);
    return done;
}

#define SECRET "correct horse battery"

static const struct {
    const char *rules, *payload, *expected; /* H: any hash of 32 digits */
} rows[] = {
    {"{at: /card, do: drop}", "{\"card\":\"4711\",\"n\":1}", "{\"n\":1}"},
    {"{at: /card, do: drop}", "{\"n\":1,\"card\":{\"no\":[1,2]},\"m\":2}", "{\"n\":1,\"m\":2}"},
    {"{at: /card, do: drop}", "{ \"card\" : 1 }", "{}"},
    {"{at: /card, do: hash}", "{\"card\":\"4711\",\"n\":1}", "{\"card\":\"H\",\"n\":1}"},
    {"{at: /card, do: hash}", "{\"card\":null}", "{\"card\":null}"},
    /* A number is kept to the digit, whatever no double could hold. */
    {"{at: /card, do: drop}", "{\"a\":1.10,\"b\":123456789012345678,\"c\":1e-2,\"card\":1}",
     "{\"a\":1.10,\"b\":123456789012345678,\"c\":1e-2}"},
    /* However the key is written, and however often. */
    {"{at: /card, do: drop}", "{\"c\\u0061rd\":\"4711\",\"card\":\"4712\",\"n\":1}", "{\"n\":1}"},
    {"{at: /a~1b, do: drop}", "{\"a/b\":1,\"a\":{\"b\":2}}", "{\"a\":{\"b\":2}}"},
    {"{at: /who/card, do: drop}", "{\"who\":{\"card\":1,\"x\":\"}\\\"{\"},\"card\":2}",
     "{\"who\":{\"x\":\"}\\\"{\"},\"card\":2}"},
    {"{at: \"/e/*/card\", do: hash}", "{\"e\":[{\"card\":1},{\"t\":[{}]},{\"card\":\"x\"}]}",
     "{\"e\":[{\"card\":\"H\"},{\"t\":[{}]},{\"card\":\"H\"}]}"},
    {"{at: \"/e/*\", do: drop}", "{\"e\":[1,[2],{}],\"f\":[1]}",
     "{\"e\":[null,null,null],\"f\":[1]}"},
    {"{at: /e/1, do: drop}", "{\"e\":[10, 20, 30]}", "{\"e\":[10,null,30]}"},
    {"{at: \"/*/card\", do: drop}", "{\"a\":{\"card\":1},\"b\":{\"card\":2,\"k\":3}}",
     "{\"a\":{},\"b\":{\"k\":3}}"},
    /* Where the way ends early, what stands there goes as a whole. */
    {"{at: /who/card, do: hash}", "{\"who\":\"4711\",\"n\":1}", "{\"who\":\"H\",\"n\":1}"},
    {"{at: /who/card, do: drop}", "{\"who\":4711,\"n\":1}", "{\"who\":null,\"n\":1}"},
    {"{at: /who/card, do: drop}", "{\"who\":[{\"card\":1}],\"n\":1}", "{\"who\":null,\"n\":1}"},
    {"{at: /who/card, do: hash}", "{\"who\":null}", "{\"who\":null}"},
    {"{at: /who/card, do: drop}", "{\"who\":{},\"n\":1}", "{\"who\":{},\"n\":1}"},
    {"{at: /e/0/card, do: drop}", "{\"e\":{\"0\":{\"card\":1},\"k\":2}}",
     "{\"e\":{\"0\":{},\"k\":2}}"},
    {"{at: \"/e/*/card\", do: hash}", "{\"e\":[4711,{\"card\":2}]}",
     "{\"e\":[\"H\",{\"card\":\"H\"}]}"},
    {"{at: /a/x, do: hash}, {at: /a/y, do: drop}", "{\"a\":1}", "{\"a\":null}"},
    {"{at: /card, do: drop}", "[1,2]", "null"},
    {"{at: /card, do: drop}", "  3.0 ", "null"},
    /* Gone is more than hashed. */
    {"{at: /card, do: hash}, {at: /card, do: drop}", "{\"card\":1}", "{}"},
    {"{at: /who, do: hash}, {at: /who/name, do: drop}", "{\"who\":{\"name\":1}}",
     "{\"who\":\"H\"}"},
};

static bool fits(const char *got, const char *expected)
{
    for (; *expected; expected++) {
        if (*expected != 'H') {
            if (*got++ != *expected)
                return false;
            continue;
        }
        size_t digits = strspn(got, "0123456789abcdef");
        if (digits != 2 * (size_t)RECORD_KEYED_HASH_BYTES)
            return false;
        got += digits;
    }
    return *got == '\0';
}

static void rules_take_away_what_they_name(void **state)
{
    (void)state;
    struct payload_redactor *r = payload_redactor_new();
    assert_non_null(r);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char privacy[256], got[2048];
        (void)snprintf(privacy, sizeof privacy, "privacy: [%s]\n", rows[i].rules);
        struct payload_map *map = map_of(privacy);
        assert_int_equal(redact(r, map, key_of(SECRET, 1), rows[i].payload, got), REDACT_DONE);
        if (!fits(got, rows[i].expected))
            fail_msg("row %zu: %s becomes %s, not %s", i, rows[i].payload, got, rows[i].expected);
        payload_map_free(map);
    }
    payload_redactor_free(r);
}

static void what_cannot_be_redacted_is_refused(void **state)
{
    (void)state;
    struct payload_redactor *r = payload_redactor_new();
    struct payload_map *map = map_of("privacy: [{at: /card, do: hash}]\n");
    static const struct {
        const char *payload;
        enum payload_redact done;
    } refused[] = {
        {"", REDACT_MALFORMED},
        {"4711 Li", REDACT_MALFORMED},
        {"{\"card\":\"4711\"", REDACT_MALFORMED},
        {"{\"card\":\"4711\"} x", REDACT_MALFORMED},
        {"{\"card\":\"\\ud800\"}", REDACT_MALFORMED},
        {"{\"card\":1e999}", REDACT_MALFORMED},
        {"{\"card\":\"\xff\"}", REDACT_UTF8},
    };
    char got[2048];
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        assert_int_equal(redact(r, map, key_of(SECRET, 1), refused[i].payload, got),
                         refused[i].done);
    assert_int_equal(redact(r, map, NULL, "{\"card\":1}", got), REDACT_KEY);
    assert_int_equal(redact(r, map, NULL, "{\"n\":1}", got), REDACT_DONE); /* nothing to hash */
    char *big = calloc(1, PAYLOAD_DOCUMENT_BYTES_MAX + 2);
    assert_non_null(big);
    memset(big, ' ', PAYLOAD_DOCUMENT_BYTES_MAX + 1);
    big[0] = '1';
    struct str kept;
    assert_int_equal(
        payload_redact(r, map, NULL, (struct str){big, PAYLOAD_DOCUMENT_BYTES_MAX + 1}, &kept),
        REDACT_OVERSIZED);
    payload_map_free(map);
    /* Hashes are longer than what they stand for: too many of them do not fit any more. */
    map = map_of("privacy: [{at: \"/*\", do: hash}]\n");
    big[0] = '[';
    for (uint32_t i = 1; i < PAYLOAD_DOCUMENT_BYTES_MAX; i++)
        big[i] = i % 2 ? '1' : ',';
    big[PAYLOAD_DOCUMENT_BYTES_MAX - 2] = '1';
    big[PAYLOAD_DOCUMENT_BYTES_MAX - 1] = ']';
    big[PAYLOAD_DOCUMENT_BYTES_MAX - 3] = ' ';
    assert_int_equal(payload_redact(r, map, key_of(SECRET, 1),
                                    (struct str){big, PAYLOAD_DOCUMENT_BYTES_MAX}, &kept),
                     REDACT_OVERSIZED);
    free(big);
    payload_map_free(map);
    payload_redactor_free(r);
}

/* The same card is the same hash, however it is written, until the key rotates. */
static void hashes_know_again_what_they_hide(void **state)
{
    (void)state;
    struct payload_redactor *r = payload_redactor_new();
    struct payload_map *map = map_of("privacy: [{at: /card, do: hash}]\n");
    char a[2048], b[2048];
    assert_int_equal(
        redact(r, map, key_of(SECRET, 5), "{\"card\":\"a\\u4e2d\\ud83d\\ude00\\n\"}", a),
        REDACT_DONE);
    assert_int_equal(redact(r, map, key_of(SECRET, 5),
                            "{\"card\":\"\\u0061\xe4\xb8\xad\xf0\x9f\x98\x80\\u000A\"}", b),
                     REDACT_DONE);
    assert_string_equal(a, b);
    assert_int_equal(
        redact(r, map, key_of(SECRET, 6), "{\"card\":\"a\\u4e2d\\ud83d\\ude00\\n\"}", b),
        REDACT_DONE);
    assert_string_not_equal(a, b);
    assert_int_equal(redact(r, map, key_of("another horse battery", 5),
                            "{\"card\":\"a\\u4e2d\\ud83d\\ude00\\n\"}", b),
                     REDACT_DONE);
    assert_string_not_equal(a, b);
    /* HMAC-SHA-256, first half: checked with another program. */
    assert_int_equal(redact(r, map, key_of(SECRET, 20780), "{\"card\":\"4711\"}", a), REDACT_DONE);
    assert_string_equal(a, "{\"card\":\""
                           "436d00efa0d8f3669310457da4e561c2"
                           "\"}");
    payload_map_free(map);
    payload_redactor_free(r);
}

static void periods_begin_at_midnight(void **state)
{
    (void)state;
    const int64_t day_s = INT64_C(24) * 3600;
    assert_int_equal(payload_period(0, day_s), 0);
    assert_int_equal(payload_period(day_s - 1, day_s), 0);
    assert_int_equal(payload_period(day_s, day_s), 1);
    assert_int_equal(payload_period(-1, day_s), -1);
    assert_int_equal(payload_period(-day_s, day_s), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_take_away_what_they_name),
        cmocka_unit_test(what_cannot_be_redacted_is_refused),
        cmocka_unit_test(hashes_know_again_what_they_hide),
        cmocka_unit_test(periods_begin_at_midnight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
