/* The sections of a map that are not readings: what it is, its topics, its statuses, what it
 * carries and what is private. */
#include "schemas/payload/internal.h"

static const char *const verified_words[] = {"unverified", "document", "sample"};

static void unverified_read(struct payload_reader *r)
{
    const struct tree_node *node = tree_find(r->root, "unverified");
    struct payload_facts *facts = &r->map->facts;
    if (!node || !payload_list_fits(r, node, "unverified", PAYLOAD_POINTERS_MAX))
        return;
    uint32_t count = payload_list_count(node);
    struct str *text = payload_alloc(r, count, sizeof *text);
    for (uint32_t i = 0; text && i < count; i++)
        if (payload_text(r, payload_list_item(node, i), "unverified", 0, PAYLOAD_FILTER_BYTES_MAX,
                         &text[i]))
            facts->unverified_count = i + 1;
    facts->unverified = text;
}

static void content_types_read(struct payload_reader *r)
{
    const struct tree_node *node = tree_find(r->root, "content_type");
    if (!node || !payload_list_fits(r, node, "content_type", PAYLOAD_CONTENT_TYPES_MAX))
        return;
    uint32_t count = payload_list_count(node);
    struct str *text = payload_alloc(r, count, sizeof *text);
    for (uint32_t i = 0; text && i < count; i++)
        if (payload_text(r, payload_list_item(node, i), "content_type", 1, READING_TEXT_BYTES_MAX,
                         &text[i]))
            r->map->content_type_count = i + 1;
    r->map->content_type = text;
}

void payload_read_head(struct payload_reader *r)
{
    const struct tree_node *id = tree_find(r->root, "payload"),
                           *title = tree_find(r->root, "title"),
                           *source = tree_find(r->root, "source"),
                           *verified = tree_find(r->root, "verified"),
                           *partial = tree_find(r->root, "partial");
    struct payload_facts *facts = &r->map->facts;
    uint32_t word;
    bool unused;
    if (!id)
        problems_add(r->problems, 1, 1, "payload is missing: the map's id");
    else if (tree_id(id, "payload", &facts->id, r->problems))
        (void)payload_keep(r, id, facts->id, &facts->id);
    if (title)
        (void)payload_text(r, title, "title", 1, READING_TEXT_BYTES_MAX, &facts->title);
    if (source)
        (void)payload_text(r, source, "source", 1, 1024, &facts->source);
    if (verified && tree_choice(verified, "verified", verified_words, 3, &word, r->problems))
        facts->verified = word;
    if (partial)
        (void)tree_bool(partial, "partial", &unused, r->problems);
    unverified_read(r);
    content_types_read(r);
}

void payload_read_filters(struct payload_reader *r, const struct tree_node *node, uint32_t status)
{
    uint32_t before = r->filter_count;
    if (!payload_list_fits(r, node, "topics", PAYLOAD_FILTERS_MAX))
        return;
    for (uint32_t i = 0; i < payload_list_count(node); i++) {
        const struct tree_node *item = payload_list_item(node, i);
        const char *reason = NULL;
        struct str text;
        if (r->filter_count - before == PAYLOAD_FILTERS_MAX ||
            r->filter_count == 2 * PAYLOAD_FILTERS_MAX) {
            problems_add(r->problems, item->line, item->column,
                         "topics: at most %d, and as many for all statuses", PAYLOAD_FILTERS_MAX);
            return;
        }
        if (!payload_text(r, item, "topics", 1, PAYLOAD_FILTER_BYTES_MAX, &text))
            continue;
        struct payload_filter *filter = &r->filter[r->filter_count];
        if (!payload_filter_parse(r->arena, text, &r->map->captures, false, filter, &reason)) {
            problems_add(r->problems, item->line, item->column, "topics: \"%.*s\": %s",
                         (int)(text.len < 128 ? text.len : 128), text.at, reason);
            continue;
        }
        filter->status = status;
        r->filter_count++;
    }
}

