/* `readings:` of a map: each entry, once for every round of its `for`. */
#include "schemas/base/suggest.h"
#include "schemas/payload/internal.h"

enum { ENTRY_KEYS = 12, MEMBERS_MAX = 16 };
static const char *const entry_keys[ENTRY_KEYS] = {"each", "for",     "when",       "class",
                                                   "kind", "device",  "part",       "unbound",
                                                   "time", "partial", "historical", "binding"};

static const char *const class_words[] = {"crowd", "gate", "vehicle_gate", "light"};
static const char *const kind_words[] = {"level", "delta", "daily", "total"};

/* Class and kind, which all the rest depends on. */
static bool class_read(struct payload_reader *r, const struct tree_node *node,
                       struct payload_binding *b)
{
    const struct tree_node *class = tree_find(node, "class"), *kind = tree_find(node, "kind");
    uint32_t word;
    if (!class) {
        problems_add(r->problems, node->line, node->column,
                     "a reading has a class: crowd, gate, vehicle_gate or light");
        return false;
    }
    if (!payload_choice(r, class, "class", class_words, 4, &word))
        return false;
    b->class = (enum sensor_class)word;
    b->kind = b->class == SENSOR_LIGHT ? COUNTER_LEVEL : COUNTER_DELTA;
    if (b->class != SENSOR_CROWD) {
        if (kind)
            problems_add(r->problems, kind->line, kind->column,
                         "kind is only for class crowd; gates and lights have none");
        return !kind;
    }
    if (!kind) {
        problems_add(r->problems, node->line, node->column,
                     "a reading of class crowd has a kind: level, delta, daily or total");
        return false;
    }
    if (!payload_choice(r, kind, "kind", kind_words, 4, &word))
        return false;
    b->kind = (enum counter_kind)word;
    return true;
}

/* Members are those of the class, less the time, which `time` gives. */
static bool settable(const struct member *member)
{
    return member && member->kind != MEMBER_TIME;
}

static void member_unknown(struct payload_reader *r, const struct tree_pair *pair,
                           const struct payload_binding *b, struct members members)
{
    const char *word[ENTRY_KEYS + MEMBERS_MAX];
    char list[PROBLEM_BYTES];
    struct text out = text_over(list, sizeof list);
    uint32_t count = 0;
    for (uint32_t i = 0; i < members.count; i++)
        if (settable(&members.member[i])) {
            text_add(&out, count ? ", " : "");
            text_add(&out, members.member[i].name.at);
            word[count++] = members.member[i].name.at;
        }
    for (uint32_t i = 0; i < ENTRY_KEYS; i++)
        word[count++] = entry_keys[i];
    const char *near = suggest_word(pair->key, word, count);
    problems_add(r->problems, pair->line, pair->column,
                 "a " STR_FMT " reading has no \"%.*s\"%s%s%s; it may say %.*s",
                 STR_ARG(reading_kind(b->class, b->kind)),
                 (int)(pair->key.len < 48 ? pair->key.len : 48), pair->key.at,
                 near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "", (int)out.len,
                 list);
}

static bool is_entry_key(struct str key)
{
    for (uint32_t i = 0; i < ENTRY_KEYS; i++)
        if (str_is(key, entry_keys[i]))
            return true;
    return false;
}

static bool members_read(struct payload_reader *r, const struct tree_node *node,
                         struct payload_entry *entry)
{
    const struct payload_binding *b = &entry->binding;
    struct members members = members_of(b->class, b->kind);
    struct payload_alternatives read[MEMBERS_MAX];
    uint32_t count = 0;
    bool ok = true, says = false;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct tree_pair *pair = &node->pair[i];
        if (is_entry_key(pair->key))
            continue;
        const struct member *member = member_find(members, pair->key);
        if (!settable(member)) {
            member_unknown(r, pair, b, members);
            ok = false;
            continue;
        }
        if (tree_find(node, member->name.at) == NULL) {
            problems_add(r->problems, pair->line, pair->column, "%s: nothing is given",
                         member->name.at);
            ok = false;
            continue;
        }
        bool seq = str_is(pair->key, "seq");
        ok = payload_alternatives(r, pair->value, member->name.at, member,
                                  seq ? &entry->seq : &read[count]) &&
             ok;
        count += ok && !seq;
        says = says || !seq;
    }
    if (ok && !says) {
        problems_add(r->problems, node->line, node->column,
                     "a reading that has no member says nothing");
        return false;
    }
    struct payload_alternatives *kept = payload_alloc(r, count, sizeof *kept);
    if (!ok || !kept)
        return false;
    memcpy(kept, read, count * sizeof *kept);
    if (!entry->seq.count)
        entry->seq = r->common[r->here].seq;
    entry->member = kept;
    entry->member_count = count;
    return true;
}

