/* crowdtide command: arguments and what is wrong with them, the line that goes out, and, with a
 * socket that answers as ingest does and a real alerts log, what a person is told in the end. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "deploy/cli/command_line.h"
#include "schemas/log/log.h"
#include "schemas/result/result.h"
#include "tests/support/support.h"

#define NONCE "0123456789abcdef"

enum { WORDS_MAX = 16, OUT_BYTES = 16384 };

static const char venue_text[] = "venue: {id: expo}\n"
                                 "zones:\n"
                                 "- {id: hall-1, kind: hall, capacity: 1000}\n"
                                 "- {id: hall-8, kind: hall, capacity: 1000}\n"
                                 "sensors:\n"
                                 "- {id: c1, class: crowd, counter: level, zone: hall-1}\n"
                                 "roles:\n"
                                 "- {id: lead, commands: all, supervisor: yes}\n"
                                 "operators:\n"
                                 "- {id: li, uid: 2000001, roles: [lead]}\n"
                                 "- {id: wang, uid: 2000002, roles: [lead]}\n"
                                 "- {id: wang-2, uid: 2000002, roles: [lead]}\n"
                                 "- {id: root, uid: 0, roles: [lead]}\n";

static struct venue *venue;

static int load_venue(void **state)
{
    static struct problems problems;
    (void)state;
    if (!venue_parse(STR_LIT(venue_text), &venue, &problems))
        fail_msg("line %u: %s", problems.problem[0].line, problems.problem[0].text);
    return 0;
}

static int drop_venue(void **state)
{
    (void)state;
    venue_free(venue);
    return 0;
}

/* ---- arguments ------------------------------------------------------------------------------- */

/* Words between blanks, ' around those with blanks inside; --option with its value. */
static bool understand(char *words, const struct venue *known, struct command_line *line,
                       struct error *err)
{
    char *operand[WORDS_MAX] = {0}, *at = words;
    const char *options[COMMAND_OPTION_COUNT] = {0};
    int count = 0, option = -1;
    while (*at) {
        char stop = *at == '\'' ? '\'' : ' ', *word = at + (stop == '\''),
             *end = strchr(word, stop);
        at = end ? end + 1 + (stop == '\'' && end[1] == ' ') : word + strlen(word);
        if (end)
            *end = '\0';
        if (option >= 0)
            options[option] = word;
        else if (strncmp(word, "--", 2) != 0)
            operand[count++] = word;
        int found = -1;
        for (int i = 0; option < 0 && i < COMMAND_OPTION_COUNT; i++)
            if (strncmp(word, "--", 2) == 0 &&
                strcmp(word + 2, command_option_word((enum command_option)i)) == 0)
                found = i;
        option = found;
    }
    *line = (struct command_line){.venue = known, .operator_id = STR_LIT("li")};
    assert_true(command_find(str_of(operand[0]), &line->command));
    return command_line_values(line, operand + 1, count - 1, options, err);
}

/* Whether the published schema is judged by this very line: so it can't drift from what goes out.
 */
static bool is_sample(const char *line)
{
    FILE *file = fopen(CROWDTIDE_SOURCE_DIR "/tests/spec/samples/line.valid.jsonl", "r");
    char sample[COMMAND_LINE_TEXT_MAX];
    bool found = false;
    assert_non_null(file);
    while (!found && fgets(sample, sizeof sample, file)) {
        sample[strcspn(sample, "\n")] = '\0';
        found = strcmp(sample, line) == 0;
    }
    assert_int_equal(fclose(file), 0);
    return found;
}

