#include "deploy/cli/command_line.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "schemas/base/suggest.h"

enum { ALERT_PARTS_SHORT = 2, ALERT_PARTS_FULL = 4, ALERT_PARTS_MAX = 5, ALERT_BYTES_MAX = 256 };

static const struct command_field *field_at(const struct command_line *line, int i)
{
    const struct command_field *f = &command_row(line->command)->field[i];
    return i < COMMAND_FIELDS_MAX && f->key ? f : NULL;
}

/* ---- names ---------------------------------------------------------------------------------- */

/* The venue's lists, each of structs that begin with their id. */
struct names {
    const void *first;
    uint32_t count;
    size_t bytes; /* of one struct */
};

static struct str name_at(const struct names *names, uint32_t i)
{
    struct str id;
    memcpy(&id, (const char *)names->first + i * names->bytes, sizeof id);
    return id;
}

_Static_assert(offsetof(struct venue_zone, id) == 0 && offsetof(struct venue_sensor, id) == 0 &&
                   offsetof(struct venue_rule, id) == 0 && offsetof(struct venue_operator, id) == 0,
               "names are read at the start of each struct");

static bool known(const struct names *names, const char *what, struct str word, struct error *err)
{
    uint32_t limit = suggest_limit(word), best = limit + 1;
    struct str near = {0};
    for (uint32_t i = 0; i < names->count; i++) {
        struct str id = name_at(names, i);
        uint32_t distance = suggest_distance(word, id, limit);
        if (str_equal(id, word))
            return true;
        if (distance < best) {
            best = distance;
            near = id;
        }
    }
    return error_set(err, ERROR_INVALID, 0, "the venue has no %s \"" STR_FMT "\"%s" STR_FMT "%s",
                     what, STR_ARG(word), near.len ? "; did you mean \"" : "", STR_ARG(near),
                     near.len ? "\"?" : "");
}

static struct names zones_of(const struct venue *v)
{
    return (struct names){v->zones, v->zone_count, sizeof *v->zones};
}

static struct names sensors_of(const struct venue *v)
{
    return (struct names){v->sensors, v->sensor_count, sizeof *v->sensors};
}

static struct names rules_of(const struct venue *v)
{
    return (struct names){v->rules, v->rule_count, sizeof *v->rules};
}

static struct names operators_of(const struct venue *v)
{
    return (struct names){v->operators, v->operator_count, sizeof *v->operators};
}

/* ---- one value ------------------------------------------------------------------------------ */

/* zone/rule, or venue/zone/rule/start as the alert's id is written, with drill/ before it in a
   drill. */
static bool check_alert(const struct venue *venue, const char *text, struct error *err)
{
    struct str part[ALERT_PARTS_MAX];
    uint32_t parts = 0;
    bool ok = strlen(text) <= ALERT_BYTES_MAX;
    for (const char *at = text; ok; at++) {
        size_t len = strcspn(at, "/");
        ok = parts < ALERT_PARTS_MAX && id_valid((struct str){at, (uint32_t)len});
        if (ok)
            part[parts++] = (struct str){at, (uint32_t)len};
        at += len;
        if (!*at)
            break;
    }
    if (!ok || (parts != ALERT_PARTS_SHORT && parts < ALERT_PARTS_FULL))
        return error_set(err, ERROR_INVALID, 0,
                         "an alert is zone/rule, or its id: venue/zone/rule/start");
    if (!venue)
        return true;
    const struct str *at = part + (parts == ALERT_PARTS_SHORT ? 0 : parts - ALERT_PARTS_FULL + 1);
    if (parts >= ALERT_PARTS_FULL && !str_equal(at[-1], venue->id))
        return error_set(err, ERROR_INVALID, 0, "this venue is \"" STR_FMT "\"",
                         STR_ARG(venue->id));
    struct names zones = zones_of(venue), rules = rules_of(venue);
    return known(&zones, "zone", at[0], err) && known(&rules, "rule", at[1], err);
}

static bool check_number(const struct command_field *f, const char *text, struct error *err)
{
    char *end = NULL;
    errno = 0;
    long long n = isdigit((unsigned char)text[0]) ? strtoll(text, &end, 10) : 0;
    return (end && !*end && !errno && n >= f->min && n <= f->max) ||
           error_set(err, ERROR_INVALID, 0, "expected a whole number, %" PRId64 " to %" PRId64,
                     f->min, f->max);
}

