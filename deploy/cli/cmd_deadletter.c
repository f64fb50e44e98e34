/* crowdtide deadletter ls | show | replay */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "deploy/cli/arguments.h"
#include "deploy/cli/cli.h"
#include "deploy/cli/deadletter.h"
#include "ingest/mqtt_publisher.h"
#include "schemas/base/clock.h"

enum { CONNECT_S = 10, ACKNOWLEDGE_S = 30, LOOK_MS = 20, TIME_BYTES = 32 };

struct request {
    const char *config_path, *topic, *reason;
    bool json, all, yes, force;
    uint64_t seq; /* 0: not one */
    struct config config;
    struct venue *venue;
    struct deadletters letters;
    struct payload_shown *shown;
    bool *partly;
    char *lines; /* SHOWN_BYTES_MAX */
};

static int failed(const struct error *err)
{
    char text[ERROR_WHERE_BYTES + 128];
    fprintf(stderr, "crowdtide deadletter: %s\n", error_describe(err, text, sizeof text));
    return EXIT_FAILED;
}

static int bad_use(const char *what)
{
    fprintf(stderr, "crowdtide deadletter: %s\ncrowdtide deadletter --help tells more.\n", what);
    return EXIT_USAGE;
}

static const char *time_of(int64_t ms, char out[TIME_BYTES])
{
    struct text text = text_over(out, TIME_BYTES - 1);
    text_add_time_ms(&text, ms);
    out[text.len] = '\0';
    return out;
}

static void json_member(const char *name, struct str value, bool first)
{
    size_t cap = (size_t)value.len * 6 + 8;
    char *buffer = malloc(cap);
    if (!buffer)
        return;
    struct text text = text_over(buffer, cap);
    if (utf8_valid((const uint8_t *)value.at, value.len))
        text_add_json(&text, value);
    else
        text_add(&text, "null");
    printf("%s\"%s\":" STR_FMT, first ? "" : ",", name, (int)text.len, text.at);
    free(buffer);
}

/* ---- opening and closing ---- */

/* Exit code. shown: also what each would become. */
static int open_all(struct request *r, bool shown)
{
    struct error err = {0};
    const struct deadletter_filter filter = {.seq = r->seq, .topic = r->topic, .reason = r->reason};
    if (!cli_load_config(r->config_path, &r->config) ||
        (shown && !cli_load_venue(&r->config, &r->venue, NULL)))
        return EXIT_USAGE;
    if (!deadletters_read(r->config.state_dir, &filter, &r->letters, &err))
        return failed(&err);
    if (!shown)
        return EXIT_OK;
    r->partly = calloc((size_t)r->letters.count + 1, sizeof *r->partly);
    r->lines = malloc(SHOWN_BYTES_MAX);
    bool ok = r->partly && r->lines
                  ? deadletters_partly(&r->letters, r->partly, &err) &&
                        payload_shown_new(r->venue, r->config.payload_dir, &r->shown, &err)
                  : error_set(&err, ERROR_NO_MEMORY, 0, "dead letters");
    return ok ? EXIT_OK : failed(&err);
}

static void close_all(struct request *r)
{
    payload_shown_free(r->shown);
    deadletters_free(&r->letters);
    venue_free(r->venue);
    config_free(&r->config);
    free(r->partly);
    free(r->lines);
}

/* Bytes of a stranger: nothing that a terminal obeys. */
static void put_plain(const char *before, struct str s, const char *after)
{
    size_t cap = 6 * (size_t)s.len + 1;
    char *buffer = malloc(cap);
    struct text text = text_over(buffer, buffer ? cap : 0);
    text_add_plain(&text, s);
    printf("%s" STR_FMT "%s", before, (int)text.len, text.len ? text.at : "", after);
    free(buffer);
}

/* ---- ls ---- */

