#include "schemas/payload/payload_redact.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#include "schemas/base/bytes.h"
#include "schemas/payload/payload_decode.h"

struct payload_redactor {
    struct json_parser *json;
    /* Of the message in hand: a copy with room behind it, a string's text, and what is left. */
    char in[PAYLOAD_DOCUMENT_BYTES_MAX + JSON_PADDING_BYTES];
    char plain[PAYLOAD_DOCUMENT_BYTES_MAX];
    char out[PAYLOAD_DOCUMENT_BYTES_MAX];
};

/* ---- keys ------------------------------------------------------------------------------------ */

int64_t payload_period(int64_t local_s, int64_t rotate_s)
{
    return local_s / rotate_s - (local_s % rotate_s < 0);
}

static bool hmac(const void *key, size_t key_len, const void *bytes, size_t len,
                 uint8_t out[EVP_MAX_MD_SIZE])
{
    static const uint8_t none[1];
    return HMAC(EVP_sha256(), key, (int)key_len, len ? bytes : none, len, out, NULL) != NULL;
}

bool payload_key_derive(struct str secret, int64_t period, struct payload_key *ret_key)
{
    uint8_t text[32] = "crowdtide privacy period", out[EVP_MAX_MD_SIZE];
    bytes_put_u64(text + 24, (uint64_t)period);
    if (!hmac(secret.at, secret.len, text, sizeof text, out))
        return false;
    memcpy(ret_key->bytes, out, PAYLOAD_KEY_BYTES);
    explicit_bzero(out, sizeof out);
    return true;
}

bool payload_keyed_hash(const struct payload_key *key, struct str bytes,
                        uint8_t ret_hash[RECORD_KEYED_HASH_BYTES])
{
    uint8_t out[EVP_MAX_MD_SIZE];
    if (!hmac(key->bytes, sizeof key->bytes, bytes.at, bytes.len, out))
        return false;
    memcpy(ret_hash, out, RECORD_KEYED_HASH_BYTES);
    return true;
}

static bool has_rule(const struct payload_map *map, bool of_topic)
{
    const struct payload_privacy *rule;
    for (uint32_t i = 0; (rule = payload_map_privacy(map, i)); i++)
        if ((rule->capture >= 0) == of_topic)
            return true;
    return false;
}

bool payload_map_redacts(const struct payload_map *map)
{
    return has_rule(map, false);
}

bool payload_map_redacts_topic(const struct payload_map *map)
{
    return has_rule(map, true);
}

bool payload_map_hashes(const struct payload_map *map)
{
    const struct payload_privacy *rule;
    for (uint32_t i = 0; (rule = payload_map_privacy(map, i)); i++) {
        if (rule->act == PAYLOAD_HASH)
            return true;
    }
    return false;
}

struct payload_redactor *payload_redactor_new(void)
{
    struct payload_redactor *redactor = malloc(sizeof *redactor);
    if (!redactor)
        return NULL;
    redactor->json = json_parser_new(PAYLOAD_DOCUMENT_BYTES_MAX);
    if (!redactor->json) {
        free(redactor);
        return NULL;
    }
    return redactor;
}

void payload_redactor_free(struct payload_redactor *redactor)
{
    if (!redactor)
        return;
    json_parser_free(redactor->json);
    explicit_bzero(redactor, sizeof *redactor);
    free(redactor);
}

/* ---- reading: the bytes are known to be JSON by now -------------------------------------------
 */

static const char *blanks_skip(const char *at)
{
    while (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')
        at++;
    return at;
}

/* From a quote to behind the one that ends it. */
static const char *string_end(const char *at)
{
    for (at++; *at != '"'; at++) {
        if (*at == '\\')
            at++;
    }
    return at + 1;
}

static const char *value_end(const char *at, const char *end)
{
    if (*at == '"')
        return string_end(at);
    if (*at != '{' && *at != '[') {
        while (at < end && !strchr(",]} \t\r\n", *at))
            at++;
        return at;
    }
    for (uint32_t open = 0;;) {
        if (*at == '"') {
            at = string_end(at);
            continue;
        }
        open += *at == '{' || *at == '[';
        open -= *at == '}' || *at == ']';
        at++;
        if (open == 0)
            return at;
    }
}

static uint32_t hex_value(const char *at)
{
    uint32_t v = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        uint32_t digit = c <= '9' ? (uint32_t)(c - '0') : (uint32_t)((c | 0x20) - 'a') + 10;
        v = v << 4 | digit;
    }
    return v;
}

