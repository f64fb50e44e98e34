/* The last result of every kind and key, and the level each zone is at. */
#include <assert.h>
#include <stdlib.h>

#include "processors/replay/script_private.h"

/* word, result type, the fields of its key, what stands between them */
static const struct script_kind kinds[] = {
    {"zone", RECORD_ZONE, {"zone"}, ' '},
    {"gate", RECORD_GATE, {"gate", "direction"}, ' '},
    {"light", RECORD_LIGHT, {"light"}, ' '},
    {"lane", RECORD_LANE, {"gate", "lane", "direction"}, ' '},
    {"reject", RECORD_REJECT, {"gate", "reason"}, ' '},
    {"light_group", RECORD_LIGHT_GROUP, {"zone", "group"}, ' '},
    {"sensor", RECORD_SENSOR, {"sensor"}, ' '},
    {"history", RECORD_HISTORY, {"zone", "at"}, ' '},
    {"alert", RECORD_ALERT, {"venue", "zone", "rule"}, '/'},
    {"reading", RECORD_READING, {"sensor"}, ' '},
    {"reply", RECORD_REPLY, {"operator_id"}, ' '},
    {"figures", RECORD_FIGURES, {NULL}, ' '},
    {"books", RECORD_HEARTBEAT, {NULL}, ' '},
    {"deadletter", RECORD_DEADLETTER, {NULL}, ' '},
    {"skipped", RECORD_SKIPPED, {NULL}, ' '},
    {"era", RECORD_ERA, {NULL}, ' '},
};
enum { KIND_COUNT = sizeof kinds / sizeof *kinds, SLOTS_FIRST = 1024 };

const struct script_kind *script_kind_find(struct str word)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (str_is(word, kinds[i].word))
            return &kinds[i];
    }
    return NULL;
}

uint32_t script_kind_words(const struct script_kind *kind)
{
    uint32_t n = 0;
    while (n < SCRIPT_KEY_FIELDS_MAX && kind->field[n])
        n++;
    return kind->between == '/' ? 1 : n;
}

static const struct script_kind *kind_of(unsigned type)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (kinds[i].type == type)
            return &kinds[i];
    }
    return NULL;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static const struct result_field *key_field_find(unsigned type, const char *name)
{
    const struct result_type *t = result_type_of(type);
    uint32_t i = 0;
    while (!str_is(str_of(name), t->fields[i].name)) {
        i++;
        assert(i < t->field_count); /* the table of kinds names fields there are */
    }
    return &t->fields[i];
}

static void key_field(struct text *key, const struct result_field *field, const union result_any *r)
{
    const char *at = (const char *)r + field->offset;
    struct str text;
    int64_t ms;
    if (field->kind == RESULT_TIME) {
        memcpy(&ms, at, sizeof ms);
        text_add_time_ms(key, ms);
    } else {
        memcpy(&text, at, sizeof text);
        text_add_str(key, text);
    }
}

static void key_of(const struct script_kind *kind, const union result_any *r, char *out)
{
    struct text key = text_over(out, SCRIPT_KEY_BYTES - 1);
    text_add(&key, result_is_exercise(kind->type, r) ? "exercise " : "");
    text_add(&key, kind->word);
    for (int i = 0; i < SCRIPT_KEY_FIELDS_MAX && kind->field[i]; i++) {
        text_add_char(&key, i ? kind->between : ' ');
        key_field(&key, key_field_find(kind->type, kind->field[i]), r);
    }
    out[key.len] = '\0';
}

/* ---- the table ------------------------------------------------------------------------------- */

static struct script_kept **slot_of(const struct script_results *table, const char *key,
                                    uint64_t hash)
{
    uint32_t at = (uint32_t)hash & (table->slots - 1);
    while (table->slot[at] &&
           (table->slot[at]->hash != hash || strcmp(table->slot[at]->key, key) != 0))
        at = (at + 1) & (table->slots - 1);
    return &table->slot[at];
}

static bool table_grow(struct script *s)
{
    struct script_results *table = &s->results, old = *table;
    table->slots = old.slots ? old.slots * 2 : SLOTS_FIRST;
    table->slot = calloc(table->slots, sizeof(struct script_kept *));
    if (!table->slot) {
        *table = old;
        return script_broken(s, "out of memory");
    }
    for (uint32_t i = 0; i < old.slots; i++) {
        if (old.slot[i])
            *slot_of(table, old.slot[i]->key, old.slot[i]->hash) = old.slot[i];
    }
    free(old.slot);
    return true;
}

