/* What people read: the whole texts of typical pages, and that none is too long, cut inside a
 * character, or without its mark. */
#include "processors/page/page_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/support.h"

static const char venue_yaml[] =
    "venue: {id: expo, name: 国家会展中心, time_zone: Asia/Shanghai, capacity: 20000}\n"
    "zones:\n"
    "  - {id: hall-1, name: 1号馆, kind: hall, capacity: 10000}\n"
    "sensors:\n"
    "  - {id: s1, class: crowd, counter: level, zone: hall-1, interval_s: 5}\n";

struct fixture {
    struct venue *venue;
    struct time_zone zone;
    struct json_parser *json;
    struct result_alert alert;
    struct page_about about;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct problems *problems = calloc(1, sizeof *problems);
    assert_non_null(f);
    assert_non_null(problems);
    if (!venue_parse(str_of(venue_yaml), &f->venue, problems))
        fail_msg("%s", problems->problem[0].text);
    free(problems);
    assert_true(time_zone_load(NULL, f->venue->time_zone, &f->zone, NULL));
    f->json = json_parser_new(64 * 1024);
    assert_non_null(f->json);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    venue_free(f->venue);
    json_parser_free(f->json);
    free(f);
    return 0;
}

enum { START_S = 1795573920 /* 2026-11-25 02:32 UTC, 10:32 in Shanghai */ };
#define START_MS (INT64_C(1000) * START_S)

/* A red alert of hall 1, as the core says it. */
static struct result_alert *red(struct fixture *f)
{
    struct result_alert *a = &f->alert;
    result_clear(RECORD_ALERT, a);
    a->id = STR_LIT("expo/hall-1/hall-capacity/1795573920000");
    a->n = 1;
    a->venue = STR_LIT("expo");
    a->zone = STR_LIT("hall-1");
    a->rule = STR_LIT("hall-capacity");
    a->status = STR_LIT("Actual");
    a->state = STR_LIT("active_unacked");
    a->from_state = STR_LIT("normal");
    a->level = LEVEL_RED;
    a->from_level = LEVEL_NONE;
    a->metric = STR_LIT("percent_capacity");
    a->unit = STR_LIT("%");
    a->value = 103.2307692;
    a->estimate = 98;
    a->threshold = 100;
    a->capacity = 10000;
    a->start = START_MS;
    a->at = START_MS + 10000;
    a->escalation = 0;
    a->page = true;
    a->action = STR_LIT("Stop entry.");
    a->plan = STR_LIT("[{\"step\":1,\"text\":\"停止入场\",\"done\":true,\"by\":\"lin\"},"
                      "{\"step\":2,\"text\":\"只出不进，广播引导\",\"done\":false}]");
    f->about = (struct page_about){f->venue, &f->zone, a, a->at + 500, f->json};
    return a;
}

static void must_say(const struct fixture *f, enum paging_language language, bool whole,
                     const char *expected)
{
    char bytes[PAGE_TEXT_BODY_BYTES_MAX];
    struct text out = text_over(bytes, sizeof bytes);
    if (whole)
        page_text_body(&f->about, language, &out);
    else
        page_text_subject(&f->about, language, &out);
    assert_false(out.overflow);
    if (!str_equal((struct str){bytes, (uint32_t)out.len}, str_of(expected)))
        fail_msg("expected:\n%s\nbut it says:\n%.*s", expected, (int)out.len, bytes);
}

