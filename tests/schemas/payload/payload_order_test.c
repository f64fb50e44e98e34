/* What a message becomes does not depend on those before it: random orders of keys, each decoded by
   one decoder that has seen them all and by one that has seen nothing. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/payload/payload_decode.h"
#include "tests/support/support.h"

enum { MESSAGES = 12000, TEXT_MAX = 4096, KEYS_MAX = 6 };

/* Of each length at which keys are compared otherwise, one that the map wants and others that
 * differ from it in one byte: in front, at the end, between. */
#define LONG "abcdefg0123456789012345678901234567890123456789012345678901234"
static const char *const names[] = {
    "in",
    "out",
    "n", /* often */
    "k",
    "abc",
    "",
    "im",
    "on",
    "abd",
    "abcd",
    "abce",
    "bbcd",
    "abcde",
    "bbcde",
    "abcdf",
    "abcdefgh",
    "abcdefgi",
    "abcd_fgh",
    "abcdefghijkl",
    "abcdefghijk_",
    "abc_efghijkl",
    "_bcdefghijkl",
    "abcdefghijklm",
    "abcd_fghijklm",
    "abcdefghijkl_",
    (LONG),
    (LONG "_"),
    (LONG "hi"),
    (LONG "_i"),
    (LONG "hij"),
    (LONG "hik"),
};
enum { NAMES = sizeof names / sizeof names[0] };

static uint64_t next(uint64_t *random, uint64_t below)
{
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*random >> 33) % below;
}

/* Members in any order, now and then one of them twice. */
static void add_object(struct text *out, uint64_t *random, int depth)
{
    uint64_t count = 1 + next(random, KEYS_MAX);
    text_add_char(out, '{');
    for (uint64_t i = 0, used = 0; i < count; i++) {
        uint64_t k = next(random, next(random, 2) ? 5 : NAMES);
        if (used >> k & 1 && next(random, 40))
            continue;
        text_add(out, used ? ",\"" : "\"");
        used |= UINT64_C(1) << k;
        text_add(out, names[k]);
        text_add(out, "\":");
        if (k == 2 && depth < 2)
            add_object(out, random, depth + 1);
        else
            text_add_u64(out, next(random, 1000));
    }
    text_add_char(out, '}');
}

static void decode(struct payload_decoder *decoder, const struct payload_maps *maps,
                   struct str payload, char text[TEXT_MAX])
{
    char padded[2048];
    struct payload_outcome outcome;
    struct text out = text_over(text, TEXT_MAX - 1);
    assert_true(payload.len + JSON_PADDING_BYTES <= sizeof padded);
    memset(padded, 0, sizeof padded);
    memcpy(padded, payload.at, payload.len);
    const struct payload_message message = {.topic = STR_LIT("t/d"),
                                            .payload = {padded, payload.len},
                                            .received_ms = INT64_C(1778889600000)};
    payload_decode(decoder, maps, payload_maps_find(maps, message.topic), &message, &outcome);
    payload_outcome_text(&outcome, &out);
    text[out.len] = '\0';
}

static void nothing_is_remembered_that_shows(void **state)
{
    (void)state;
    static const char source[] =
        "payload: m\ntopics: [\"t/{device}\"]\nreadings:\n"
        "  - {class: crowd, kind: total, device: \"{device}\", in: [/in, /n/out, /abc, /abcd, "
        "/abcde, /abcdefgh], out: [/n/in, /out, /n/n/in, /abcdefghijkl, /abcdefghijklm, "
        "/" LONG ", /" LONG "hi, /" LONG "hij]}\n";
    static struct problems problems;
    struct payload_map *map = NULL;
    struct payload_maps *maps = payload_maps_new();
    struct error err = {0};
    assert_true(payload_map_parse(str_of(source), &map, &problems));
    assert_true(payload_maps_add(maps, map, NULL, 0, &err));
    struct payload_decoder *seasoned = payload_decoder_new();
    uint64_t random = 20261126;
    for (uint32_t i = 0; i < MESSAGES; i++) {
        char payload[1024], is[TEXT_MAX], due[TEXT_MAX];
        struct text out = text_over(payload, sizeof payload);
        add_object(&out, &random, 0);
        struct payload_decoder *fresh = payload_decoder_new();
        assert_non_null(fresh);
        decode(seasoned, maps, (struct str){payload, (uint32_t)out.len}, is);
        decode(fresh, maps, (struct str){payload, (uint32_t)out.len}, due);
        payload_decoder_free(fresh);
        if (strcmp(is, due) != 0)
            fail_msg("message %" PRIu32 " %.*s:\nis  %sdue %s", i, (int)out.len, payload, is, due);
    }
    payload_decoder_free(seasoned);
    payload_maps_free(maps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_remembered_that_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
