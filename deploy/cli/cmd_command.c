/* crowdtide command: what an operator asks for, and what became of it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "deploy/cli/arguments.h"
#include "deploy/cli/cli.h"
#include "deploy/cli/command_line.h"
#include "deploy/cli/command_open.h"
#include "deploy/cli/command_reply.h"
#include "deploy/cli/command_send.h"
#include "schemas/base/clock.h"
#include "schemas/base/suggest.h"

enum { PATH_BYTES = 4200, OUT_BYTES = 16384, WAIT_S_DEFAULT = 10, WAIT_S_MAX = 3600 };

struct request {
    const char *config_path, *operator_id, *wait;
    const char *option[COMMAND_OPTION_COUNT];
    bool drill, json, list;
    uint32_t wait_s;
    struct command_line line;
    struct config config;
    char *venue_source;
    struct venue *venue; /* NULL: can't be read here */
};

static int bad_use(const char *what)
{
    (void)fprintf(stderr, "crowdtide command: %s\n", what);
    return EXIT_USAGE;
}

/* ---- what it is about ----------------------------------------------------------------------- */

/* Without the venue file a command still goes out: in an emergency the core's own check is enough.
 */
static void load_venue(struct request *r)
{
    struct error err = {0};
    struct problems problems = {0};
    size_t len = 0;
    if (config_read_venue(&r->config, &r->venue_source, &len, &err) &&
        !venue_parse((struct str){r->venue_source, (uint32_t)len}, &r->venue, &problems))
        (void)error_set(&err, ERROR_MODEL, 0, "%s", r->config.venue_file);
    if (!r->venue) {
        char text[512];
        (void)fprintf(stderr, "crowdtide command: names are not checked here: %s\n",
                      error_describe(&err, text, sizeof text));
    }
    r->line.venue = r->venue;
}

static int find_command(struct request *r, int argc, char **argv, int first)
{
    if (first == argc)
        return bad_use("what is to be done? crowdtide command --list shows the commands");
    struct str name = str_of(argv[first]);
    if (command_find(name, &r->line.command))
        return EXIT_OK;
    const char *names[VENUE_COMMAND_COUNT];
    for (int i = 0; i < VENUE_COMMAND_COUNT; i++)
        names[i] = venue_command_text((enum venue_command)i);
    const char *near = suggest_word(name, names, VENUE_COMMAND_COUNT);
    char text[256];
    (void)snprintf(text, sizeof text,
                   "there is no command \"%.64s\"%s%s%s; crowdtide command --list shows them",
                   argv[first], near ? "; did you mean \"" : "", near ? near : "",
                   near ? "\"?" : "");
    return bad_use(text);
}

static int parse_wait(struct request *r)
{
    char *end = NULL;
    unsigned long seconds = r->wait ? strtoul(r->wait, &end, 10) : WAIT_S_DEFAULT;
    if (r->wait && (*end || end == r->wait || seconds < 1 || seconds > WAIT_S_MAX))
        return bad_use("--wait: expected 1 to 3600 seconds");
    r->wait_s = (uint32_t)seconds;
    return EXIT_OK;
}

static int understand(struct request *r, int argc, char **argv, int first)
{
    struct problems problems = {0};
    struct error err = {0};
    int code = find_command(r, argc, argv, first);
    if (code == EXIT_OK)
        code = parse_wait(r);
    if (code != EXIT_OK)
        return code;
    if (!config_load_public(r->config_path, &r->config, &problems)) {
        cli_print_problems(r->config_path ? r->config_path : "environment", &problems);
        return EXIT_USAGE;
    }
    load_venue(r);
    r->line.drill = r->drill;
    if (!command_line_values(&r->line, argv + first + 1, argc - first - 1, r->option, &err)) {
        char usage[256];
        struct text text = text_over(usage, sizeof usage - 1);
        command_usage(r->line.command, &text);
        usage[text.len] = '\0';
        (void)bad_use(err.where);
        (void)fprintf(stderr, "usage: crowdtide command %s\n", usage);
        return EXIT_USAGE;
    }
    return command_line_operator(&r->line, getuid(), r->operator_id, &err) ? EXIT_OK
                                                                           : bad_use(err.where);
}

/* ---- what became of it ---------------------------------------------------------------------- */

struct outcome {
    char nonce[2 * COMMAND_NONCE_BYTES + 1];
    struct command_answer answer; /* of ingest; seq 0: none */
    bool replied;
    struct command_reply reply; /* of the core */
    char why[512];              /* no answer, or no reply */
};

static void put(const struct text *out)
{
    (void)fwrite(out->at, 1, out->len, stdout);
}

static void say_json(const struct outcome *o)
{
    char line[OUT_BYTES];
    struct text out = text_over(line, sizeof line);
    text_add(&out, "{\"nonce\":\"");
    text_add(&out, o->nonce);
    text_add_char(&out, '"');
    if (o->answer.seq) {
        text_add(&out, ",\"seq\":");
        text_add_u64(&out, o->answer.seq);
    }
    if (o->replied) {
        text_add(&out, ",\"reply\":");
        result_json(RECORD_REPLY, &o->reply.result, &out);
    } else {
        text_add(&out, ",\"error\":");
        text_add_json(&out, str_of(o->why));
    }
    text_add(&out, "}\n");
    put(&out);
}

static struct str alert_of(const struct request *r)
{
    const struct command_field *f = command_row(r->line.command)->field;
    for (int i = 0; i < COMMAND_FIELDS_MAX && f[i].key; i++)
        if (f[i].kind == COMMAND_ALERT && r->line.value[i])
            return str_of(r->line.value[i]);
    return (struct str){0};
}

