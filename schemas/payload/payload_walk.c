/* Finds a map's steps on the tape of a document: one pass over the members of each object that has
 * some, whose keys are compared with one another on the way. */
#include "schemas/payload/decoder.h"

/* Members of an object for which 64 bits are enough to tell that a key is new; 2^n - 1. */
enum { FEW = 31 };

static inline const struct payload_slot *slot_find(const struct payload_step *step, struct str key,
                                                   struct json_print print, uint64_t hash)
{
    const struct payload_slot *slot = step->slot;
    for (uint32_t at = (uint32_t)hash & step->slot_mask; slot[at].step;
         at = (at + 1) & step->slot_mask)
        if (json_print_equal(print, key, slot[at].print, slot[at].key))
            return &slot[at];
    return NULL;
}

const struct payload_slot *payload_walk_find(const struct payload_step *step, struct str key)
{
    struct json_print print = json_print(key);
    return step->slot ? slot_find(step, key, print, json_print_hash(print, key)) : NULL;
}

void payload_pointer_key(struct text *out, struct str key)
{
    text_add_char(out, '/');
    uint32_t plain = 0;
    for (uint32_t i = 0; i < key.len; i++)
        if (key.at[i] == '~' || key.at[i] == '/') {
            text_add_bytes(out, key.at + plain, i - plain);
            text_add(out, key.at[i] == '~' ? "~0" : "~1");
            plain = i + 1;
        }
    text_add_bytes(out, key.at + plain, key.len - plain);
}

void payload_walk_path(const struct payload_decoder *d, uint32_t step, struct text *out)
{
    const struct payload_map *map = d->map;
    const struct payload_step *s = &map->step[step];
    if (s->scope) { /* inside an element */
        const struct payload_element *element = &d->element[s->scope];
        payload_walk_path(d, map->scope[s->scope].list, out);
        if (element->key.len) {
            payload_pointer_key(out, element->key);
        } else {
            text_add_char(out, '/');
            text_add_u64(out, element->index);
        }
    }
    text_add_str(out, s->path);
}

__attribute__((cold, noinline)) static bool refuse(struct payload_decoder *d, uint32_t step,
                                                   enum refusal_reason reason, const char *what,
                                                   struct str key)
{
    struct text t = refusal_begin(&d->refusal, reason);
    text_add(&t, "payload");
    if (d->map->step[step].parent || d->map->step[step].scope) {
        text_add_char(&t, ' ');
        payload_walk_path(d, step, &t);
    }
    text_add(&t, ": ");
    text_add(&t, what);
    if (key.len && key.len <= PAYLOAD_NAME_BYTES_MAX)
        text_add_json(&t, key);
    return refusal_end(&t);
}

/* A pointer of the map leads on into a value that has no inside of this kind, and none looks at the
 * value itself. Of several the first of the map's: the order of a message's members is nobody's. */
static void misfit(struct payload_decoder *d, uint32_t step, enum json_kind kind)
{
    if (!d->map->step[step].wanted && kind != JSON_NULL &&
        (!d->misfit_step || step < d->misfit_step))
        d->misfit_step = step;
}

/* A step's pointer as the map has it, elements as *. */
static void pointer_add(const struct payload_map *map, uint32_t step, struct text *out)
{
    const struct payload_step *s = &map->step[step];
    if (s->scope) {
        pointer_add(map, map->scope[s->scope].list, out);
        text_add(out, "/*");
    }
    text_add_str(out, s->path);
}

bool payload_walk_fits(struct payload_decoder *d)
{
    const struct payload_step *s = &d->map->step[d->misfit_step];
    if (!d->misfit_step)
        return true;
    struct text t = refusal_begin(&d->refusal, REFUSAL_WRONG_TYPE);
    text_add(&t, s->parent || s->scope ? "payload " : "payload");
    pointer_add(d->map, d->misfit_step, &t);
    text_add(&t, s->iterated         ? ": neither a list nor an object"
                 : s->index_max >= 0 ? ": not a list, as the map expects"
                                     : ": not an object, as the map expects");
    return refusal_end(&t);
}

/* True when a member has the key of one before it, up to `at`, in a small object: compared one by
 * one. */
static bool seen_before(const struct json_document *doc, uint32_t object, uint32_t at,
                        struct str key, struct json_print print)
{
    for (uint32_t i = json_first(object); i != at; i = json_after(doc, i + 1)) {
        struct str other = json_text(doc, i);
        if (json_print_equal(json_print(other), other, print, key))
            return true;
    }
    return false;
}

/* True when a member that no step wants has the key of one before it. Chained by hash, so that the
 * cost grows with the number of members only. */
static bool seen(struct payload_decoder *d, struct str key, struct json_print print, uint64_t hash,
                 uint32_t mask, uint32_t *count)
{
    uint16_t *first = &d->other.first[(hash >> 40) & mask];
    for (uint32_t i = *first; i; i = d->other.next[i])
        if (json_print_equal(d->other.print[i], d->other.key[i], print, key))
            return true;
    uint32_t added = ++*count;
    d->other.print[added] = print;
    d->other.key[added] = key;
    d->other.next[added] = *first;
    *first = (uint16_t)added;
    return false;
}

