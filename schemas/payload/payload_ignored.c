/* What a map does not look at: for people who write one. Not for the path of messages. */
#include "schemas/payload/decoder.h"

enum { PATH_BYTES_MAX = 1024 };

struct looking {
    struct payload_decoder *d;
    void (*found)(void *context, struct str pointer);
    void *context;
    struct text path;
};

/* Elements of a list mostly ignore the same. */
static void report(struct looking *l)
{
    struct payload_decoder *d = l->d;
    struct str path = {l->path.at, (uint32_t)l->path.len};
    uint64_t hash = str_hash(path);
    for (uint32_t i = 0; i < d->ignored_count; i++)
        if (d->ignored[i] == hash)
            return;
    if (l->path.overflow || d->ignored_count == PAYLOAD_IGNORED_MAX)
        return;
    d->ignored[d->ignored_count++] = hash;
    l->found(l->context, path);
}

static void below(struct looking *l, uint32_t step, uint32_t at);

/* A value that step `next` leads to; 0: none does. */
static void value_look(struct looking *l, uint32_t next, uint32_t at)
{
    const struct payload_step *s = &l->d->map->step[next];
    if (!next)
        report(l);
    else if (s->child_count || s->iterated)
        below(l, next, at);
}

/* The step that leads to item `index` of a list. */
static uint32_t item_step(const struct payload_map *map, uint32_t step, int32_t index)
{
    for (uint32_t child = map->step[step].child; child; child = map->step[child].sibling)
        if (map->step[child].index == index)
            return child;
    return 0;
}

/* The step that is an element of what a step iterates; 0: it iterates nothing. */
static uint32_t element_step(const struct payload_map *map, uint32_t step)
{
    for (uint32_t i = 1; i < map->scope_count; i++)
        if (map->scope[i].list == step)
            return map->scope[i].root;
    return 0;
}

static void below(struct looking *l, uint32_t step, uint32_t at)
{
    const struct payload_map *map = l->d->map;
    const struct json_document *doc = &l->d->document;
    enum json_kind kind = json_kind_at(doc, at);
    uint32_t element = element_step(map, step);
    size_t len = l->path.len;
    if (kind != JSON_OBJECT && kind != JSON_ARRAY)
        return;
    int32_t index = 0;
    for (uint32_t in = json_first(at), end = json_end(doc, at); in != end;
         in = json_after(doc, in), index++) {
        uint32_t next;
        if (kind == JSON_OBJECT) {
            struct str key = json_text(doc, in++);
            const struct payload_slot *named = payload_walk_find(&map->step[step], key);
            next = named ? named->step : element;
            payload_walk_key(&l->path, element && !named ? STR_LIT("*") : key);
        } else {
            uint32_t named = item_step(map, step, index);
            next = named ? named : element;
            text_add_char(&l->path, '/');
            if (element && !named)
                text_add_char(&l->path, '*');
            else
                text_add_i64(&l->path, index);
        }
        value_look(l, next, in);
        l->path.len = len;
        l->path.overflow = false;
    }
}

void payload_ignored(struct payload_decoder *decoder, const struct payload_map *map,
                     void (*found)(void *context, struct str pointer), void *context)
{
    char path[PATH_BYTES_MAX];
    struct looking l = {decoder, found, context, text_over(path, sizeof path)};
    if (!decoder->parsed || decoder->map != map)
        return;
    decoder->ignored_count = 0;
    below(&l, map->scope[0].root, JSON_ROOT);
}