static int ls(struct request *r)
{
    int code = open_all(r, false);
    char at[TIME_BYTES];
    for (uint32_t i = 0; code == EXIT_OK && i < r->letters.count; i++) {
        const struct deadletter *d = &r->letters.letter[i];
        if (!r->json) {
            printf("%10" PRIu64 "  %s  %-14s %8" PRId64 " B  ", d->seq, time_of(d->at_ms, at),
                   d->reason, d->payload_bytes);
            put_plain("", str_of(d->topic), "  ");
            put_plain("", str_of(d->detail), d->replayed ? "  (sent once more)\n" : "\n");
            continue;
        }
        printf("{\"seq\":%" PRIu64 ",\"at\":\"%s\",\"reason\":\"%s\",\"payload_bytes\":%" PRId64
               ",\"replayed\":%s",
               d->seq, time_of(d->at_ms, at), d->reason, d->payload_bytes,
               d->replayed ? "true" : "false");
        json_member("topic", str_of(d->topic), false);
        json_member("detail", str_of(d->detail), false);
        printf("}\n");
    }
    if (code == EXIT_OK && r->letters.passed)
        fprintf(stderr, "crowdtide deadletter: %" PRIu64 " older ones are not shown\n",
                r->letters.passed);
    return code;
}

/* ---- show ---- */

static const char *kept_text(enum deadletter_kept kept)
{
    static const char *const texts[] = {
        [DEADLETTER_WHOLE] = "whole",
        [DEADLETTER_DELETED] = "deleted: the readings log does not reach back so far",
        [DEADLETTER_PERSONAL] = "personal: only length and hash, or what privacy rules left of it",
        [DEADLETTER_CUT] = "cut: over max_message_bytes, only its beginning",
        [DEADLETTER_COMMAND] = "no MQTT message",
    };
    return texts[kept];
}

struct judged {
    struct deadletter_original original;
    enum deadletter_verdict verdict;
    struct text lines;
};

static bool judge(struct request *r, uint32_t i, struct judged *ret, struct error *err)
{
    const struct deadletter *d = &r->letters.letter[i];
    ret->lines = text_over(r->lines, SHOWN_BYTES_MAX);
    if (!deadletter_original(&r->letters, d, &ret->original, err))
        return false;
    ret->verdict = deadletter_judge(r->shown, d, &ret->original, r->partly[i], &ret->lines);
    return true;
}

static void payload_put(struct str payload)
{
    if (utf8_valid((const uint8_t *)payload.at, payload.len)) {
        put_plain("payload   ", payload, "\n");
        return;
    }
    printf("payload   ");
    for (uint32_t i = 0; i < payload.len; i++) {
        unsigned char c = (unsigned char)payload.at[i];
        if (c < 0x20 || c >= 0x7f)
            printf("\\x%02x", c);
        else
            (void)putchar(c);
    }
    printf("\n");
}

static void show_human(const struct deadletter *d, const struct judged *j)
{
    char at[TIME_BYTES];
    printf("sequence  %" PRIu64 "\nat        %s\n", d->seq, time_of(d->at_ms, at));
    put_plain("topic     ", str_of(d->topic), "\n");
    printf("reason    %s: ", d->reason);
    put_plain("", str_of(d->detail), "\n");
    printf("bytes     %" PRId64 "\nkept      %s\n", d->payload_bytes, kept_text(j->original.kept));
    if (d->hash[0])
        printf("hash      %s\n", d->hash);
    if (j->original.kept == DEADLETTER_WHOLE) {
        payload_put(j->original.payload);
        printf("today     %s\n" STR_FMT, deadletter_verdict_text(j->verdict), (int)j->lines.len,
               j->lines.at);
    }
}

