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

/* Steps that lead to one place: by its name or index, and as an element of what is iterated. */
enum { STEPS_MAX = 4 };
struct steps {
    uint32_t step[STEPS_MAX];
    uint32_t count;
};

static void below(struct looking *l, const struct steps *steps, uint32_t at);

static void steps_add(struct steps *steps, uint32_t step)
{
    if (step && steps->count < STEPS_MAX)
        steps->step[steps->count++] = step;
}

/* A value that these steps lead to. */
static void value_look(struct looking *l, const struct steps *steps, uint32_t at)
{
    if (!steps->count) {
        report(l);
        return;
    }
    for (uint32_t i = 0; i < steps->count; i++) {
        const struct payload_step *s = &l->d->map->step[steps->step[i]];
        if (!s->child_count && !s->iterated)
            return; /* it is looked at as a whole */
    }
    below(l, steps, at);
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

static void below(struct looking *l, const struct steps *steps, uint32_t at)
{
    const struct payload_map *map = l->d->map;
    const struct json_document *doc = &l->d->document;
    enum json_kind kind = json_kind_at(doc, at);
    size_t len = l->path.len;
    if (kind != JSON_OBJECT && kind != JSON_ARRAY)
        return;
    int32_t index = 0;
    for (uint32_t in = json_first(at), end = json_end(doc, at); in != end;
         in = json_after(doc, in), index++) {
        struct steps next = {0};
        bool element = false;
        struct str key = kind == JSON_OBJECT ? json_text(doc, in++) : (struct str){0};
        for (uint32_t i = 0; i < steps->count; i++) {
            const struct payload_slot *slot =
                kind == JSON_OBJECT ? payload_walk_find(&map->step[steps->step[i]], key) : NULL;
            steps_add(&next, slot                 ? slot->step
                             : kind == JSON_ARRAY ? item_step(map, steps->step[i], index)
                                                  : 0);
        }
        bool named = next.count > 0;
        for (uint32_t i = 0; i < steps->count; i++) {
            uint32_t as_element = element_step(map, steps->step[i]);
            element = element || as_element;
            steps_add(&next, as_element);
        }
        if (kind == JSON_OBJECT) {
            payload_pointer_key(&l->path, element && !named ? STR_LIT("*") : key);
        } else {
            text_add_char(&l->path, '/');
            if (element)
                text_add_char(&l->path, '*');
            else
                text_add_i64(&l->path, index);
        }
        value_look(l, &next, in);
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
    const struct steps root = {{map->scope[0].root}, 1};
    below(&l, &root, JSON_ROOT);
}
