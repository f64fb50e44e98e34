#include "schemas/yaml/tree.h"

#include <assert.h>
#include <stdlib.h>

#include "schemas/base/arena.h"
#include "schemas/yaml/internal.h"

/* Nodes and texts of the largest source, with room for pairs and for replaced variables. */
#define TREE_ARENA_BYTES_MAX ((size_t)1024 * 1024 * 1024)

struct tree {
    struct arena *arena;
    const struct tree_node *root;
};

struct anchor {
    struct str name;
    const struct tree_node *node;
    bool open; /* its list or map has not ended yet */
};

/* A list or map that has not ended yet. */
struct frame {
    struct tree_node *node;
    uint32_t first; /* of its children in builder.child */
    bool keyed;     /* map: the last child has its key and waits for its value */
    bool anchored;
};

struct builder {
    struct arena *arena;
    const struct tree_env *env;
    struct problems *problems;
    struct frame frame[TREE_DEPTH_MAX];
    uint32_t depth;
    struct tree_pair *child; /* of all open frames, innermost last */
    uint32_t child_count, child_cap;
    struct anchor anchor[TREE_ANCHORS_MAX];
    uint32_t anchor_count;
    struct tree_node *root;
    uint32_t nodes;
    char *scratch; /* TREE_SCALAR_BYTES_MAX, for ${NAME} */
};

static bool refuse(struct builder *b, yaml_mark_t at, const char *reason)
{
    problems_add(b->problems, (uint32_t)at.line + 1, (uint32_t)at.column + 1, "%s", reason);
    return false;
}

static bool no_memory(struct builder *b, yaml_mark_t at)
{
    return refuse(b, at, "out of memory");
}

static struct tree_node *node_new(struct builder *b, enum tree_kind kind, yaml_mark_t at)
{
    struct tree_node *node = arena_alloc(b->arena, 1, sizeof *node);
    if (!node || ++b->nodes > TREE_NODES_MAX) {
        (void)refuse(b, at, node ? "the file has too many values" : "out of memory");
        return NULL;
    }
    node->kind = kind;
    node->line = (uint32_t)at.line + 1;
    node->column = (uint32_t)at.column + 1;
    node->weight = 1;
    return node;
}

static bool child_add(struct builder *b, struct tree_pair child, yaml_mark_t at)
{
    if (b->child_count == b->child_cap) {
        uint32_t cap = b->child_cap ? 2 * b->child_cap : 256;
        struct tree_pair *grown = realloc(b->child, cap * sizeof *grown);
        if (!grown)
            return no_memory(b, at);
        b->child = grown;
        b->child_cap = cap;
    }
    b->child[b->child_count++] = child;
    return true;
}

/* Puts a finished or just opened node where it belongs: top, list item or map value. */
static bool place(struct builder *b, struct tree_node *node, yaml_mark_t at)
{
    if (b->depth == 0) {
        b->root = node;
        return true;
    }
    struct frame *frame = &b->frame[b->depth - 1];
    if (frame->node->kind == TREE_LIST)
        return child_add(b, (struct tree_pair){.value = node}, at);
    if (!frame->keyed)
        return refuse(b, at, "a list or map can't be a key");
    frame->keyed = false;
    b->child[b->child_count - 1].value = node;
    return true;
}

/* The scalar as the key of the innermost map. */
static bool key_add(struct builder *b, struct frame *frame, struct str key, yaml_mark_t at)
{
    uint32_t line = (uint32_t)at.line + 1, column = (uint32_t)at.column + 1;
    if (b->child_count - frame->first >= TREE_KEYS_MAX)
        return refuse(b, at, "the map has too many keys");
    for (uint32_t i = frame->first; i < b->child_count; i++)
        if (str_equal(b->child[i].key, key)) {
            problems_add(b->problems, line, column,
                         "\"" STR_FMT "\" is given twice; first in line %u", STR_ARG(key),
                         b->child[i].line);
            return false;
        }
    frame->keyed = true;
    return child_add(b, (struct tree_pair){.key = key, .line = line, .column = column}, at);
}

static bool anchor_add(struct builder *b, const yaml_char_t *name, const struct tree_node *node,
                       bool open, yaml_mark_t at)
{
    if (!name)
        return true;
    if (b->anchor_count == TREE_ANCHORS_MAX)
        return refuse(b, at, "the file has too many anchors");
    struct str copy = arena_copy(b->arena, str_of((const char *)name));
    if (!copy.at)
        return no_memory(b, at);
    b->anchor[b->anchor_count++] = (struct anchor){copy, node, open};
    return true;
}

