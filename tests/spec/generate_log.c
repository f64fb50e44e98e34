/*
 * log/types.json: the record types by name, with their numbers; log/results.json: what a record of
 * a results log holds, by type. output/counters.json: the figures of each program, as `crowdtide
 * top --json` shows them.
 */
#include <stdio.h>
#include <string.h>

#include "schemas/counters/counters.h"
#include "tests/spec/generate.h"

/* Results that stay in the log: name, title, fields that are always there. */
static const struct {
    unsigned type;
    const char *title, *required;
} inner[] = {
    {RECORD_SKIPPED, "An input that crashed process again and again, left out", "input_seq at"},
    {RECORD_ERA, "Core and model from here on", "core_version model_hash at"},
};

static bool types(const char *directory, struct text *out)
{
    static const struct {
        const char *number, *name;
    } rows[] = {
#define TYPE_ROW(number, name, text) {#number, text},
        RECORD_TYPES(TYPE_ROW)
#undef TYPE_ROW
    };
    enum { ROWS = sizeof rows / sizeof rows[0] };
    const char *word[ROWS + 1] = {NULL};
    for (size_t i = 0; i < ROWS; i++)
        word[i] = rows[i].name;
    add_head(out, "log:types");
    text_add(out,
             "  \"title\": \"Record types of the logs; their numbers are never given again\",\n"
             "  \"type\": \"string\",\n  ");
    add_words(out, word);
    text_add(out, ",\n  \"x-numbers\": {");
    for (size_t i = 0; i < ROWS; i++) {
        text_add(out, i ? ", " : "");
        add_quoted(out, rows[i].name);
        text_add(out, ": ");
        text_add(out, rows[i].number);
    }
    text_add(out, "}\n}\n");
    return write_file(directory, "log/types.json", out);
}

static bool add_inner(struct text *out, size_t i)
{
    text_add(out, "\"result\": {\n      ");
    add_member(out, "title", inner[i].title);
    text_add(out, ",\n      \"type\": \"object\",\n");
    bool ok = add_result(out, result_type_of(inner[i].type), record_type_name(inner[i].type),
                         inner[i].required, "      ");
    text_add(out, "    }");
    return ok;
}

static bool results(const char *directory, struct text *out)
{
    bool ok = true;
    const char *before = "\n    ";
    out->len = 0;
    text_add(out, "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
                  "  \"title\": \"What a record of a results log holds, by its type\",\n"
                  "  \"type\": \"object\",\n  \"properties\": {\"type\": {\"type\": \"string\"}},\n"
                  "  \"allOf\": [");
    for (unsigned number = 0; number < KAFKA_TYPES_MAX; number++) {
        const struct result_type *type = result_type_of(number);
        if (!type)
            continue;
        text_add(out, before);
        text_add(out, "{\"if\": {\"properties\": {\"type\": {\"const\": ");
        add_quoted(out, record_type_name(number));
        text_add(out, "}}}, \"then\": {\"required\": [\"origin\", \"result\"], \"properties\": {");
        if (type->topic_suffix[0]) {
            text_add(out, "\"result\": {\"$ref\": \"../kafka/");
            text_add(out, type->topic_suffix);
            text_add(out, ".json\"}");
        }
        for (size_t i = 0; i < sizeof inner / sizeof inner[0]; i++)
            ok = (inner[i].type != number || add_inner(out, i)) && ok;
        text_add(out, "}}}");
        before = ",\n    ";
    }
    text_add(out, "\n  ]\n}\n");
    return ok && write_file(directory, "log/results.json", out);
}

bool generate_log(const char *directory)
{
    static char buffer[GENERATE_BYTES_MAX];
    struct text out = text_over(buffer, sizeof buffer);
    return types(directory, &out) && results(directory, &out);
}

static void add_program(struct text *out, enum program program)
{
    char name[COUNTER_NAME_BYTES], description[256];
    const char *before = "\n        ";
    text_add(out, program ? ",\n    " : "\n    ");
    add_quoted(out, program_name(program));
    text_add(out, ": {\n      \"type\": \"object\",\n      \"properties\": {");
    for (int c = 0; c < COUNTER_COUNT; c++) {
        const struct counter_info *info = counter_info_of((enum counter)c);
        if (info->program != program)
            continue;
        (void)snprintf(description, sizeof description, info->unit[0] ? "%s [%s]" : "%s",
                       info->help, info->unit);
        text_add(out, before);
        add_quoted(out, counter_name((enum counter)c, name));
        text_add(out, ": {\"type\": \"integer\", ");
        add_member(out, "description", description);
        text_add(out, "}");
        before = ",\n        ";
    }
    text_add(out, "\n      }\n    }");
}

bool generate_counters(const char *directory)
{
    static char buffer[GENERATE_BYTES_MAX];
    struct text out = text_over(buffer, sizeof buffer);
    text_add(&out, "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
                   "  \"title\": \"The counters of each program\",\n"
                   "  \"type\": \"object\",\n  \"properties\": {");
    for (int p = 0; p < PROGRAM_COUNT; p++)
        add_program(&out, (enum program)p);
    text_add(&out, "\n  }\n}\n");
    return write_file(directory, "output/counters.json", &out);
}
