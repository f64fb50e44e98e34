/*
 * generate: writes the JSON Schema (2020-12) of every Kafka value into a directory, from the tables
 * of schemas/result/result.h, so that the published schemas can't disagree with what the publishers
 * write.
 *
 *     spec-generate DIRECTORY      DIRECTORY/alerts.json, DIRECTORY/zones.json, …
 *
 * What the tables don't say stands here: which fields are always present, and which texts are one
 * of a few words. A consumer must accept fields it does not know (additionalProperties stays true):
 * fields may be added, never renamed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/result/result.h"

enum { SCHEMA_BYTES_MAX = 64 * 1024, LEVEL_WORDS = 6, WORDS_MAX = 12 };

/* text_add_time_ms: UTC with milliseconds. "format" alone is a remark that validators may ignore.
 */
#define TIME_PATTERN "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\\\.[0-9]{3}Z$"

/* topic, title, fields that every value has */
#define TOPICS(T)                                                                                  \
    T("readings", "A sensor's message, normalised", "venue sensor kind zone ts received status")   \
    T("zones", "A zone's metrics at a second of log time",                                         \
      "venue zone kind at level known status")                                                     \
    T("gates", "A gate's metrics, one value for each direction",                                   \
      "venue gate direction at known status")                                                      \
    T("lights", "A light's state", "venue zone light at known status")                             \
    T("lanes", "A gate's lane, one value for each direction",                                      \
      "venue gate lane direction at per_min total status")                                         \
    T("rejects", "Refusals at a gate by reason", "venue gate reason at per_min total status")      \
    T("light-groups", "The lights of a zone's group", "venue zone group at lights status")         \
    T("sensors", "Health of a sensor", "venue sensor zone at kind health service status")          \
    T("history", "A zone's minute, repaired by late data", "venue zone at revision status")        \
    T("alerts", "A transition of an alert",                                                        \
      "id n venue zone rule status state from_state level from_level unit start at input_seq "     \
      "input_index")                                                                               \
    T("replies", "The answer to an operator's command", "venue ok at")                             \
    T("heartbeat", "A sign of life every second; older than 10 s means unknown",                   \
      "instance at valid_until connected received decoded duplicate quarantined ignored_retained " \
      "input_seq")                                                                                 \
    T("alarm-figures", "Alarm-management figures", "venue at status")                              \
    T("deadletter", "A message that could not be used, with the reason",                           \
      "venue reason input_seq topic payload_bytes truncated at")

struct words {
    const char *topic; /* NULL: every topic */
    const char *field;
    const char *word[WORDS_MAX];
};

static const struct words word_lists[] = {
    {NULL, "status", {"Actual", "Exercise", "Test"}},
    {NULL, "direction", {"in", "out"}},
    {"zones", "los", {"A", "B", "C", "D", "E", "F"}},
    {"alerts",
     "state",
     {"normal", "pending", "active_unacked", "active_acked", "clearing", "resolved", "shelved",
      "suppressed", "out_of_service", "unknown"}},
    {"alerts",
     "from_state",
     {"normal", "pending", "active_unacked", "active_acked", "clearing", "resolved", "shelved",
      "suppressed", "out_of_service", "unknown"}},
    {"readings", "event", {"pass", "reject"}},
    {"deadletter",
     "reason",
     {"malformed", "utf8", "duplicate_key", "wrong_type", "out_of_range", "unknown_sensor",
      "unknown_topic", "oversized", "poison", "rejected"}},
};

static void add_quoted(struct text *out, const char *s)
{
    text_add_json(out, str_of(s));
}

static void add_words(struct text *out, const char *const *word, size_t max)
{
    text_add(out, "\"enum\": [");
    for (size_t i = 0; i < max && word[i]; i++) {
        text_add(out, i ? ", " : "");
        add_quoted(out, word[i]);
    }
    text_add(out, "]");
}

static const char *const *words_of(const char *topic, const char *field)
{
    for (size_t i = 0; i < sizeof word_lists / sizeof word_lists[0]; i++) {
        const struct words *list = &word_lists[i];
        if (strcmp(list->field, field) == 0 && (!list->topic || strcmp(list->topic, topic) == 0))
            return list->word;
    }
    return NULL;
}

