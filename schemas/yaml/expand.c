#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/yaml/internal.h"

/* The rewriting of a source: what is copied as it stands, and what a value becomes. libyaml's marks
 * count characters, so a byte position walks beside them. */
struct expansion {
    struct str source;
    const struct tree_env *env;
    struct problems *problems;
    struct text out; /* malloc'ed, TREE_BYTES_MAX */
    char *scratch;
    size_t index;  /* characters passed … */
    uint32_t byte; /* … and their bytes */
};

/* Bytes from the last position to the character `index`. */
static struct str advance(struct expansion *x, size_t index)
{
    uint32_t from = x->byte;
    while (x->index < index && x->byte < x->source.len) {
        x->byte++;
        while (x->byte < x->source.len && ((unsigned char)x->source.at[x->byte] & 0xc0) == 0x80)
            x->byte++;
        x->index++;
    }
    return (struct str){x->source.at + from, x->byte - from};
}

/* What YAML would not read again as it is, or would take for a line break. */
static const struct {
    const char *bytes, *escape;
} escapes[] = {
    {"\"", "\\\""},
    {"\\", "\\\\"},
    {"\x7f", "\\x7f"},
    {"\xe2\x80\xa8", "\\L"},
    {"\xe2\x80\xa9", "\\P"},
    {"\xef\xbf\xbe", "\\uFFFE"},
    {"\xef\xbf\xbf", "\\uFFFF"},
};

/* Writes the escape for the character at `from`; returns its bytes, 0 when it needs none. */
static uint32_t add_escape(struct text *out, struct str from)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char c = (unsigned char)from.at[0];
    bool c1 = c == 0xc2 && from.len > 1 && (unsigned char)from.at[1] < 0xa0;
    for (uint32_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++) {
        size_t len = strlen(escapes[i].bytes);
        if (len <= from.len && memcmp(from.at, escapes[i].bytes, len) == 0) {
            text_add(out, escapes[i].escape);
            return (uint32_t)len;
        }
    }
    if (c >= 0x20 && !c1)
        return 0;
    c = c1 ? (unsigned char)from.at[1] : c;
    text_add(out, "\\x");
    text_add_char(out, hex[c >> 4]);
    text_add_char(out, hex[c & 15]);
    return c1 ? 2 : 1;
}

static void add_quoted(struct text *out, struct str value)
{
    text_add_char(out, '"');
    for (uint32_t i = 0; i < value.len;) {
        uint32_t bytes = add_escape(out, (struct str){value.at + i, value.len - i});
        if (bytes == 0)
            text_add_char(out, value.at[i++]);
        i += bytes;
    }
    text_add_char(out, '"');
}

/* A value with variables becomes a double-quoted scalar, and the lines it took stay lines. */
static bool on_value(struct expansion *x, const yaml_event_t *event)
{
    struct str value = {(const char *)event->data.scalar.value,
                        (uint32_t)event->data.scalar.length};
    if (value.len > TREE_SCALAR_BYTES_MAX || !env_needed(value))
        return true;
    struct text replaced = text_over(x->scratch, TREE_SCALAR_BYTES_MAX);
    if (!env_replace(value, x->env, &replaced, (uint32_t)event->start_mark.line + 1,
                     (uint32_t)event->start_mark.column + 1, x->problems))
        return false;
    struct str result = {x->scratch, (uint32_t)replaced.len};
    if (!utf8_valid((const uint8_t *)result.at, result.len)) {
        problems_add(x->problems, (uint32_t)event->start_mark.line + 1,
                     (uint32_t)event->start_mark.column + 1,
                     "not UTF-8 with its variables replaced");
        return false;
    }
    /* The mark is before the anchor and the tag: the reader would see neither. */
    if (event->data.scalar.anchor || event->data.scalar.tag) {
        problems_add(x->problems, (uint32_t)event->start_mark.line + 1,
                     (uint32_t)event->start_mark.column + 1,
                     event->data.scalar.tag ? "tags are not used in this file"
                                            : "a value with an anchor can't hold a variable");
        return false;
    }
    text_add_str(&x->out, advance(x, event->start_mark.index));
    add_quoted(&x->out, result);
    struct str span = advance(x, event->end_mark.index);
    for (uint32_t i = 0; i < span.len; i++)
        if (span.at[i] == '\n')
            text_add_char(&x->out, '\n');
    return true;
}