static void a_red_alert_in_full(void **state)
{
    struct fixture *f = *state;
    (void)red(f);
    must_say(f, PAGING_ZH, false, "【红色预警】1号馆：客流达核定承载量的 103.2%");
    must_say(f, PAGING_EN, false, "RED: 1号馆: crowd at 103.2 % of the approved capacity");
    must_say(f, PAGING_BOTH, false,
             "【红色预警】1号馆：客流达核定承载量的 103.2% / RED: 1号馆: crowd at 103.2 % of the "
             "approved capacity");
    must_say(f, PAGING_ZH, true,
             "【红色预警】1号馆：客流达核定承载量的 103.2%\n"
             "阈值 100%（核定承载量 10000 人），最佳估计 98（按误差上限判定）\n"
             "始于 11月25日 10:32\n"
             "处置：只出不进，广播引导（预案第 2 步，共 2 步）\n"
             "国家会展中心（当地时间 Asia/Shanghai）\n"
             "expo/hall-1/hall-capacity/1795573920000");
    must_say(f, PAGING_EN, true,
             "RED: 1号馆: crowd at 103.2 % of the approved capacity\n"
             "threshold 100 % (of 10000 people), best estimate 98 (judged by the upper end of its "
             "error)\n"
             "since 25 Nov 10:32\n"
             "do: stop entry, exit only; command and police; start the plan. 只出不进，广播引导 "
             "(step 2 of 2 of the plan)\n"
             "国家会展中心 (local time Asia/Shanghai)\n"
             "expo/hall-1/hall-capacity/1795573920000");
}

/* ---- each form ------------------------------------------------------------------------------- */

static void escalated(struct result_alert *a)
{
    a->escalation = 2;
    a->at = a->start + 120000;
}
static void unknown(struct result_alert *a)
{
    a->state = STR_LIT("unknown");
    a->level = LEVEL_UNKNOWN;
    a->last_known_level = LEVEL_RED;
    a->cause = STR_LIT("sensors");
    a->at = a->start + 300000;
}
static void resolved(struct result_alert *a)
{
    a->state = STR_LIT("resolved");
    a->level = LEVEL_NONE;
    a->from_level = LEVEL_YELLOW;
    a->value = 70;
    a->at = a->start + 3600000;
}
static void lowered(struct result_alert *a)
{
    a->level = LEVEL_ORANGE;
    a->from_level = LEVEL_RED;
    a->value = 95;
}
static void acked(struct result_alert *a)
{
    a->state = STR_LIT("active_acked");
    a->from_level = LEVEL_RED;
    a->operator= STR_LIT("lin");
    a->note = STR_LIT("已派人\n前往");
}
static void shelved(struct result_alert *a)
{
    a->state = STR_LIT("shelved");
    a->level = a->from_level = LEVEL_YELLOW;
    a->until = a->start + 1800000;
}
static void suppressed(struct result_alert *a)
{
    a->state = STR_LIT("suppressed");
    a->level = a->from_level = LEVEL_ORANGE;
    a->cause = STR_LIT("red");
}
static void exercise(struct result_alert *a)
{
    a->status = STR_LIT("Exercise");
    a->level = LEVEL_YELLOW;
}
static void test(struct result_alert *a)
{
    a->status = STR_LIT("Test");
}
static void density(struct result_alert *a)
{
    a->metric = STR_LIT("density");
    a->unit = STR_LIT("people/m2");
    a->value = 4.055;
    a->threshold = 4;
    a->plan = (struct str){0};
}
static void blind(struct result_alert *a)
{
    a->zone = STR_LIT("expo");
    a->rule = STR_LIT(PAGING_RULE_BLIND);
    a->state = STR_LIT("unknown");
    a->level = LEVEL_UNKNOWN;
    a->last_known_level = LEVEL_RED;
    a->metric = a->action = a->plan = (struct str){0};
    a->value = a->threshold = a->estimate = (double)NAN;
    a->cause = STR_LIT("ingest");
}
static void undeliverable(struct result_alert *a)
{
    blind(a);
    a->rule = STR_LIT("page-undeliverable");
    a->state = STR_LIT("active_unacked");
    a->level = LEVEL_ORANGE;
    a->last_known_level = LEVEL_ABSENT;
}
static void late(struct result_alert *a)
{
    a->late = true;
    a->at = a->start - 5 * 60000; /* now is five minutes later */
    a->chattering = true;
    a->assigned = STR_LIT("zhao");
}
static void strange(struct result_alert *a)
{
    a->zone = STR_LIT("hall-9");
    a->metric = STR_LIT("noise_db");
    a->unit = STR_LIT("dB");
    a->value = 91.256;
    a->plan = STR_LIT("[{");
}
static void bare(struct result_alert *a)
{
    a->value = a->estimate = a->threshold = (double)NAN;
    a->start = a->at = RESULT_ABSENT;
    a->escalation = RESULT_ABSENT;
    a->action = a->plan = a->id = a->metric = (struct str){0};
}

