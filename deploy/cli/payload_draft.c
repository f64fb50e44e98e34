#include "deploy/cli/payload_draft.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/payload_leaves.h"
#include "schemas/payload/payload_map.h"

enum {
    TOPIC_BYTES = 256,
    SAMPLE_BYTES = 8192,
    LEVELS_MAX = 16,
    NAME_BYTES = 32, /* of a map, but for what tells it from others */
    NAME_ROOM = NAME_BYTES + 16,
    ENTRIES_MAX = 8,            /* of one draft */
    NUMBER_SHOWN_BYTES_MAX = 6, /* what is longer, and nobody knows what it is, may be a card's */
    OTHERS_MAX = 8,             /* numbers that say nothing by their names, of one place */
};

struct draft {
    char topic[TOPIC_BYTES];
    int device; /* the level that names it; -1: none does */
    uint32_t len;
    char payload[SAMPLE_BYTES + JSON_PADDING_BYTES];
};

struct payload_drafts {
    struct json_parser *parser;
    struct draft draft[PAYLOAD_DRAFTS_MAX];
    uint32_t count;
};

static const char *const members[] = {"MEMBER", "in", "out", "occupancy", "lux", "power_w", ""};

struct payload_drafts *payload_drafts_new(void)
{
    struct payload_drafts *drafts = calloc(1, sizeof *drafts);
    if (drafts)
        drafts->parser = json_parser_new(SAMPLE_BYTES);
    if (drafts && !drafts->parser) {
        free(drafts);
        return NULL;
    }
    return drafts;
}

void payload_drafts_free(struct payload_drafts *drafts)
{
    if (!drafts)
        return;
    json_parser_free(drafts->parser);
    free(drafts);
}

static struct str sample_of(const struct draft *draft)
{
    return (struct str){draft->payload, draft->len};
}

/* ---- topics ---------------------------------------------------------------------------------- */

static uint32_t levels_of(const char *topic, struct str level[LEVELS_MAX])
{
    uint32_t count = 0;
    while (count < LEVELS_MAX) {
        const char *end = strchrnul(topic, '/');
        level[count++] = (struct str){topic, (uint32_t)(end - topic)};
        if (!*end)
            return count;
        topic = end + 1;
    }
    return LEVELS_MAX + 1;
}

static int device_guess(const char *topic)
{
    struct str level[LEVELS_MAX];
    uint32_t count = levels_of(topic, level);
    if (count == 1) /* its one level names it, where a map can say so */
        return strpbrk(topic, "{}") || level[0].len > PAYLOAD_NAME_BYTES_MAX ? 0 : -1;
    for (uint32_t i = count; i-- > 1;)
        for (uint32_t k = 0; k < level[i].len; k++)
            if (isdigit((unsigned char)level[i].at[k]))
                return (int)i;
    return (int)(count > 2 ? count - 2 : 1);
}

/* The one level in which they differ; -1: they are not of one kind. */
static int differs_in(const char *a, const char *b)
{
    struct str of_a[LEVELS_MAX], of_b[LEVELS_MAX];
    uint32_t count = levels_of(a, of_a);
    int found = -1;
    if (count > LEVELS_MAX || levels_of(b, of_b) != count)
        return -1;
    for (uint32_t i = 0; i < count; i++) {
        if (str_equal(of_a[i], of_b[i]))
            continue;
        if (found >= 0)
            return -1;
        found = (int)i;
    }
    return found;
}

void payload_drafts_keep(struct payload_drafts *drafts, struct str topic, struct str payload)
{
    char text[TOPIC_BYTES] = {0};
    struct str levels[LEVELS_MAX];
    if (topic.len >= sizeof text || payload.len > SAMPLE_BYTES ||
        !utf8_valid((const uint8_t *)topic.at, topic.len))
        return;
    memcpy(text, topic.at, topic.len);
    if (!str_plain(topic) || levels_of(text, levels) > LEVELS_MAX)
        return; /* no map has such filters */
    for (uint32_t i = 0; i < drafts->count; i++) {
        struct draft *there = &drafts->draft[i];
        int level = differs_in(there->topic, text);
        if (level >= 0)
            there->device = level;
        if (level >= 0 || strcmp(there->topic, text) == 0)
            return;
    }
    if (drafts->count == PAYLOAD_DRAFTS_MAX)
        return;
    struct draft *draft = &drafts->draft[drafts->count];
    struct payload_leaves found;
    *draft = (struct draft){.device = device_guess(text), .len = payload.len};
    memcpy(draft->topic, text, sizeof text);
    if (payload.len)
        memcpy(draft->payload, payload.at, payload.len);
    drafts->count += payload_leaves_find(drafts->parser, sample_of(draft), &found);
}

/* ---- the page -------------------------------------------------------------------------------- */