static void add_type(struct text *out, const char *topic, const struct result_field *field)
{
#define LEVEL_WORD(name, text, number) text,
    static const char *const levels[] = {LEVELS(LEVEL_WORD)};
#undef LEVEL_WORD
    _Static_assert(sizeof levels / sizeof levels[0] == LEVEL_WORDS, "one word for each level");
    const char *const *words = words_of(topic, field->name);
    switch ((enum result_kind)field->kind) {
    case RESULT_TEXT:
        text_add(out, "\"type\": \"string\"");
        if (words) {
            text_add(out, ", ");
            add_words(out, words, WORDS_MAX);
        }
        break;
    case RESULT_JSON:
        text_add(out, "\"type\": [\"object\", \"array\"]");
        break;
    case RESULT_INT:
        text_add(out, "\"type\": \"integer\"");
        break;
    case RESULT_TIME:
        text_add(out,
                 "\"type\": \"string\", \"format\": \"date-time\", \"pattern\": \"" TIME_PATTERN
                 "\"");
        break;
    case RESULT_REAL:
        text_add(out, "\"type\": \"number\"");
        break;
    case RESULT_BOOL:
        text_add(out, "\"type\": \"boolean\"");
        break;
    case RESULT_LEVEL:
        text_add(out, "\"type\": \"string\", ");
        add_words(out, levels, LEVEL_WORDS);
        break;
    }
}

static void add_field(struct text *out, const char *topic, const struct result_field *field)
{
    text_add(out, "    ");
    add_quoted(out, field->name);
    text_add(out, ": {");
    add_type(out, topic, field);
    text_add(out, ", \"description\": ");
    char words[512];
    struct text description = text_over(words, sizeof words);
    text_add(&description, field->description);
    if (field->unit[0] && field->kind != RESULT_TIME) {
        text_add(&description, " [");
        text_add(&description, field->unit);
        text_add(&description, "]");
    }
    text_add_json(out, (struct str){description.at, (uint32_t)description.len});
    text_add(out, "}");
}

static bool has_field(const struct result_type *type, struct str name)
{
    for (uint32_t i = 0; i < type->field_count; i++)
        if (str_is(name, type->fields[i].name))
            return true;
    return false;
}

/* False when a required field is not in the table. */
static bool add_required(struct text *out, const struct result_type *type, const char *required)
{
    text_add(out, "  \"required\": [");
    for (const char *at = required; *at;) {
        struct str name = {at, (uint32_t)strcspn(at, " ")};
        if (!has_field(type, name)) {
            fprintf(stderr, "%s: no field '" STR_FMT "'\n", type->topic_suffix, STR_ARG(name));
            return false;
        }
        text_add(out, at == required ? "" : ", ");
        text_add_json(out, name);
        at += name.len;
        at += strspn(at, " ");
    }
    text_add(out, "]\n");
    return true;
}

static bool schema(const struct result_type *type, const char *title, const char *required,
                   struct text *out)
{
    text_add(out, "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n  \"$id\": "
                  "\"urn:crowdtide:kafka:");
    text_add(out, type->topic_suffix);
    text_add(out, ":v1\",\n  \"title\": ");
    add_quoted(out, title);
    text_add(out, ",\n  \"type\": \"object\",\n  \"properties\": {\n");
    for (uint32_t i = 0; i < type->field_count; i++) {
        add_field(out, type->topic_suffix, &type->fields[i]);
        text_add(out, i + 1 < type->field_count ? ",\n" : "\n");
    }
    text_add(out, "  },\n");
    bool ok = add_required(out, type, required);
    text_add(out, "}\n");
    return ok && !out->overflow;
}

static bool write_file(const char *directory, const char *topic, const struct text *content)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.json", directory, topic);
    FILE *file = fopen(path, "w");
    bool ok = file && fwrite(content->at, 1, content->len, file) == content->len;
    ok = (!file || fclose(file) == 0) && ok;
    if (!ok)
        perror(path);
    return ok;
}

static const struct result_type *type_of_topic(const char *topic)
{
    for (unsigned number = 0; number < 256; number++) {
        const struct result_type *type = result_type_of(number);
        if (type && strcmp(type->topic_suffix, topic) == 0)
            return type;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *topic, *title, *required;
    } topics[] = {
#define TOPIC_ROW(topic, title, required) {topic, title, required},
        TOPICS(TOPIC_ROW)
#undef TOPIC_ROW
    };
    if (argc != 2) {
        fprintf(stderr, "usage: spec-generate DIRECTORY\n");
        return 2;
    }
    /* A new topic must not go without a schema. */
    size_t on_kafka = 0;
    for (unsigned number = 0; number < 256; number++) {
        const struct result_type *type = result_type_of(number);
        on_kafka += type && type->topic_suffix[0];
    }
    if (on_kafka != sizeof topics / sizeof topics[0]) {
        fprintf(stderr, "%zu result types go to Kafka, %zu have a title here\n", on_kafka,
                sizeof topics / sizeof topics[0]);
        return 1;
    }
    char *buffer = malloc(SCHEMA_BYTES_MAX);
    bool ok = buffer != NULL;
    for (size_t i = 0; ok && i < sizeof topics / sizeof topics[0]; i++) {
        const struct result_type *type = type_of_topic(topics[i].topic);
        struct text out = text_over(buffer, SCHEMA_BYTES_MAX);
        ok = type && schema(type, topics[i].title, topics[i].required, &out) &&
             write_file(argv[1], topics[i].topic, &out);
    }
    free(buffer);
    return ok ? 0 : 1;
}