static void each_form_says_what_it_is(void **state)
{
    struct fixture *f = *state;
    static const struct {
        void (*change)(struct result_alert *);
        enum paging_language language;
        bool body;
        const char *text; /* is in it */
    } rows[] = {
        {escalated, PAGING_ZH, false, "【红色预警·第2次升级】1号馆：客流"},
        {escalated, PAGING_EN, false, "RED, escalation 2: 1号馆: crowd"},
        {escalated, PAGING_ZH, true,
         "始于 11月25日 10:32，已 2 分钟\n尚无人确认，请立即确认并处置\n"},
        {escalated, PAGING_EN, true, "for 2 min\nnobody has acknowledged it: do so, and act\n"},
        {unknown, PAGING_ZH, false, "【无数据】1号馆：无数据，此前为红色"},
        {unknown, PAGING_EN, false, "NO DATA: 1号馆: no data, was RED"},
        {unknown, PAGING_ZH, true, "数据中断于 11月25日 10:37\n原因：传感器无数据\n处置："},
        {unknown, PAGING_ZH, true, "最后：客流达核定承载量的 103.2%"},
        {unknown, PAGING_EN, true, "; data lost at 25 Nov 10:37\nwhy: its sensors are silent\n"},
        {resolved, PAGING_ZH, false, "【解除】1号馆：预警解除，客流达核定承载量的 70%"},
        {resolved, PAGING_EN, true, "since 25 Nov 10:32, lasted 60 min\n国家会展中心"},
        {lowered, PAGING_ZH, false, "【降为橙色】1号馆：客流达核定承载量的 95%"},
        {lowered, PAGING_EN, false, "LOWERED to ORANGE: 1号馆"},
        {acked, PAGING_ZH, false, "【红色预警·已确认】1号馆"},
        {acked, PAGING_EN, false, "RED, acknowledged: 1号馆"},
        {acked, PAGING_ZH, true, "\n备注：已派人 前往（lin）\n"},
        {shelved, PAGING_ZH, true, "【黄色预警·已搁置】"},
        {shelved, PAGING_EN, true, "shelved until 25 Nov 11:02\n国家"},
        {suppressed, PAGING_ZH, true, "原因：已有红色预警"},
        {exercise, PAGING_ZH, false, "【演练】【黄色预警】1号馆"},
        {exercise, PAGING_EN, false, "[EXERCISE] YELLOW: 1号馆"},
        {exercise, PAGING_BOTH, false, "【演练 EXERCISE】【黄色预警】1号馆"},
        {exercise, PAGING_ZH, true, "\n这是演练，不是实际情况\n"},
        {test, PAGING_ZH, true, "【测试】【红色预警】"},
        {test, PAGING_EN, true, "this is a test: do nothing"},
        {density, PAGING_ZH, false, "1号馆：拥挤度 4.06 人/m²"},
        {density, PAGING_EN, false, "density 4.06 people/m²"},
        {density, PAGING_ZH, true,
         "处置：停止入场，只出不进；报告指挥部和公安；启动预案。Stop entry."},
        {density, PAGING_EN, true, "\ndo: Stop entry.\n"},
        {blind, PAGING_ZH, false, "【无数据】国家会展中心：监测失效，全场状态未知"},
        {blind, PAGING_EN, true, "do: watch by eye and report by radio"},
        {blind, PAGING_EN, true, "\nwhy: ingest\n"},
        {undeliverable, PAGING_ZH, false, "【橙色预警】国家会展中心：告警无法送达"},
        {late, PAGING_ZH, true, "\n由迟到的数据判定\n此消息迟到 5 分钟\n反复触发\n负责人：zhao\n"},
        {late, PAGING_EN, true, "found by data that came late\nthis message is late by 5 min\n"},
        {strange, PAGING_EN, false, "RED: hall-9: noise_db 91.26 dB"},
        {strange, PAGING_EN, true, "\ndo: Stop entry.\n"},
        {bare, PAGING_ZH, true, "【红色预警】1号馆：hall-capacity\n国家会展中心"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char bytes[PAGE_TEXT_BODY_BYTES_MAX + 1];
        struct text out = text_over(bytes, sizeof bytes - 1);
        rows[i].change(red(f));
        f->about.now_ms = f->alert.at == RESULT_ABSENT ? START_MS : START_MS + 1000;
        if (rows[i].body)
            page_text_body(&f->about, rows[i].language, &out);
        else
            page_text_subject(&f->about, rows[i].language, &out);
        bytes[out.len] = '\0';
        if (!strstr(bytes, rows[i].text))
            fail_msg("row %zu: \"%s\" is expected in:\n%s", i, rows[i].text, bytes);
    }
}

/* ---- whatever it is -------------------------------------------------------------------------- */

static uint64_t next(uint64_t *random)
{
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *random >> 33;
}

/* Up to `max` bytes of characters of every length; sometimes of any bytes. */
static struct str words(uint64_t *random, char *at, uint32_t max)
{
    static const char *const parts[] = {"a", "\n", "é", "限流", "😀", "\"", "<b>", "馆"};
    struct text t = text_over(at, max);
    bool bytes = next(random) % 16 == 0;
    for (uint32_t n = (uint32_t)(next(random) % max); t.len < n && !t.overflow;) {
        if (bytes)
            text_add_char(&t, (char)next(random));
        else if (t.cap - t.len > 4)
            text_add(&t, parts[next(random) % 8]);
        else
            break;
    }
    return (struct str){at, (uint32_t)t.len};
}

static void check_text(const struct text *out, size_t max, bool subject, const char *mark)
{
    assert_false(out->overflow);
    assert_true(out->len > 0 && out->len <= max);
    assert_true(utf8_valid((const uint8_t *)out->at, out->len));
    for (size_t i = 0; i < out->len; i++) {
        unsigned char c = (unsigned char)out->at[i];
        assert_true(c >= 0x20 || (c == '\n' && !subject));
        assert_true(c != 0x7f);
    }
    assert_memory_equal(out->at, mark, strlen(mark));
}

static void texts_are_bounded_and_marked(void **state)
{
    struct fixture *f = *state;
    static void (*const changes[])(struct result_alert *) = {
        escalated, unknown, resolved, lowered,       acked, shelved, suppressed,
        density,   blind,   strange,  undeliverable, late,  bare};
    static const char *const marks[2][3] = {{"【演练】", "[EXERCISE] ", "【演练 EXERCISE】"},
                                            {"【测试】", "[TEST] ", "【测试 TEST】"}};
    static char texts[8][3000];
    uint64_t random = 7;
    for (int round = 0; round < 20000; round++) {
        struct result_alert *a = red(f);
        struct str *fields[] = {&a->action, &a->note,   &a->operator, & a->assigned,
                                &a->cause,  &a->metric, &a->zone,
                                &a->id};
        changes[next(&random) % 13](a);
        for (uint32_t i = 0; i < 8; i++)
            if (next(&random) % 3 == 0)
                *fields[i] = words(&random, texts[i], 3000);
        if (next(&random) % 4 == 0)
            a->value = (double)next(&random) * 1e300;
        int status = (int)(next(&random) % 3);
        a->status = status == 0   ? STR_LIT("Exercise")
                    : status == 1 ? STR_LIT("Test")
                                  : STR_LIT("Actual");
        for (int language = PAGING_ZH; language <= PAGING_BOTH; language++) {
            char bytes[PAGE_TEXT_BODY_BYTES_MAX];
            struct text out = text_over(bytes, sizeof bytes);
            const char *mark = status < 2 ? marks[status][language] : "";
            page_text_subject(&f->about, (enum paging_language)language, &out);
            check_text(&out, PAGE_TEXT_SUBJECT_BYTES_MAX, true, mark);
            out = text_over(bytes, sizeof bytes);
            page_text_body(&f->about, (enum paging_language)language, &out);
            check_text(&out, PAGE_TEXT_BODY_BYTES_MAX, false, mark);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_red_alert_in_full),
        cmocka_unit_test(each_form_says_what_it_is),
        cmocka_unit_test(texts_are_bounded_and_marked),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