static bool on_alias(struct builder *b, const yaml_event_t *event)
{
    struct str name = str_of((const char *)event->data.alias.anchor);
    yaml_mark_t at = event->start_mark;
    for (uint32_t i = b->anchor_count; i-- > 0;) {
        if (!str_equal(b->anchor[i].name, name))
            continue;
        if (b->anchor[i].open)
            return refuse(b, at, "the alias is inside its own anchor");
        struct tree_node *node = node_new(b, TREE_SCALAR, at);
        if (!node)
            return false;
        /* A copy of the node itself, so that problems name the line of the alias; what is below is
         * shared. */
        uint32_t line = node->line, column = node->column;
        *node = *b->anchor[i].node;
        node->line = line;
        node->column = column;
        return place(b, node, at);
    }
    return refuse(b, at, "the alias has no anchor before it");
}

static bool on_scalar(struct builder *b, const yaml_event_t *event)
{
    yaml_mark_t at = event->start_mark;
    struct frame *frame = b->depth ? &b->frame[b->depth - 1] : NULL;
    bool is_key = frame && frame->node->kind == TREE_MAP && !frame->keyed;
    if (event->data.scalar.tag)
        return refuse(b, at, "tags are not used in this file");
    if (event->data.scalar.length > TREE_SCALAR_BYTES_MAX)
        return refuse(b, at, "the value is too long");
    struct str text = {(const char *)event->data.scalar.value, (uint32_t)event->data.scalar.length};
    if (!is_key && b->env && env_needed(text)) {
        struct text out = text_over(b->scratch, TREE_SCALAR_BYTES_MAX);
        if (!env_replace(text, b->env, &out, (uint32_t)at.line + 1, (uint32_t)at.column + 1,
                         b->problems))
            return false;
        text = (struct str){b->scratch, (uint32_t)out.len};
    }
    text = arena_copy(b->arena, text);
    if (!text.at)
        return no_memory(b, at);
    if (is_key) {
        if (event->data.scalar.anchor)
            return refuse(b, at, "a key can't have an anchor");
        return key_add(b, frame, text, at);
    }
    struct tree_node *node = node_new(b, TREE_SCALAR, at);
    if (!node)
        return false;
    node->text = text;
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    return anchor_add(b, event->data.scalar.anchor, node, false, at) && place(b, node, at);
}

static bool on_start(struct builder *b, const yaml_event_t *event, enum tree_kind kind)
{
    yaml_mark_t at = event->start_mark;
    const yaml_char_t *tag =
        kind == TREE_LIST ? event->data.sequence_start.tag : event->data.mapping_start.tag;
    const yaml_char_t *anchor =
        kind == TREE_LIST ? event->data.sequence_start.anchor : event->data.mapping_start.anchor;
    if (tag)
        return refuse(b, at, "tags are not used in this file");
    if (b->depth == TREE_DEPTH_MAX)
        return refuse(b, at, "lists and maps are nested too deep");
    struct tree_node *node = node_new(b, kind, at);
    if (!node || !place(b, node, at) || !anchor_add(b, anchor, node, true, at))
        return false;
    b->frame[b->depth++] =
        (struct frame){.node = node, .first = b->child_count, .anchored = anchor != NULL};
    return true;
}

static bool children_copy(struct builder *b, const struct frame *frame, struct tree_node *node)
{
    const struct tree_pair *child = node->count ? b->child + frame->first : NULL;
    if (node->kind == TREE_MAP) {
        struct tree_pair *pair = arena_alloc(b->arena, node->count, sizeof *pair);
        if (pair && node->count)
            memcpy(pair, child, node->count * sizeof *pair);
        node->pair = pair;
        return pair;
    }
    const struct tree_node **item = arena_alloc(b->arena, node->count, sizeof(struct tree_node *));
    for (uint32_t i = 0; item && i < node->count; i++)
        item[i] = child[i].value;
    node->item = item;
    return item;
}

static bool on_end(struct builder *b, const yaml_event_t *event)
{
    assert(b->depth > 0); /* libyaml's events balance */
    struct frame frame = b->frame[--b->depth];
    struct tree_node *node = frame.node;
    node->count = b->child_count - frame.first;
    uint64_t weight = 1;
    for (uint32_t i = frame.first; i < b->child_count; i++)
        weight += b->child[i].value->weight;
    if (weight > TREE_NODES_MAX)
        return refuse(b, event->start_mark, "aliases expand to too many values");
    node->weight = (uint32_t)weight;
    if (!children_copy(b, &frame, node))
        return no_memory(b, event->start_mark);
    b->child_count = frame.first;
    for (uint32_t i = 0; frame.anchored && i < b->anchor_count; i++)
        if (b->anchor[i].node == node)
            b->anchor[i].open = false;
    return true;
}

