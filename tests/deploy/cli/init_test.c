/*
 * crowdtide init: what is an answer and what is not; that whatever is one gives a configuration
 * which passes `crowdtide check` and says what was answered; that files are placed all or none.
 */
#include "tests/support/support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "deploy/cli/check.h"
#include "deploy/cli/init_answers.h"
#include "deploy/cli/init_ask.h"
#include "deploy/cli/init_files.h"
#include "deploy/cli/init_text.h"

enum { ROUNDS = 200, VALUE_BYTES = 4096 };

struct place {
    char dir[512];
    struct init_answers *answers;
    struct init_plan *plan;
    char *bytes;
    struct check *check;
};

static int setup(void **state)
{
    static const char *const names[] = {"CROWDTIDE_STATE", "CROWDTIDE_MQTT_URL",
                                        "CROWDTIDE_KAFKA_BROKERS", "CROWDTIDE_SERIES_URL"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(unsetenv(names[i]), 0);
    struct place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    (void)support_temp_dir(p->dir, sizeof p->dir);
    p->answers = init_answers_new(p->dir);
    p->plan = calloc(1, sizeof *p->plan);
    p->bytes = malloc(3 * (size_t)INIT_FILE_BYTES);
    p->check = malloc(sizeof *p->check);
    assert_true(p->answers && p->plan && p->bytes && p->check);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    support_remove_tree(p->dir);
    free(p->answers);
    free(p->plan);
    free(p->bytes);
    free(p->check);
    free(p);
    return 0;
}

/* ---- single answers ----------------------------------------------------------------------------
 */

static void each_answer_is_judged(void **state)
{
    struct place *p = *state;
    static const struct {
        enum init_question question;
        const char *text, *reason; /* NULL: it is taken */
    } cases[] = {
        {INIT_id, "fair-1", NULL},
        {INIT_id, "", "a letter or digit"},
        {INIT_id, "-x", "a letter or digit"},
        {INIT_id, "\xe4\xbc\x9a", "a letter or digit"},
        {INIT_name, "\xe4\xbc\x9a\xe5\xb1\x95", NULL},
        {INIT_name, "", NULL},
        {INIT_name, "a\033[31m", "without control characters"},
        {INIT_name, "\xff", "UTF-8"},
        {INIT_name, "a\xe2\x80\xa8z", "without control characters"},
        {INIT_time_zone, "Asia/Shanghai", NULL},
        {INIT_time_zone, "Mars/Olympus", "knows no time zone \"Mars/Olympus\""},
        {INIT_time_zone, "../passwd", "knows no time zone"},
        {INIT_capacity, "", NULL},
        {INIT_capacity, "80000", NULL},
        {INIT_capacity, "many", "a whole number of people"},
        {INIT_capacity, "0", "a whole number of people"},
        {INIT_halls, "North, 1200, 2500, level", NULL},
        {INIT_halls, "North, 1200; South, 5,, total;", NULL},
        {INIT_halls, "", "at least one is expected"},
        {INIT_halls, "North", "a hall is:"},
        {INIT_halls, "North, 1200, 2500, level, 7", "a hall is:"},
        {INIT_halls, ", 1200", "the name is missing"},
        {INIT_halls, "North, 12.5", "the approved headcount is a whole number"},
        {INIT_halls, "North, 0", "the approved headcount is a whole number"},
        {INIT_halls, "North, 5, big", "the area is a number"},
        {INIT_halls, "North, 5, nan", "the area is a number"},
        {INIT_halls, "North, 5, 10, camera", "how people are counted is one of level"},
        {INIT_halls, "North, 5; North, 6", "there are two halls \"North\""},
        {INIT_gates, "", NULL},
        {INIT_gates, "South, 8; East, 2", NULL},
        {INIT_gates, "South", "a gate is:"},
        {INIT_gates, "South, 65", "1 to 64 lanes"},
        {INIT_gates, "South, 8; South, 8", "there are two gates"},
        {INIT_mqtt_url, "mqtts://broker.example:8883", NULL},
        {INIT_mqtt_url, "http://broker", "mqtt|mqtts"},
        {INIT_mqtt_url, "mqtt://me:secret@broker", "don't belong into the address"},
        {INIT_mqtt_url, "mqtt://broker/path", "without a path"},
        {INIT_mqtt_url, "", "mqtt|mqtts"},
        {INIT_kafka_brokers, "k-1:9092,k-2:9092", NULL},
        {INIT_kafka_brokers, "", NULL},
        {INIT_kafka_brokers, ",", "host:port"},
        {INIT_kafka_brokers, "k-1 k-2", "host:port"},
        {INIT_kafka_brokers, "http://k", "host:port"},
        {INIT_mqtt_password, "/nonexistent", "No such file"},
        {INIT_mqtt_password, "/", "a file with the secret"},
        {INIT_series_url, "udp://x", "http|https"},
        {INIT_series_url, "", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char reason[INIT_REASON_BYTES] = "", before[INIT_ANSWER_BYTES];
        const char *now = p->answers->text[cases[i].question];
        memcpy(before, now, sizeof before);
        bool ok =
            init_answers_set(p->answers, cases[i].question, cases[i].text, reason, sizeof reason);
        if (ok != !cases[i].reason || (!ok && !strstr(reason, cases[i].reason)))
            fail_msg("%s: %d, %s", cases[i].text, ok, reason);
        if (!ok)
            assert_string_equal(now, before);
    }
}

static void ids_come_from_names(void **state)
{
    struct place *p = *state;
    char reason[INIT_REASON_BYTES];
    static const char rows[] =
        "Hall 1, 5; \xe5\x8c\x97\xe5\x8e\x85, 5; hall-2, 5; HALL 1!, 5; v, 5; "
        "A hall whose name has more letters than any id may have, 5";
    static const char *const ids[] = {"hall-1", "hall-2", "hall-3", "hall-4", "hall-5"};
    struct init_plan plan = {0};
    assert_true(init_plan_halls(STR_LIT("v"), str_of(rows), &plan, reason, sizeof reason));
    assert_int_equal(plan.halls, 6);
    for (uint32_t i = 0; i < 5; i++)
        assert_string_equal(plan.hall[i].id, ids[i]);
    assert_true(
        init_plan_gates(STR_LIT("South Gate, 1; hall-1-people, 1"), &plan, reason, sizeof reason));
    assert_string_equal(plan.gate[0].id, "south-gate");
    assert_string_equal(plan.gate[1].id, "gate-2"); /* the other is the hall's own counter */
    (void)p;
}

/* ---- whatever is an answer, passes -------------------------------------------------------------
 */

static uint32_t below(uint64_t *random, uint32_t n)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((*random >> 33) % n);
}

/* A name of anything that a person may paste: other scripts, YAML's and the shell's own signs. */
static void any_name(uint64_t *random, struct text *out)
{
    static const char *const piece[] = {"Hall",
                                        "\xe5\x8c\x97\xe5\x8e\x85",
                                        "\xc3\xa9",
                                        " ",
                                        "'",
                                        "\"",
                                        "\\",
                                        "${HOME}",
                                        "$${",
                                        "${",
                                        "$",
                                        "#",
                                        " #",
                                        ":",
                                        ": ",
                                        "{",
                                        "}",
                                        "[",
                                        "]",
                                        "&",
                                        "*",
                                        "!",
                                        "|",
                                        ">",
                                        "%",
                                        "@",
                                        "`",
                                        "-",
                                        "- ",
                                        "yes",
                                        "~",
                                        "null",
                                        "1e3",
                                        "0x1f",
                                        "\xf0\x9f\x8f\x9b",
                                        "\xd7\x90\xd7\x91",
                                        "/",
                                        "..",
                                        "<<",
                                        "?"};
    size_t start = out->len;
    for (uint32_t n = 1 + below(random, 6); n; n--)
        text_add(out, piece[below(random, sizeof piece / sizeof piece[0])]);
    if (out->len == start || strspn(out->at + start, " ") >= out->len - start)
        text_add_char(out, 'x');
}

static bool answer(struct place *p, enum init_question question, struct text *value)
{
    char reason[INIT_REASON_BYTES];
    text_add_char(value, '\0');
    assert_false(value->overflow);
    return init_answers_set(p->answers, question, value->at, reason, sizeof reason);
}

static void any_rows(struct place *p, uint64_t *random)
{
    static const char *const counters[] = {"",           ", 900",   ", 12.75",          ",, total",
                                           ", 1, daily", ",,delta", ", 10000000, level"};
    char value[VALUE_BYTES];
    struct text t;
    do {
        t = text_over(value, sizeof value);
        for (uint32_t n = 1 + below(random, 5); n; n--) {
            any_name(random, &t);
            text_add(&t, ", ");
            text_add_u64(&t, 1 + below(random, 10000000));
            text_add(&t, counters[below(random, sizeof counters / sizeof counters[0])]);
            text_add(&t, n > 1 ? " ;" : "");
        }
    } while (!answer(p, INIT_halls, &t)); /* two of one name: not an answer */
    do {
        t = text_over(value, sizeof value);
        for (uint32_t n = below(random, 4); n; n--) {
            any_name(random, &t);
            text_add(&t, ",");
            text_add_u64(&t, 1 + below(random, 64));
            text_add(&t, ";");
        }
    } while (!answer(p, INIT_gates, &t));
}

static void any_answers(struct place *p, uint64_t *random)
{
    static const struct {
        enum init_question question;
        const char *text[4];
    } choice[] = {
        {INIT_id, {"fair", "1", "yes", "A._:-z"}},
        {INIT_time_zone,
         {"UTC", "Asia/Shanghai", "America/Argentina/Buenos_Aires", "Europe/Berlin"}},
        {INIT_capacity, {"", "1", "80000", "100000000"}},
        {INIT_operator, {"root", "null", "7", "lin"}},
        {INIT_mqtt_url, {"mqtt://b", "mqtts://[::1]:8883", "mqtt://10.0.0.1:1883", "mqtts://b.c"}},
        {INIT_kafka_brokers, {"", "k:9092", "k-1:9092, k-2:9092", "[::1]:9092"}},
        {INIT_series_url, {"", "http://i:8086", "https://i.example", "http://[::1]:8086"}},
        {INIT_state_dir, {"state", "/var/lib/crowdtide", "~/tide", "a b/\xe5\x8c\x97 # ${"}},
    };
    static const enum init_question free_text[] = {INIT_name, INIT_mqtt_username, INIT_series_org};
    char value[VALUE_BYTES];
    struct text t;
    for (size_t i = 0; i < sizeof choice / sizeof choice[0]; i++) {
        t = text_over(value, sizeof value);
        text_add(&t, choice[i].text[below(random, 4)]);
        assert_true(answer(p, choice[i].question, &t));
    }
    for (size_t i = 0; i < sizeof free_text / sizeof free_text[0]; i++) {
        t = text_over(value, sizeof value);
        if (below(random, 3))
            any_name(random, &t);
        assert_true(answer(p, free_text[i], &t));
    }
    t = text_over(value, sizeof value);
    text_add(&t, p->dir);
    text_add(&t, "/secret");
    assert_true(answer(p, INIT_mqtt_password, &t));
    t = text_over(value, sizeof value);
    text_add(&t, p->dir);
    text_add(&t, "/secret");
    assert_true(answer(p, INIT_series_token, &t));
    any_rows(p, random);
}

static void put(const struct place *p, const char *name, const char *text)
{
    char path[800];
    (void)snprintf(path, sizeof path, "%s/%s", p->dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
}

static bool place_files(struct place *p, bool force, struct error *err)
{
    char reason[INIT_REASON_BYTES];
    struct init_files files;
    struct text config = text_over(p->bytes, INIT_FILE_BYTES);
    struct text venue = text_over(p->bytes + INIT_FILE_BYTES, INIT_FILE_BYTES);
    assert_true(init_plan_make(p->answers, p->plan, reason, sizeof reason));
    init_text_config(p->answers, &config);
    init_text_venue(p->answers, p->plan, getuid(), &venue);
    struct text paging = text_over(p->bytes + (size_t)2 * INIT_FILE_BYTES, INIT_FILE_BYTES);
    init_text_paging(&paging);
    assert_false(config.overflow || venue.overflow || paging.overflow);
    assert_true(init_files_begin(p->dir, &files, err));
    assert_true(
        init_files_add(&files, "venue.yaml", (struct str){venue.at, (uint32_t)venue.len}, err));
    assert_true(
        init_files_add(&files, "paging.yaml", (struct str){paging.at, (uint32_t)paging.len}, err));
    assert_true(init_files_add(&files, "crowdtide.yaml",
                               (struct str){config.at, (uint32_t)config.len}, err));
    bool ok = init_files_place(&files, force, err);
    init_files_end(&files);
    return ok;
}

static void says_what_was_answered(const struct place *p)
{
    const struct init_answers *a = p->answers;
    const struct config *c = &p->check->config;
    const struct venue *v = p->check->venue;
    const char *name = a->text[INIT_name];
    assert_true(str_is(v->id, a->text[INIT_id]));
    assert_true(str_is(v->name, name[0] ? name : a->text[INIT_id]));
    assert_string_equal(c->mqtt_url, a->text[INIT_mqtt_url]);
    assert_string_equal(c->mqtt_username, a->text[INIT_mqtt_username]);
    assert_string_equal(c->mqtt_password, a->text[INIT_mqtt_username][0] ? "geheim" : "");
    assert_int_equal(c->kafka_enabled, a->text[INIT_kafka_brokers][0] != '\0');
    assert_int_equal(c->series_enabled, a->text[INIT_series_url][0] != '\0');
    bool v2 = a->text[INIT_series_url][0] && a->text[INIT_series_org][0];
    assert_string_equal(c->series_org, v2 ? a->text[INIT_series_org] : "");
    assert_string_equal(c->series_token, v2 ? "geheim" : "");
    assert_int_equal(v->zone_count, 1 + p->plan->halls);
    assert_int_equal(v->sensor_count, p->plan->halls + p->plan->gates);
    for (uint32_t i = 0; i < p->plan->halls; i++) {
        uint32_t zone = venue_zone_find(v, str_of(p->plan->hall[i].id));
        assert_true(zone != VENUE_NO_ZONE);
        assert_true(str_equal(v->zones[zone].name, p->plan->hall[i].name));
        assert_int_equal(v->zones[zone].capacity, p->plan->hall[i].capacity);
    }
}

/* Once the settings name it: somebody is paged for whatever the venue has, at any time. */
static void somebody_is_paged(const struct place *p)
{
    char path[800];
    struct paging *paging = NULL;
    struct problems problems = {0};
    assert_false(p->check->config.page_file[0]);
    (void)snprintf(path, sizeof path, "%s/paging.yaml", p->dir);
    if (!paging_load(path, &paging, &problems) || !paging_fit(paging, p->check->venue, &problems))
        fail_msg("%s:%u: %s", path, problems.problem[0].line, problems.problem[0].text);
    paging_free(paging);
}

static void every_answer_passes_check(void **state)
{
    struct place *p = *state;
    char path[800];
    uint64_t random = 7;
    struct error err = {0};
    put(p, "secret", "geheim\nnot this\n");
    (void)snprintf(path, sizeof path, "%s/crowdtide.yaml", p->dir);
    for (int round = 0; round < ROUNDS; round++) {
        any_answers(p, &random);
        assert_true(place_files(p, true, &err));
        check_open(p->check, path);
        if (!check_passed(p->check)) {
            const struct problems *of =
                p->check->problems.count ? &p->check->problems : &p->check->venue_problems;
            fail_msg("round %d: %s:%u: %s", round, path, of->problem[0].line, of->problem[0].text);
        }
        says_what_was_answered(p);
        somebody_is_paged(p);
        check_close(p->check);
        assert_null(strstr(p->bytes, "geheim"));
        assert_null(strstr(p->bytes + INIT_FILE_BYTES, "geheim"));
    }
}

/* ---- files
 * --------------------------------------------------------------------------------------- */

static void check_file(const struct place *p, const char *name, const char *expected)
{
    char path[800], bytes[64] = "";
    (void)snprintf(path, sizeof path, "%s/%s", p->dir, name);
    FILE *in = fopen(path, "r");
    assert_int_equal(in != NULL, expected != NULL);
    if (!in || !expected)
        return;
    (void)fread(bytes, 1, sizeof bytes - 1, in);
    (void)fclose(in);
    assert_memory_equal(bytes, expected, strlen(expected));
}

static void files_come_all_or_none(void **state)
{
    struct place *p = *state;
    char path[800], old[820];
    struct error err = {0};
    put(p, "crowdtide.yaml", "mine");
    assert_false(place_files(p, false, &err));
    assert_int_equal(err.code, ERROR_INVALID);
    check_file(p, "crowdtide.yaml", "mine");
    check_file(p, "venue.yaml", NULL); /* it had been placed, and was taken back */
    check_file(p, "paging.yaml", NULL);
    /* In the way of the second file is what can't be moved: the first is as it was. */
    (void)snprintf(path, sizeof path, "%s/crowdtide.yaml.old", p->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(old, sizeof old, "%s/full", path);
    assert_int_equal(mkdir(old, 0700), 0);
    put(p, "venue.yaml", "my venue");
    assert_false(place_files(p, true, &err));
    check_file(p, "crowdtide.yaml", "mine");
    check_file(p, "venue.yaml", "my venue");
    assert_int_equal(rmdir(old), 0);
    assert_int_equal(rmdir(path), 0);
    assert_true(place_files(p, true, &err));
    check_file(p, "crowdtide.yaml.old", "mine");
    check_file(p, "venue.yaml.old", "my venue");
    check_file(p, "venue.yaml", "# The venue");
}

static void a_new_directory_goes_with_its_draft(void **state)
{
    struct place *p = *state;
    char dir[600];
    struct init_files files;
    struct error err = {0};
    (void)snprintf(dir, sizeof dir, "%s/new", p->dir);
    assert_true(init_files_begin(dir, &files, &err));
    assert_true(init_files_add(&files, "venue.yaml", STR_LIT("x"), &err));
    init_files_end(&files);
    assert_int_not_equal(access(dir, F_OK), 0);
    (void)snprintf(dir, sizeof dir, "%s/no/such", p->dir);
    assert_false(init_files_begin(dir, &files, &err));
}

/* ---- questions --------------------------------------------------------------------------------
 */

static void a_wrong_answer_is_asked_again(void **state)
{
    struct place *p = *state;
    static const char said[] =
        "fair\n"                     /* id */
        "\xe4\xbc\x9a\xe5\xb1\x95\n" /* name */
        "nowhere\nAsia/Shanghai\n"   /* time zone */
        "\n"                         /* capacity */
        "North, x\nNorth, 1200\nNorth, 7\nSouth, 800;\nSouth, 800,, total\n\n"
        "South gate, 8\n\n"
        "lin\n" /* operator */
        "broker\nmqtt://b:1883\n"
        "\n"   /* user: none, so no password */
        "\n\n" /* no kafka, no series: no organisation, no token */
        "\n";
    char *heard = NULL;
    size_t len = 0;
    FILE *in = fmemopen((void *)(uintptr_t)said, sizeof said - 1, "r"),
         *out = open_memstream(&heard, &len);
    assert_true(in && out);
    assert_true(init_ask(p->answers, in, out));
    (void)fclose(in);
    (void)fclose(out);
    assert_string_equal(p->answers->text[INIT_time_zone], "Asia/Shanghai");
    assert_string_equal(p->answers->text[INIT_halls], "North, 1200; South, 800,, total");
    assert_string_equal(p->answers->text[INIT_gates], "South gate, 8");
    assert_string_equal(p->answers->text[INIT_mqtt_url], "mqtt://b:1883");
    assert_non_null(strstr(heard, "knows no time zone \"nowhere\""));
    assert_non_null(strstr(heard, "the approved headcount is a whole number"));
    assert_non_null(strstr(heard, "there are two halls \"North\""));
    assert_non_null(strstr(heard, "one a line is expected"));
    assert_null(strstr(heard, "password"));
    assert_null(strstr(heard, "token"));
    free(heard);
}

static void the_end_of_answers_is_no_answer(void **state)
{
    struct place *p = *state;
    static const char said[] = "fair\nname";
    FILE *in = fmemopen((void *)(uintptr_t)said, sizeof said - 1, "r"),
         *out = fopen("/dev/null", "w");
    assert_true(in && out);
    assert_false(init_ask(p->answers, in, out));
    (void)fclose(in);
    (void)fclose(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(each_answer_is_judged),
        T(ids_come_from_names),
        T(every_answer_passes_check),
        T(files_come_all_or_none),
        T(a_new_directory_goes_with_its_draft),
        T(a_wrong_answer_is_asked_again),
        T(the_end_of_answers_is_no_answer),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
