/* command/line.json: an operator's command, from the tables that the core reads it by and that
 * `crowdtide command` writes it by. */
#include <stdio.h>
#include <string.h>

#include "deploy/cli/command_table.h"
#include "processors/core/command_request.h"
#include "tests/spec/generate.h"

#define ALERT                                                                                      \
    "^((drill/)?" GENERATE_ID "/" GENERATE_ID "/" GENERATE_ID "/[0-9]{1,19}|" GENERATE_ID          \
    "/" GENERATE_ID ")$"

static void add_range(struct text *out, const char *least, const char *most,
                      const struct command_member *member)
{
    text_add(out, ", \"");
    text_add(out, least);
    text_add(out, "\": ");
    text_add_i64(out, member->min);
    if (member->max == INT64_MAX)
        return;
    text_add(out, ", \"");
    text_add(out, most);
    text_add(out, "\": ");
    text_add_i64(out, member->max);
}

static void add_command_member(struct text *out, const struct command_member *member)
{
    static const char *const commands[] = {
#define COMMAND_WORD_OF(name, text) text,
        VENUE_COMMANDS(COMMAND_WORD_OF)
#undef COMMAND_WORD_OF
            NULL};
    add_quoted(out, member->key);
    text_add(out, ": {");
    switch (member->kind) {
    case COMMAND_MEMBER_TEXT:
        text_add(out, "\"type\": \"string\"");
        if (strcmp(member->key, "command") == 0) {
            text_add(out, ", ");
            add_words(out, commands);
        } else if (strcmp(member->key, "alert") == 0) {
            text_add(out, ", ");
            add_member(out, "pattern", ALERT);
        } else {
            add_range(out, "minLength", "maxLength", member);
        }
        break;
    case COMMAND_MEMBER_ID:
        text_add(out, "\"type\": \"string\", ");
        add_member(out, "pattern", "^" GENERATE_ID "$");
        break;
    case COMMAND_MEMBER_NUMBER:
        text_add(out, "\"type\": \"integer\"");
        add_range(out, "minimum", "maximum", member);
        break;
    case COMMAND_MEMBER_BOOL:
        text_add(out, "\"type\": \"boolean\"");
        break;
    }
    text_add(out, ", ");
    add_member(out, "description", member->description);
    text_add(out, "}");
}

/* What the command's own table limits more than the member's does. */
static void add_narrower(struct text *out, const struct command_row *row)
{
    bool any = false;
    for (int f = 0; f < COMMAND_FIELDS_MAX && row->field[f].key; f++) {
        const struct command_field *field = &row->field[f];
        const struct command_member *member;
        uint32_t i = 0;
        while ((member = command_member(i)) && strcmp(member->key, field->key) != 0)
            i++;
        bool more = member && field->kind == COMMAND_NUMBER && field->min > member->min;
        if (!more && field->kind != COMMAND_WORD)
            continue;
        text_add(out, any ? ", " : ", \"properties\": {");
        any = true;
        add_quoted(out, field->key);
        text_add(out, ": {");
        if (more) {
            text_add(out, "\"minimum\": ");
            text_add_i64(out, field->min);
        } else {
            add_words(out, field->words);
        }
        text_add(out, "}");
    }
    text_add(out, any ? "}" : "");
}

/* Every command has it, so it is no matter of this one. */
static bool always_needed(uint32_t i)
{
    for (int command = 0; command < VENUE_COMMAND_COUNT; command++) {
        if (!command_needs((enum venue_command)command, i))
            return false;
    }
    return true;
}

/* Whether `crowdtide command` never leaves it out. */
static bool always_written(const struct command_row *row, const char *key)
{
    for (int f = 0; f < COMMAND_FIELDS_MAX && row->field[f].key; f++) {
        if (strcmp(row->field[f].key, key) == 0)
            return !row->field[f].optional;
    }
    return false;
}

/* False when the writer's table and the reader's need different members. */
static bool add_needs(struct text *out, enum venue_command command)
{
    const struct command_row *row = command_row(command);
    const struct command_member *member;
    const char *before = "";
    text_add(out, "    {\"if\": {\"properties\": {\"command\": {\"const\": ");
    add_quoted(out, venue_command_text(command));
    text_add(out, "}}}, \"then\": {\"required\": [");
    for (uint32_t i = 0; (member = command_member(i)); i++) {
        if (always_needed(i))
            continue;
        if (command_needs(command, i) != always_written(row, member->key)) {
            fprintf(stderr, "%s: crowdtide command and the core disagree about '%s'\n",
                    venue_command_text(command), member->key);
            return false;
        }
        if (!command_needs(command, i))
            continue;
        text_add(out, before);
        add_quoted(out, member->key);
        before = ", ";
    }
    text_add(out, "]");
    add_narrower(out, row);
    text_add(out, "}}");
    return true;
}

bool generate_command(const char *directory)
{
    static char buffer[GENERATE_BYTES_MAX];
    struct text out = text_over(buffer, sizeof buffer);
    const struct command_member *member;
    const char *before = "";
    bool ok = true;
    add_head(&out, "command:line");
    text_add(&out, "  \"title\": \"An operator's command: one line at the command socket\",\n"
                   "  \"description\": \"A member that no command has is refused: misspelt, "
                   "perhaps, and what was meant would not be done. Lengths of texts are limited in "
                   "bytes of UTF-8.\",\n"
                   "  \"type\": \"object\",\n  \"additionalProperties\": false,\n"
                   "  \"properties\": {\n    ");
    for (uint32_t i = 0; (member = command_member(i)); i++) {
        text_add(&out, i ? ",\n    " : "");
        add_command_member(&out, member);
    }
    text_add(&out, "\n  },\n  \"required\": [");
    for (uint32_t i = 0; (member = command_member(i)); i++) {
        if (!always_needed(i))
            continue;
        text_add(&out, before);
        add_quoted(&out, member->key);
        before = ", ";
    }
    text_add(&out, "],\n  \"allOf\": [\n");
    for (int command = 0; ok && command < VENUE_COMMAND_COUNT; command++) {
        text_add(&out, command ? ",\n" : "");
        ok = add_needs(&out, (enum venue_command)command);
    }
    text_add(&out, "\n  ]\n}\n");
    return ok && write_file(directory, "command/line.json", &out);
}
