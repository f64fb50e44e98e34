/* save: a state saved and loaded at any point goes on exactly as the one that was not; bytes that
 * are no state are refused. */
#include "tests/support/core_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "processors/core/state.h"

#include "tests/support/support.h"

enum { STEPS = 3000, SAVES_EVERY = 47 };

static void reload(struct core_feed *feed)
{
    struct error err = {0};
    uint8_t *bytes, *again;
    size_t len, again_len;
    struct core *loaded;
    assert_true(core_save(feed->core, &bytes, &len, &err));
    if (!core_load(bytes, len, &loaded, &err))
        print_error("%s\n", err.where);
    assert_int_equal(err.code, ERROR_NONE);
    assert_true(core_save(loaded, &again, &again_len, &err));
    assert_int_equal(len, again_len);
    assert_memory_equal(bytes, again, len);
    free(bytes);
    free(again);
    core_free(feed->core);
    feed->core = loaded;
}

static void test_any_point(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct core_stream a = core_stream_begin(seed), b = core_stream_begin(seed);
        struct core_feed whole, broken;
        core_stream_init(&a, &whole);
        core_stream_init(&b, &broken);
        for (int i = 0; i < STEPS; i++) {
            core_stream_next(&a, &whole);
            core_stream_next(&b, &broken);
            assert_int_equal(whole.results.len, broken.results.len);
            assert_memory_equal(whole.results.bytes, broken.results.bytes, whole.results.len);
            if ((i + (int)seed) % SAVES_EVERY == 0)
                reload(&broken);
        }
        assert_true(whole.hash == broken.hash);
        assert_true(whole.result_count > STEPS);
        core_feed_free(&whole);
        core_feed_free(&broken);
    }
}

/* Before any model, and right after the model. */
static void test_young(void **state)
{
    (void)state;
    struct error err = {0};
    struct core_feed feed = {.core = core_new(&err)};
    reload(&feed);
    core_free(feed.core);
    struct core_stream s = core_stream_begin(9);
    core_stream_init(&s, &feed);
    reload(&feed);
    core_stream_next(&s, &feed);
    core_feed_free(&feed);
}

/* A repeat is known across a restart, also the first number of a device that sends no time. */
static void test_repeat_is_kept(void **state)
{
    (void)state;
    static const char payload[] = "{\"seq\":1,\"in\":1,\"out\":0}";
    struct core_stream s = core_stream_begin(8);
    struct core_feed feed;
    core_stream_init(&s, &feed);
    core_feed_publish(&feed, s.t_ms, "crowdtide/v/crowd/s3", payload, 0);
    reload(&feed);
    core_feed_publish(&feed, s.t_ms, "crowdtide/v/crowd/s3", payload, 0);
    assert_int_equal(core_books(feed.core).decoded, 1);
    assert_int_equal(core_books(feed.core).duplicate, 1);
    core_feed_free(&feed);
}

static void test_late_setting_is_kept(void **state)
{
    (void)state;
    struct core_stream s = core_stream_begin(3);
    struct core_feed feed;
    union result_any any;
    core_stream_init(&s, &feed);
    core_late_set(feed.core, 5000);
    reload(&feed);
    core_feed_publish(&feed, s.t_ms, "crowdtide/v/crowd/s0",
                      "{\"ts\":1795424393000,\"occupancy\":1}", 0);
    assert_true(core_feed_last(&feed, RECORD_READING, &any));
    assert_int_equal(any.reading.late, 1);
    core_feed_free(&feed);
}

static void test_damage(void **state)
{
    (void)state;
    struct core_stream s = core_stream_begin(5);
    struct core_feed feed;
    struct error err = {0};
    struct core *loaded = NULL;
    uint8_t *bytes;
    size_t len;
    core_stream_init(&s, &feed);
    for (int i = 0; i < 200; i++)
        core_stream_next(&s, &feed);
    assert_true(core_save(feed.core, &bytes, &len, &err));
    for (int i = 0; i < 400; i++) { /* one bit anywhere */
        size_t at = core_stream_below(&s, (uint32_t)len);
        uint8_t bit = (uint8_t)(1u << core_stream_below(&s, 8));
        bytes[at] ^= bit;
        assert_false(core_load(bytes, len, &loaded, &err));
        assert_true(err.code == ERROR_CORRUPT || err.code == ERROR_VERSION);
        bytes[at] ^= bit;
    }
    for (size_t cut = 0; cut < len; cut += 1 + len / 300)
        assert_false(core_load(bytes, cut, &loaded, &err));
    bytes[7]++; /* a later format */
    assert_false(core_load(bytes, len, &loaded, &err));
    assert_int_equal(err.code, ERROR_VERSION);
    assert_null(loaded);
    free(bytes);
    core_feed_free(&feed);
}

/* However long the day, the state has a size. Once every memory that is bounded is full (repeats:
 * the last 1,024 messages of a sensor), nothing grows. */
static void test_bounded(void **state)
{
    (void)state;
    enum { FULL = 30000, LONGER = 60000 };
    struct core_stream s = core_stream_begin(11);
    struct core_feed feed;
    struct error err = {0};
    size_t most_full = 0, most_later = 0;
    core_stream_init(&s, &feed);
    for (int i = 0; i < LONGER; i++) {
        uint8_t *bytes;
        size_t len;
        core_stream_next(&s, &feed);
        if (i < FULL / 2 || i % 500 != 0)
            continue;
        assert_true(core_save(feed.core, &bytes, &len, &err));
        free(bytes);
        size_t *most = i < FULL ? &most_full : &most_later;
        *most = len > *most ? len : *most;
    }
    print_message("state: %zu bytes, later %zu\n", most_full, most_later);
    assert_true(most_later < most_full + most_full / 4);
    core_feed_free(&feed);
}

/* What core 7 saved in format 5: a hall with 90 of 100 people, its alert open. It has neither what
 * is newer in a zone nor the alert of a rule that is built in since. */
static void test_format_before(void **state)
{
    (void)state;
    static uint8_t bytes[64 * 1024];
    static const char *const states[] = {"unknown", "active_unacked"};
    FILE *file = fopen(CROWDTIDE_SOURCE_DIR "/tests/processors/core/state_5.bin", "rb");
    struct core_feed feed = {.t_ms = INT64_C(1795428309000)};
    struct error err = {0};
    union result_any any;
    assert_non_null(file);
    size_t len = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    assert_int_equal(bytes[7], 5);
    assert_true(core_load(bytes, len, &feed.core, &err));
    const struct model *model = &feed.core->model;
    int open = 0;
    for (uint32_t i = 0; i < model->alert_count; i++) {
        const struct venue_rule *rule = &model->venue->rules[model->alerts[i].rule];
        bool hall = str_is(rule->id, "hall-capacity");
        open += alert_open(&model->alerts[i]);
        if (hall || rule->metric == METRIC_RECOUNT_ZONES)
            assert_string_equal(alert_state_text(model->alerts[i].state), states[hall]);
    }
    assert_int_equal(open, 1);
    reload(&feed); /* in the format of now */
    core_feed_publish(&feed, feed.t_ms + 1000, "crowdtide/v/crowd/d", "{\"in\":5,\"out\":2}", 0);
    core_feed_tick(&feed, feed.t_ms + 1000);
    assert_true(core_feed_last(&feed, RECORD_ZONE, &any));
    assert_int_equal(any.zone.occupancy, 93);
    core_feed_free(&feed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_point),      cmocka_unit_test(test_young),
        cmocka_unit_test(test_repeat_is_kept), cmocka_unit_test(test_late_setting_is_kept),
        cmocka_unit_test(test_damage),         cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_format_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
