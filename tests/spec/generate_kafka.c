/* kafka/{topic}.json: the value of every topic, and what holds for the topic: its key and its event
 * type. */
#include <stdio.h>
#include <string.h>

#include "tests/spec/generate.h"

/* In the order of the published document. */
const struct topic topics[] = {
    {"alerts", "Transitions of alerts, in order within an alert", "A transition of an alert",
     "id n venue zone rule status state from_state level from_level unit start at input_seq "
     "input_index"},
    {"zones", "Zone metrics, once a second for zones that changed",
     "A zone's metrics at a second of log time", "venue zone kind at level known status"},
    {"gates", "Gate metrics", "A gate's metrics, one value for each direction",
     "venue gate direction at known status"},
    {"lights", "Light states", "A light's state", "venue zone light at known status"},
    {"lanes", "Passages and rejects by gate lane, once a second for gates that changed",
     "A gate's lane, one value for each direction",
     "venue gate lane direction at per_min total status"},
    {"rejects", "Entry verification rejects by gate and reason", "Refusals at a gate by reason",
     "venue gate reason at per_min total status"},
    {"light-groups", "Sums over the lights of a zone, and of each of its groups",
     "The lights of a zone's group", "venue zone group at lights status"},
    {"sensors", "Health of sensors: silence, clock offset, service state", "Health of a sensor",
     "venue sensor zone at kind health service status"},
    {"history", "Minutes of zones, and again those that late data have repaired",
     "A zone's minute, repaired by late data", "venue zone at revision status"},
    {"alarm-figures", "Alarm-management figures: rate, flood, stale, chattering",
     "Alarm-management figures", "venue at status"},
    {"readings", "Every accepted sensor message, normalised", "A sensor's message, normalised",
     "venue sensor kind zone ts received status"},
    {"deadletter", "Messages that could not be used",
     "A message that could not be used, with the reason",
     "venue reason input_seq topic payload_bytes truncated at"},
    {"replies", "Answers to operators' commands", "The answer to an operator's command",
     "venue ok at"},
    {"heartbeat", "A sign of life every second",
     "A sign of life every second; older than 10 s means unknown",
     "instance at valid_until connected received decoded duplicate quarantined ignored_retained "
     "input_seq"},
    {0},
};

enum { PARTITIONS = 6 }; /* CONTRACT: missing topics are created with so many */

const struct result_type *type_of_topic(const char *suffix)
{
    for (unsigned number = 0; number < KAFKA_TYPES_MAX; number++) {
        const struct result_type *type = result_type_of(number);
        if (type && strcmp(type->topic_suffix, suffix) == 0)
            return type;
    }
    return NULL;
}

const struct kafka_topic_plan *topic_plan(const char *name)
{
    static struct kafka_topic_plan plans[KAFKA_TOPIC_COUNT];
    kafka_topic_plans(PARTITIONS, plans);
    for (size_t i = 0; i < KAFKA_TOPIC_COUNT; i++) {
        if (strcmp(plans[i].name, name) == 0)
            return &plans[i];
    }
    return NULL;
}

static bool has_status(unsigned type)
{
    union result_any any;
    result_clear(type, &any);
    return result_status(type, &any) != NULL;
}

void topic_key(const struct result_type *type, bool exercise, struct text *out)
{
    static const struct {
        unsigned type;
        const char *key;
    } keys[] = {
#define KEY_OF_ONE(TYPE, name, field) {RECORD_##TYPE, "{" #field "}"},
#define KEY_OF_TWO(TYPE, name, first, second) {RECORD_##TYPE, "{" #first "}/{" #second "}"},
        RESULT_KEYS(KEY_OF_ONE, KEY_OF_TWO)
#undef KEY_OF_ONE
#undef KEY_OF_TWO
    };
    if (exercise && !has_status(type->type))
        return;
    if (exercise && type->type != RECORD_ALERT)
        text_add(out, RESULT_EXERCISE_PREFIX);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (keys[i].type == type->type)
            text_add(out, keys[i].key);
    }
}

/* "x-topic": what JSON Schema has no word for. */
static bool add_topic(struct text *out, const char *suffix, const char *event, const char *key,
                      const char *exercise_key)
{
    char name[64];
    (void)snprintf(name, sizeof name, "crowdtide.%s", suffix);
    const struct kafka_topic_plan *plan = topic_plan(name);
    if (!plan) {
        fprintf(stderr, "%s: no such topic\n", name);
        return false;
    }
    text_add(out, "  \"x-topic\": {");
    add_member(out, "name", name);
    text_add(out, ", ");
    add_member(out, "key", key);
    if (exercise_key[0]) {
        text_add(out, ", ");
        add_member(out, "exercise_key", exercise_key);
    }
    text_add(out, ", \"ce_type\": \"crowdtide.");
    text_add(out, event);
    text_add(out, ".v1\", \"compacted\": ");
    text_add(out, plan->compacted ? "true" : "false");
    text_add(out, "},\n");
    return true;
}

static bool schema(const struct topic *topic, const struct result_type *type, struct text *out)
{
    char id[64], key[128] = {0}, exercise[128] = {0};
    struct text real = text_over(key, sizeof key - 1),
                drill = text_over(exercise, sizeof exercise - 1);
    (void)snprintf(id, sizeof id, "kafka:%s", topic->suffix);
    topic_key(type, false, &real);
    topic_key(type, true, &drill);
    add_head(out, id);
    text_add(out, "  ");
    add_member(out, "title", topic->title);
    text_add(out, ",\n");
    bool ok = add_topic(out, topic->suffix, topic->suffix, key, exercise);
    text_add(out, "  \"type\": \"object\",\n");
    ok = ok && add_result(out, type, topic->suffix, topic->required, "  ");
    text_add(out, "}\n");
    return ok;
}

/* The same values under another key. */
static bool alert_state(const char *directory, struct text *out)
{
    out->len = 0;
    text_add(out, "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
                  "  \"title\": \"The last transition of an alert: what is so now\",\n");
    bool ok = add_topic(out, "alert-state", "alerts", "{venue}/{zone}/{rule}",
                        RESULT_EXERCISE_PREFIX "{venue}/{zone}/{rule}");
    text_add(out, "  \"$ref\": \"alerts.json\"\n}\n");
    return ok && write_file(directory, "kafka/alert-state.json", out);
}

/* A new topic must not go without a schema. */
static bool all_titled(void)
{
    size_t on_kafka = 0, titled = sizeof topics / sizeof topics[0] - 1;
    for (unsigned number = 0; number < KAFKA_TYPES_MAX; number++) {
        const struct result_type *type = result_type_of(number);
        on_kafka += type && type->topic_suffix[0];
    }
    if (on_kafka != titled)
        fprintf(stderr, "%zu result types go to Kafka, %zu have a title here\n", on_kafka, titled);
    return on_kafka == titled;
}

bool generate_kafka(const char *directory)
{
    static char buffer[GENERATE_BYTES_MAX];
    struct text out = text_over(buffer, sizeof buffer);
    bool ok = all_titled();
    for (const struct topic *topic = topics; ok && topic->suffix; topic++) {
        char name[128];
        const struct result_type *type = type_of_topic(topic->suffix);
        (void)snprintf(name, sizeof name, "kafka/%s.json", topic->suffix);
        out.len = 0;
        ok = type && schema(topic, type, &out) && write_file(directory, name, &out);
    }
    return ok && alert_state(directory, &out);
}