void payload_read_topics(struct payload_reader *r)
{
    const struct tree_node *node = tree_find(r->root, "topics"),
                           *statuses = tree_find(r->root, "status");
    if (node)
        payload_read_filters(r, node, PAYLOAD_FOR_READINGS);
    else if (tree_find(r->root, "readings"))
        problems_add(r->problems, 1, 1,
                     "topics is missing: the MQTT filters whose messages this "
                     "map reads");
    r->map->own_count = r->filter_count;
    for (uint32_t i = 0; statuses && statuses->kind == TREE_LIST && i < statuses->count; i++) {
        const struct tree_node *topics = tree_find(statuses->item[i], "topics");
        if (topics)
            payload_read_filters(r, topics, i);
    }
}

void payload_read_carry(struct payload_reader *r)
{
    static const char *const keys[] = {"at", "start"};
    const struct tree_node *map = tree_find(r->root, "carry");
    if (!map || !tree_expect(map, TREE_MAP, "carry", r->problems))
        return;
    if (map->count > PAYLOAD_CARRIED_MAX) {
        problems_add(r->problems, map->line, map->column, "carry: at most %d names",
                     PAYLOAD_CARRIED_MAX);
        return;
    }
    struct payload_carried *carried = payload_alloc(r, map->count, sizeof *carried);
    for (uint32_t i = 0; carried && i < map->count; i++) {
        const struct tree_pair *pair = &map->pair[i];
        const struct tree_node *start;
        struct str text;
        if (!payload_keys(r, pair->value, "carry", keys, 2) ||
            !payload_keep(r, pair->value, pair->key, &carried[i].name))
            return;
        start = tree_find(pair->value, "start");
        if (!tree_find(pair->value, "at") || !start) {
            problems_add(r->problems, pair->line, pair->column,
                         "carry: a name has `at`, a pointer that begins with ./, and `start`, "
                         "what holds before the first");
            return;
        }
        if (!payload_text(r, start, "start", 0, READING_TEXT_BYTES_MAX, &text))
            return;
        carried[i].start = (struct json_field){.kind = JSON_STRING, .text = text};
        carried[i].kinds = 1u << JSON_STRING;
        if (start->plain && tree_parse_number(text, &carried[i].start.real)) {
            carried[i].start.kind = JSON_REAL;
            carried[i].kinds = 1u << JSON_INT | 1u << JSON_UINT | 1u << JSON_REAL;
        }
    }
    r->map->carried = carried;
    r->map->carried_count = carried ? map->count : 0;
}

static const struct str words_online[] = {{"online", 6}, {"offline", 7}, {0}};
static const struct member member_online = {.name = {"status", 6},
                                            .kind = MEMBER_WORD,
                                            .offset = offsetof(struct result_reading, state),
                                            .words = words_online};

/* Whether the payload has to be parsed for it. */
static bool status_needs_document(const struct payload_status *status)
{
    bool needed = status->own || status->when.count > 0;
    for (uint32_t i = 0; i < status->device.count; i++)
        needed = needed || status->device.piece[i].kind == PIECE_STEP;
    for (uint32_t i = 0; i < status->online.count; i++) {
        const struct payload_value *v = &status->online.value[i];
        needed = needed || v->from == VALUE_STEP || v->when.count > 0;
    }
    return needed;
}

static void status_read(struct payload_reader *r, const struct tree_node *node,
                        struct payload_status *status)
{
    static const char *const keys[] = {"topics", "when", "device", "value"};
    if (!payload_keys(r, node, "a status", keys, 4))
        return;
    const struct tree_node *device = tree_find(node, "device"), *value = tree_find(node, "value"),
                           *when = tree_find(node, "when");
    status->own = !tree_find(node, "topics");
    if ((status->own && !when) || !device || !value) {
        problems_add(r->problems, node->line, node->column,
                     "a status has a device, a value, and topics or (of the messages that the map "
                     "reads anyway) when");
        return;
    }
    r->captures = 0;
    if (!payload_template(r, device, "device", &status->device) ||
        (when && !payload_conditions(r, when, "when", &status->when)) ||
        !payload_alternatives(r, value, "value", &member_online, &status->online))
        return;
    status->needs = payload_conditions_want(status->when);
    status->captures = r->captures;
    status->needs_document = status_needs_document(status);
    for (uint32_t i = 0; i < status->online.count; i++)
        status->text_too |= status->online.value[i].from == VALUE_PAYLOAD;
    if (status->own)
        r->map->captures_needed |= r->captures;
}