static void show_json(const struct deadletter *d, const struct judged *j)
{
    char at[TIME_BYTES];
    printf("{\"seq\":%" PRIu64 ",\"at\":\"%s\",\"reason\":\"%s\",\"payload_bytes\":%" PRId64
           ",\"replayed\":%s",
           d->seq, time_of(d->at_ms, at), d->reason, d->payload_bytes,
           d->replayed ? "true" : "false");
    json_member("topic", str_of(d->topic), false);
    json_member("detail", str_of(d->detail), false);
    json_member("kept", str_of(kept_text(j->original.kept)), false);
    json_member("today", str_of(deadletter_verdict_text(j->verdict)), false);
    json_member("lines", (struct str){j->lines.at, (uint32_t)j->lines.len}, false);
    if (j->original.kept == DEADLETTER_WHOLE) {
        size_t cap = (size_t)j->original.payload.len / 3 * 4 + 8;
        char *buffer = malloc(cap);
        struct text text = text_over(buffer, buffer ? cap : 0);
        text_add_base64(&text, (const uint8_t *)j->original.payload.at, j->original.payload.len);
        printf(",\"payload_base64\":\"" STR_FMT "\"", (int)text.len, text.len ? text.at : "");
        free(buffer);
    }
    printf("}\n");
}

static int show(struct request *r)
{
    struct error err = {0};
    struct judged j;
    int code = open_all(r, true);
    if (code != EXIT_OK)
        return code;
    if (r->letters.count == 0) {
        fprintf(stderr,
                "crowdtide deadletter: sequence %" PRIu64 " is no dead letter that is kept\n",
                r->seq);
        return EXIT_FAILED;
    }
    if (!judge(r, 0, &j, &err))
        return failed(&err);
    (r->json ? show_json : show_human)(&r->letters.letter[0], &j);
    return EXIT_OK;
}

/* ---- replay ---- */

static void pause_ms(long ms)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static bool connect_publisher(struct mqtt_publisher *publisher, struct error *err)
{
    int64_t until_ns = clock_boot_ns() + (int64_t)CONNECT_S * 1000000000;
    (void)error_set(err, ERROR_NETWORK, 0, "the broker does not answer");
    while (!mqtt_publisher_counts(publisher).connected) {
        if (clock_boot_ns() > until_ns || *cli_stop())
            return false;
        (void)mqtt_publisher_poll(publisher, err);
        pause_ms(LOOK_MS);
    }
    *err = (struct error){0};
    return true;
}

/* Sends one and waits for its PUBACK. */
static bool send_one(struct request *r, struct mqtt_publisher *publisher, uint32_t i,
                     const struct judged *j, struct error *err)
{
    const struct deadletter *d = &r->letters.letter[i];
    char *topic = strndup(j->original.topic.at, j->original.topic.len);
    struct mqtt_publisher_counts before = mqtt_publisher_counts(publisher), now = before;
    int64_t until_ns = clock_boot_ns() + (int64_t)ACKNOWLEDGE_S * 1000000000;
    bool ok = topic ? deadletter_journal(r->letters.state_dir, log_reader_uuid(r->letters.readings),
                                         d->seq, err)
                    : error_set(err, ERROR_NO_MEMORY, 0, "dead letters");
    if (ok && !mqtt_publisher_send(publisher, topic, j->original.payload, false))
        ok = error_set(err, ERROR_NETWORK, 0,
                       "sequence %" PRIu64 ": connection lost before it was sent; --force sends it",
                       d->seq);
    for (; ok; now = mqtt_publisher_counts(publisher)) {
        struct error ignored;
        if (now.acked + now.refused != before.acked + before.refused)
            break;
        (void)mqtt_publisher_poll(publisher, &ignored);
        if (clock_boot_ns() > until_ns)
            ok = error_set(err, ERROR_NETWORK, 0,
                           "sequence %" PRIu64
                           ": the broker has not acknowledged it; whether it came through shows in "
                           "crowdtide log tap readings",
                           d->seq);
        pause_ms(1);
    }
    if (ok && now.refused != before.refused)
        ok = error_set(err, ERROR_REMOTE_DENIED, 0,
                       "sequence %" PRIu64 ": the broker refuses the topic to this client", d->seq);
    free(topic);
    return ok;
}