static void utf8_add(struct text *t, uint32_t c)
{
    if (c < 0x80) {
        text_add_char(t, (char)c);
        return;
    }
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint8_t lead[] = {0, 0xc0, 0xe0, 0xf0};
    text_add_char(t, (char)(lead[more] | c >> 6 * more));
    while (more-- > 0)
        text_add_char(t, (char)(0x80 | (c >> 6 * more & 0x3f)));
}

/* Behind the backslash; returns where the text goes on. */
static const char *escape_add(struct text *t, const char *at)
{
    static const char letters[] = "bfnrt", meant[] = "\b\f\n\r\t";
    if (*at != 'u') {
        const char *known = strchr(letters, *at);
        text_add_char(t, known ? meant[known - letters] : *at);
        return at + 1;
    }
    uint32_t c = hex_value(at + 1);
    at += 5;
    if (c >= 0xd800 && c < 0xdc00) { /* its second half follows: the parser saw to it */
        c = 0x10000 + ((c - 0xd800) << 10) + (hex_value(at + 2) - 0xdc00);
        at += 6;
    }
    utf8_add(t, c);
    return at;
}

/* What a string says; as it stands where it has no escapes, else in the redactor's `plain`. */
static struct str string_text(struct payload_redactor *r, struct str quoted)
{
    struct str inner = {quoted.at + 1, quoted.len - 2};
    if (!inner.len || !memchr(inner.at, '\\', inner.len))
        return inner;
    struct text t = text_over(r->plain, sizeof r->plain);
    for (const char *at = inner.at; at < inner.at + inner.len;) {
        if (*at == '\\')
            at = escape_add(&t, at + 1);
        else
            text_add_char(&t, *at++);
    }
    return (struct str){r->plain, (uint32_t)t.len};
}

/* ---- writing --------------------------------------------------------------------------------- */

struct work {
    struct payload_redactor *redactor;
    const struct payload_map *map;
    const struct payload_key *key;
    const char *end;
    struct text out;
    enum payload_redact failed; /* REDACT_DONE: not */
};

static void hash_add(struct work *w, struct str value)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t hash[RECORD_KEYED_HASH_BYTES];
    if (value.at[0] == 'n') { /* null */
        text_add_str(&w->out, value);
        return;
    }
    if (value.at[0] == '"')
        value = string_text(w->redactor, value);
    if (!w->key || !payload_keyed_hash(w->key, value, hash)) {
        w->failed = w->key ? REDACT_FAILED : REDACT_KEY;
        return;
    }
    text_add_char(&w->out, '"');
    for (size_t i = 0; i < sizeof hash; i++) {
        text_add_char(&w->out, digits[hash[i] >> 4]);
        text_add_char(&w->out, digits[hash[i] & 15]);
    }
    text_add_char(&w->out, '"');
}

static bool is_index(struct str token)
{
    for (uint32_t i = 0; i < token.len; i++)
        if (token.at[i] < '0' || token.at[i] > '9')
            return false;
    return token.len > 0;
}

/* The rules, a bit each, that lead on to this member or item; *ret_act: what one of them does with
 * it. */
enum act { ACT_NONE, ACT_HASH, ACT_DROP };
static uint32_t rules_into(const struct work *w, uint32_t rules, uint32_t depth, struct str name,
                           enum act *ret_act)
{
    uint32_t on = 0;
    *ret_act = ACT_NONE;
    for (uint32_t i = 0; i < PAYLOAD_RULES_MAX && rules >> i; i++) {
        const struct payload_privacy *rule = payload_map_privacy(w->map, i);
        if (!(rules >> i & 1u) ||
            !(rule->token[depth].any || str_equal(rule->token[depth].text, name)))
            continue;
        if (rule->token_count > depth + 1)
            on |= 1u << i;
        else if (rule->act == PAYLOAD_DROP)
            *ret_act = ACT_DROP;
        else if (*ret_act == ACT_NONE)
            *ret_act = ACT_HASH;
    }
    return on;
}

/* Rules that lead into a value which is not what they expect: a text where an object should be, a
 * list of several where there was one. What they are after is in it, or may be, so all of it goes.
 */