static void each_line(void **state)
{
    (void)state;
    static const struct {
        const char *words, *members, *done;
    } cases[] = {
        {"ack hall-1/hall-capacity", "\"alert\":\"hall-1/hall-capacity\"",
         "alert hall-1/hall-capacity is acknowledged"},
        {"ack expo/hall-1/hall-capacity/1790000000123 --text 'on my way'",
         "\"alert\":\"expo/hall-1/hall-capacity/1790000000123\",\"text\":\"on my way\"",
         "alert expo/hall-1/hall-capacity/1790000000123 is acknowledged"},
        {"ack drill/expo/hall-1/hall-capacity/5", "\"alert\":\"drill/expo/hall-1/hall-capacity/5\"",
         "alert drill/expo/hall-1/hall-capacity/5 is acknowledged"},
        {"assign hall-1/hall-capacity --to wang",
         "\"alert\":\"hall-1/hall-capacity\",\"to\":\"wang\"",
         "alert hall-1/hall-capacity is assigned to wang"},
        {"note hall-1/hall-capacity --text 'he said \"go\"'",
         "\"alert\":\"hall-1/hall-capacity\",\"text\":\"he said \\\"go\\\"\"",
         "the note stands with alert hall-1/hall-capacity"},
        {"shelve hall-1/hall-capacity --minutes 010 --text known",
         "\"alert\":\"hall-1/hall-capacity\",\"minutes\":10,\"text\":\"known\"",
         "alert hall-1/hall-capacity is shelved for 010 min"},
        {"unshelve hall-1/hall-capacity", "\"alert\":\"hall-1/hall-capacity\"",
         "alert hall-1/hall-capacity is no longer shelved"},
        {"step hall-1/hall-capacity 2", "\"alert\":\"hall-1/hall-capacity\",\"step\":2",
         "step 2 of the plan for alert hall-1/hall-capacity is done"},
        {"anchor hall-1 0 --bound 5 --text swept",
         "\"zone\":\"hall-1\",\"people\":0,\"bound\":5,\"text\":\"swept\"",
         "zone hall-1 goes on from 0 people"},
        {"service c1 maintenance --hours 2",
         "\"sensor\":\"c1\",\"state\":\"maintenance\",\"hours\":2",
         "sensor c1 is now: maintenance"},
        {"capacity hall-8 6000", "\"zone\":\"hall-8\",\"people\":6000",
         "zone hall-8 is approved for 6000 people"},
        {"close hall-8", "\"zone\":\"hall-8\"", "zone hall-8 is closed"},
        {"open hall-8", "\"zone\":\"hall-8\"", "zone hall-8 is open"},
        {"evacuation expo on", "\"zone\":\"expo\",\"state\":\"on\"", "evacuation of zone expo: on"},
        {"drill start --text monthly", "\"state\":\"start\",\"text\":\"monthly\"", "drill: start"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char words[256], got[COMMAND_LINE_TEXT_MAX], want[COMMAND_LINE_TEXT_MAX];
        struct command_line line;
        struct error err = {0};
        (void)snprintf(words, sizeof words, "%s", cases[i].words);
        if (!understand(words, venue, &line, &err))
            fail_msg("%s: %s", cases[i].words, err.where);
        (void)snprintf(want, sizeof want,
                       "{\"command\":\"%s\",\"operator\":\"li\",\"nonce\":\"" NONCE
                       "\",\"issued\":1790000000123,%s}",
                       venue_command_text(line.command), cases[i].members);
        struct text out = text_over(got, sizeof got - 1);
        command_line_write(&line, NONCE, 1790000000123, &out);
        got[out.len] = '\0';
        assert_string_equal(got, want);
        assert_true(is_sample(got));
        out = text_over(got, sizeof got - 1);
        command_line_done(&line, (struct str){0}, &out);
        got[out.len] = '\0';
        assert_string_equal(got, cases[i].done);
    }
}

static void each_mistake(void **state)
{
    (void)state;
    static const struct {
        const char *words, *why;
    } cases[] = {
        {"ack", "ack: ALERT is missing"},
        {"ack hall-1", "ack: ALERT \"hall-1\": an alert is zone/rule, or its id"},
        {"ack a/b/c", "an alert is zone/rule, or its id"},
        {"ack a/b/c/d/e/f", "an alert is zone/rule, or its id"},
        {"ack hall-1//5", "an alert is zone/rule, or its id"},
        {"ack hal-1/hall-capacity", "the venue has no zone \"hal-1\"; did you mean \"hall-1\"?"},
        {"ack hall-1/hall-capacty", "no rule \"hall-capacty\"; did you mean \"hall-capacity\"?"},
        {"ack mall/hall-1/hall-capacity/5", "this venue is \"expo\""},
        {"ack hall-1/hall-capacity more", "ack: unexpected argument \"more\""},
        {"ack hall-1/hall-capacity --minutes 5", "ack takes no --minutes"},
        {"assign hall-1/hall-capacity", "assign: --to is missing"},
        {"note hall-1/hall-capacity --text ''", "note: --text \"\": expected 1 to 256 bytes"},
        {"note hall-1/hall-capacity --text \xff", "it is not UTF-8"},
        {"shelve hall-1/hall-capacity --text x", "shelve: --minutes is missing"},
        {"shelve hall-1/hall-capacity --minutes 10", "shelve: --text is missing"},
        {"shelve hall-1/hall-capacity --minutes 0 --text x", "a whole number, 1 to 1440"},
        {"shelve hall-1/hall-capacity --minutes 1.5 --text x", "a whole number, 1 to 1440"},
        {"step hall-1/hall-capacity 13", "step: N \"13\": expected a whole number, 1 to 12"},
        {"anchor hall-1", "anchor: PEOPLE is missing"},
        {"anchor hall-1 -5", "anchor: PEOPLE \"-5\": expected a whole number, 0 to 10000000"},
        {"anchor hall-1 99999999999999999999", "expected a whole number"},
        {"anchor somewhere 5", "the venue has no zone \"somewhere\""},
        {"anchor hall/1 5", "an id has 1 to 48 letters"},
        {"service c2 retired", "no sensor \"c2\""},
        {"service c1 maintenence", "did you mean \"maintenance\"?"},
        {"capacity hall-1 0", "expected a whole number, 1 to 10000000"},
        {"evacuation hall-1 maybe", "evacuation: on|off \"maybe\": expected one of: on, off"},
        {"drill", "drill: start|stop is missing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char words[256];
        struct command_line line;
        struct error err = {0};
        (void)snprintf(words, sizeof words, "%s", cases[i].words);
        if (understand(words, venue, &line, &err) || !strstr(err.where, cases[i].why))
            fail_msg("%s: %s", cases[i].words, err.where);
    }
    /* Without a venue file only the form is checked. */
    char words[] = "capacity anywhere 5";
    struct command_line line;
    assert_true(understand(words, NULL, &line, NULL));
}

static void each_operator(void **state)
{
    (void)state;
    static const struct {
        uint32_t uid;
        const char *asked, *id, *why;
        bool no_venue;
    } cases[] = {
        {2000001, NULL, "li", NULL, false},
        {2000001, "wang", "wang", NULL, false}, /* the core knows whose id that is */
        {2000002, NULL, NULL, "choose one with --operator (wang, wang-2)", false},
        {2000002, "wang-2", "wang-2", NULL, false},
        {2000003, NULL, NULL, "your user id, 2000003, is no operator's", false},
        {2000001, "wan", NULL, "no operator \"wan\"; did you mean \"wang\"?", false},
        {2000001, "", NULL, "that is no id", false},
        {2000001, NULL, NULL, "give --operator", true},
        {2000001, "zhao", "zhao", NULL, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct command_line line = {.venue = cases[i].no_venue ? NULL : venue};
        struct error err = {0};
        bool ok = command_line_operator(&line, cases[i].uid, cases[i].asked, &err);
        if (ok != !cases[i].why ||
            (ok ? !str_is(line.operator_id, cases[i].id) : !strstr(err.where, cases[i].why)))
            fail_msg("case %zu: %s", i, err.where);
    }
}

static void every_command_has_its_row(void **state)
{
    (void)state;
    for (int i = 0; i < VENUE_COMMAND_COUNT; i++) {
        const struct command_row *row = command_row((enum venue_command)i);
        assert_non_null(row->about);
        assert_non_null(row->done);
        assert_non_null(row->field[0].key);
        bool optional = false; /* an operand after one that may lack could not be told from it */
        for (int f = 0; f < COMMAND_FIELDS_MAX && row->field[f].key; f++) {
            if (row->field[f].option == COMMAND_OPERAND)
                assert_false(optional);
            optional = optional || row->field[f].optional;
        }
    }
}

/* ---- the whole command ----------------------------------------------------------------------- */

/* ingest and process in one: answers one line at the socket, then writes what the alerts log gets.
 */
static struct world {
    char dir[80], socket[100], alerts[100];
    const char *answer; /* NULL: cut off without one */
    int ok;             /* of the reply; -1: none comes */
    const char *reason, *status;
    int fd;
    pthread_t thread;
    struct log_writer *writer;
    char line[COMMAND_LINE_TEXT_MAX];
} world;

static void append_reply(const char *nonce, int ok)
{
    static uint8_t body[4096];
    struct result_reply reply;
    struct result_origin origin = {.input_seq = 7, .input_epoch = 1};
    result_clear(RECORD_REPLY, &reply);
    reply.venue = STR_LIT("expo");
    reply.nonce = str_of(nonce);
    reply.ok = (int8_t)ok;
    reply.reason = str_of(world.reason);
    reply.status = str_of(world.status);
    reply.alert = ok == 1 ? STR_LIT("expo/hall-1/hall-capacity/5") : (struct str){0};
    struct log_record record = {
        .type = RECORD_REPLY,
        .log_ns = 1790000000123000000,
        .body = body,
        .body_len = result_encode(RECORD_REPLY, &origin, &reply, body, sizeof body)};
    assert_true(log_writer_append(world.writer, &record, NULL, NULL));
}

static void open_alerts(void)
{
    struct log_writer_options options = {
        .dir = world.alerts, .segment_bytes = LOG_SEGMENT_BYTES_MIN, .sync = LOG_SYNC_MANUAL};
    assert_true(log_writer_open(&options, &world.writer, NULL, NULL));
}

static void *answer(void *arg)
{
    char nonce[65] = "";
    int fd = accept(world.fd, NULL, NULL);
    ssize_t n = fd < 0 ? 0 : read(fd, world.line, sizeof world.line - 1);
    world.line[n > 0 ? n : 0] = '\0';
    const char *at = strstr(world.line, "\"nonce\":\"");
    if (at)
        (void)sscanf(at + 9, "%64[^\"]", nonce);
    if (world.answer && write(fd, world.answer, strlen(world.answer)) < 0)
        return NULL;
    if (world.ok >= 0) {
        if (!world.writer)
            open_alerts();
        append_reply("of-another-command", 0);
        append_reply(nonce, world.ok);
    }
    if (fd >= 0)
        close(fd);
    return arg;
}

static void listen_at_socket(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", world.socket);
    world.fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(world.fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(world.fd, 1), 0);
    assert_int_equal(pthread_create(&world.thread, NULL, answer, NULL), 0);
}

/* Also when nobody came. */
static void stop_listening(void)
{
    (void)shutdown(world.fd, SHUT_RDWR);
    (void)pthread_join(world.thread, NULL);
    close(world.fd);
    (void)unlink(world.socket);
}

static void write_file(const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", world.dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
    char config[512];
    (void)state;
    world = (struct world){.fd = -1, .ok = -1, .reason = "", .status = "Actual"};
    support_temp_dir(world.dir, sizeof world.dir);
    (void)snprintf(world.socket, sizeof world.socket, "%s/command.sock", world.dir);
    (void)snprintf(world.alerts, sizeof world.alerts, "%s/alerts", world.dir);
    (void)snprintf(config, sizeof config,
                   "state_dir: %s\nvenue: venue.yaml\nmqtt:\n  username: u\n"
                   "  password_file: not-for-operators\n",
                   world.dir);
    write_file("crowdtide.yaml", config);
    write_file("venue.yaml", venue_text);
    open_alerts();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    log_writer_close(world.writer);
    support_remove_tree(world.dir);
    return 0;
}

static char out[OUT_BYTES];

/* Runs the program; what it says is in `out`; returns its exit code. */
static int run(const char *arguments)
{
    char command[1200];
    (void)snprintf(command, sizeof command, "%s/crowdtide command -c %s/crowdtide.yaml %s 2>&1",
                   CROWDTIDE_BINARY_DIR, world.dir, arguments);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t n = fread(out, 1, sizeof out - 1, pipe);
    out[n] = '\0';
    return pclose(pipe) / 256;
}

static void each_ending(void **state)
{
    (void)state;
    static const struct {
        const char *arguments, *answer;
        int ok;
        const char *reason, *status;
        int code;
        const char *says;
    } cases[] = {
        {"ack hall-1/hall-capacity", "{\"ok\":true,\"seq\":7}\n", 1, "", "Actual", 0,
         "done: alert expo/hall-1/hall-capacity/5 is acknowledged\n"},
        {"close hall-1 --drill", "{\"ok\":true,\"seq\":7}\n", 1, "", "Exercise", 0,
         "Exercise: done: zone hall-1 is closed\n"},
        {"drill start", "{\"ok\":true,\"seq\":7}\n", 1, "waits for a second person", "Actual", 0,
         "taken: waits for a second person\n"},
        {"capacity hall-1 5", "{\"ok\":true,\"seq\":7}\n", 0, "wang may not set capacities",
         "Actual", 1, "not done: wang may not set capacities\n"},
        {"open hall-1 --wait 1", "{\"ok\":true,\"seq\":7}\n", -1, "", "", 1,
         "crowdtide command: no reply within 1 s. The command is journaled (readings log, 7) and "
         "will "
         "be applied when process runs\n"},
        {"open hall-1", "{\"ok\":false,\"reason\":\"too many commands\"}\n", -1, "", "", 1,
         "crowdtide command: refused: too many commands\n"},
        {"open hall-1", NULL, -1, "", "", 1, "ingest did not answer"},
        {"open hall-1", "hello\n", -1, "", "", 1, "an answer that is none: hello"},
        {"open hall-1", "{\"ok\":true}\n", -1, "", "", 1, "an answer that is none"},
        {"open hall-1 --json", "{\"ok\":true,\"seq\":7}\n", 1, "", "Actual", 0,
         "\",\"seq\":7,\"reply\":{\"venue\":\"expo\","},
        {"open hall-1 --json", "{\"ok\":false,\"reason\":\"no\"}\n", -1, "", "", 1,
         "\",\"error\":\"refused: no\"}\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char arguments[200];
        world.answer = cases[i].answer;
        world.ok = cases[i].ok;
        world.reason = cases[i].reason;
        world.status = cases[i].status;
        listen_at_socket();
        (void)snprintf(arguments, sizeof arguments, "%s --operator li", cases[i].arguments);
        int code = run(arguments);
        stop_listening();
        if (code != cases[i].code || !strstr(out, cases[i].says))
            fail_msg("case %zu: exit %d: %s", i, code, out);
        assert_int_equal(strstr(world.line, "\"drill\":true") != NULL,
                         strstr(cases[i].arguments, "--drill") != NULL);
        assert_non_null(strstr(world.line, "\"operator\":\"li\",\"nonce\":\""));
    }
}

static void nonces_differ(void **state)
{
    (void)state;
    char first[COMMAND_LINE_TEXT_MAX] = "";
    for (int i = 0; i < 2; i++) {
        world.answer = "{\"ok\":false}\n";
        listen_at_socket();
        assert_int_equal(run("open hall-1 --operator li"), 1);
        stop_listening();
        const char *nonce = strstr(world.line, "\"nonce\":\"");
        assert_non_null(nonce);
        assert_true(strncmp(first, nonce, 41) != 0);
        assert_int_equal(nonce[9 + 32], '"');
        (void)snprintf(first, sizeof first, "%s", nonce);
    }
}

/* The log is made only after the command was taken: the reply is found nevertheless. */
static void a_log_that_is_not_there_yet(void **state)
{
    (void)state;
    char command[300];
    log_writer_close(world.writer);
    world.writer = NULL;
    (void)snprintf(command, sizeof command, "rm -r %s", world.alerts);
    assert_int_equal(system(command), 0);
    world.answer = "{\"ok\":true,\"seq\":7}\n";
    world.ok = 1;
    listen_at_socket();
    assert_int_equal(run("open hall-1 --operator li"), 0);
    stop_listening();
}

static void without_a_server(void **state)
{
    (void)state;
    assert_int_equal(run("open hall-1 --operator li"), 1);
    assert_non_null(strstr(out, "nobody listens at"));
    assert_non_null(strstr(out, "Does ingest run?"));
    write_file("venue.yaml", "id: [broken\n");
    assert_int_equal(run("open hall-1 --operator li"), 1); /* still tried */
    assert_non_null(strstr(out, "names are not checked here"));
    assert_non_null(strstr(out, "nobody listens at"));
    assert_int_equal(run("open hall-1"), 2);
}

static void bad_use(void **state)
{
    (void)state;
    assert_int_equal(run("--help"), 0);
    assert_int_equal(run("--list"), 0);
    assert_non_null(strstr(out, "  shelve ALERT --minutes N --text TEXT "));
    assert_int_equal(run(""), 2);
    assert_int_equal(run("shelv a/b"), 2);
    assert_non_null(strstr(out, "there is no command \"shelv\"; did you mean \"shelve\"?"));
    assert_int_equal(run("open hall-1 --operator li --wait 0"), 2);
    assert_int_equal(run("open hall-1 --operator li --wait 3601"), 2);
    assert_int_equal(run("open hall-1 --operator li --wait x"), 2);
    assert_int_equal(run("open hall-9 --operator li"), 2);
    assert_non_null(strstr(out, "did you mean \"hall-1\"?\nusage: crowdtide command open ZONE\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line),
        cmocka_unit_test(each_mistake),
        cmocka_unit_test(each_operator),
        cmocka_unit_test(every_command_has_its_row),
        cmocka_unit_test_setup_teardown(each_ending, setup, teardown),
        cmocka_unit_test_setup_teardown(nonces_differ, setup, teardown),
        cmocka_unit_test_setup_teardown(a_log_that_is_not_there_yet, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_server, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_use, setup, teardown),
    };
    return cmocka_run_group_tests(tests, load_venue, drop_venue);
}
