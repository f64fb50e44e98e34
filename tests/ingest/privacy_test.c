/* Personal data do not reach the log: real messages through privacy and intake into a real log, and
 * every byte of it searched. */
#include "ingest/privacy.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/payload/payload_redact.h"
#include "tests/support/support.h"

enum { LIMIT = 4096, DIR_BYTES = 100, FILES_BYTES = 1 << 22 };
#define NS_PER_S INT64_C(1000000000)
#define CARD "4711-0815-SECRET"
#define NAME "Li Xiaoming"

static const char venue_text[] =
    "venue: {id: v}\n"
    "payloads: [{map: door}, {map: plain}, {map: badge}]\n"
    "zones: [{id: h, kind: hall, capacity: 10}]\n"
    "sensors: [{id: g, class: gate, zone: h}]\n"
    "--- # payload map door door.yaml\n"
    "payload: door\n"
    "topics: [\"door/{device}\"]\n"
    "privacy: [{at: /card/number, do: hash}, {at: /person, do: drop}]\n"
    "readings: [{class: gate, device: \"{device}\", in: /in}]\n"
    "status: [{topics: [\"door/{device}/will\"], device: \"{device}\", value: {text: payload, "
    "words: {gone: offline}}}]\n"
    "--- # payload map plain plain.yaml\n"
    "payload: plain\n"
    "topics: [\"plain/{device}\"]\n"
    "readings: [{class: gate, device: \"{device}\", in: /in}]\n"
    "--- # payload map badge badge.yaml\n"
    "payload: badge\n"
    "topics: [\"badge/{person}/at/{device}-{card}\", \"by/{card}/{person}/{device}\"]\n"
    "privacy: [{capture: card, do: hash}, {capture: person, do: drop}]\n"
    "readings: [{class: gate, device: \"{device}\", in: /in, lane: {is: \"{card}\"}}]\n"
    "status: [{topics: [\"badge/{person}/will\"], device: \"{person}\", value: {text: payload, "
    "words: {gone: offline}}}]\n";

struct fixture {
    char dir[DIR_BYTES], log[DIR_BYTES + 16];
    struct venue *venue;
    struct privacy *privacy;
    struct log_writer *writer;
    struct log_recovery recovery;
    struct intake *intake;
};

static void open_with(struct fixture *f, const char *secret)
{
    struct error err = {0};
    struct problems problems = {0};
    support_temp_dir(f->dir, sizeof f->dir);
    (void)snprintf(f->log, sizeof f->log, "%s/readings", f->dir);
    const struct log_writer_options options = {
        .dir = f->log, .segment_bytes = 1 << 20, .sync = LOG_SYNC_MANUAL};
    if (!venue_parse(str_of(venue_text), &f->venue, &problems))
        fail_msg("%s", problems.problem[0].text);
    if (!log_writer_open(&options, &f->writer, &f->recovery, &err) ||
        !intake_open(&(struct intake_options){.writer = f->writer,
                                              .recovery = &f->recovery,
                                              .max_message_bytes = LIMIT},
                     &f->intake, &err) ||
        !privacy_open(
            &(struct privacy_options){.secret = secret, .rotate_h = 24, .max_message_bytes = LIMIT},
            &f->privacy, &err))
        fail_msg("%s", err.where);
    privacy_clock(f->privacy, 0, 8 * 3600);
}

static void close_all(struct fixture *f)
{
    privacy_close(f->privacy);
    intake_close(f->intake);
    log_writer_close(f->writer);
    venue_free(f->venue);
    support_remove_tree(f->dir);
}

/* As ingest does. */
static enum privacy_taken take(struct fixture *f, const char *topic, struct str payload)
{
    struct error err = {0};
    struct record_withheld withheld;
    struct intake_message message = {.topic = str_of(topic), .payload = payload, .qos = 1};
    enum privacy_taken taken = privacy_take(f->privacy, f->venue, &message, &withheld);
    bool ok = taken == PRIVACY_WITHHELD ? intake_withheld(f->intake, &withheld, &err)
                                        : intake_message(f->intake, &message, &err);
    if (!ok)
        fail_msg("%s", err.where);
    return taken;
}

static bool dir_holds(const char *dir, const char *words)
{
    bool found = false;
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        char path[DIR_BYTES + 300];
        (void)snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        FILE *file = e->d_name[0] == '.' ? NULL : fopen(path, "rb");
        if (!file)
            continue;
        char *bytes = malloc(FILES_BYTES);
        assert_non_null(bytes);
        size_t len = fread(bytes, 1, FILES_BYTES, file);
        found = found || memmem(bytes, len, words, strlen(words));
        free(bytes);
        (void)fclose(file);
    }
    (void)closedir(d);
    return found;
}

static struct log_view last_of(struct fixture *f, struct log_reader **ret_reader)
{
    struct log_view view = {0}, last = {0};
    struct error err = {0};
    if (!log_reader_open(&(struct log_reader_options){.dir = f->log}, ret_reader, &err))
        fail_msg("%s", err.where);
    while (log_reader_next(*ret_reader, &view, &err) == LOG_READ_RECORD)
        last = view;
    return last;
}