struct script_kept *script_results_find(const struct script *s, const char *key)
{
    return s->results.slots ? *slot_of(&s->results, key, str_hash(str_of(key))) : NULL;
}

/* Found or made. NULL after script_broken. */
static struct script_kept *kept_for(struct script *s, const char *key)
{
    struct script_results *table = &s->results;
    if (table->count * 2 >= table->slots && !table_grow(s))
        return NULL;
    uint64_t hash = str_hash(str_of(key));
    struct script_kept **slot = slot_of(table, key, hash);
    if (*slot)
        return *slot;
    if (table->count == SCRIPT_KEYS_MAX) {
        (void)script_broken(s, "more than %d different results", SCRIPT_KEYS_MAX);
        return NULL;
    }
    struct script_kept *kept = calloc(1, sizeof *kept);
    char *copy = strdup(key);
    if (!kept || !copy) {
        free(kept);
        free(copy);
        (void)script_broken(s, "out of memory");
        return NULL;
    }
    *kept = (struct script_kept){
        .key = copy, .hash = hash, .level = LEVEL_UNKNOWN, .level_before = LEVEL_UNKNOWN};
    table->count++;
    *slot = kept;
    return kept;
}

void script_results_free(struct script *s)
{
    for (uint32_t i = 0; i < s->results.slots; i++) {
        struct script_kept *kept = s->results.slot[i];
        if (!kept)
            continue;
        free(kept->key);
        free(kept->body);
        free(kept);
    }
    free(s->results.slot);
}

/* ---- taking ---------------------------------------------------------------------------------- */

/* raises: an alert between two seconds; what lowers it is seen in the zone's next result. */
static bool level_take(struct script *s, bool is_exercise, struct str zone, int level,
                       int64_t at_ms, bool raises)
{
    char key[SCRIPT_KEY_BYTES];
    struct text t = text_over(key, sizeof key - 1);
    text_add(&t, is_exercise ? "exercise zone " : "zone ");
    text_add_str(&t, zone);
    key[t.len] = '\0';
    struct script_kept *kept = kept_for(s, key);
    if (!kept)
        return false;
    if (level == kept->level || (raises && level <= kept->level))
        return true;
    kept->level_before = kept->level;
    kept->level = level;
    kept->level_since_ms = at_ms;
    return true;
}

static bool body_keep(struct script *s, struct script_kept *kept, unsigned type,
                      const uint8_t *body, uint32_t len)
{
    if (!kept->body || len > kept->cap) {
        uint8_t *grown = realloc(kept->body, len);
        if (!grown)
            return script_broken(s, "out of memory");
        kept->body = grown;
        kept->cap = len;
    }
    memcpy(kept->body, body, len);
    kept->len = len;
    kept->type = type;
    kept->t_ms = s->clock.t_ms;
    return true;
}

bool script_results_take(struct script *s, const struct core_result *result, const uint8_t *body)
{
    const struct script_kind *kind = kind_of(result->type);
    char key[SCRIPT_KEY_BYTES], clock[SCRIPT_CLOCK_BYTES];
    struct result_origin origin;
    union result_any r;
    struct error err = {0};
    if (!kind || !result_decode(result->type, body, result->len, &origin, &r, &err))
        return script_broken(s, "the core says what can't be read: %s", err.where);
    s->report->results++;
    s->report->hash =
        (s->report->hash ^ str_hash((struct str){(const char *)body, result->len}) ^ result->type) *
        0x100000001b3u;
    if (s->options->seen)
        s->options->seen(s->options->arg, script_clock_text(s, s->clock.t_ms, clock), result->type,
                         &r);
    key_of(kind, &r, key);
    struct script_kept *kept = kept_for(s, key);
    if (!kept || !body_keep(s, kept, result->type, body, result->len))
        return false;
    bool is_exercise = result_is_exercise(result->type, &r);
    if (result->type == RECORD_ZONE)
        return level_take(s, is_exercise, r.zone.zone, r.zone.level, r.zone.at, false);
    if (result->type == RECORD_ALERT)
        return level_take(s, is_exercise, r.alert.zone, r.alert.level, r.alert.at, true);
    return true;
}

struct script_kept script_results_level(const struct script *s, const char *zone_key)
{
    const struct script_kept *kept = script_results_find(s, zone_key);
    return kept ? *kept
                : (struct script_kept){.level = LEVEL_UNKNOWN, .level_before = LEVEL_UNKNOWN};
}