static bool binding_read(struct payload_reader *r, const struct tree_node *node,
                         struct payload_binding *b)
{
    static const char *const keys[] = {"wrap", "saturates_at", "silence_s", "interval_s"};
    const struct tree_node *map = tree_find(node, "binding");
    int64_t silence_s = 0, interval_s = 0;
    b->wrap = -1;
    if (!map)
        return true;
    if (!payload_keys(r, map, "binding", keys, 4))
        return false;
    const struct tree_node *wrap = tree_find(map, "wrap"), *saturates = tree_find(map, keys[1]),
                           *silence = tree_find(map, keys[2]), *interval = tree_find(map, keys[3]);
    bool crowd = b->class == SENSOR_CROWD;
    if (wrap && !(crowd && (b->kind == COUNTER_TOTAL || b->kind == COUNTER_DAILY))) {
        problems_add(r->problems, wrap->line, wrap->column,
                     "wrap is only for counters of kind daily or total");
        return false;
    }
    if (saturates && !(crowd && b->kind == COUNTER_LEVEL)) {
        problems_add(r->problems, saturates->line, saturates->column,
                     "saturates_at is only for counters of kind level");
        return false;
    }
    if ((wrap && !tree_int(wrap, "wrap", 0, INT64_C(4294967296), &b->wrap, r->problems)) ||
        (saturates &&
         !tree_int(saturates, keys[1], 1, READING_PEOPLE_MAX, &b->saturates_at, r->problems)) ||
        (silence && !tree_int(silence, keys[2], 1, 86400, &silence_s, r->problems)) ||
        (interval && !tree_int(interval, keys[3], 1, 86400, &interval_s, r->problems)))
        return false;
    if (wrap && b->wrap != 0 && b->wrap != 65536 && b->wrap != INT64_C(4294967296)) {
        problems_add(r->problems, wrap->line, wrap->column,
                     "wrap: 65536, 4294967296 or 0 (does not wrap) is expected");
        return false;
    }
    b->silence_ms = silence_s * 1000;
    b->interval_ms = interval_s * 1000;
    return true;
}

/* historical: yes, or the conditions under which it is; and the map's retransmission. */
static bool stored_read(struct payload_reader *r, const struct tree_node *node,
                        struct payload_entry *entry)
{
    const struct tree_node *own = tree_find(node, "historical");
    const struct payload_conditions *repeated = &r->common[r->here].retransmission;
    struct payload_conditions *stored = payload_alloc(r, 2, sizeof *stored);
    if (!stored)
        return false;
    if (own && own->kind == TREE_SCALAR) {
        if (!tree_bool(own, "historical", &entry->historical, r->problems))
            return false;
    } else if (own) {
        if (!payload_conditions(r, own, "historical", &stored[entry->stored_count++]))
            return false;
    }
    if (repeated->count)
        stored[entry->stored_count++] = *repeated;
    entry->stored = stored;
    return true;
}

static bool flags_read(struct payload_reader *r, const struct tree_node *node,
                       struct payload_binding *b)
{
    static const char *const unbound_words[] = {"refuse", "ignore"};
    const struct tree_node *unbound = tree_find(node, "unbound"),
                           *partial = tree_find(node, "partial");
    uint32_t word = 0;
    if (unbound && !tree_choice(unbound, "unbound", unbound_words, 2, &word, r->problems))
        return false;
    b->unbound_ignore = word == 1;
    if (!partial)
        partial = tree_find(r->root, "partial");
    return !partial || tree_bool(partial, "partial", &b->partial, r->problems);
}

