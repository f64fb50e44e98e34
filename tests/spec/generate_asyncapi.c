/*
 * asyncapi.yaml: what it says of the topics that results go to, between marks; the rest of the
 * document is written by hand and stays. event-headers.json: the CloudEvents headers of their
 * messages.
 */
#include <stdio.h>
#include <string.h>

#include "tests/spec/generate.h"

#define UUID "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"

struct part {
    const char *begin; /* the mark: a line of its own */
    void (*add)(struct text *out, const char *suffix);
};
static const char part_end[] = "  # ---- generated until here\n";

static void add_channel(struct text *out, const char *suffix)
{
    char name[64];
    const char *title = "The last transition of each zone and rule";
    for (const struct topic *topic = topics; topic->suffix; topic++) {
        if (strcmp(topic->suffix, suffix) == 0)
            title = topic->channel;
    }
    (void)snprintf(name, sizeof name, "crowdtide.%s", suffix);
    const struct kafka_topic_plan *plan = topic_plan(name);
    text_add(out, "  ");
    text_add(out, suffix);
    text_add(out, ":\n    address: ");
    text_add(out, name);
    text_add(out, "\n    title: ");
    add_quoted(out, title);
    text_add(out,
             "\n    servers: [{ $ref: '#/servers/kafka' }]\n    bindings: { kafka: { partitions: ");
    text_add_i64(out, plan->partitions);
    text_add(out, plan->compacted ? ", topicConfiguration: { cleanup.policy: [compact] } } }\n"
                                  : " } }\n");
    text_add(out, "    messages:\n      ");
    text_add(out, suffix);
    text_add(out, ": { $ref: '#/components/messages/");
    text_add(out, suffix);
    text_add(out, "' }\n");
}

/* tellLightGroups */
static void add_operation(struct text *out, const char *suffix)
{
    bool upper = true;
    text_add(out, "  tell");
    for (const char *c = suffix; *c; c++) {
        if (*c != '-')
            text_add_char(out, upper ? (char)(*c - 'a' + 'A') : *c);
        upper = *c == '-';
    }
    text_add(out, ": { action: send, channel: { $ref: '#/channels/");
    text_add(out, suffix);
    text_add(out, "' } }\n");
}

static void add_message(struct text *out, const char *suffix)
{
    bool state = strcmp(suffix, "alert-state") == 0;
    char key[256] = {0};
    struct text words = text_over(key, sizeof key - 1);
    const struct result_type *type = type_of_topic(suffix);
    if (state) {
        text_add(&words, "{venue}/{zone}/{rule}; of an exercise " RESULT_EXERCISE_PREFIX
                         "{venue}/{zone}/{rule}");
    } else {
        topic_key(type, false, &words);
        size_t real = words.len;
        text_add(&words, "; of an exercise ");
        size_t before = words.len;
        topic_key(type, true, &words);
        if (words.len == before)
            words.len = real;
        key[words.len] = '\0';
    }
    text_add(out, "    ");
    text_add(out, suffix);
    text_add(out, ":\n      traits: [{ $ref: '#/components/messageTraits/cloudEvent' }]\n"
                  "      bindings: { kafka: { key: { type: string, description: ");
    add_quoted(out, key);
    text_add(out, " } } }\n      payload: { schemaFormat: "
                  "'application/schema+json;version=draft-2020-12', schema: { $ref: 'kafka/");
    text_add(out, suffix);
    text_add(out, ".json' } }\n");
}

static const struct part parts[] = {
    {"  # ---- generated: channels of results\n", add_channel},
    {"  # ---- generated: operations of results\n", add_operation},
    {"  # ---- generated: messages of results\n", add_message},
};
enum { PARTS = sizeof parts / sizeof parts[0] };

static bool add_part(struct text *out, const struct part *part, const char **at)
{
    const char *begin = strstr(*at, part->begin);
    const char *end = begin ? strstr(begin, part_end) : NULL;
    if (!end) {
        fprintf(stderr, "asyncapi.yaml lacks the mark '%.*s', or its end\n",
                (int)strlen(part->begin) - 1, part->begin);
        return false;
    }
    text_add_bytes(out, *at, (size_t)(begin - *at));
    text_add(out, part->begin);
    for (const struct topic *topic = topics; topic->suffix; topic++) {
        part->add(out, topic->suffix);
        if (strcmp(topic->suffix, "alerts") == 0)
            part->add(out, "alert-state");
    }
    *at = end;
    return true;
}

static bool headers(const char *directory, struct text *out)
{
    text_add(out,
             "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
             "  \"$id\": \"urn:crowdtide:event-headers:v1\",\n"
             "  \"title\": \"Headers of a message with a result: CloudEvents 1.0, Kafka protocol "
             "binding, binary mode\",\n  \"type\": \"object\",\n  \"properties\": {\n"
             "    \"ce_id\": {\"type\": \"string\", \"pattern\": \"^" UUID
             "/[1-9][0-9]*/[0-9]+$\", \"description\": \"{UUID of the readings log}/{sequence of "
             "the input}/{index of the result}: one id for one result, on every topic\"},\n"
             "    \"ce_source\": {\"type\": \"string\", \"pattern\": \"^/crowdtide/" GENERATE_ID
             "$\", \"description\": \"/crowdtide/{venue}\"},\n"
             "    \"ce_type\": {\"type\": \"string\", \"enum\": [");
    for (const struct topic *topic = topics; topic->suffix; topic++) {
        text_add(out, topic == topics ? "\"crowdtide." : ", \"crowdtide.");
        text_add(out, topic->suffix);
        text_add(out, ".v1\"");
    }
    text_add(out, "], \"description\": \"what the value is: see x-topic in its schema\"},\n"
                  "    \"ce_time\": {\"type\": \"string\", \"format\": \"date-time\", ");
    add_member(out, "pattern", GENERATE_TIME);
    text_add(out, ", \"description\": \"log time of the result\"},\n"
                  "    \"ce_specversion\": {\"type\": \"string\", \"const\": \"1.0\"}\n  },\n"
                  "  \"required\": [\"ce_id\", \"ce_source\", \"ce_type\", \"ce_time\", "
                  "\"ce_specversion\"]\n}\n");
    return write_file(directory, "event-headers.json", out);
}

bool generate_asyncapi(const char *directory)
{
    static char document[GENERATE_BYTES_MAX], buffer[GENERATE_BYTES_MAX];
    char path[4096];
    struct text out = text_over(buffer, sizeof buffer);
    if (!headers(directory, &out))
        return false;
    (void)snprintf(path, sizeof path, "%s/asyncapi.yaml", directory);
    FILE *file = fopen(path, "r");
    if (!file) {
        perror(path);
        return false;
    }
    size_t len = fread(document, 1, sizeof document - 1, file);
    (void)fclose(file);
    document[len] = '\0';
    const char *at = document;
    out.len = 0;
    for (size_t i = 0; i < PARTS; i++) {
        if (!add_part(&out, &parts[i], &at))
            return false;
    }
    text_add(&out, at);
    return write_file(directory, "asyncapi.yaml", &out);
}
