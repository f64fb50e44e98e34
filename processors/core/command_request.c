#include "processors/core/command_request.h"

#include <stddef.h>
#include <string.h>

#include "processors/core/command.h"
#include "schemas/result/result.h"

enum { MEMBERS_MAX = 32, PEOPLE_MAX = 10000000, ALERT_BYTES_MAX = 6 + 3 * (ID_BYTES_MAX + 1) + 20 };

enum field_kind { FIELD_TEXT, FIELD_ID, FIELD_COUNT, FIELD_BOOL };

/* name, member, kind, least and most: of a number, or of a text's bytes */
#define FIELDS(F)                                                                                  \
    F(COMMAND, "command", word, TEXT, 1, ID_BYTES_MAX)                                             \
    F(OPERATOR, "operator", operator_id, ID, 1, ID_BYTES_MAX)                                      \
    F(NONCE, "nonce", nonce, TEXT, COMMAND_NONCE_BYTES_MIN, COMMAND_NONCE_BYTES_MAX)               \
    F(ISSUED, "issued", issued_ms, COUNT, 0, INT64_MAX)                                            \
    F(DRILL, "drill", drill, BOOL, 0, 1)                                                           \
    F(ALERT, "alert", alert, TEXT, 1, ALERT_BYTES_MAX)                                             \
    F(ZONE, "zone", zone, ID, 1, ID_BYTES_MAX)                                                     \
    F(SENSOR, "sensor", sensor, ID, 1, ID_BYTES_MAX)                                               \
    F(TO, "to", to, TEXT, 1, ID_BYTES_MAX)                                                         \
    F(TEXT, "text", text, TEXT, 1, COMMAND_TEXT_BYTES_MAX)                                         \
    F(STATE, "state", state, TEXT, 1, ID_BYTES_MAX)                                                \
    F(MINUTES, "minutes", minutes, COUNT, 1, 1440)                                                 \
    F(STEP, "step", step, COUNT, 1, VENUE_PLAN_STEPS_MAX)                                          \
    F(PEOPLE, "people", people, COUNT, 0, PEOPLE_MAX)                                              \
    F(BOUND, "bound", bound, COUNT, 0, PEOPLE_MAX)                                                 \
    F(HOURS, "hours", hours, COUNT, 1, 720)

enum field {
#define FIELD_ENUM(name, ...) AT_##name,
    FIELDS(FIELD_ENUM)
#undef FIELD_ENUM
        AT_COUNT
};

