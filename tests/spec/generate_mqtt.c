/*
 * mqtt/{class}.json: what sensors may say, from the table that payloads are read by
 * (schemas/payload/member.h). What makes a message complete is asked of the program itself: each
 * member alone, then pairs of those that are not enough.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "schemas/payload/member.h"
#include "tests/spec/generate.h"

enum { MEMBERS_MAX = 16, KINDS_MAX = 4 };

/* What a member means; class NULL: in every class. */
static const struct {
    const char *class, *member, *text;
} descriptions[] = {
    {NULL, "ts",
     "when the source saw it: milliseconds since 1970, or RFC 3339 with an offset; absent: the "
     "time of "
     "receipt"},
    {NULL, "seq",
     "the source's own running number: lets a repeated message be told from a new one"},
    {"crowd", "occupancy", "level counters: people in view"},
    {"crowd", "in",
     "in/out counters: passages inward, as the source counts; deltas at most 10000000"},
    {"crowd", "out",
     "in/out counters: passages outward, as the source counts; deltas at most 10000000"},
    {"gate", "lane", "lane of the event"},
    {"gate", "event", "one person: let through, or refused by entry verification"},
    {"gate", "direction", "which way the person went or wanted to go"},
    {"gate", "reason", "why entry verification refused; no personal data"},
    {"gate", "in", "report: passages inward since the last report"},
    {"gate", "out", "report: passages outward since the last report"},
    {"gate", "rejects", "report: refusals since the last report"},
    {"gate", "lanes_open", "report: lanes open now"},
    {"gate", "state", "report: the gate's state now"},
    {"light", "lux", "illuminance [lx]"},
    {"light", "power_w", "power drawn [W]"},
    {"light", "state", "what the lamp does"},
    {"light", "fault", "the device reports a fault"},
};

static const struct message_class {
    const char *name, *title, *description;
    enum sensor_class class;
    int kinds; /* of counters; 1: it has none */
} classes[] = {
    {"crowd", "A crowd counter's reading",
     "Topic crowdtide/{venue}/crowd/{sensor}. What the numbers mean (people in view, since the "
     "last "
     "message, since midnight, since ever) is the sensor's `counter` in the venue file. Unknown "
     "members "
     "are ignored.",
     SENSOR_CROWD, KINDS_MAX},
    {"gate", "A gate's event or periodic report",
     "Topic crowdtide/{venue}/gate/{sensor}: one message a person (event), or a report of what "
     "happened since the last one. Vehicle gates use it too. Unknown members are ignored.",
     SENSOR_GATE, 1},
    {"light", "A light's state",
     "Topic crowdtide/{venue}/light/{sensor}. Unknown members are ignored.", SENSOR_LIGHT, 1},
};

/* A member as any kind of counter may say it. */
struct said {
    const struct member *member;
    double max;
};

static size_t collect(const struct message_class *class, struct said out[MEMBERS_MAX])
{
    size_t count = 0;
    for (int kind = 0; kind < class->kinds; kind++) {
        struct members members = members_of(class->class, (enum counter_kind)kind);
        for (uint32_t m = 0; m < members.count; m++) {
            const struct member *member = &members.member[m];
            size_t i = 0;
            while (i < count && !str_equal(out[i].member->name, member->name))
                i++;
            if (i == MEMBERS_MAX)
                return 0;
            if (i == count)
                out[count++] = (struct said){member, member->max};
            out[i].max = fmax(out[i].max, member->max);
        }
    }
    return count;
}

static const char *description_of(const char *class, struct str member)
{
    for (size_t i = 0; i < sizeof descriptions / sizeof descriptions[0]; i++) {
        if (str_is(member, descriptions[i].member) &&
            (!descriptions[i].class || strcmp(descriptions[i].class, class) == 0))
            return descriptions[i].text;
    }
    return NULL;
}

static void add_maximum(struct text *out, const char *type, double max)
{
    text_add(out, "\"type\": \"");
    text_add(out, type);
    text_add(out, "\", \"minimum\": 0, \"maximum\": ");
    text_add_u64(out, (uint64_t)max);
}

