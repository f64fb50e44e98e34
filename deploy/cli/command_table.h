/*
 * command_table: what operators may ask for, as one table: it parses the arguments of `crowdtide command`, makes the line that ingest takes, prints --list
 * and words the answer, so that none of them can disagree. schemas/spec/command/line.json describes the same line for others.
 */
#ifndef CROWDTIDE_DEPLOY_CLI_COMMAND_TABLE_H
#define CROWDTIDE_DEPLOY_CLI_COMMAND_TABLE_H

#include <stdio.h>

#include "schemas/venue/venue.h"

/* O(name, word, help): options that belong to single commands */
#define COMMAND_OPTIONS(O)                                                                         \
    O(TEXT, text, "TEXT", "what you want to say about it; kept with the alert and the reply")      \
    O(TO, to, "NAME", "assign: who looks after it")                                                \
    O(MINUTES, minutes, "N", "shelve: for so long")                                                \
    O(BOUND, bound, "N", "anchor: your count may be off by so many, either way")                   \
    O(HOURS, hours, "N", "service: for so long; the venue's setting limits maintenance")
enum command_option {
#define COMMAND_OPTION_ENUM(name, word, value, help) COMMAND_OPTION_##name,
    COMMAND_OPTIONS(COMMAND_OPTION_ENUM)
#undef COMMAND_OPTION_ENUM
    COMMAND_OPTION_COUNT,
    COMMAND_OPERAND = COMMAND_OPTION_COUNT, /* a field that is no option: stands at its place */
};
const char *command_option_word(enum command_option option);

enum command_kind {
    COMMAND_ALERT,  /* venue/zone/rule/start or zone/rule */
    COMMAND_ZONE,
    COMMAND_SENSOR,
    COMMAND_NUMBER, /* whole, min … max */
    COMMAND_WORD,   /* one of `words` */
    COMMAND_TEXT,   /* UTF-8, 1 … max bytes */
};

enum { COMMAND_FIELDS_MAX = 4, COMMAND_WORDS_MAX = 4, COMMAND_TEXT_BYTES_MAX = 256 };

struct command_field {
    const char *key;   /* in the line */
    const char *shown; /* in --list */
    enum command_kind kind;
    enum command_option option;
    bool optional;
    int64_t min, max;
    const char *words[COMMAND_WORDS_MAX + 1];
};

struct command_row {
    const char *about; /* for --list */
    const char *done;  /* what a good reply means; {key} is replaced by the field's value */
    struct command_field field[COMMAND_FIELDS_MAX]; /* ended by one without key */
};

const struct command_row *command_row(enum venue_command command);

/* False when there is no such command. */
bool command_find(struct str name, enum venue_command *ret_command);

/* "shelve ALERT --minutes N --text TEXT" */
void command_usage(enum venue_command command, struct text *out);

/* One line a command with what it does. */
void command_list(FILE *to);

#endif
