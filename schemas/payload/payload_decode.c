#include "schemas/payload/payload_decode.h"

#include <stdlib.h>

#include "schemas/json/json_fault.h"
#include "schemas/payload/decoder.h"

struct payload_decoder *payload_decoder_new(void)
{
    const size_t align = _Alignof(struct payload_decoder);
    char *memory =
        calloc(1, sizeof(struct payload_decoder) + align); /* whose zeros take no pages */
    if (!memory)
        return NULL;
    struct payload_decoder *d =
        (struct payload_decoder *)(void *)(memory + align - (uintptr_t)memory % align);
    d->memory = memory;
    d->parser = json_parser_new(PAYLOAD_DOCUMENT_BYTES_MAX);
    d->at[0] = 1;
    result_clear(RECORD_READING, &d->cleared);
    if (d->parser)
        return d;
    free(memory);
    return NULL;
}

void payload_decoder_free(struct payload_decoder *decoder)
{
    if (!decoder)
        return;
    json_parser_free(decoder->parser);
    free(decoder->memory);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* "application/json; charset=utf-8" is application/json. */
static bool type_is(struct str said, struct str wanted)
{
    if (said.len == wanted.len && payload_same(said.at, wanted.at, said.len))
        return true;
    const char *end = memchr(said.at, ';', said.len);
    uint32_t len = end ? (uint32_t)(end - said.at) : said.len;
    while (len && said.at[len - 1] == ' ')
        len--;
    if (len != wanted.len)
        return false;
    for (uint32_t i = 0; i < len; i++)
        if (lower(said.at[i]) != lower(wanted.at[i]))
            return false;
    return true;
}

static bool type_fits(struct payload_decoder *d, struct str said)
{
    const struct payload_map *map = d->map;
    if (said.len == 0 || map->content_type_count == 0)
        return true;
    for (uint32_t i = 0; i < map->content_type_count; i++)
        if (type_is(said, map->content_type[i]))
            return true;
    struct text t = refusal_begin(&d->refusal, REFUSAL_MALFORMED);
    text_add(&t, "content type: not ");
    for (uint32_t i = 0; i < map->content_type_count; i++) {
        text_add(&t, i ? " or " : "");
        text_add_str(&t, map->content_type[i]);
    }
    return refusal_end(&t);
}

static bool parse(struct payload_decoder *d)
{
    static const enum refusal_reason reasons[] = {[JSON_MALFORMED] = REFUSAL_MALFORMED,
                                                  [JSON_UTF8] = REFUSAL_UTF8,
                                                  [JSON_TOO_LARGE] = REFUSAL_OVERSIZED,
                                                  [JSON_NO_MEMORY] = REFUSAL_OVERSIZED};
    struct str payload = d->message->payload;
    enum json_status status =
        json_parse_document(d->parser, (const uint8_t *)payload.at, payload.len, &d->document);
    d->parsed = status == JSON_OK;
    if (d->parsed)
        return true;
    struct text t = refusal_begin(&d->refusal, reasons[status]);
    text_add(&t, "payload: ");
    text_add(&t, json_status_text(status));
    json_fault_add(&t, status, (const uint8_t *)payload.at, payload.len);
    return refusal_end(&t);
}

/* Makes the document's places known; a map that only takes the payload as text needs none. */
static bool document_read(struct payload_decoder *d, bool needed)
{
    if (needed)
        return parse(d) && payload_walk(d, 0, 0, JSON_ROOT);
    payload_found_forget(d, 0, d->found_count);
    d->found_count = 0;
    d->answered = 0;
    d->walk++;
    d->says[0] = d->map->says;
    d->allows[0] = d->map->allows;
    return utf8_valid((const uint8_t *)d->message->payload.at, d->message->payload.len) ||
           refusal_set(&d->refusal, REFUSAL_UTF8, "payload: not UTF-8");
}

/* device or part of a reading or status. */
static bool name_read(struct payload_decoder *d, uint32_t scope, const char *what,
                      const struct payload_template *template, struct str *ret_name,
                      struct refusal *refusal)
{
    enum payload_got got = payload_eval_template(d, scope, template, ret_name);
    if (got == PAYLOAD_GOT && ret_name->len <= PAYLOAD_NAME_BYTES_MAX)
        return true;
    *ret_name = (struct str){0};
    return refusal_about(refusal, REFUSAL_WRONG_TYPE, what,
                         got == PAYLOAD_ABSENT ? "not in the message"
                                               : "not a text of at most 128 bytes");
}

static void who_read(struct payload_decoder *d, const struct payload_entry *entry,
                     struct payload_reading *reading)
{
    struct refusal refusal;
    if (name_read(d, entry->scope, "device", &entry->device, &reading->device, &refusal) &&
        reading->device.len == 0)
        (void)refusal_set(&refusal, REFUSAL_WRONG_TYPE, "device: empty");
    else if (reading->device.len &&
             (!entry->part.count ||
              name_read(d, entry->scope, "part", &entry->part, &reading->part, &refusal)))
        return;
    if (!reading->refused)
        reading->refusal = refusal;
    reading->refused = reading->unnamed = true;
}

static bool stored(struct payload_decoder *d, const struct payload_entry *entry)
{
    bool stored = entry->historical;
    for (uint32_t i = 0; i < entry->stored_count && !stored; i++)
        stored = payload_conditions_hold(d, entry->stored[i]);
    return stored;
}

/* Entries of one scope mostly share the map's time, which is read once an element. */
static enum payload_got time_eval(struct payload_decoder *d, const struct payload_entry *entry,
                                  struct payload_reading *r)
{
    if (d->time.of == entry->time.value && d->time.walk == d->walk) {
        r->values.ts = d->time.ms;
        return PAYLOAD_GOT;
    }
    enum payload_got got =
        payload_make_time(d, entry->scope, &entry->time, &r->values.ts, &r->refusal);
    if (got == PAYLOAD_GOT) {
        d->time.of = entry->time.value;
        d->time.walk = d->walk;
        d->time.ms = r->values.ts;
    }
    return got;
}

/* Most members by far are whole numbers, as they are in the message: these without a call. */
static inline bool whole_put(const struct payload_decoder *d, const struct payload_alternatives *a,
                             struct result_reading *into)
{
    if (!a->whole) /* there may be no document, then */
        return false;
    const uint64_t *word = &d->document.tape[d->at[a->needs]];
    if (*word >> 56 != 'l' || word[1] > a->whole)
        return false;
    memcpy((char *)into + a->member->offset, &word[1], sizeof word[1]);
    return true;
}

/* False when none of them applies, which is often seen at once. */
static inline bool may_apply(struct payload_decoder *d, const struct payload_alternatives *a)
{
    if (a->question && !(payload_answer(d, a->question - 1) & a->answers))
        return false;
    if (a->needs || a->required)
        return true;
    for (uint32_t i = 0; i < a->count; i++)
        if (d->at[a->value[i].needs])
            return true;
    return false;
}

/* What members fill is one stretch, which is copied without a call. */
static inline void values_clear(struct payload_decoder *d, struct result_reading *values)
{
    enum {
        FROM = offsetof(struct result_reading, ts),
        TO = offsetof(struct result_reading, status)
    };
    if (d->count == d->fresh) {
        *values = d->cleared;
        d->fresh++;
    } else {
        memcpy((char *)values + FROM, (const char *)&d->cleared + FROM, TO - FROM);
    }
}

/* One entry of the map, of the document or of one element. False: the message is refused. */
static bool entry_read(struct payload_decoder *d, uint32_t number)
{
    const struct payload_entry *entry = &d->map->entry[number];
    if (!payload_conditions_hold(d, entry->left))
        return true;
    struct payload_reading *r = &d->reading[d->count];
    bool said = false;
    r->refused = false;
    values_clear(d, &r->values);
    for (uint32_t i = 0; i < entry->member_count && !r->refused; i++) {
        const struct payload_alternatives *a = &entry->member[i];
        if (!d->at[a->needs])
            continue;
        if (whole_put(d, a, &r->values)) {
            said = true;
            continue;
        }
        if (!may_apply(d, a))
            continue;
        enum payload_got got = payload_make_member(d, entry->scope, a, &r->values, &r->refusal);
        r->refused = got == PAYLOAD_WRONG;
        said = said || got != PAYLOAD_ABSENT;
    }
    if (!said)
        return true;
    if (d->parts == PAYLOAD_READINGS_MAX)
        return refusal_set(&d->refusal, REFUSAL_OUT_OF_RANGE, "payload: more than 256 readings");
    if (!r->refused && entry->time.count)
        r->refused = time_eval(d, entry, r) == PAYLOAD_WRONG;
    if (!r->refused && entry->seq.count && !whole_put(d, &entry->seq, &r->values))
        r->refused = payload_make_member(d, entry->scope, &entry->seq, &r->values, &r->refusal) ==
                     PAYLOAD_WRONG;
    r->device = r->part = (struct str){0};
    r->unnamed = false;
    who_read(d, entry, r);
    r->entry = number;
    r->class = entry->binding.class;
    r->kind = entry->binding.kind;
    r->historical = stored(d, entry);
    r->partial = entry->binding.partial;
    r->unbound_ignore = entry->binding.unbound_ignore;
    payload_merge(d);
    return true;
}

__attribute__((cold, noinline)) static bool carried_refuse(struct payload_decoder *d, uint32_t step,
                                                           enum json_kind wanted)
{
    struct text t = refusal_begin(&d->refusal, REFUSAL_WRONG_TYPE);
    text_add(&t, "payload ");
    payload_walk_path(d, step, &t);
    text_add(&t, wanted == JSON_REAL ? ": not a number" : ": not a text");
    return refusal_end(&t);
}

/* What an element renews. A base of another kind would make all that follows wrong. */
static bool carried_renew(struct payload_decoder *d, uint32_t number)
{
    const struct payload_map *map = d->map;
    const struct payload_scope *scope = &map->scope[number];
    for (uint32_t left = d->renews | scope->renewed_around; left; left &= left - 1) {
        uint32_t i = (uint32_t)__builtin_ctz(left), step = scope->carried[i], at = d->at[step];
        if (!at)
            continue;
        if (!(map->carried[i].kinds >> json_kind_at(&d->document, at) & 1))
            return carried_refuse(d, step, map->carried[i].start.kind);
        d->carried[number][i] = at;
    }
    return true;
}

static bool scope_read(struct payload_decoder *d, uint32_t number);

static bool element_read(struct payload_decoder *d, uint32_t number, uint32_t forget, uint32_t at)
{
    return payload_walk(d, number, forget, at) && carried_renew(d, number) && scope_read(d, number);
}

/* The elements of a scope, in the document's order. */
static bool elements_read(struct payload_decoder *d, uint32_t number)
{
    const struct payload_scope *scope = &d->map->scope[number];
    const struct json_document *doc = &d->document;
    uint32_t list = d->at[scope->list], forget = d->found_count;
    enum json_kind kind = list ? json_kind_at(doc, list) : JSON_NULL;
    struct payload_element *element = &d->element[number];
    if (kind == JSON_NULL)
        return true;
    if (kind != JSON_ARRAY && kind != JSON_OBJECT) {
        struct text t = refusal_begin(&d->refusal, REFUSAL_WRONG_TYPE);
        text_add(&t, "payload ");
        payload_walk_path(d, scope->list, &t);
        text_add(&t, ": neither a list nor an object");
        return refusal_end(&t);
    }
    *element = (struct payload_element){0};
    for (uint32_t at = json_first(list), end = json_end(doc, list); at != end;
         element->index++, at = json_after(doc, at)) {
        if (kind == JSON_OBJECT)
            element->key = json_text(doc, at++);
        if (!element_read(d, number, forget, at))
            return false;
    }
    return true;
}

/* Of these entries, bits: those that the answers let through. */
static inline uint64_t asked_keep(struct payload_decoder *d, uint32_t scope, uint64_t entries)
{
    for (uint32_t asked = d->map->scope[scope].asked; asked && entries; asked &= asked - 1) {
        uint32_t number = (uint32_t)__builtin_ctz(asked);
        const struct payload_question *q = &d->map->question[number];
        uint64_t suits = ~q->asking;
        if (!(entries & q->asking))
            continue;
        for (uint64_t left = payload_answer(d, number); left; left &= left - 1)
            suits |= q->entries[__builtin_ctzll(left)];
        entries &= suits;
    }
    return entries;
}

/* The entries of one scope, then the scopes inside it. */
static bool scope_read(struct payload_decoder *d, uint32_t number)
{
    const struct payload_scope *scope = &d->map->scope[number];
    uint64_t entries = scope->entries & d->says[number] & d->allows[number];
    if (scope->asked)
        entries = asked_keep(d, number, entries);
    for (; entries; entries &= entries - 1)
        if (!entry_read(d, (uint32_t)__builtin_ctzll(entries)))
            return false;
    for (uint32_t i = 0; i < scope->child_count; i++)
        if (!elements_read(d, scope->child[i]))
            return false;
    return true;
}

/* False: the message is refused. *ret stays as it is when the status does not apply. */
static bool status_eval(struct payload_decoder *d, const struct payload_status *status,
                        struct payload_outcome *ret)
{
    struct result_reading values;
    values.state = (struct str){0};
    if (!payload_conditions_hold(d, status->when))
        return true;
    enum payload_got got = payload_make_member(d, 0, &status->online, &values, &d->refusal);
    if (got != PAYLOAD_GOT)
        return got == PAYLOAD_ABSENT;
    if (!name_read(d, 0, "device", &status->device, &ret->device, &d->refusal))
        return false;
    ret->kind = PAYLOAD_STATUS;
    ret->online = str_is(values.state, "online");
    return true;
}

static bool status_read(struct payload_decoder *d, const struct payload_status *status,
                        struct payload_outcome *ret)
{
    bool found = status->needs_document && document_read(d, true);
    if (!found && (!status->needs_document || status->text_too))
        found = document_read(d, false);
    return found && status_eval(d, status, ret) &&
           (ret->kind == PAYLOAD_STATUS || payload_walk_fits(d));
}

/* The map's `when` does not hold: the message is none of its, unless it could not be asked. */
static bool unwanted(struct payload_decoder *d)
{
    const struct payload_map *map = d->map;
    for (uint32_t i = 0; i < map->when.count; i++) {
        const struct payload_condition *c = &map->when.condition[i];
        if (c->of == PLACE_CAPTURE &&
            !payload_conditions_hold(d, (struct payload_conditions){c, 1}))
            return true;
    }
    return d->misfit_step != map->scope[0].root || payload_walk_fits(d);
}

/* A message of the map's own topics: a status by its contents, or readings. */
static bool own_read(struct payload_decoder *d, struct payload_outcome *ret)
{
    const struct payload_map *map = d->map;
    if (!type_fits(d, d->message->content_type) || !document_read(d, map->needs_document))
        return false;
    for (uint32_t i = 0; i < map->status_count; i++) {
        const struct payload_status *status = &map->status[i];
        if (status->own && d->at[status->needs] && !status_eval(d, status, ret))
            return false;
        if (ret->kind == PAYLOAD_STATUS)
            return true;
    }
    if (!payload_conditions_hold(d, map->when))
        return unwanted(d);
    for (uint32_t s = 1; map->carried_count && s < map->scope_count; s++)
        if (map->scope[s].carried)
            memset(d->carried[s], 0, sizeof d->carried[s]);
    if (!scope_read(d, 0))
        return false;
    payload_merge_finish(d);
    if (d->count == 0)
        return payload_walk_fits(d);
    ret->kind = PAYLOAD_READINGS;
    return true;
}

void payload_decode(struct payload_decoder *decoder, const struct payload_maps *maps,
                    const struct payload_map *map, const struct payload_message *message,
                    struct payload_outcome *ret_outcome)
{
    struct payload_decoder *d = decoder;
    d->map = map;
    d->message = message;
    d->parsed = false;
    d->count = d->parts = d->text_len = d->answered = d->misfit_step = 0;
    ret_outcome->kind = PAYLOAD_NOTHING;
    const struct payload_filter *filter = payload_maps_match(maps, map, message->topic, d->capture);
    bool ok;
    if (!ascii_short(message->topic.at, message->topic.len) &&
        !utf8_valid((const uint8_t *)message->topic.at, message->topic.len))
        ok = refusal_set(&d->refusal, REFUSAL_UTF8, "topic: not UTF-8"); /* captures come from it */
    else if (!filter)
        ok = refusal_set(&d->refusal, REFUSAL_UNKNOWN_TOPIC, "topic: no filter of the map fits");
    else if (filter->status != PAYLOAD_FOR_READINGS)
        ok = status_read(d, &map->status[filter->status], ret_outcome);
    else
        ok = own_read(d, ret_outcome);
    if (!ok) {
        ret_outcome->kind = PAYLOAD_REFUSED;
        ret_outcome->refusal = d->refusal;
        d->count = 0;
    }
    ret_outcome->count = d->count;
    ret_outcome->reading = d->reading;
}