static void add_said(struct text *out, const struct said *said)
{
    const char *word[GENERATE_WORDS_MAX + 1] = {NULL};
    switch (said->member->kind) {
    case MEMBER_TIME:
        text_add(out,
                 "\"anyOf\": [{\"type\": \"integer\", \"minimum\": 0}, {\"type\": \"string\", "
                 "\"pattern\": "
                 "\"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\\\.[0-9]{1,9})?"
                 "([Zz]|[+-][0-9]{2}:[0-9]{2})$\"}]");
        break;
    case MEMBER_COUNT:
        add_maximum(out, "integer", said->max);
        break;
    case MEMBER_REAL:
        add_maximum(out, "number", said->max);
        break;
    case MEMBER_BOOL:
        text_add(out, "\"type\": \"boolean\"");
        break;
    case MEMBER_WORD:
        for (size_t i = 0; i < GENERATE_WORDS_MAX && said->member->words[i].len; i++)
            word[i] = said->member->words[i].at;
        text_add(out, "\"type\": \"string\", ");
        add_words(out, word);
        break;
    case MEMBER_TEXT:
        text_add(out, "\"type\": \"string\", \"maxLength\": ");
        text_add_u64(out, READING_TEXT_BYTES_MAX);
        break;
    }
}

/* Gives the reading some value of the member. */
static bool say(const struct member *member, struct result_reading *reading)
{
    struct json_field field = {.key = member->name};
    struct refusal refusal;
    switch (member->kind) {
    case MEMBER_TIME:
    case MEMBER_COUNT:
    case MEMBER_REAL:
        field.kind = JSON_INT;
        break;
    case MEMBER_BOOL:
        field.kind = JSON_BOOL;
        break;
    case MEMBER_WORD:
        field.kind = JSON_STRING;
        field.text = member->words[0];
        break;
    case MEMBER_TEXT:
        field.kind = JSON_STRING;
        field.text = STR_LIT("x");
        break;
    }
    return member_read(member, &field, reading, &refusal);
}

/* Whether these two (b may be NULL) are a message for a sensor of some kind. */
static bool enough(const struct message_class *class, const struct said *a, const struct said *b)
{
    for (int kind = 0; kind < class->kinds; kind++) {
        struct result_reading reading;
        struct refusal refusal;
        result_clear(RECORD_READING, &reading);
        if (say(a->member, &reading) && (!b || say(b->member, &reading)) &&
            members_complete(class->class, (enum counter_kind)kind, &reading, &refusal))
            return true;
    }
    return false;
}

static void add_needed(struct text *out, const struct message_class *class, const struct said *said,
                       size_t count)
{
    const char *before = "\n    ";
    text_add(out, "  \"anyOf\": [");
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i; j < count; j++) {
            const struct said *b = j > i ? &said[j] : NULL;
            if (!enough(class, &said[i], b) ||
                (b && (enough(class, &said[i], NULL) || enough(class, b, NULL))))
                continue;
            text_add(out, before);
            text_add(out, "{\"required\": [");
            text_add_json(out, said[i].member->name);
            if (b) {
                text_add(out, ", ");
                text_add_json(out, b->member->name);
            }
            text_add(out, "]}");
            before = ",\n    ";
        }
    }
    text_add(out, "\n  ]\n");
}

static bool schema(const struct message_class *class, struct text *out)
{
    struct said said[MEMBERS_MAX];
    char id[64];
    size_t count = collect(class, said);
    (void)snprintf(id, sizeof id, "mqtt:%s", class->name);
    add_head(out, id);
    text_add(out, "  ");
    add_member(out, "title", class->title);
    text_add(out, ",\n  ");
    add_member(out, "description", class->description);
    text_add(out, ",\n  \"type\": \"object\",\n  \"properties\": {");
    for (size_t i = 0; i < count; i++) {
        const char *description = description_of(class->name, said[i].member->name);
        if (!description) {
            fprintf(stderr, "%s: '" STR_FMT "' has no description\n", class->name,
                    STR_ARG(said[i].member->name));
            return false;
        }
        text_add(out, i ? ",\n    " : "\n    ");
        text_add_json(out, said[i].member->name);
        text_add(out, ": {");
        add_said(out, &said[i]);
        text_add(out, ", ");
        add_member(out, "description", description);
        text_add(out, "}");
    }
    text_add(out, "\n  },\n");
    add_needed(out, class, said, count);
    text_add(out, "}\n");
    return count > 0;
}

bool generate_mqtt(const char *directory)
{
    static char buffer[GENERATE_BYTES_MAX];
    struct text out = text_over(buffer, sizeof buffer);
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof classes / sizeof classes[0]; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "mqtt/%s.json", classes[i].name);
        out.len = 0;
        ok = schema(&classes[i], &out) && write_file(directory, name, &out);
    }
    return ok;
}