/* Orders of keys: objects of one place mostly have the keys that others had there, in the same
 * order. What was seen once is kept as a tree, a node a member: behind those before it, in this
 * order, it came next. The keys from the root to a node differ, which was found out when it was
 * made. So an object that goes down the tree needs neither a search for its steps nor a comparison
 * of its keys with one another; one that leaves it is walked by the rules. What a message becomes
 * does not depend on what was seen before it. */
static inline struct payload_order_root *root_of(struct payload_decoder *d, uint32_t step)
{
    return &d->order.root[(d->map->print + step) % PAYLOAD_ORDER_ROOTS];
}

/* A key as the document has it: four bytes that are its length, and its own. */
static inline const char *key_at(const struct json_document *doc, uint32_t at)
{
    return json_text(doc, at).at - sizeof(uint32_t);
}

/* Of a node and those in its place: the one of this key. NULL: none is. */
static inline const struct payload_order_node *key_find(const struct payload_order *o,
                                                        uint32_t node, const char *key)
{
    uint64_t head, tail;
    memcpy(&head, key, sizeof head);
    for (const struct payload_order_node *n; node; node = n->other) {
        n = &o->node[node];
        if ((head ^ n->head) & n->head_mask)
            continue;
        memcpy(&tail, key + n->tail_at, sizeof tail);
        if ((tail ^ n->tail) & n->head_mask)
            continue;
        if (n->key_len <= 12 || memcmp(key + 8, n->key + 4, n->key_len - 12u) == 0)
            return n;
    }
    return NULL;
}

/* False: the object is like none that was seen, and nothing was found. */
static bool order_walk(struct payload_decoder *d, struct payload_found *w, uint32_t of,
                       uint32_t object)
{
    const struct json_document doc = d->document;
    const struct payload_order_root *root = root_of(d, of);
    uint32_t count = w->count, deeper_count = w->deeper_count;
    const struct payload_order_node *n = &d->order.node[root->node];
    if (root->print != d->map->print || root->step != of)
        return false;
    for (uint32_t at = json_first(object), end = json_end(&doc, object); at != end;
         at = json_after(&doc, at + 1)) {
        n = key_find(&d->order, n->next, key_at(&doc, at));
        if (!n) {
            payload_found_forget(d, w->count, count);
            return false;
        }
        if (!n->step)
            continue;
        d->at[n->step] = at + 1;
        d->found[count++] = (uint16_t)n->step;
        if (n->deeper)
            d->deeper[deeper_count++] = (uint16_t)n->step;
    }
    w->count = count;
    w->deeper_count = deeper_count;
    w->says |= n->says;
    w->allows |= n->allows;
    w->renews |= n->renews;
    return true;
}

/* Forgets all when there is no room. */
static uint32_t node_new(struct payload_order *o, const struct payload_order_node *node)
{
    if (o->count + 1 == PAYLOAD_ORDER_NODES) {
        memset(o->root, 0, sizeof o->root);
        o->count = 0;
        return 0;
    }
    o->node[++o->count] = *node;
    return o->count;
}

/* A member that comes next behind `parent` from now on. 0: it is not kept. */
static uint32_t node_add(struct payload_decoder *d, uint32_t of, uint32_t parent, const char *at)
{
    const struct payload_order_node *above = &d->order.node[parent];
    struct payload_order_node made = {
        .says = above->says, .allows = above->allows, .renews = above->renews};
    struct str key = {at + sizeof(uint32_t), 0};
    uint32_t *to = &d->order.node[parent].next;
    uint32_t choices = 0;
    memcpy(&key.len, at, sizeof key.len);
    for (; *to; to = &d->order.node[*to].other)
        choices++;
    if (choices == PAYLOAD_ORDER_CHOICES || key.len > sizeof made.key)
        return 0;
    memcpy(made.key, key.at, key.len);
    memcpy(&made.head, at, sizeof made.head);
    made.head_mask = key.len < 4 ? (UINT64_C(1) << (32 + 8 * key.len)) - 1 : UINT64_MAX;
    made.key_len = (uint8_t)key.len;
    made.tail_at = (uint8_t)(key.len > 4 ? key.len - 4 : 0);
    memcpy(&made.tail, at + made.tail_at, sizeof made.tail);
    const struct payload_slot *slot = payload_walk_find(&d->map->step[of], key);
    if (slot) {
        made.step = slot->step;
        made.deeper = slot->deeper;
        made.says |= slot->says;
        made.allows |= slot->allows;
        made.renews |= slot->renews;
    }
    uint32_t node = node_new(&d->order, &made);
    if (node)
        *to = node;
    return node;
}

