/*
 * The JSON Schema of a result's field. What the tables of schemas/result/result.h don't say stands
 * here: which texts are one of a few words or have a form. A consumer must accept fields that it
 * does not know (additionalProperties stays true).
 */
#include <stdio.h>
#include <string.h>

#include "processors/core/alert_table.h"
#include "processors/core/health.h"
#include "schemas/payload/member.h"
#include "schemas/result/refusal.h"
#include "schemas/venue/venue.h"
#include "tests/spec/generate.h"

#define WORD_OF_TWO(name, text) text,
#define WORD_OF_THREE(name, text, more) text,
static const char *const alert_states[] = {ALERT_STATES(WORD_OF_TWO) NULL};
static const char *const alert_metrics[] = {METRICS(WORD_OF_THREE) NULL};
static const char *const reasons[] = {REFUSALS(WORD_OF_TWO) NULL};
static const char *const healths[] = {HEALTH_STATES(WORD_OF_TWO) NULL};
static const char *const causes[] = {HEALTH_CAUSES(WORD_OF_TWO) NULL};
static const char *const services[] = {SENSOR_SERVICES(WORD_OF_TWO) NULL};
static const char *const zone_kinds[] = {ZONE_KINDS(WORD_OF_TWO) NULL};
static const char *const levels[] = {LEVELS(WORD_OF_THREE) NULL};
static const char *const statuses[] = {"Actual", "Exercise", "Test", NULL};
static const char *const service_levels[] = {"A", "B", "C", "D", "E", "F", NULL};
static const char *const zone_bases[] = {"level", "flow", "fused", "sum", NULL};
static const char *const queue_bases[] = {"counted", "estimated", NULL};
static const char *const gate_states[] = {"open", "closed", "fault", "offline", NULL};
static const char *const light_states[] = {"on", "off", "dim", "offline", NULL};
static const char *const reading_states[] = {"open", "closed", "fault",   "on", "off",
                                             "dim",  "online", "offline", NULL};

static const struct {
    const char *topic; /* NULL: every topic */
    const char *field;
    const char *const *word;
} word_lists[] = {
    {NULL, "status", statuses},          {NULL, "service", services},
    {"zones", "kind", zone_kinds},       {"zones", "los", service_levels},
    {"zones", "basis", zone_bases},      {"zones", "cause", causes},
    {"alerts", "state", alert_states},   {"alerts", "from_state", alert_states},
    {"alerts", "metric", alert_metrics}, {"gates", "state", gate_states},
    {"lights", "state", light_states},   {"gates", "queue_basis", queue_bases},
    {"sensors", "health", healths},      {"readings", "state", reading_states},
    {"deadletter", "reason", reasons},
};

/* Texts with a form. */
static const struct {
    const char *topic; /* NULL: every topic */
    const char *field, *pattern;
} patterns[] = {
    {NULL, "venue", "^" GENERATE_ID "$"},
    {NULL, "zone", "^" GENERATE_ID "$"},
    {NULL, "sensor", "^" GENERATE_ID "$"},
    {NULL, "gate", "^" GENERATE_ID "$"},
    {NULL, "light", "^" GENERATE_ID "$"},
    {NULL, "rule", "^" GENERATE_ID "$"},
    {NULL, "instance", "^" GENERATE_ID "$"},
    {"alerts", "id",
     "^(drill/)?" GENERATE_ID "/" GENERATE_ID "/" GENERATE_ID "/(0|[1-9][0-9]{0,18})$"},
};

static bool is_of(const char *of, const char *topic)
{
    return !of || strcmp(of, topic) == 0;
}

/* The words that a source may say, of any class. */
static bool add_source_words(struct text *out, const char *field)
{
    static const struct {
        enum sensor_class class;
        enum counter_kind kind;
    } kinds[] = {{SENSOR_CROWD, COUNTER_LEVEL}, {SENSOR_CROWD, COUNTER_DELTA},
                 {SENSOR_CROWD, COUNTER_DAILY}, {SENSOR_CROWD, COUNTER_TOTAL},
                 {SENSOR_GATE, COUNTER_LEVEL},  {SENSOR_VEHICLE_GATE, COUNTER_LEVEL},
                 {SENSOR_LIGHT, COUNTER_LEVEL}};
    enum { KINDS = sizeof kinds / sizeof kinds[0] };
    const char *word[GENERATE_WORDS_MAX + 1] = {NULL};
    if (strcmp(field, "kind") == 0) {
        for (size_t i = 0; i < KINDS; i++)
            word[i] = reading_kind(kinds[i].class, kinds[i].kind).at;
    } else {
        const struct member *member =
            member_find(members_of(SENSOR_GATE, COUNTER_LEVEL), str_of(field));
        for (size_t i = 0; i < GENERATE_WORDS_MAX && member->words[i].len; i++)
            word[i] = member->words[i].at;
    }
    text_add(out, ", ");
    add_words(out, word);
    return true;
}

