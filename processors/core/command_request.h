/*
 * command_request: one line of JSON into a command with typed fields, by tables: what fields there are,
 * which of them each command needs and may have. Members that no table names are ignored.
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

/* What could be read stays in *request even when false is returned: a reply wants to name it. */
bool command_request_parse(struct json_parser *parser, struct str line,
                           struct command_request *request, struct refusal *refusal);

#endif