static const struct field_row {
    const char *key;
    size_t offset;
    enum field_kind kind;
    int64_t min, max;
} rows[AT_COUNT] = {
#define FIELD_ROW(name, key, member, kind, min, max)                                               \
    {key, offsetof(struct command_request, member), FIELD_##kind, min, max},
    FIELDS(FIELD_ROW)
#undef FIELD_ROW
};

#define BIT(name) (1u << AT_##name)
enum { ALWAYS = BIT(COMMAND) | BIT(OPERATOR) | BIT(NONCE) | BIT(ISSUED) };

static const unsigned needs[VENUE_COMMAND_COUNT] = {
    [VENUE_COMMAND_ACK] = BIT(ALERT),
    [VENUE_COMMAND_ASSIGN] = BIT(ALERT) | BIT(TO),
    [VENUE_COMMAND_NOTE] = BIT(ALERT) | BIT(TEXT),
    [VENUE_COMMAND_SHELVE] = BIT(ALERT) | BIT(MINUTES) | BIT(TEXT),
    [VENUE_COMMAND_UNSHELVE] = BIT(ALERT),
    [VENUE_COMMAND_ANCHOR] = BIT(ZONE) | BIT(PEOPLE),
    [VENUE_COMMAND_SERVICE] = BIT(SENSOR) | BIT(STATE),
    [VENUE_COMMAND_CAPACITY] = BIT(ZONE) | BIT(PEOPLE),
    [VENUE_COMMAND_CLOSE] = BIT(ZONE),
    [VENUE_COMMAND_OPEN] = BIT(ZONE),
    [VENUE_COMMAND_EVACUATION] = BIT(ZONE) | BIT(STATE),
    [VENUE_COMMAND_DRILL] = BIT(STATE),
    [VENUE_COMMAND_STEP] = BIT(ALERT) | BIT(STEP),
};

static bool about(const struct field_row *row, const char *what, struct refusal *refusal)
{
    return refusal_about(refusal, REFUSAL_REJECTED, row->key, what);
}

static bool text_read(const struct field_row *row, const struct json_field *f, char *to,
                      struct refusal *refusal)
{
    if (f->kind != JSON_STRING)
        return about(row, "not a string", refusal);
    if (f->text.len < row->min || f->text.len > row->max) {
        struct text t = refusal_begin(refusal, REFUSAL_REJECTED);
        text_add(&t, row->key);
        text_add(&t, ": not from ");
        text_add_i64(&t, row->min);
        text_add(&t, " to ");
        text_add_i64(&t, row->max);
        text_add(&t, " bytes long");
        return refusal_end(&t);
    }
    if (row->kind == FIELD_ID && !id_valid(f->text))
        return about(row, "not an id", refusal);
    memcpy(to, &f->text, sizeof f->text);
    return true;
}

static bool count_read(const struct field_row *row, const struct json_field *f, char *to,
                       struct refusal *refusal)
{
    if (f->kind == JSON_INT && f->integer >= row->min && f->integer <= row->max) {
        memcpy(to, &f->integer, sizeof f->integer);
        return true;
    }
    struct text t = refusal_begin(refusal, REFUSAL_REJECTED);
    text_add(&t, row->key);
    text_add(&t, ": not a whole number from ");
    text_add_i64(&t, row->min);
    text_add(&t, " to ");
    text_add_i64(&t, row->max);
    return refusal_end(&t);
}

static bool field_read(const struct field_row *row, const struct json_field *f,
                       struct command_request *request, struct refusal *refusal)
{
    char *to = (char *)request + row->offset;
    if (row->kind == FIELD_COUNT)
        return count_read(row, f, to, refusal);
    if (row->kind != FIELD_BOOL)
        return text_read(row, f, to, refusal);
    if (f->kind != JSON_BOOL)
        return about(row, "not true or false", refusal);
    memcpy(to, &f->boolean, sizeof f->boolean);
    return true;
}

static bool command_of(struct str word, enum venue_command *ret, struct refusal *refusal)
{
    for (int i = 0; i < VENUE_COMMAND_COUNT; i++) {
        if (str_is(word, venue_command_text((enum venue_command)i))) {
            *ret = (enum venue_command)i;
            return true;
        }
    }
    return refusal_set(refusal, REFUSAL_REJECTED, "command: there is none of that name");
}

static bool complete(const struct command_request *request, unsigned given, struct refusal *refusal)
{
    unsigned missing = (ALWAYS | needs[request->command]) & ~given;
    for (int i = 0; missing && i < AT_COUNT; i++) {
        if (missing >> i & 1u)
            return about(&rows[i], "missing", refusal);
    }
    return true;
}

/* An alert of a drill: drill/VENUE/ZONE/RULE/START. A zone or venue may be called drill as well. */
static bool names_drill(struct str alert)
{
    static const struct str prefix = {"drill/", 6};
    uint32_t slashes = 0;
    for (uint32_t i = 0; i < alert.len; i++)
        slashes += alert.at[i] == '/';
    return slashes == 4 && alert.len > prefix.len && memcmp(alert.at, prefix.at, prefix.len) == 0;
}

bool command_request_parse(struct json_parser *parser, struct str line,
                           struct command_request *request, struct refusal *refusal)
{
    struct json_field fields[MEMBERS_MAX];
    size_t count;
    unsigned given = 0;
    bool ok = true;
    *request = (struct command_request){.issued_ms = RESULT_ABSENT,
                                        .minutes = RESULT_ABSENT,
                                        .step = RESULT_ABSENT,
                                        .people = RESULT_ABSENT,
                                        .bound = RESULT_ABSENT,
                                        .hours = RESULT_ABSENT};
    enum json_status status =
        json_parse_flat(parser, (const uint8_t *)line.at, line.len, fields, MEMBERS_MAX, &count);
    if (status != JSON_OK)
        return refusal_about(refusal, REFUSAL_REJECTED, "not a command", json_status_text(status));
    for (size_t f = 0; f < count; f++) {
        struct refusal later;
        struct refusal *why = ok ? refusal : &later;
        int i = 0;
        while (i < AT_COUNT && !str_is(fields[f].key, rows[i].key))
            i++;
        if (i == AT_COUNT) /* misspelt, perhaps, and what was meant would not be done */
            ok = refusal_set(why, REFUSAL_REJECTED, "it has a member that no command has");
        else if (field_read(&rows[i], &fields[f], request, why))
            given |= 1u << i;
        else
            ok = false; /* go on: the reply should name who asked for what */
    }
    if (!ok)
        return false;
    if (!(given & BIT(COMMAND)))
        return about(&rows[AT_COMMAND], "missing", refusal);
    if (!command_of(request->word, &request->command, refusal))
        return false;
    if (needs[request->command] & BIT(ALERT))
        request->drill = request->drill || names_drill(request->alert);
    return complete(request, given, refusal);
}