static void add_text_form(struct text *out, const char *topic, const char *field)
{
    static const char *const from_source[][2] = {
        {"readings", "kind"}, {"sensors", "kind"}, {"readings", "event"}, {NULL, "direction"}};
    for (size_t i = 0; i < sizeof from_source / sizeof from_source[0]; i++) {
        if (strcmp(from_source[i][1], field) == 0 && is_of(from_source[i][0], topic) &&
            add_source_words(out, field))
            return;
    }
    for (size_t i = 0; i < sizeof word_lists / sizeof word_lists[0]; i++) {
        if (strcmp(word_lists[i].field, field) == 0 && is_of(word_lists[i].topic, topic)) {
            text_add(out, ", ");
            add_words(out, word_lists[i].word);
            return;
        }
    }
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        if (strcmp(patterns[i].field, field) == 0 && is_of(patterns[i].topic, topic)) {
            text_add(out, ", ");
            add_member(out, "pattern", patterns[i].pattern);
            return;
        }
    }
    if (strcmp(field, "payload_base64") == 0)
        text_add(out, ", \"contentEncoding\": \"base64\"");
}

/* The one field that is JSON itself. */
static void add_plan(struct text *out)
{
    text_add(out,
             "\"type\": \"array\", \"items\": {\"type\": \"object\", \"properties\": {\"step\": "
             "{\"type\": \"integer\"}, \"text\": {\"type\": \"string\"}, \"done\": {\"type\": "
             "\"boolean\"}, \"by\": {\"type\": \"string\"}}, \"required\": [\"step\", \"text\", "
             "\"done\"]}");
}

static void add_type(struct text *out, const char *topic, const struct result_field *field)
{
    switch ((enum result_kind)field->kind) {
    case RESULT_TEXT:
        text_add(out, "\"type\": \"string\"");
        add_text_form(out, topic, field->name);
        break;
    case RESULT_JSON:
        add_plan(out);
        break;
    case RESULT_INT:
        text_add(out, "\"type\": \"integer\"");
        break;
    case RESULT_TIME:
        text_add(out, "\"type\": \"string\", \"format\": \"date-time\", ");
        add_member(out, "pattern", GENERATE_TIME);
        break;
    case RESULT_REAL:
        text_add(out, "\"type\": \"number\"");
        break;
    case RESULT_BOOL:
        text_add(out, "\"type\": \"boolean\"");
        break;
    case RESULT_LEVEL:
        text_add(out, "\"type\": \"string\", ");
        add_words(out, levels);
        break;
    }
}

void add_field(struct text *out, const char *topic, const struct result_field *field)
{
    char words[512];
    struct text description = text_over(words, sizeof words - 1);
    text_add(&description, field->description);
    if (field->unit[0] && field->kind != RESULT_TIME) {
        text_add(&description, " [");
        text_add(&description, field->unit);
        text_add(&description, "]");
    }
    words[description.len] = '\0';
    text_add(out, "{");
    add_type(out, topic, field);
    text_add(out, ", ");
    add_member(out, "description", words);
    text_add(out, "}");
    out->overflow |= description.overflow;
}

static bool has_field(const struct result_type *type, struct str name)
{
    for (uint32_t i = 0; i < type->field_count; i++)
        if (str_is(name, type->fields[i].name))
            return true;
    return false;
}

bool add_result(struct text *out, const struct result_type *type, const char *topic,
                const char *required, const char *indent)
{
    text_add(out, indent);
    text_add(out, "\"properties\": {");
    for (uint32_t i = 0; i < type->field_count; i++) {
        text_add(out, i ? ",\n  " : "\n  ");
        text_add(out, indent);
        add_quoted(out, type->fields[i].name);
        text_add(out, ": ");
        add_field(out, topic, &type->fields[i]);
    }
    text_add(out, "\n");
    text_add(out, indent);
    text_add(out, "},\n");
    text_add(out, indent);
    text_add(out, "\"required\": [");
    for (const char *at = required; *at;) {
        struct str name = {at, (uint32_t)strcspn(at, " ")};
        if (!has_field(type, name)) {
            fprintf(stderr, "%s: no field '" STR_FMT "'\n", topic, STR_ARG(name));
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
