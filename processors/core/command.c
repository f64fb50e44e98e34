#include "processors/core/command.h"

#include "processors/core/emit.h"
#include "processors/core/reading.h"

void command_take(struct core *core, const struct record_command *command)
{
    struct result_reply reply;
    struct json_field fields[READING_MEMBERS_MAX];
    size_t count;
    result_clear(RECORD_REPLY, &reply);
    if (core->model.venue)
        reply.venue = core->model.venue->id;
    reply.ok = false;
    reply.reason = STR_LIT("not supported by this version");
    reply.at = core_now_ms(core);
    if (json_parse_flat(core->json, (const uint8_t *)command->text.at, command->text.len, fields,
                        READING_MEMBERS_MAX, &count) != JSON_OK)
        reply.reason = STR_LIT("not a JSON object");
    for (size_t i = 0; i < count; i++) {
        if (fields[i].kind != JSON_STRING || fields[i].text.len > READING_TEXT_BYTES_MAX)
            continue;
        if (str_equal(fields[i].key, STR_LIT("operator")))
            reply.operator_id = fields[i].text;
        else if (str_equal(fields[i].key, STR_LIT("command")))
            reply.command = fields[i].text;
        else if (str_equal(fields[i].key, STR_LIT("nonce")))
            reply.nonce = fields[i].text;
    }
    emit(core, RECORD_REPLY, &reply);
}