/* Keys stand at even places of a map. One bit a level is enough to tell. */
struct levels {
    bool map[TREE_DEPTH_MAX + 1], keyed[TREE_DEPTH_MAX + 1];
    uint32_t depth;
};

/* Counts a node that begins; true when it is a key. */
static bool node_is_key(struct levels *l)
{
    if (!l->map[l->depth])
        return false;
    l->keyed[l->depth] = !l->keyed[l->depth];
    return l->keyed[l->depth];
}

static bool on_event(struct expansion *x, struct levels *l, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return node_is_key(l) || on_value(x, event);
    case YAML_ALIAS_EVENT:
        (void)node_is_key(l);
        return true;
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        (void)node_is_key(l);
        if (l->depth == TREE_DEPTH_MAX) {
            problems_add(x->problems, (uint32_t)event->start_mark.line + 1,
                         (uint32_t)event->start_mark.column + 1,
                         "lists and maps are nested too deep");
            return false;
        }
        l->depth++;
        l->map[l->depth] = event->type == YAML_MAPPING_START_EVENT;
        l->keyed[l->depth] = false;
        return true;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        l->depth--;
        return true;
    default:
        return true;
    }
}

static bool run(struct expansion *x)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        problems_add(x->problems, 1, 1, "out of memory");
        return false;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)x->source.at, x->source.len);
    struct levels levels = {0};
    bool ok = true;
    for (bool end = false; ok && !end;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            tree_parser_problem(&parser, x->source, x->problems);
            ok = false;
            break;
        }
        ok = on_event(x, &levels, &event);
        end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    text_add_bytes(&x->out, x->source.at + x->byte, x->source.len - x->byte);
    if (ok && x->out.overflow)
        problems_add(x->problems, 1, 1, "the file is longer than %d bytes", TREE_BYTES_MAX);
    return ok && !x->out.overflow;
}

/* Each value with a variable grows to a scalar of which each byte is escaped, at most. */
static size_t expanded_bytes_max(struct str source)
{
    size_t max = source.len;
    for (uint32_t i = 0; i + 1 < source.len && max < TREE_BYTES_MAX; i++)
        if (source.at[i] == '$' && source.at[i + 1] == '{')
            max += (size_t)4 * TREE_SCALAR_BYTES_MAX + 2;
    return max < TREE_BYTES_MAX ? max : TREE_BYTES_MAX;
}

static bool copy(struct str source, char **ret_text, size_t *ret_len, struct problems *problems)
{
    char *text = malloc((size_t)source.len + 1);
    if (!text) {
        problems_add(problems, 1, 1, "out of memory");
        return false;
    }
    if (source.len)
        memcpy(text, source.at, source.len);
    text[source.len] = '\0';
    *ret_text = text;
    *ret_len = source.len;
    return true;
}

bool tree_expand(struct str source, const struct tree_env *env, char **ret_text, size_t *ret_len,
                 struct problems *problems)
{
    if (source.len > TREE_BYTES_MAX) {
        problems_add(problems, 1, 1, "the file is longer than %d bytes", TREE_BYTES_MAX);
        return false;
    }
    if (!env_needed(source)) /* whether it is YAML is for its reader to say */
        return copy(source, ret_text, ret_len, problems);
    struct expansion x = {.source = source, .env = env, .problems = problems};
    size_t cap = expanded_bytes_max(source);
    char *buffer = malloc(cap + 1);
    x.scratch = malloc(TREE_SCALAR_BYTES_MAX);
    x.out = text_over(buffer, cap);
    bool ok = buffer && x.scratch;
    if (!ok)
        problems_add(problems, 1, 1, "out of memory");
    ok = ok && run(&x);
    free(x.scratch);
    if (ok) {
        buffer[x.out.len] = '\0';
        *ret_text = buffer;
        *ret_len = x.out.len;
    } else {
        free(buffer);
    }
    return ok;
}
