/*
 * command_request: one line of JSON into a command with typed fields, by tables: what members there are
 * and which of them each command needs. A member that no command has is refused. The published schema of the line is made from the same tables.
 *
 *     if (!command_request_parse(core->json, text, &request, &refusal)) …
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_COMMAND_REQUEST_H
#define CROWDTIDE_PROCESSORS_CORE_COMMAND_REQUEST_H

#include "schemas/result/refusal.h"
#include "schemas/json/json.h"
#include "schemas/venue/venue.h"

struct command_request {
    enum venue_command command;
    /* Texts: len 0: not given. Numbers: RESULT_ABSENT. They borrow from the parser until its next call. */
    struct str word, operator_id, nonce, alert, zone, sensor, to, text, state;
    int64_t issued_ms, minutes, step, people, bound, hours;
    bool drill; /* also when the command is about an alert whose id says so */
};

enum command_member_kind { COMMAND_MEMBER_TEXT, COMMAND_MEMBER_ID, COMMAND_MEMBER_NUMBER, COMMAND_MEMBER_BOOL };

struct command_member {
    const char *key;
    size_t offset; /* in struct command_request */
    enum command_member_kind kind;
    int64_t min, max; /* of a number, or of a text's bytes */
    const char *description;
};
/* NULL when there is no member i. */
const struct command_member *command_member(uint32_t i);
/* Whether a line with this command must have member i. */
bool command_needs(enum venue_command command, uint32_t i);

/* What could be read stays in *request even when false is returned: a reply wants to name it. */
bool command_request_parse(struct json_parser *parser, struct str line,
                           struct command_request *request, struct refusal *refusal);

#endif