static void tell(const struct request *r, const struct deadletter *d, const struct judged *j,
                 bool sends)
{
    const char *verb = !sends ? "not sent" : r->yes ? "sent" : "would be sent";
    if (r->json) {
        printf("{\"seq\":%" PRIu64 ",\"action\":\"%s\"", d->seq, verb);
        json_member("today", str_of(deadletter_verdict_text(j->verdict)), false);
        json_member("topic", str_of(d->topic), false);
        json_member("lines", (struct str){j->lines.at, (uint32_t)j->lines.len}, false);
        printf("}\n");
        return;
    }
    printf("%10" PRIu64 "  %s: %s  %s\n" STR_FMT, d->seq, verb, deadletter_verdict_text(j->verdict),
           d->topic, (int)j->lines.len, j->lines.at);
}

static int replay_all(struct request *r, struct mqtt_publisher *publisher)
{
    struct error err = {0};
    uint64_t sent = 0, kept_back = 0;
    bool ok = true;
    for (uint32_t i = 0; ok && i < r->letters.count && !*cli_stop(); i++) {
        struct judged j;
        ok = judge(r, i, &j, &err);
        bool sends =
            ok && (j.verdict == DEADLETTER_SEND || (r->force && deadletter_can_force(j.verdict)));
        if (sends && publisher)
            ok = send_one(r, publisher, i, &j, &err);
        if (!ok)
            break;
        tell(r, &r->letters.letter[i], &j, sends);
        sent += sends;
        kept_back += !sends;
    }
    if (!r->json)
        printf("%" PRIu64 " %s, %" PRIu64 " not%s\n", sent, r->yes ? "sent" : "would be sent",
               kept_back, r->yes ? "" : "; nothing was sent: --yes sends them");
    return ok ? EXIT_OK : failed(&err);
}

static int replay(struct request *r)
{
    struct error err = {0};
    struct mqtt_settings settings;
    struct mqtt_publisher *publisher = NULL;
    int code = open_all(r, true);
    if (code != EXIT_OK)
        return code;
    if (r->seq && r->letters.count == 0) {
        fprintf(stderr,
                "crowdtide deadletter: sequence %" PRIu64 " is no dead letter that is kept\n",
                r->seq);
        return EXIT_FAILED;
    }
    cli_signals();
    if (!r->yes)
        return replay_all(r, NULL);
    if (!mqtt_settings_from(&r->config, r->venue->id, "-deadletter", &settings, &err) ||
        !mqtt_settings_files(&settings, &err)) {
        (void)failed(&err);
        return EXIT_USAGE;
    }
    if (!mqtt_publisher_open(&settings, (uint64_t)clock_boot_ns(), &publisher, &err))
        return failed(&err);
    code = connect_publisher(publisher, &err) ? replay_all(r, publisher) : failed(&err);
    mqtt_publisher_close(publisher);
    return code;
}

/* ---- arguments ---- */

static bool seq_take(const char *word, uint64_t *ret)
{
    char *end = NULL;
    errno = 0;
    *ret = word[0] >= '0' && word[0] <= '9' ? strtoull(word, &end, 10) : 0;
    return end && *end == '\0' && !errno && *ret;
}

#define OPTIONS_FILTER(r)                                                                          \
    ARGUMENTS_CONFIG(&(r)->config_path),                                                           \
        {.name = "topic",                                                                          \
         .value = "FILTER",                                                                        \
         .help = "only of these topics (an MQTT filter, + and #)",                                 \
         .text = &(r)->topic},                                                                     \
        {.name = "reason",                                                                         \
         .value = "REASON",                                                                        \
         .help = "only with this reason: malformed, wrong_type, unknown_sensor …",                 \
         .text = &(r)->reason},                                                                    \
    {                                                                                              \
        .name = "json", .help = "for programs: one JSON object a line", .flag = &(r)->json         \
    }

