#include "deploy/cli/command_table.h"

enum { USAGE_BYTES = 128, LIST_COLUMN = 48 };

/* The limits are those of a plausible finger; what is allowed today is for the core to say. */
#define ALERT                                                                                      \
    {                                                                                              \
        .key = "alert", .shown = "ALERT", .kind = COMMAND_ALERT, .option = COMMAND_OPERAND         \
    }
#define ZONE                                                                                       \
    {                                                                                              \
        .key = "zone", .shown = "ZONE", .kind = COMMAND_ZONE, .option = COMMAND_OPERAND            \
    }
#define PEOPLE(least)                                                                              \
    {                                                                                              \
        .key = "people", .shown = "PEOPLE", .kind = COMMAND_NUMBER, .option = COMMAND_OPERAND,     \
        .min = (least), .max = 10000000                                                            \
    }
#define TEXT(may_lack)                                                                             \
    {                                                                                              \
        .key = "text", .shown = "TEXT", .kind = COMMAND_TEXT, .option = COMMAND_OPTION_TEXT,       \
        .optional = (may_lack), .max = COMMAND_TEXT_BYTES_MAX                                      \
    }

static const struct command_row rows[VENUE_COMMAND_COUNT] = {
    [VENUE_COMMAND_ACK] = {.about = "say that you have seen the alert; it stays until it is over",
                           .done = "alert {alert} is acknowledged",
                           .field = {ALERT, TEXT(true)}},
    [VENUE_COMMAND_ASSIGN] = {.about = "give the alert to somebody to look after",
                              .done = "alert {alert} is assigned to {to}",
                              .field = {ALERT,
                                        {.key = "to",
                                         .shown = "NAME",
                                         .kind = COMMAND_TEXT,
                                         .option = COMMAND_OPTION_TO,
                                         .max = ID_BYTES_MAX}}},
    [VENUE_COMMAND_NOTE] = {.about = "write something down with the alert",
                            .done = "the note stands with alert {alert}",
                            .field = {ALERT, TEXT(false)}},
    [VENUE_COMMAND_SHELVE] = {.about = "silence the alert for a while, with the reason; never red",
                              .done = "alert {alert} is shelved for {minutes} min",
                              .field = {ALERT,
                                        {.key = "minutes",
                                         .shown = "N",
                                         .kind = COMMAND_NUMBER,
                                         .option = COMMAND_OPTION_MINUTES,
                                         .min = 1,
                                         .max = 1440},
                                        TEXT(false)}},
    [VENUE_COMMAND_UNSHELVE] = {.about = "end the shelf before its time",
                                .done = "alert {alert} is no longer shelved",
                                .field = {ALERT}},
    [VENUE_COMMAND_STEP] = {.about = "step N of the alert's contingency plan is done",
                            .done = "step {step} of the plan for alert {alert} is done",
                            .field = {ALERT,
                                      {.key = "step",
                                       .shown = "N",
                                       .kind = COMMAND_NUMBER,
                                       .option = COMMAND_OPERAND,
                                       .min = 1,
                                       .max = VENUE_PLAN_STEPS_MAX},
                                      TEXT(true)}},
    [VENUE_COMMAND_ANCHOR] = {.about = "people counted by hand; 0 after a sweep: empty now",
                              .done = "zone {zone} goes on from {people} people",
                              .field = {ZONE,
                                        PEOPLE(0),
                                        {.key = "bound",
                                         .shown = "N",
                                         .kind = COMMAND_NUMBER,
                                         .option = COMMAND_OPTION_BOUND,
                                         .optional = true,
                                         .max = 10000000},
                                        TEXT(true)}},
    [VENUE_COMMAND_SERVICE] = {.about = "only sensors in service affect levels",
                               .done = "sensor {sensor} is now: {state}",
                               .field = {{.key = "sensor",
                                          .shown = "SENSOR",
                                          .kind = COMMAND_SENSOR,
                                          .option = COMMAND_OPERAND},
                                         {.key = "state",
                                          .shown = "STATE",
                                          .kind = COMMAND_WORD,
                                          .option = COMMAND_OPERAND,
                                          .words = {"in_service", "commissioning", "maintenance",
                                                    "retired"}},
                                         {.key = "hours",
                                          .shown = "N",
                                          .kind = COMMAND_NUMBER,
                                          .option = COMMAND_OPTION_HOURS,
                                          .optional = true,
                                          .min = 1,
                                          .max = 720},
                                         TEXT(true)}},
    [VENUE_COMMAND_CAPACITY] = {.about = "approved headcount of the zone from now on",
                                .done = "zone {zone} is approved for {people} people",
                                .field = {ZONE, PEOPLE(1)}},
    [VENUE_COMMAND_CLOSE] = {.about = "nobody should be in the zone: people in it are an alert",
                             .done = "zone {zone} is closed",
                             .field = {ZONE, TEXT(true)}},
    [VENUE_COMMAND_OPEN] = {.about = "the zone is open again",
                            .done = "zone {zone} is open",
                            .field = {ZONE}},
    [VENUE_COMMAND_EVACUATION] = {.about = "show how many may still be inside; never \"clear\"",
                                  .done = "evacuation of zone {zone}: {state}",
                                  .field = {ZONE,
                                            {.key = "state",
                                             .shown = "on|off",
                                             .kind = COMMAND_WORD,
                                             .option = COMMAND_OPERAND,
                                             .words = {"on", "off"}}}},
    [VENUE_COMMAND_DRILL] = {.about =
                                 "start takes two people within 5 min; reality goes on beside it",
                             .done = "drill: {state}",
                             .field = {{.key = "state",
                                        .shown = "start|stop",
                                        .kind = COMMAND_WORD,
                                        .option = COMMAND_OPERAND,
                                        .words = {"start", "stop"}},
                                       TEXT(true)}},
};

const struct command_row *command_row(enum venue_command command)
{
    return &rows[command];
}

const char *command_option_word(enum command_option option)
{
    static const char *const words[COMMAND_OPTION_COUNT] = {
#define COMMAND_OPTION_WORD(name, word, value, help) [COMMAND_OPTION_##name] = #word,
        COMMAND_OPTIONS(COMMAND_OPTION_WORD)
#undef COMMAND_OPTION_WORD
    };
    return words[option];
}

bool command_find(struct str name, enum venue_command *ret_command)
{
    for (int i = 0; i < VENUE_COMMAND_COUNT; i++) {
        if (str_is(name, venue_command_text((enum venue_command)i))) {
            *ret_command = (enum venue_command)i;
            return true;
        }
    }
    return false;
}

void command_usage(enum venue_command command, struct text *out)
{
    text_add(out, venue_command_text(command));
    for (const struct command_field *f = rows[command].field;
         f < rows[command].field + COMMAND_FIELDS_MAX && f->key; f++) {
        text_add(out, f->optional ? " [" : " ");
        if (f->option != COMMAND_OPERAND) {
            text_add(out, "--");
            text_add(out, command_option_word(f->option));
            text_add(out, " ");
        }
        text_add(out, f->shown);
        text_add(out, f->optional ? "]" : "");
    }
}

void command_list(FILE *to)
{
    for (int i = 0; i < VENUE_COMMAND_COUNT; i++) {
        char line[USAGE_BYTES];
        struct text usage = text_over(line, sizeof line - 1);
        command_usage((enum venue_command)i, &usage);
        line[usage.len] = '\0';
        (void)fprintf(to, "  %-*s %s\n", LIST_COLUMN, line, rows[i].about);
    }
}
