/*
 * Privacy rules over any payload; the first byte chooses the rules. Where the redactor says that it
 * is done, the result is JSON, nothing stands where a rule drops but nulls, nothing where one
 * hashes but hashes, and of rules that only drop a second time changes nothing. The same bytes as a
 * topic: what rules leave of it is the map's topic still, and has a hash and a - in their places.
 */
#include <string.h>

#include "schemas/json/json_document.h"
#include "schemas/json/json_fault.h"
#include "schemas/payload/internal.h"
#include "schemas/payload/payload_redact.h"
#include "tests/fuzz/fuzz.h"

enum { DOCUMENT_BYTES_MAX = 65536, RESULT_BYTES_MAX = 1024 * 1024 };

#define MAP(rules)                                                                                 \
    "payload: p\ntopics: [\"t/{device}\"]\nprivacy: [" rules "]\n"                                 \
    "readings: [{class: gate, device: \"{device}\", in: /in}]\n"
static const char *const sources[] = {
    MAP("{at: /person, do: drop}"),
    MAP("{at: /card/number, do: hash}, {at: /person, do: drop}"),
    MAP("{at: \"/*/name\", do: drop}, {at: \"/a/*/b\", do: drop}"),
    MAP("{at: \"/list/*\", do: hash}, {at: \"/m/*/x/*/y\", do: hash}"),
    MAP("{at: \"/*\", do: drop}"),
    MAP("{at: /list/0, do: drop}, {at: \"/a~1b/c~0d\", do: hash}"),
};
enum { MAPS = sizeof sources / sizeof sources[0] };

static const char topic_source[] =
    "payload: p\ntopics: [\"{card}/{who}\", \"u/{who}/{card}/#\", \"v/a{card}-{who}b/+\"]\n"
    "privacy: [{capture: card, do: hash}, {capture: who, do: drop}]\n"
    "readings: [{class: gate, device: d, in: /in}]\n";

static struct {
    struct payload_map *map[MAPS];
    struct payload_maps *topics; /* of topic_source */
    struct payload_redactor *redactor;
    struct json_parser *parser;
    struct payload_key key;
} world;

static void begin(void)
{
    struct problems problems = {0};
    for (uint32_t i = 0; i < MAPS; i++)
        FUZZ_MUST(payload_map_parse(str_of(sources[i]), &world.map[i], &problems));
    struct payload_map *map = NULL;
    world.topics = payload_maps_new();
    FUZZ_MUST(payload_map_parse(str_of(topic_source), &map, &problems));
    FUZZ_MUST(world.topics && payload_maps_add(world.topics, map, NULL, 0, NULL));
    world.redactor = payload_redactor_new();
    world.parser = json_parser_new(RESULT_BYTES_MAX);
    FUZZ_MUST(world.redactor && world.parser);
    FUZZ_MUST(payload_key_derive(STR_LIT("a secret of enough bytes"), 1, &world.key));
}

static bool is_hash(const struct json_document *d, uint32_t at)
{
    if (json_kind_at(d, at) != JSON_STRING || json_text(d, at).len != 2 * RECORD_KEYED_HASH_BYTES)
        return false;
    struct str s = json_text(d, at);
    for (uint32_t i = 0; i < s.len; i++)
        if (!memchr("0123456789abcdef", s.at[i], 16))
            return false;
    return true;
}

static bool token_fits(const struct payload_token *token, struct str key)
{
    return token->any || str_equal(token->text, key);
}

static bool index_fits(const struct payload_token *token, uint32_t index)
{
    char digits[12];
    struct text t = text_over(digits, sizeof digits);
    text_add_u64(&t, index);
    return token_fits(token, (struct str){digits, (uint32_t)t.len});
}