/* A pointer or template as YAML inside {}: quoted when it has to be. */
static void yaml_add(struct text *out, struct str s)
{
    bool plain = s.len && (s.at[0] == '/' || s.at[0] == '.');
    for (uint32_t i = 0; i < s.len; i++)
        plain = plain && (isalnum((unsigned char)s.at[i]) || strchr("/._-*", s.at[i]));
    if (plain)
        text_add_str(out, s);
    else
        text_add_yaml(out, s);
}

static void name_add(const struct draft *draft, struct text *out)
{
    struct str level[LEVELS_MAX];
    uint32_t count = levels_of(draft->topic, level);
    size_t from = out->len;
    for (uint32_t i = 0; i < count; i++) {
        if ((int)i == draft->device)
            continue;
        for (uint32_t k = 0; k < level[i].len && out->len - from < NAME_BYTES; k++) {
            char c = (char)tolower((unsigned char)level[i].at[k]);
            if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
                text_add_char(out, c);
            else if (out->len > from && out->at[out->len - 1] != '-')
                text_add_char(out, '-');
        }
        if (out->len > from && out->at[out->len - 1] != '-')
            text_add_char(out, '-');
    }
    if (out->len > from && out->at[out->len - 1] == '-')
        out->len--;
    bool null = out->len - from == 4 && memcmp(out->at + from, "null", 4) == 0; /* is none */
    text_add(out, out->len == from ? "device" : null ? "-device" : "");
}

/* Topics that differ only in what a name can't hold (all those in Arabic) are told apart by number.
 */
static void name_choose(const struct draft *draft, char name[][NAME_ROOM], uint32_t place)
{
    char made[NAME_ROOM];
    struct text text = text_over(made, sizeof made - 1);
    name_add(draft, &text);
    made[text.len] = '\0';
    memcpy(name[place], made, sizeof made);
    for (uint32_t i = 0, n = 2; i < place; i++) {
        if (strcmp(name[i], name[place]) != 0)
            continue;
        (void)snprintf(name[place], NAME_ROOM, "%.*s-%u", NAME_BYTES + 8, made, n++);
        i = UINT32_MAX; /* again from the first */
    }
}

static void filter_add(const struct draft *draft, struct text *out)
{
    struct str level[LEVELS_MAX];
    char filter[TOPIC_BYTES + 16];
    struct text text = text_over(filter, sizeof filter - 1);
    uint32_t count = levels_of(draft->topic, level);
    for (uint32_t i = 0; i < count; i++) {
        bool braces =
            memchr(level[i].at, '{', level[i].len) || memchr(level[i].at, '}', level[i].len);
        text_add(&text, i ? "/" : "");
        if ((int)i == draft->device)
            text_add(&text, "{device}");
        else if (braces)
            text_add(&text, "+");
        else
            text_add_str(&text, level[i]);
    }
    text_add_yaml(out, (struct str){filter, (uint32_t)text.len});
}

/* The leaf's pointer as an entry with the list of `each` says it. */
static void pointer_add(const struct payload_leaf *leaf, uint32_t each, struct text *out)
{
    char pointer[LEAF_POINTER_BYTES + 2];
    struct text text = text_over(pointer, sizeof pointer);
    text_add(&text, each ? "." : "");
    text_add(&text, leaf->pointer + each);
    yaml_add(out, (struct str){pointer, (uint32_t)text.len});
}

static void time_write(const struct payload_leaf *leaf, uint32_t each, const char *indent,
                       struct text *out)
{
    text_add(out, indent);
    text_add(out, "time: {at: ");
    pointer_add(leaf, each, out);
    text_add(out, ", format: ");
    text_add(out, leaf->format);
    text_add(out, leaf->local ? ", zone: venue" : "");
    text_add(out, leaf->text && leaf->format[0] == 'e' ? ", from: text}\n" : "}\n");
}

static void member_write(const struct payload_leaf *leaf, uint32_t each, const char *member,
                         bool commented, struct text *out)
{
    text_add(out, commented ? "    # " : "    ");
    text_add(out, member);
    text_add(out, ": ");
    if (!leaf->pointer[0]) {
        text_add(out, "{text: payload, from: text}");
    } else if (leaf->text) {
        text_add(out, "{at: ");
        pointer_add(leaf, each, out);
        text_add(out, ", from: text}");
    } else {
        pointer_add(leaf, each, out);
    }
    text_add(out, "   # ");
    bool long_number = leaf->meaning == LEAF_OTHER && strlen(leaf->value) > NUMBER_SHOWN_BYTES_MAX;
    text_add(out, long_number ? "a long number" : leaf->value);
    text_add_char(out, '\n');
}

static bool same_group(const struct payload_leaf *leaf, const struct payload_leaf *first)
{
    return leaf->each == first->each && strncmp(leaf->pointer, first->pointer, first->each) == 0;
}