static const char *const about_replay =
    "Sends the original messages of dead letters to the broker once more, at QoS 1 and under their "
    "own topics,\nafter the reason is mended (a sensor bound, a map put right). Without --yes it "
    "only says what each\nwould become under the venue file. Not sent, unless --force: what has no "
    "time of its own (it would\ncount as of now), what is of a drill, was retained, crashed "
    "process, was sent once more already, or\nwas counted in part. Never sent: what would be a "
    "dead letter again, and what is not kept whole: personal\nmessages (of them only length and "
    "hash are kept), those over mqtt.max_message_bytes, and deleted ones.";
static const char *const more_replay =
    "What is older than process.late_s repairs the history and never pages. That a letter is sent "
    "is noted in\nSTATE/deadletters.replayed before it is sent: a crash then leaves it unsent, "
    "never "
    "sent twice. MQTT 5's\ncontent type is not sent along. Exit code: 0 done, 1 something failed, "
    "2 "
    "bad use.";

static int run(int argc, char **argv, const char *verb)
{
    struct request r = {0};
    const struct arguments_option list_options[] = {OPTIONS_FILTER(&r), {0}};
    const struct arguments_option show_options[] = {
        ARGUMENTS_CONFIG(&r.config_path),
        {.name = "json", .help = "for programs: one JSON object", .flag = &r.json},
        {0},
    };
    const struct arguments_option replay_options[] = {
        OPTIONS_FILTER(&r),
        {.name = "all", .help = "all that --topic and --reason leave", .flag = &r.all},
        {.name = "yes", .help = "send them", .flag = &r.yes},
        {.name = "force",
         .help = "also those that are kept back for what they'd do",
         .flag = &r.force},
        {0},
    };
    const struct arguments ls_spec = {"deadletter ls", "",
                                      "Lists the dead letters that the alerts log keeps, oldest "
                                      "first, by the sequence of the readings log.",
                                      list_options, NULL};
    const struct arguments show_spec = {
        "deadletter show", "SEQUENCE",
        "Shows one dead letter: its reason, its original bytes from the readings log, and what it "
        "would become\ntoday. Of personal messages only length and hash are kept.",
        show_options, NULL};
    const struct arguments replay_spec = {"deadletter replay", "[SEQUENCE]", about_replay,
                                          replay_options, more_replay};
    bool is_ls = strcmp(verb, "ls") == 0, is_show = strcmp(verb, "show") == 0;
    int first, code;
    if (!arguments_parse(argc, argv,
                         is_ls     ? &ls_spec
                         : is_show ? &show_spec
                                   : &replay_spec,
                         &first, &code))
        return code;
    if (!is_ls && argc - first > 1)
        return bad_use("one sequence, not several");
    if (!is_ls && argc - first == 1 && !seq_take(argv[first], &r.seq))
        return bad_use("a sequence of the readings log is expected: crowdtide deadletter ls");
    if (is_show && !r.seq)
        return bad_use("show which? crowdtide deadletter ls has the sequences");
    if (!is_ls && !is_show && (r.seq != 0) == r.all)
        return bad_use("replay one SEQUENCE, or --all");
    code = is_ls ? ls(&r) : is_show ? show(&r) : replay(&r);
    close_all(&r);
    return code;
}

int cmd_deadletter(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    if (strcmp(verb, "ls") == 0 || strcmp(verb, "show") == 0 || strcmp(verb, "replay") == 0)
        return run(argc - 1, argv + 1, verb);
    bool help = strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0;
    fprintf(help ? stdout : stderr,
            "usage: crowdtide deadletter ls|show|replay [OPTIONS] [SEQUENCE]\n"
            "\n"
            "  ls       list what could not be used, and why\n"
            "  show     one of them: its bytes, and what it would become today\n"
            "  replay   send the originals to the broker once more\n"
            "\n"
            "crowdtide deadletter ls --help (and so on) tells more.\n");
    return help ? EXIT_OK : EXIT_USAGE;
}