void payload_read_statuses(struct payload_reader *r)
{
    const struct tree_node *list = tree_find(r->root, "status");
    if (!list || !tree_expect(list, TREE_LIST, "status", r->problems) ||
        !payload_list_fits(r, list, "status", PAYLOAD_STATUSES_MAX))
        return;
    struct payload_status *status = payload_alloc(r, list->count, sizeof *status);
    for (uint32_t i = 0; status && i < list->count; i++)
        status_read(r, list->item[i], &status[i]);
    r->map->status = status;
    r->map->status_count = status ? list->count : 0;
}

static bool privacy_pointer_read(struct payload_reader *r, const struct tree_node *at,
                                 struct payload_privacy *rule)
{
    const char *reason = NULL;
    struct payload_token token[PAYLOAD_STEPS_MAX];
    if (!payload_text(r, at, "at", 0, PAYLOAD_FILTER_BYTES_MAX, &rule->pointer))
        return false;
    if (!payload_tokens(r->arena, rule->pointer, true, token, &rule->token_count, &reason)) {
        problems_add(r->problems, at->line, at->column, "at: %s", reason);
        return false;
    }
    if (rule->token_count == 0) {
        problems_add(r->problems, at->line, at->column, "at: the document as a whole is no member");
        return false;
    }
    struct payload_token *kept = payload_alloc(r, rule->token_count, sizeof *kept);
    if (!kept)
        return false;
    memcpy(kept, token, rule->token_count * sizeof *kept);
    rule->token = kept;
    return true;
}

/* What a rule takes out of topics, every filter of the map has to give, and those that replace it.
 */
static bool privacy_capture_read(struct payload_reader *r, const struct tree_node *node,
                                 struct payload_privacy *rule)
{
    uint32_t place;
    if (!payload_text(r, node, "capture", 1, ID_BYTES_MAX, &rule->pointer) ||
        !payload_capture(r, node, &place))
        return false;
    rule->capture = (int32_t)place;
    r->map->captures_needed |= 1u << place;
    return true;
}

static bool privacy_rule_read(struct payload_reader *r, const struct tree_node *node,
                              struct payload_privacy *rule)
{
    static const char *const keys[] = {"at", "capture", "do"}, *const acts[] = {"drop", "hash"};
    if (!payload_keys(r, node, "a privacy rule", keys, 3))
        return false;
    const struct tree_node *at = tree_find(node, "at"), *capture = tree_find(node, "capture"),
                           *act = tree_find(node, "do");
    uint32_t word;
    if (!at == !capture || !act) {
        problems_add(r->problems, node->line, node->column,
                     "a privacy rule has `at`, a pointer, or `capture`, a name of the topic, and "
                     "`do`: drop or hash");
        return false;
    }
    if (!tree_choice(act, "do", acts, 2, &word, r->problems))
        return false;
    rule->act = word == 0 ? PAYLOAD_DROP : PAYLOAD_HASH;
    rule->line = at ? at->line : capture->line;
    rule->column = at ? at->column : capture->column;
    rule->capture = -1;
    return at ? privacy_pointer_read(r, at, rule) : privacy_capture_read(r, capture, rule);
}

void payload_read_privacy(struct payload_reader *r)
{
    const struct tree_node *list = tree_find(r->root, "privacy");
    if (!list || !tree_expect(list, TREE_LIST, "privacy", r->problems) ||
        !payload_list_fits(r, list, "privacy", PAYLOAD_RULES_MAX))
        return;
    struct payload_privacy *rule = payload_alloc(r, list->count, sizeof *rule);
    for (uint32_t i = 0; rule && i < list->count; i++)
        if (privacy_rule_read(r, list->item[i], &rule[i]))
            r->map->privacy_count = i + 1;
    r->map->privacy = rule;
}