static bool of_class(const struct payload_leaf *leaf, bool light)
{
    bool is_light = leaf->meaning == LEAF_LUX || leaf->meaning == LEAF_POWER;
    return leaf->meaning != LEAF_OTHER && leaf->meaning != LEAF_TIME && is_light == light;
}

/* An entry for what stands beside `first`, which is one of its members. */
static void entry_write(const struct draft *draft, const struct payload_leaves *found,
                        const struct payload_leaf *first, bool light, struct text *out)
{
    uint32_t each = first->each, others = 0;
    bool said[LEAF_TIME + 1] = {false};
    text_add(out, "  - ");
    if (each) {
        text_add(out, "each: ");
        yaml_add(out, (struct str){first->pointer, each});
        text_add(out, "\n    ");
    }
    text_add(out, light
                      ? "class: light\n"
                      : "class: crowd   # or gate, vehicle_gate, light\n"
                        "    kind: KIND     # level: how many there are; total: since ever; daily: "
                        "since midnight; delta: since the last message\n");
    text_add(out, draft->device >= 0 ? "    device: \"{device}\"\n" : "    device: ");
    if (draft->device < 0) {
        text_add_yaml(out, str_of(draft->topic));
        text_add_char(out, '\n');
    }
    if (each) {
        bool named = found->part[0] && found->part_each == each && !strpbrk(found->part, "\"\\");
        text_add(out, "    part: \"{");
        text_add(out, named ? "." : "index");
        text_add(out, named ? found->part : "");
        text_add(out, "}\"\n");
    }
    for (uint32_t i = 0; i < found->count; i++) {
        const struct payload_leaf *leaf = &found->leaf[i];
        if (leaf->meaning == LEAF_TIME && each && same_group(leaf, first) && !said[LEAF_TIME]) {
            time_write(leaf, each, "    ", out);
            said[LEAF_TIME] = true;
        }
    }
    for (uint32_t i = 0; i < found->count; i++) {
        const struct payload_leaf *leaf = &found->leaf[i];
        if (!same_group(leaf, first) || leaf->meaning == LEAF_TIME)
            continue;
        bool member = leaf == first || of_class(leaf, light);
        if (!member && others++ >= OTHERS_MAX)
            continue;
        member_write(leaf, each, member ? members[leaf->meaning] : "MEMBER",
                     !member || said[leaf->meaning], out);
        said[leaf->meaning] = said[leaf->meaning] || member;
    }
}

static void entries_write(const struct draft *draft, const struct payload_leaves *found,
                          struct text *out)
{
    uint32_t entries = 0;
    for (int light = 0; light < 2; light++) {
        for (uint32_t i = 0; i < found->count; i++) {
            bool first = of_class(&found->leaf[i], light) && entries < ENTRIES_MAX;
            for (uint32_t k = 0; first && k < i; k++)
                first = !of_class(&found->leaf[k], light) ||
                        !same_group(&found->leaf[k], &found->leaf[i]);
            if (first)
                entry_write(draft, found, &found->leaf[i], light, out);
            entries += first;
        }
    }
    for (uint32_t i = 0; i < found->count && !entries; i++) {
        entries += !found->leaf[i].format;
        if (entries)
            entry_write(draft, found, &found->leaf[i], false, out);
    }
}

static void draft_write(struct json_parser *parser, const struct draft *draft, const char *name,
                        struct text *out)
{
    struct payload_leaves found;
    if (!payload_leaves_find(parser, sample_of(draft), &found))
        return;
    text_add(out, "# ---- ");
    text_add(out, name);
    text_add(out, ".yaml (in the venue file, below payloads:   - {map: ");
    text_add(out, name);
    text_add(out, ".yaml})\npayload: ");
    text_add(out, name);
    text_add(out, "\ntopics: [");
    filter_add(draft, out);
    text_add(out, "]\n");
    for (uint32_t i = 0; i < found.count; i++) {
        if (found.leaf[i].meaning == LEAF_TIME && !found.leaf[i].each) {
            time_write(&found.leaf[i], 0, "", out);
            break;
        }
    }
    text_add(out, "readings:\n");
    entries_write(draft, &found, out);
    text_add_char(out, '\n');
}

void payload_drafts_write(const struct payload_drafts *drafts, const char *venue_file,
                          struct text *out)
{
    char name[PAYLOAD_DRAFTS_MAX][NAME_ROOM];
    if (drafts->count == 0)
        return;
    text_add(out, "Drafts of maps for them, each out of one message. Say what the numbers are in "
                  "place of KIND and MEMBER (deploy/payloads/README.md),\nsave each beside ");
    text_add(out, venue_file);
    text_add(out, ", name it there, and listen again: then the sensors are listed, too.\n\n");
    for (uint32_t i = 0; i < drafts->count; i++) {
        name_choose(&drafts->draft[i], name, i);
        draft_write(drafts->parser, &drafts->draft[i], name[i], out);
    }
}
