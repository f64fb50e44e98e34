#include "processors/core/command_request.h"

#include <stddef.h>
#include <string.h>

#include "processors/core/command.h"
#include "schemas/result/result.h"

enum { MEMBERS_MAX = 32, PEOPLE_MAX = 10000000, ALERT_BYTES_MAX = 6 + 3 * (ID_BYTES_MAX + 1) + 20 };

/* name, key, where it is kept, kind, least and most: of a number, or of a text's bytes, description
 */
#define MEMBERS(F)                                                                                 \
    F(COMMAND, "command", word, TEXT, 1, ID_BYTES_MAX, "what is to be done")                       \
    F(OPERATOR, "operator", operator_id, ID, 1, ID_BYTES_MAX,                                      \
      "who asks: an operator of the venue file with the user id of the sending process")           \
    F(NONCE, "nonce", nonce, TEXT, COMMAND_NONCE_BYTES_MIN, COMMAND_NONCE_BYTES_MAX,               \
      "random text, fresh for each command: one that was seen before is refused")                  \
    F(ISSUED, "issued", issued_ms, NUMBER, 0, INT64_MAX,                                           \
      "when it was given, milliseconds since 1970: refused when it comes later than "              \
      "command_expiry_s")                                                                          \
    F(DRILL, "drill", drill, BOOL, 0, 1, "true: to the drill's shadow state, not to reality")      \
    F(ALERT, "alert", alert, TEXT, 1, ALERT_BYTES_MAX,                                             \
      "the alert's id, or zone/rule for the one that is open there")                               \
    F(ZONE, "zone", zone, ID, 1, ID_BYTES_MAX, "the zone it is about")                             \
    F(SENSOR, "sensor", sensor, ID, 1, ID_BYTES_MAX, "the sensor it is about")                     \
    F(TO, "to", to, TEXT, 1, ID_BYTES_MAX, "assign: who looks after the alert")                    \
    F(TEXT, "text", text, TEXT, 1, COMMAND_TEXT_BYTES_MAX,                                         \
      "what the operator wants to say about it")                                                   \
    F(STATE, "state", state, TEXT, 1, ID_BYTES_MAX, "service, evacuation, drill: what is wanted")  \
    F(MINUTES, "minutes", minutes, NUMBER, 1, 1440, "shelve: for so long; shelve_max_s limits it") \
    F(STEP, "step", step, NUMBER, 1, VENUE_PLAN_STEPS_MAX, "step: of the alert's plan, from 1")    \
    F(PEOPLE, "people", people, NUMBER, 0, PEOPLE_MAX,                                             \
      "anchor: counted by hand; capacity: approved")                                               \
    F(BOUND, "bound", bound, NUMBER, 0, PEOPLE_MAX,                                                \
      "anchor: the count may be off by so many, either way")                                       \
    F(HOURS, "hours", hours, NUMBER, 1, 720,                                                       \
      "service: for so long; maintenance_max_s limits maintenance")

enum member {
#define MEMBER_ENUM(name, ...) AT_##name,
    MEMBERS(MEMBER_ENUM)
#undef MEMBER_ENUM
        AT_COUNT
};

static const struct command_member rows[AT_COUNT] = {
#define MEMBER_ROW(name, key, member, kind, min, max, description)                                 \
    {key, offsetof(struct command_request, member), COMMAND_MEMBER_##kind, min, max, description},
    MEMBERS(MEMBER_ROW)
#undef MEMBER_ROW
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

const struct command_member *command_member(uint32_t i)
{
    return i < AT_COUNT ? &rows[i] : NULL;
}

bool command_needs(enum venue_command command, uint32_t i)
{
    return (ALWAYS | needs[command]) >> i & 1u;
}

static bool about(const struct command_member *row, const char *what, struct refusal *refusal)
{
    return refusal_about(refusal, REFUSAL_REJECTED, row->key, what);
}

/* It says nothing, and a reason has to. */
static bool blank(struct str text)
{
    for (uint32_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.at[i] > ' ')
            return false;
    }
    return true;
}

static bool text_read(const struct command_member *row, const struct json_field *f, char *to,
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
    if (row->kind == COMMAND_MEMBER_ID && !id_valid(f->text))
        return about(row, "not an id", refusal);
    if (blank(f->text))
        return about(row, "nothing but blanks", refusal);
    memcpy(to, &f->text, sizeof f->text);
    return true;
}

static bool count_read(const struct command_member *row, const struct json_field *f, char *to,
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

static bool field_read(const struct command_member *row, const struct json_field *f,
                       struct command_request *request, struct refusal *refusal)
{
    char *to = (char *)request + row->offset;
    if (row->kind == COMMAND_MEMBER_NUMBER)
        return count_read(row, f, to, refusal);
    if (row->kind != COMMAND_MEMBER_BOOL)
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