static enum act rules_end(const struct work *w, uint32_t rules, uint32_t depth, char opens)
{
    enum act act = ACT_NONE;
    for (uint32_t i = 0; i < PAYLOAD_RULES_MAX && rules >> i; i++) {
        const struct payload_privacy *rule = payload_map_privacy(w->map, i);
        if (!(rules >> i & 1u) || opens == '{' ||
            (opens == '[' && (rule->token[depth].any || is_index(rule->token[depth].text))))
            continue;
        if (act != ACT_DROP)
            act = rule->act == PAYLOAD_DROP ? ACT_DROP : ACT_HASH;
    }
    return act;
}

static const char *container_add(struct work *w, const char *at, uint32_t rules, uint32_t depth);

/* A value that is kept, at least in part; returns where it ends. */
static const char *value_add(struct work *w, const char *at, uint32_t rules, uint32_t depth,
                             enum act act)
{
    const char *end = value_end(at, w->end);
    struct str value = {at, (uint32_t)(end - at)};
    if (act == ACT_NONE)
        act = rules_end(w, rules, depth, *at);
    if (act == ACT_HASH)
        hash_add(w, value);
    else if (act == ACT_DROP)
        text_add(&w->out, "null");
    else if (rules)
        return container_add(w, at, rules, depth);
    else
        text_add_str(&w->out, value);
    return end;
}

/* An object or list that rules lead into. The parser has bounded how deep. */
static const char *container_add(struct work *w, const char *at, uint32_t rules, uint32_t depth)
{
    bool object = *at == '{', first = true;
    char close = object ? '}' : ']', number[16];
    text_add_char(&w->out, *at);
    at = blanks_skip(at + 1);
    for (uint32_t index = 0; *at != close; index++) {
        struct str key = {0}, name;
        enum act act;
        if (object) {
            const char *key_end = string_end(at);
            key = (struct str){at, (uint32_t)(key_end - at)};
            name = string_text(w->redactor, key);
            at = blanks_skip(blanks_skip(key_end) + 1);
        } else {
            struct text t = text_over(number, sizeof number);
            text_add_u64(&t, index);
            name = (struct str){number, (uint32_t)t.len};
        }
        uint32_t on = rules_into(w, rules, depth, name, &act);
        if (object && act == ACT_DROP) {
            at = value_end(at, w->end);
        } else {
            text_add(&w->out, first ? "" : ",");
            first = false;
            text_add_str(&w->out, key);
            text_add(&w->out, object ? ":" : "");
            at = value_add(w, at, on, depth + 1, act);
        }
        at = blanks_skip(at);
        if (*at == ',')
            at = blanks_skip(at + 1);
    }
    text_add_char(&w->out, close);
    return at + 1;
}

/* All rules about the payload lead into the document. */
static void document_add(struct work *w, const char *at)
{
    const struct payload_privacy *rule;
    uint32_t rules = 0;
    for (uint32_t i = 0; (rule = payload_map_privacy(w->map, i)); i++)
        rules |= (uint32_t)(rule->capture < 0) << i;
    (void)value_add(w, blanks_skip(at), rules, 0, ACT_NONE);
}

_Static_assert(PAYLOAD_RULES_MAX <= 32, "a bit each");

static enum payload_redact parse(struct payload_redactor *r, struct str payload)
{
    struct json_document document;
    switch (json_parse_document(r->json, (const uint8_t *)r->in, payload.len, &document)) {
    case JSON_OK:
        return REDACT_DONE;
    case JSON_UTF8:
        return REDACT_UTF8;
    case JSON_TOO_LARGE:
        return REDACT_OVERSIZED;
    case JSON_NO_MEMORY:
        return REDACT_FAILED;
    default:
        return REDACT_MALFORMED;
    }
}

enum payload_redact payload_redact(struct payload_redactor *r, const struct payload_map *map,
                                   const struct payload_key *key, struct str payload,
                                   struct str *ret_redacted)
{
    if (payload.len > PAYLOAD_DOCUMENT_BYTES_MAX)
        return REDACT_OVERSIZED;
    if (payload.len)
        memcpy(r->in, payload.at, payload.len);
    memset(r->in + payload.len, 0, JSON_PADDING_BYTES);
    enum payload_redact parsed = parse(r, payload);
    if (parsed != REDACT_DONE)
        return parsed;
    struct work w = {.redactor = r,
                     .map = map,
                     .key = key,
                     .end = r->in + payload.len,
                     .out = text_over(r->out, sizeof r->out)};
    document_add(&w, r->in);
    if (w.failed != REDACT_DONE)
        return w.failed;
    if (w.out.overflow)
        return REDACT_OVERSIZED;
    *ret_redacted = (struct str){r->out, (uint32_t)w.out.len};
    return REDACT_DONE;
}