/* payload NULL: withheld for `reason`. */
static void expect_last(struct fixture *f, const char *payload, enum record_withheld_reason reason,
                        bool hashed)
{
    struct log_reader *reader = NULL;
    struct log_view view = last_of(f, &reader);
    struct record_mqtt mqtt;
    struct record_withheld withheld;
    assert_int_equal(view.flags, RECORD_FLAG_TRANSFORMED);
    if (payload) {
        assert_true(record_mqtt_decode(view.body, view.body_len, &mqtt, NULL));
        assert_true(str_is(mqtt.payload, payload));
        assert_true(mqtt.bits & RECORD_MQTT_PERSONAL);
        assert_int_equal(mqtt.keyed_hash.len, hashed ? RECORD_KEYED_HASH_BYTES : 0);
    } else {
        assert_true(record_withheld_decode(view.body, view.body_len, &withheld, NULL));
        assert_int_equal(withheld.reason, reason);
        assert_true(withheld.bits & RECORD_MQTT_PERSONAL);
        assert_int_equal(withheld.keyed_hash.len, hashed ? RECORD_KEYED_HASH_BYTES : 0);
    }
    log_reader_close(reader);
}

static void nothing_personal_is_written(void **state)
{
    (void)state;
    struct fixture f = {0};
    char big[LIMIT + 64], expected[256];
    open_with(&f, "a secret of my own");
    assert_int_equal(take(&f, "door/g",
                          STR_LIT("{\"card\":{\"number\":\"" CARD
                                  "\",\"type\":2},\"person\":\"" NAME "\",\"in\":1}")),
                     PRIVACY_REDACTED);
    struct payload_key key;
    uint8_t hash[RECORD_KEYED_HASH_BYTES];
    assert_true(payload_key_derive(STR_LIT("a secret of my own"), 0, &key));
    assert_true(payload_keyed_hash(&key, STR_LIT(CARD), hash));
    int n = snprintf(expected, sizeof expected, "{\"card\":{\"number\":\"");
    for (size_t i = 0; i < sizeof hash; i++)
        n += snprintf(expected + n, sizeof expected - (size_t)n, "%02x", hash[i]);
    (void)snprintf(expected + n, sizeof expected - (size_t)n, "\",\"type\":2},\"in\":1}");
    expect_last(&f, expected, RECORD_WITHHELD_FAILED, true);
    /* A drill's cards are cards. */
    assert_int_equal(take(&f, "drill/v/raw/door/g", STR_LIT("{\"person\":\"" NAME "\",\"in\":1}")),
                     PRIVACY_REDACTED);
    expect_last(&f, "{\"in\":1}", RECORD_WITHHELD_FAILED, true);
    assert_int_equal(take(&f, "door/g", STR_LIT("card=" CARD " " NAME)), PRIVACY_WITHHELD);
    expect_last(&f, NULL, RECORD_WITHHELD_MALFORMED, true);
    assert_int_equal(take(&f, "door/g", STR_LIT("{\"person\":\"" NAME "\xff\"}")),
                     PRIVACY_WITHHELD);
    expect_last(&f, NULL, RECORD_WITHHELD_UTF8, true);
    memset(big, ' ', sizeof big);
    memcpy(big, CARD NAME, sizeof CARD NAME - 1);
    assert_int_equal(take(&f, "door/g", (struct str){big, sizeof big}), PRIVACY_WITHHELD);
    expect_last(&f, NULL, RECORD_WITHHELD_OVERSIZED, true);
    /* A last will is no JSON, and all the same the map's own word; any other text is not. */
    assert_int_equal(take(&f, "door/g/will", STR_LIT("gone")), PRIVACY_PLAIN);
    assert_int_equal(take(&f, "door/g/will", STR_LIT(NAME)), PRIVACY_WITHHELD);
    expect_last(&f, NULL, RECORD_WITHHELD_MALFORMED, true);
    /* A card where its object should be. */
    assert_int_equal(take(&f, "door/g", STR_LIT("{\"card\":[\"" CARD "\"],\"in\":1}")),
                     PRIVACY_REDACTED);
    assert_false(dir_holds(f.log, CARD));
    assert_false(dir_holds(f.log, NAME));
    assert_true(dir_holds(f.log, "door/g"));
    close_all(&f);
}

static void without_a_key_what_would_be_hashed_is_withheld(void **state)
{
    (void)state;
    struct fixture f = {0};
    open_with(&f, "");
    assert_int_equal(take(&f, "door/g", STR_LIT("{\"card\":{\"number\":\"" CARD "\"},\"in\":1}")),
                     PRIVACY_WITHHELD);
    expect_last(&f, NULL, RECORD_WITHHELD_KEY, false);
    assert_int_equal(take(&f, "door/g", STR_LIT("{\"person\":\"" NAME "\",\"in\":1}")),
                     PRIVACY_REDACTED);
    expect_last(&f, "{\"in\":1}", RECORD_WITHHELD_FAILED, false);
    assert_false(dir_holds(f.log, CARD));
    assert_false(dir_holds(f.log, NAME));
    close_all(&f);
}