static bool check_word(const struct command_field *f, const char *text, struct error *err)
{
    char list[128];
    struct text words = text_over(list, sizeof list - 1);
    uint32_t count = 0;
    for (; f->words[count]; count++) {
        if (str_is(str_of(text), f->words[count]))
            return true;
        text_add(&words, count ? ", " : "");
        text_add(&words, f->words[count]);
    }
    list[words.len] = '\0';
    const char *near = suggest_word(str_of(text), f->words, count);
    return error_set(err, ERROR_INVALID, 0, "expected one of: %s%s%s%s", list,
                     near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static bool check_text(const struct command_field *f, const char *text, struct error *err)
{
    size_t len = strlen(text);
    if (len == 0 || (int64_t)len > f->max)
        return error_set(err, ERROR_INVALID, 0, "expected 1 to %" PRId64 " bytes of text, not %zu",
                         f->max, len);
    return utf8_valid((const uint8_t *)text, len) ||
           error_set(err, ERROR_INVALID, 0, "it is not UTF-8");
}

static bool check(const struct command_line *line, const struct command_field *f, const char *text,
                  struct error *err)
{
    const struct venue *venue = line->venue;
    struct names names;
    switch (f->kind) {
    case COMMAND_ALERT:
        return check_alert(venue, text, err);
    case COMMAND_ZONE:
    case COMMAND_SENSOR:
        if (!id_valid(str_of(text)))
            return error_set(err, ERROR_INVALID, 0,
                             "an id has 1 to %d letters, digits, and . _ : - after the first",
                             ID_BYTES_MAX);
        if (!venue)
            return true;
        names = f->kind == COMMAND_ZONE ? zones_of(venue) : sensors_of(venue);
        return known(&names, f->kind == COMMAND_ZONE ? "zone" : "sensor", str_of(text), err);
    case COMMAND_NUMBER:
        return check_number(f, text, err);
    case COMMAND_WORD:
        return check_word(f, text, err);
    case COMMAND_TEXT:
        break;
    }
    return check_text(f, text, err);
}

/* ---- all of them ---------------------------------------------------------------------------- */

static const struct command_field *field_of_option(const struct command_line *line,
                                                   enum command_option option)
{
    const struct command_field *f;
    for (int i = 0; (f = field_at(line, i)); i++) {
        if (f->option == option)
            return f;
    }
    return NULL;
}

bool command_line_values(struct command_line *line, char *const *operands, int count,
                         const char *const options[COMMAND_OPTION_COUNT], struct error *err)
{
    const char *name = venue_command_text(line->command);
    const struct command_field *f;
    int used = 0;
    for (int i = 0; (f = field_at(line, i)); i++) {
        bool operand = f->option == COMMAND_OPERAND;
        const char *value = !operand ? options[f->option] : used < count ? operands[used++] : NULL;
        const char *dashes = operand ? "" : "--",
                   *place = operand ? f->shown : command_option_word(f->option);
        struct error why = {0};
        if (!value && !f->optional)
            return error_set(err, ERROR_INVALID, 0, "%s: %s%s is missing", name, dashes, place);
        if (value && !check(line, f, value, &why))
            return error_set(err, ERROR_INVALID, 0, "%s: %s%s \"%s\": %s", name, dashes, place,
                             value, why.where);
        line->value[i] = value;
    }
    if (used < count)
        return error_set(err, ERROR_INVALID, 0, "%s: unexpected argument \"%s\"", name,
                         operands[used]);
    for (int i = 0; i < COMMAND_OPTION_COUNT; i++) {
        if (options[i] && !field_of_option(line, (enum command_option)i))
            return error_set(err, ERROR_INVALID, 0, "%s takes no --%s", name,
                             command_option_word((enum command_option)i));
    }
    return true;
}

bool command_line_operator(struct command_line *line, uint32_t uid, const char *asked,
                           struct error *err)
{
    const struct venue *venue = line->venue;
    if (asked) {
        struct names names = venue ? operators_of(venue) : (struct names){0};
        line->operator_id = str_of(asked);
        if (!id_valid(line->operator_id))
            return error_set(err, ERROR_INVALID, 0, "--operator \"%s\": that is no id", asked);
        return !venue || known(&names, "operator", line->operator_id, err);
    }
    if (!venue)
        return error_set(err, ERROR_INVALID, 0,
                         "who are you? The venue file can't be read here: give --operator");
    char list[256];
    struct text ids = text_over(list, sizeof list - 1);
    uint32_t mine = 0;
    for (uint32_t i = 0; i < venue->operator_count; i++) {
        const struct venue_operator *o = &venue->operators[i];
        if (o->uid != uid)
            continue;
        text_add(&ids, mine++ ? ", " : "");
        text_add_str(&ids, o->id);
        line->operator_id = o->id;
    }
    list[ids.len] = '\0';
    if (mine == 0)
        return error_set(err, ERROR_INVALID, 0,
                         "your user id, %u, is no operator's in the venue file; --operator names "
                         "one",
                         uid);
    return mine == 1 || error_set(err, ERROR_INVALID, 0,
                                  "several operators have your user id: choose one with "
                                  "--operator (%s)",
                                  list);
}

static void add_member(struct text *out, const char *key, struct str value)
{
    text_add_char(out, ',');
    text_add_json(out, str_of(key));
    text_add_char(out, ':');
    text_add_json(out, value);
}

void command_line_write(const struct command_line *line, const char *nonce, int64_t now_ms,
                        struct text *out)
{
    const struct command_field *f;
    text_add(out, "{\"command\":\"");
    text_add(out, venue_command_text(line->command));
    text_add(out, "\"");
    add_member(out, "operator", line->operator_id);
    add_member(out, "nonce", str_of(nonce));
    text_add(out, ",\"issued\":");
    text_add_i64(out, now_ms);
    text_add(out, line->drill ? ",\"drill\":true" : "");
    for (int i = 0; (f = field_at(line, i)); i++) {
        if (!line->value[i])
            continue;
        if (f->kind != COMMAND_NUMBER) {
            add_member(out, f->key, str_of(line->value[i]));
            continue;
        }
        text_add(out, ",\"");
        text_add(out, f->key);
        text_add(out, "\":");
        text_add_i64(out, strtoll(line->value[i], NULL, 10));
    }
    text_add_char(out, '}');
}

void command_line_done(const struct command_line *line, struct str alert, struct text *out)
{
    for (const char *at = command_row(line->command)->done; *at;) {
        if (*at != '{') {
            text_add_char(out, *at++);
            continue;
        }
        struct str key = {at + 1, (uint32_t)strcspn(at + 1, "}")};
        const struct command_field *f;
        for (int i = 0; (f = field_at(line, i)); i++) {
            if (str_is(key, f->key))
                text_add_str(out, f->kind == COMMAND_ALERT && alert.len ? alert
                                                                        : str_of(line->value[i]));
        }
        at += key.len + 2;
    }
}