static void say(const struct request *r, const struct outcome *o)
{
    char line[OUT_BYTES];
    struct text out = text_over(line, sizeof line);
    const struct result_reply *reply = &o->reply.result;
    if (!o->replied) {
        (void)fprintf(stderr, "crowdtide command: %s\n", o->why);
        return;
    }
    text_add(&out, str_is(reply->status, "Exercise") ? "Exercise: " : "");
    if (reply->ok == 1 && !reply->reason.len) {
        text_add(&out, "done: ");
        command_line_done(&r->line, reply->alert, &out);
    } else { /* a good reply with a reason is taken, but not done yet */
        text_add(&out, reply->ok == 1 ? "taken: " : "not done: ");
        text_add_str(&out, reply->reason);
    }
    text_add_char(&out, '\n');
    struct str alert = alert_of(r);
    if (reply->ok != 1 && alert.len)
        command_open_say(r->config.state_dir, alert, str_is(reply->status, "Exercise"), &out);
    put(&out);
}

static void wait_for_reply(const struct request *r, struct outcome *o)
{
    struct error err = {0};
    char text[256];
    unsigned long long seq = o->answer.seq;
    switch (command_reply_wait(&o->reply, o->nonce, r->wait_s * 1000, &err)) {
    case COMMAND_REPLY_FOUND:
        o->replied = true;
        break;
    case COMMAND_REPLY_LATE:
        (void)snprintf(
            o->why, sizeof o->why,
            "no reply within %u s. The command is journaled (readings log, %llu) and will "
            "be applied when process runs",
            r->wait_s, seq);
        break;
    case COMMAND_REPLY_UNREADABLE:
        (void)snprintf(
            o->why, sizeof o->why,
            "the command is journaled (readings log, %llu) and will be applied; its reply "
            "can't be read here: %s",
            seq, error_describe(&err, text, sizeof text));
        break;
    }
}

static void send_line(const struct request *r, struct outcome *o)
{
    char line[COMMAND_LINE_TEXT_MAX], text[256];
    struct text out = text_over(line, sizeof line);
    struct error err = {0};
    command_line_write(&r->line, o->nonce, clock_wall_ns() / 1000000, &out);
    if (!command_send(r->config.command_socket, (struct str){line, (uint32_t)out.len}, &o->answer,
                      &err)) {
        const char *hint = err.code == ERROR_NOT_FOUND ? ". Does ingest run?"
                           : err.code == ERROR_REMOTE_DENIED
                               ? ". OPERATIONS.md, Commands, says who "
                                 "may"
                               : "";
        (void)snprintf(o->why, sizeof o->why, "%s%s", error_describe(&err, text, sizeof text),
                       hint);
    } else if (!o->answer.ok) {
        (void)snprintf(o->why, sizeof o->why, "refused: %s", o->answer.reason);
    }
}

static int carry_out(const struct request *r)
{
    struct outcome o = {0};
    struct error err = {0};
    uint8_t nonce[COMMAND_NONCE_BYTES];
    char alerts[PATH_BYTES];
    if (getrandom(nonce, sizeof nonce, 0) != (ssize_t)sizeof nonce ||
        !config_state_path(&r->config, "alerts", alerts, sizeof alerts, &err)) {
        (void)fprintf(stderr, "crowdtide command: no random bytes, or a path too long\n");
        return EXIT_FAILED;
    }
    for (size_t i = 0; i < sizeof nonce; i++)
        (void)snprintf(o.nonce + 2 * i, 3, "%02x", nonce[i]);
    command_reply_open(&o.reply, alerts);
    send_line(r, &o);
    if (o.answer.ok)
        wait_for_reply(r, &o);
    if (r->json)
        say_json(&o);
    else
        say(r, &o);
    bool done = o.replied && o.reply.result.ok == 1;
    command_reply_close(&o.reply);
    return done && fflush(stdout) == 0 ? EXIT_OK : EXIT_FAILED;
}

int cmd_command(int argc, char **argv)
{
    struct request r = {0};
    const struct arguments_option options[] = {
        ARGUMENTS_CONFIG(&r.config_path),
        {.name = "operator",
         .value = "ID",
         .help = "who you are; needed when not one operator of the venue file has your user id",
         .text = &r.operator_id},
        {.name = "drill", .help = "to the drill's shadow state, not to reality", .flag = &r.drill},
        {.name = "wait", .value = "SECONDS", .help = "for the reply; default 10", .text = &r.wait},
        {.name = "json", .help = "for programs: one JSON object", .flag = &r.json},
        {.name = "list", .help = "show the commands with what they do", .flag = &r.list},
#define COMMAND_OPTION_ROW(NAME, word, value_, help_)                                              \
    {.name = #word, .value = value_, .help = help_, .text = &r.option[COMMAND_OPTION_##NAME]},
        COMMAND_OPTIONS(COMMAND_OPTION_ROW)
#undef COMMAND_OPTION_ROW
            {0},
    };
    const struct arguments spec = {
        "command", "COMMAND [ARGUMENT…]",
        "Gives a command as an operator of the venue: journaled with your name before it is "
        "acknowledged,\napplied in its turn, answered with success or the reason why not. "
        "crowdtide command --list shows\nthe commands. An ALERT is zone/rule, or its id.",
        options, "Exit code: 0 done, 1 refused, or no reply in time, 2 bad use."};
    int first, code;
    if (!arguments_parse(argc, argv, &spec, &first, &code))
        return code;
    if (r.list) {
        command_list(stdout);
        return EXIT_OK;
    }
    code = understand(&r, argc, argv, first);
    if (code == EXIT_OK)
        code = carry_out(&r);
    venue_free(r.venue);
    free(r.venue_source);
    config_free(&r.config);
    return code;
}