/* Every place that the rule names, from its token on. */
static void must_be_gone(const struct json_document *d, uint32_t at,
                         const struct payload_privacy *rule, uint32_t token, bool member)
{
    enum json_kind kind = json_kind_at(d, at);
    if (token == rule->token_count) {
        if (rule->act == PAYLOAD_HASH)
            FUZZ_MUST(kind == JSON_NULL || is_hash(d, at));
        else
            FUZZ_MUST(kind == JSON_NULL && !member);
        return;
    }
    if (kind != JSON_OBJECT && kind != JSON_ARRAY)
        return;
    uint32_t end = json_end(d, at), index = 0;
    for (uint32_t i = json_first(at); i != end; index++) {
        uint32_t value = kind == JSON_OBJECT ? i + 1 : i;
        bool fits = kind == JSON_OBJECT ? token_fits(&rule->token[token], json_text(d, i))
                                        : index_fits(&rule->token[token], index);
        if (fits)
            must_be_gone(d, value, rule, token + 1, kind == JSON_OBJECT);
        i = json_after(d, value);
    }
}

static void must_hold(const struct payload_map *map, struct str redacted)
{
    static uint8_t bytes[RESULT_BYTES_MAX + JSON_PADDING_BYTES];
    struct json_document document;
    FUZZ_MUST(redacted.len <= RESULT_BYTES_MAX);
    memcpy(bytes, redacted.at, redacted.len);
    FUZZ_MUST(json_parse_document(world.parser, bytes, redacted.len, &document) == JSON_OK);
    const struct payload_privacy *rule;
    for (uint32_t i = 0; (rule = payload_map_privacy(map, i)); i++)
        must_be_gone(&document, JSON_ROOT, rule, 0, false);
}

static void topic_must_hold(struct str topic)
{
    static char left[DOCUMENT_BYTES_MAX + 4 * RECORD_KEYED_HASH_BYTES];
    struct text out = text_over(left, sizeof left);
    struct str capture[PAYLOAD_CAPTURES_MAX];
    const struct payload_map *map = payload_maps_find(world.topics, topic);
    if (!map)
        return;
    FUZZ_MUST(payload_redact_topic(world.topics, map, &world.key, topic, &out) == REDACT_DONE);
    struct str kept = {left, (uint32_t)out.len};
    FUZZ_MUST(payload_maps_find(world.topics, kept) == map);
    FUZZ_MUST(payload_maps_match(world.topics, map, kept, capture) != NULL);
    FUZZ_MUST(capture[0].len == 2 * RECORD_KEYED_HASH_BYTES && str_is(capture[1], "-"));
    out.len = 0; /* without a key both are dropped */
    FUZZ_MUST(payload_redact_topic(world.topics, map, NULL, topic, &out) == REDACT_KEY);
    kept.len = (uint32_t)out.len;
    FUZZ_MUST(payload_maps_match(world.topics, map, kept, capture) != NULL);
    FUZZ_MUST(str_is(capture[0], "-") && str_is(capture[1], "-"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char once[RESULT_BYTES_MAX];
    struct json_fault fault;
    struct str redacted;
    if (size < 1 || size > DOCUMENT_BYTES_MAX)
        return 0;
    if (!world.parser)
        begin();
    const struct payload_map *map = world.map[data[0] % MAPS];
    struct str payload = {(const char *)data + 1, (uint32_t)size - 1};
    topic_must_hold(payload);
    enum payload_redact done = payload_redact(world.redactor, map, &world.key, payload, &redacted);
    bool json = !json_fault_find(data + 1, size - 1, &fault);
    FUZZ_MUST((done == REDACT_DONE) == json && done != REDACT_KEY && done != REDACT_FAILED);
    if (done != REDACT_DONE)
        return 0;
    must_hold(map, redacted);
    struct str first = {once, redacted.len};
    memcpy(once, redacted.at, redacted.len);
    /* Without a key nothing is hashed: refused, or there was nothing to hash. */
    done = payload_redact(world.redactor, map, NULL, payload, &redacted);
    FUZZ_MUST(done == REDACT_DONE ? str_equal(first, redacted)
                                  : done == REDACT_KEY && payload_map_hashes(map));
    if (payload_map_hashes(map))
        return 0;
    FUZZ_MUST(payload_redact(world.redactor, map, NULL, first, &redacted) == REDACT_DONE);
    FUZZ_MUST(str_equal(first, redacted));
    return 0;
}