static bool on_event(struct builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (b->root)
            return refuse(b, event->start_mark, "a second document in the file");
        return true;
    case YAML_ALIAS_EVENT:
        return on_alias(b, event);
    case YAML_SCALAR_EVENT:
        return on_scalar(b, event);
    case YAML_SEQUENCE_START_EVENT:
        return on_start(b, event, TREE_LIST);
    case YAML_MAPPING_START_EVENT:
        return on_start(b, event, TREE_MAP);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return on_end(b, event);
    default:
        return true;
    }
}

/* Bytes of the line break at `at`; 0: there is none. YAML has CR, NEL, LS and PS besides. */
static uint32_t line_break(struct str source, uint32_t at)
{
    static const char *const breaks[] = {"\r\n",     "\n",           "\r",
                                         "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};
    for (uint32_t i = 0; i < sizeof breaks / sizeof breaks[0]; i++) {
        size_t len = strlen(breaks[i]);
        if (len <= source.len - at && memcmp(source.at + at, breaks[i], len) == 0)
            return (uint32_t)len;
    }
    return 0;
}

/* The problem is behind so many bytes or characters of the source, or at its end. */
static void problem_behind(struct str source, size_t bytes, size_t characters, const char *reason,
                           const char *context, struct problems *problems)
{
    uint32_t line = 1, column = 1, at = 0;
    for (size_t count = 0; at < source.len && at < bytes && count < characters; count++) {
        uint32_t step = line_break(source, at);
        count += step == 2 && source.at[at] == '\r'; /* CR LF: one break, two characters */
        line += step > 0;
        column = step ? 1 : column + 1;
        if (step == 0) {
            step = 1;
            while (at + step < source.len && ((unsigned char)source.at[at + step] & 0xc0) == 0x80)
                step++;
        }
        at += step;
    }
    problems_add(problems, line, column, "%s%s%s", reason, context ? " " : "",
                 context ? context : "");
}

void tree_parser_problem(const yaml_parser_t *parser, struct str source, struct problems *problems)
{
    const char *reason = parser->problem ? parser->problem : "not YAML";
    if (parser->error == YAML_READER_ERROR) /* a byte that no character may have */
        problem_behind(source, parser->problem_offset, SIZE_MAX, reason, NULL, problems);
    else if (parser->error == YAML_MEMORY_ERROR)
        problems_add(problems, 1, 1, "out of memory");
    else /* its mark's line is one too many at the end of a file without a last line feed */
        problem_behind(source, SIZE_MAX, parser->problem_mark.index, reason, parser->context,
                       problems);
}

static bool build(struct builder *b, struct str source)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        problems_add(b->problems, 1, 1, "out of memory");
        return false;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)source.at, source.len);
    bool ok = true;
    for (bool end = false; ok && !end;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            tree_parser_problem(&parser, source, b->problems);
            ok = false;
            break;
        }
        ok = on_event(b, &event);
        end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return ok;
}

bool tree_parse(struct str source, const struct tree_env *env, struct tree **ret_tree,
                struct problems *problems)
{
    bool ok = false;
    struct builder *b = calloc(1, sizeof *b);
    struct tree *tree = calloc(1, sizeof *tree);
    if (source.len > TREE_BYTES_MAX) {
        problems_add(problems, 1, 1, "the file is longer than %d bytes", TREE_BYTES_MAX);
        goto done;
    }
    if (b)
        *b = (struct builder){.env = env, .problems = problems};
    if (b && tree) {
        tree->arena = b->arena = arena_new(TREE_ARENA_BYTES_MAX);
        b->scratch = malloc(TREE_SCALAR_BYTES_MAX);
    }
    if (!b || !tree || !b->arena || !b->scratch) {
        problems_add(problems, 1, 1, "out of memory");
        goto done;
    }
    if (!build(b, source))
        goto done;
    yaml_mark_t top = {0};
    if (!b->root && !(b->root = node_new(b, TREE_MAP, top)))
        goto done;
    tree->root = b->root;
    *ret_tree = tree;
    tree = NULL;
    ok = true;
done:
    tree_free(tree);
    if (b) {
        free(b->child);
        free(b->scratch);
    }
    free(b);
    return ok;
}

void tree_free(struct tree *tree)
{
    if (tree)
        arena_free(tree->arena);
    free(tree);
}

const struct tree_node *tree_root(const struct tree *tree)
{
    return tree->root;
}