/* Of an object that was walked, and has no key twice. */
static void order_keep(struct payload_decoder *d, uint32_t of, uint32_t object)
{
    const struct json_document *doc = &d->document;
    struct payload_order_root *root = root_of(d, of);
    if (!root->node || root->print != d->map->print || root->step != of)
        *root = (struct payload_order_root){
            d->map->print, of, node_new(&d->order, &(struct payload_order_node){.next = 0})};
    uint32_t node = root->node;
    for (uint32_t at = json_first(object), end = json_end(doc, object); node && at != end;
         at = json_after(doc, at + 1)) {
        const char *key = key_at(doc, at);
        const struct payload_order_node *n = key_find(&d->order, d->order.node[node].next, key);
        node = n ? (uint32_t)(n - d->order.node) : node_add(d, of, node, key);
    }
}

static bool object_walk(struct payload_decoder *d, struct payload_found *w, uint32_t of,
                        uint32_t object)
{
    const struct json_document doc = d->document;
    const struct payload_step *step = &d->map->step[of];
    uint32_t members = (uint32_t)(doc.tape[object] >> 32) & 0xffffff, others = 0, mask = FEW;
    uint64_t bits = 0; /* of the hashes of members that no step wants */
    if (members > PAYLOAD_MEMBERS_MAX)
        return refuse(d, of, REFUSAL_OUT_OF_RANGE, "more than 1024 members", (struct str){0});
    if (members > FEW) {
        while (mask < members)
            mask = 2 * mask + 1;
        memset(d->other.first, 0, (mask + 1) * sizeof d->other.first[0]);
    }
    for (uint32_t at = json_first(object), end = json_end(&doc, object); at != end;
         at = json_after(&doc, at + 1)) {
        struct str key = json_text(&doc, at);
        struct json_print print = json_print(key);
        uint64_t hash = json_print_hash(print, key), bit = UINT64_C(1) << (hash >> 58);
        const struct payload_slot *slot = step->slot ? slot_find(step, key, print, hash) : NULL;
        bool twice;
        if (slot)
            twice = d->at[slot->step] != 0;
        else if (members > FEW)
            twice = seen(d, key, print, hash, mask, &others);
        else /* few share a bit: without one before it the key is new, and nothing was stored */
            twice = (bits & bit) && seen_before(&doc, object, at, key, print);
        if (twice)
            return refuse(d, of, REFUSAL_DUPLICATE_KEY, "a key occurs twice: ", key);
        if (!slot) {
            bits |= bit;
            continue;
        }
        payload_found_add(d, w, slot->step, at + 1, slot->deeper);
        w->says |= slot->says;
        w->allows |= slot->allows;
        w->renews |= slot->renews;
    }
    if (members <= PAYLOAD_ORDER_MEMBERS)
        order_keep(d, of, object);
    return true;
}

static void step_found(struct payload_decoder *d, struct payload_found *w, uint32_t number,
                       uint32_t at)
{
    const struct payload_step *step = &d->map->step[number];
    payload_found_add(d, w, number, at, step->child_count || step->iterated);
    w->says |= step->says;
    w->allows |= step->allows;
    w->renews |= step->renews;
}

static void array_walk(struct payload_decoder *d, struct payload_found *w, uint32_t of,
                       uint32_t array)
{
    const struct json_document *doc = &d->document;
    const struct payload_step *step = &d->map->step[of];
    uint32_t at = json_first(array), end = json_end(doc, array);
    for (int32_t index = 0; at != end && index <= step->index_max;
         index++, at = json_after(doc, at))
        for (uint32_t child = step->child; child; child = d->map->step[child].sibling)
            if (d->map->step[child].index == index)
                step_found(d, w, child, at);
}

bool payload_walk(struct payload_decoder *d, uint32_t number, uint32_t forget, uint32_t at)
{
    const struct payload_map *map = d->map;
    const struct payload_scope *scope = &map->scope[number];
    struct payload_found w;
    w.says = number ? d->says[scope->parent] : map->says;
    w.allows = number ? d->allows[scope->parent] : map->allows;
    w.renews = w.deeper_count = 0;
    d->walk++;
    d->answered &= ~scope->questions;
    payload_found_forget(d, forget, d->found_count);
    w.count = forget;
    step_found(d, &w, scope->root, at);
    bool ok = true;
    for (uint32_t i = 0; i < w.deeper_count && ok; i++) { /* grows as steps are looked into */
        uint32_t step = d->deeper[i], place = d->at[step];
        enum json_kind kind = json_kind_at(&d->document, place);
        if (kind == JSON_OBJECT)
            ok = order_walk(d, &w, step, place) || object_walk(d, &w, step, place);
        else if (kind == JSON_ARRAY && (map->step[step].iterated || map->step[step].index_max >= 0))
            array_walk(d, &w, step, place);
        else
            misfit(d, step, kind);
    }
    d->found_count = w.count;
    d->renews = w.renews;
    d->says[number] = w.says;
    d->allows[number] = w.allows;
    return ok;
}