/* What the map says for all entries, read where this entry stands: `./t` of the map's time is each
 * element's own. Once a scope. */
static bool common_read(struct payload_reader *r)
{
    const struct tree_node *time = tree_find(r->root, "time"), *seq = tree_find(r->root, "seq"),
                           *again = tree_find(r->root, "retransmission");
    if (r->common[r->here].read)
        return true;
    r->common[r->here].read = true;
    struct members members = members_of(SENSOR_CROWD, COUNTER_TOTAL);
    return (!time || payload_alternatives(r, time, "time", NULL, &r->common[r->here].time)) &&
           (!seq || payload_alternatives(r, seq, "seq", member_find(members, STR_LIT("seq")),
                                         &r->common[r->here].seq)) &&
           (!again ||
            payload_conditions(r, again, "retransmission", &r->common[r->here].retransmission));
}

static bool who_read(struct payload_reader *r, const struct tree_node *node,
                     struct payload_entry *entry)
{
    const struct tree_node *device = tree_find(node, "device"), *part = tree_find(node, "part");
    if (!device) {
        problems_add(r->problems, node->line, node->column,
                     "a reading has a device: \"{name}\" of the topic, \"{/pointer}\" of the "
                     "payload, or a text");
        return false;
    }
    if (!payload_template(r, device, "device", &entry->device) ||
        (part && !payload_template(r, part, "part", &entry->part)))
        return false;
    entry->binding.device = entry->device.source;
    entry->binding.part = entry->part.source;
    if (entry->device.count)
        return true;
    problems_add(r->problems, device->line, device->column, "device: it is empty");
    return false;
}

/* One entry in one round. */
static void entry_read(struct payload_reader *r, const struct tree_node *node)
{
    struct payload_entry entry = {.line = node->line, .column = node->column};
    const struct tree_node *each = tree_find(node, "each"), *when = tree_find(node, "when"),
                           *time = tree_find(node, "time");
    if (r->entry_count == PAYLOAD_ENTRIES_MAX) {
        problems_add(r->problems, node->line, node->column,
                     "the map has more than %d readings, those of `for` counted each",
                     PAYLOAD_ENTRIES_MAX);
        return;
    }
    if (each && !payload_each(r, each, &entry.scope))
        return;
    r->here = entry.scope;
    if (class_read(r, node, &entry.binding) && common_read(r) && who_read(r, node, &entry) &&
        (!when || payload_conditions(r, when, "when", &entry.when)) &&
        members_read(r, node, &entry) && flags_read(r, node, &entry.binding) &&
        stored_read(r, node, &entry) && binding_read(r, node, &entry.binding) &&
        (!time || payload_alternatives(r, time, "time", NULL, &entry.time))) {
        if (!time)
            entry.time = r->common[r->here].time;
        r->entry[r->entry_count++] = entry;
    }
    r->here = 0;
}

static bool for_fits(struct payload_reader *r, const struct tree_node *map, uint32_t *ret_rounds)
{
    if (!tree_expect(map, TREE_MAP, "for", r->problems))
        return false;
    if (map->count == 0 || map->count > PAYLOAD_FOR_NAMES_MAX) {
        problems_add(r->problems, map->line, map->column, "for: 1 to %d names are expected",
                     PAYLOAD_FOR_NAMES_MAX);
        return false;
    }
    for (uint32_t i = 0; i < map->count; i++) {
        const struct tree_node *list = map->pair[i].value;
        if (!tree_expect(list, TREE_LIST, "for", r->problems) ||
            !payload_list_fits(r, list, "for", PAYLOAD_FOR_MAX))
            return false;
        if (list->count != map->pair[0].value->count) {
            problems_add(r->problems, list->line, list->column,
                         "for: the lists go together, so they are of the same length");
            return false;
        }
    }
    *ret_rounds = map->pair[0].value->count;
    return true;
}

