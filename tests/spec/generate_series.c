/* series.json: the measurements of the line protocol: tags, time, fields with their types. */
#include <stdio.h>

#include "tests/spec/generate.h"

static const char head[] =
    "{\n"
    "  \"title\": \"The series: measurements of the line protocol, as InfluxDB and VictoriaMetrics "
    "take it\",\n"
    "  \"description\": \"Timestamps are nanoseconds: the millisecond of `time.field` and, where "
    "several points may share one, the input's sequence modulo "
    "10^6 below it, of an alert its own number n, so that a point written again is the same point. "
    "A field keeps its type for "
    "ever; what is absent is left out. What a drill's shadow "
    "state says stands in a measurement of its own, `exercise`.\",\n"
    "  \"version\": \"v1\",\n"
    "  \"measurements\": {";

/* NULL for what is never in the series. */
static const char *type_name(const struct result_field *field)
{
    static const char *const names[] = {
        [RESULT_TEXT] = "string", [RESULT_INT] = "integer",  [RESULT_TIME] = "integer",
        [RESULT_REAL] = "float",  [RESULT_BOOL] = "boolean", [RESULT_LEVEL] = "integer",
        [RESULT_JSON] = NULL,
    };
    return names[field->kind];
}

/* Levels are numbers here. */
static void add_levels(struct text *out)
{
    static const struct {
        const char *word, *number;
    } levels[] = {
#define LEVEL_NUMBER(name, text, value) {text, #value},
        LEVELS(LEVEL_NUMBER)
#undef LEVEL_NUMBER
    };
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        text_add(out, i ? ", " : "\"values\": {");
        add_quoted(out, levels[i].word);
        text_add(out, ": ");
        text_add(out, levels[i].number);
    }
    text_add(out, "}, ");
}

static void add_series_field(struct text *out, const struct result_field *field)
{
    add_quoted(out, field->name);
    text_add(out, ": {");
    if (field->place == RESULT_FIELD) {
        add_member(out, "type", type_name(field));
        text_add(out, ", ");
    }
    if (field->kind == RESULT_LEVEL)
        add_levels(out);
    if (field->kind == RESULT_TIME || field->unit[0]) {
        add_member(out, "unit", field->kind == RESULT_TIME ? "ms since 1970" : field->unit);
        text_add(out, ", ");
    }
    add_member(out, "description", field->description);
    text_add(out, "}");
}

static void add_place(struct text *out, const struct result_type *type, enum result_place place)
{
    const char *before = "\n        ";
    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct result_field *field = &type->fields[i];
        if (field->place != place || !type_name(field))
            continue;
        text_add(out, before);
        add_series_field(out, field);
        before = ",\n        ";
    }
}

static bool several_per_ms(unsigned type)
{
    static const unsigned several[] = {
#define SEVERAL(TYPE) RECORD_##TYPE,
        RESULT_SEVERAL_PER_MS(SEVERAL)
#undef SEVERAL
    };
    for (size_t i = 0; i < sizeof several / sizeof several[0]; i++) {
        if (several[i] == type)
            return true;
    }
    return false;
}

static void add_measurement(struct text *out, const struct result_type *type)
{
    union result_any any;
    result_clear(type->type, &any);
    add_quoted(out, type->measurement);
    text_add(out, ": {\n      ");
    if (result_status(type->type, &any)) {
        text_add(out, "\"exercise\": \"" RESULT_EXERCISE_MEASUREMENT_PREFIX);
        text_add(out, type->measurement);
        text_add(out, "\",\n      ");
    }
    text_add(out, "\"topic\": \"crowdtide.");
    text_add(out, type->topic_suffix);
    text_add(out, "\",\n      \"time\": {");
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (type->fields[i].place == RESULT_STAMP)
            add_member(out, "field", type->fields[i].name);
    }
    text_add(out, ", \"several_per_ms\": ");
    text_add(out, several_per_ms(type->type) ? "true" : "false");
    text_add(out, "},\n      \"tags\": {");
    add_place(out, type, RESULT_TAG);
    text_add(out, "\n      },\n      \"fields\": {");
    add_place(out, type, RESULT_FIELD);
    text_add(out, "\n      }\n    }");
}

bool generate_series(const char *directory)
{
    static char buffer[GENERATE_BYTES_MAX];
    struct text out = text_over(buffer, sizeof buffer);
    const char *before = "\n    ";
    text_add(&out, head);
    for (unsigned number = 0; number < KAFKA_TYPES_MAX; number++) {
        const struct result_type *type = result_type_of(number);
        if (!type || !type->measurement[0])
            continue;
        text_add(&out, before);
        add_measurement(&out, type);
        before = ",\n    ";
    }
    text_add(&out, "\n  }\n}\n");
    return write_file(directory, "series.json", &out);
}