/* The topic as it is kept; taken: whether the payload may be. */
static void expect_topic(struct fixture *f, const char *topic, const char *kept)
{
    struct record_withheld withheld;
    struct intake_message message = {.topic = str_of(topic), .payload = STR_LIT("{\"in\":1}")};
    assert_int_equal(take(f, topic, message.payload), PRIVACY_REDACTED);
    assert_int_equal(privacy_take(f->privacy, f->venue, &message, &withheld), PRIVACY_REDACTED);
    assert_true(message.topic_redacted && !message.personal);
    if (!str_is(message.topic, kept))
        fail_msg("%s: kept as %.*s, not %s", topic, (int)message.topic.len, message.topic.at, kept);
    assert_true(str_is(message.payload, "{\"in\":1}"));
    assert_non_null(payload_maps_find(f->venue->payloads, message.topic.at[0] == 'd'
                                                              ? STR_LIT("badge/-/at/g-x")
                                                              : message.topic));
}

static void nothing_personal_of_a_topic_is_written(void **state)
{
    (void)state;
    struct fixture f = {0};
    struct payload_key key;
    uint8_t hash[RECORD_KEYED_HASH_BYTES];
    char hex[2 * RECORD_KEYED_HASH_BYTES + 1], kept[200];
    open_with(&f, "a secret of my own");
    assert_true(payload_key_derive(STR_LIT("a secret of my own"), 0, &key));
    assert_true(payload_keyed_hash(&key, STR_LIT(CARD), hash));
    for (size_t i = 0; i < sizeof hash; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    (void)snprintf(kept, sizeof kept, "badge/-/at/g-%s", hex);
    expect_topic(&f, "badge/" NAME "/at/g-" CARD, kept);
    (void)snprintf(kept, sizeof kept, "by/%s/-/g", hex);
    expect_topic(&f, "by/" CARD "/" NAME "/g", kept);
    (void)snprintf(kept, sizeof kept, "drill/v/raw/badge/-/at/g-%s", hex);
    expect_topic(&f, "drill/v/raw/badge/" NAME "/at/g-" CARD, kept);
    assert_int_equal(take(&f, "badge/" NAME "/will", STR_LIT("gone")), PRIVACY_REDACTED);
    assert_true(dir_holds(f.log, "badge/-/will"));
    assert_false(dir_holds(f.log, CARD));
    assert_false(dir_holds(f.log, NAME));
    close_all(&f);
    f = (struct fixture){0};
    open_with(&f, ""); /* no key: what would be hashed is dropped, and nothing else kept */
    assert_int_equal(take(&f, "by/" CARD "/" NAME "/g", STR_LIT("{\"in\":1}")), PRIVACY_WITHHELD);
    expect_last(&f, NULL, RECORD_WITHHELD_KEY, false);
    assert_true(dir_holds(f.log, "by/-/-/g"));
    assert_false(dir_holds(f.log, CARD));
    assert_false(dir_holds(f.log, NAME));
    close_all(&f);
}

static void other_topics_stay_as_they_are(void **state)
{
    (void)state;
    static const char *const topics[] = {"plain/g", "crowdtide/v/gate/g", "door", "doors/g",
                                         "drill/v/gate/g"};
    struct fixture f = {0};
    open_with(&f, "a secret of my own");
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++)
        assert_int_equal(take(&f, topics[i], STR_LIT("{\"person\": 1 }")), PRIVACY_PLAIN);
    assert_true(dir_holds(f.log, "{\"person\": 1 }"));
    close_all(&f);
}

/* At the venue's midnight, not at that of Greenwich. */
static void keys_rotate(void **state)
{
    (void)state;
    static const struct {
        int64_t utc_s;
        bool other;
    } rows[] = {
        {15 * 3600, false}, {16 * 3600 - 1, false}, {16 * 3600, true}, {40 * 3600 - 1, true}};
    struct fixture f = {0};
    struct record_withheld withheld;
    open_with(&f, "a secret of my own");
    struct intake_message first = {.topic = STR_LIT("door/g"),
                                   .payload = STR_LIT("{\"card\":{\"number\":\"" CARD "\"}}")};
    char before[128];
    assert_int_equal(privacy_take(f.privacy, f.venue, &first, &withheld), PRIVACY_REDACTED);
    (void)snprintf(before, sizeof before, "%.*s", (int)first.payload.len, first.payload.at);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct intake_message again = {.topic = STR_LIT("door/g"),
                                       .payload = STR_LIT("{\"card\":{\"number\":\"" CARD "\"}}")};
        privacy_clock(f.privacy, rows[i].utc_s * NS_PER_S, 8 * 3600);
        assert_int_equal(privacy_take(f.privacy, f.venue, &again, &withheld), PRIVACY_REDACTED);
        assert_int_equal(str_is(again.payload, before), !rows[i].other);
    }
    close_all(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_personal_is_written),
        cmocka_unit_test(without_a_key_what_would_be_hashed_is_withheld),
        cmocka_unit_test(nothing_personal_of_a_topic_is_written),
        cmocka_unit_test(other_topics_stay_as_they_are),
        cmocka_unit_test(keys_rotate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