static void rounds_read(struct payload_reader *r, const struct tree_node *node)
{
    const struct tree_node *map = tree_find(node, "for");
    uint32_t rounds = 1;
    if (map && !for_fits(r, map, &rounds))
        return;
    for (uint32_t round = 0; round < rounds; round++) {
        uint32_t before = r->problems->count;
        r->for_count = 0;
        for (uint32_t i = 0; map && i < map->count; i++) {
            struct str value;
            if (!payload_text(r, map->pair[i].value->item[round], "for", 0, ID_BYTES_MAX, &value))
                return;
            r->for_name[i] = map->pair[i].key;
            r->for_value[i] = value;
        }
        r->for_count = map ? map->count : 0;
        entry_read(r, node);
        r->for_count = 0;
        if (r->problems->count > before)
            return; /* the other rounds have the same mistakes */
    }
}

/* An entry is looked at only when something is there that its `when` wants and something that it
   makes a member of. This says which steps those are; and which entries have no such `when`, or say
   something anyway (constants that nothing has to be there for), or have to (required). */
void payload_entries_place(struct payload_reader *r)
{
    for (uint32_t e = 0; e < r->entry_count; e++) {
        const struct payload_entry *entry = &r->entry[e];
        uint64_t bit = UINT64_C(1) << e;
        r->scope[entry->scope].entries |= bit;
        uint32_t wanted = payload_conditions_want(entry->when);
        *(wanted ? &r->step[wanted].allows : &r->map->allows) |= bit;
        for (uint32_t m = 0; m < entry->member_count; m++) {
            const struct payload_alternatives *a = &entry->member[m];
            if (a->required)
                r->map->says |= bit;
            for (uint32_t i = 0; i < a->count; i++) {
                uint32_t needs = a->value[i].needs;
                *(needs ? &r->step[needs].says : &r->map->says) |= bit;
            }
        }
    }
}

/* Whether it has what a crowd reading of its kind can't be without. */
static bool counts(const struct payload_entry *entry)
{
    for (uint32_t m = 0; m < entry->member_count; m++) {
        struct str name = entry->member[m].member->name;
        if (str_is(name, "occupancy") == (entry->binding.kind == COUNTER_LEVEL))
            return true;
    }
    return false;
}

/* A level without occupancy, passages without in and out: every message would be refused for it.
 * What another entry says may be the other part of the reading. */
static void crowds_count(struct payload_reader *r)
{
    for (uint32_t e = 0; e < r->entry_count; e++) {
        const struct payload_entry *entry = &r->entry[e];
        bool ok = entry->binding.class != SENSOR_CROWD || entry->binding.partial || counts(entry);
        for (uint32_t i = 0; i < r->entry_count && !ok; i++) {
            const struct payload_entry *other = &r->entry[i];
            ok = other->binding.class == SENSOR_CROWD &&
                 other->binding.kind == entry->binding.kind && counts(other);
        }
        if (ok)
            continue;
        problems_add(r->problems, entry->line, entry->column, "kind %s %s",
                     counter_kind_text(entry->binding.kind),
                     entry->binding.kind == COUNTER_LEVEL
                         ? "says how many there are: it needs occupancy"
                         : "counts passages: it needs in or out");
        return;
    }
}

void payload_read_readings(struct payload_reader *r)
{
    const struct tree_node *list = tree_find(r->root, "readings");
    if (!list) {
        if (!tree_find(r->root, "status") && r->problems->count == 0)
            problems_add(r->problems, 1, 1, "the map has neither readings nor a status");
        return;
    }
    if (!tree_expect(list, TREE_LIST, "readings", r->problems))
        return;
    for (uint32_t i = 0; i < list->count; i++)
        if (tree_expect(list->item[i], TREE_MAP, "a reading", r->problems))
            rounds_read(r, list->item[i]);
    crowds_count(r);
}

bool payload_entries_keep(struct payload_reader *r)
{
    struct payload_entry *kept = payload_alloc(r, r->entry_count, sizeof *kept);
    if (!kept)
        return false;
    memcpy(kept, r->entry, r->entry_count * sizeof *kept);
    r->map->entry = kept;
    r->map->entry_count = r->entry_count;
    return true;
}
