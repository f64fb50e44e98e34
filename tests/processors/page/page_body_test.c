/* What is sent to each kind of target, and what becomes of its answers. */
#include "processors/page/page_body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/json/json.h"
#include "tests/support/support.h"

static const int64_t now_ms = INT64_C(1700000000000); /* 2023-11-14T22:13:20Z */

static struct result_alert alert(void)
{
    struct result_alert a;
    result_clear(RECORD_ALERT, &a);
    a.id = STR_LIT("fair/hall-1/hall-capacity/1699999990000");
    a.n = 3;
    a.venue = STR_LIT("fair");
    a.zone = STR_LIT("hall-1");
    a.rule = STR_LIT("hall-capacity");
    a.status = STR_LIT("Actual");
    a.state = STR_LIT("active_unacked");
    a.level = LEVEL_ORANGE;
    a.start = now_ms - 10000;
    a.at = now_ms - 1000;
    a.page = true;
    return a;
}

static const char *const recipients[] = {"desk@fair.example", "duty@fair.example"};

static struct paging_target target(enum paging_kind kind)
{
    return (struct paging_target){.id = STR_LIT("t"),
                                  .kind = kind,
                                  .url = kind == PAGING_EMAIL ? "smtp://127.0.0.1:2525"
                                                              : "http://127.0.0.1:9093/x",
                                  .secret = "SECabc",
                                  .username = "",
                                  .from = "crowdtide@fair.example",
                                  .to = recipients,
                                  .to_count = 2,
                                  .ca_file = ""};
}

struct said {
    enum page_act act;
    const char *state;
    int level, said_level;
    const char *text;
};

/* Writes one note; the message is the caller's to free. */
static struct page_message *say(enum paging_kind kind, struct said said)
{
    struct page_message *message = calloc(1, sizeof *message);
    struct error err = {0};
    struct result_alert a = alert();
    struct paging_target t = target(kind);
    if (said.state)
        a.state = str_of(said.state);
    a.level = (int8_t)said.level;
    const struct page_note note = {.act = said.act,
                                   .alert = &a,
                                   .said_level = said.said_level,
                                   .subject = STR_LIT("橙色 orange: hall-1 \"9,100\" people"),
                                   .text = str_of(said.text ? said.text : "第一行\nline two")};
    assert_non_null(message);
    if (!page_body_write(&t, &note, 1, now_ms, message, &err))
        fail_msg("%s", err.where);
    message->body[message->len] = '\0';
    return message;
}

static void valid_json(const struct page_message *message)
{
    struct json_document document;
    struct json_parser *parser = json_parser_new(PAGE_BODY_BYTES_MAX);
    uint8_t *bytes = calloc(1, message->len + JSON_PADDING_BYTES);
    assert_non_null(bytes);
    memcpy(bytes, message->body, message->len);
    enum json_status status = json_parse_document(parser, bytes, message->len, &document);
    if (status != JSON_OK)
        fail_msg("%s: %s", json_status_text(status), message->body);
    free(bytes);
    json_parser_free(parser);
}

static void each_kind_has_its_own_words(void **state)
{
    (void)state;
    static const struct {
        enum paging_kind kind;
        struct said said;
        const char *has[6], *lacks;
    } cases[] = {
        {PAGING_ALERTMANAGER,
         {PAGE_RING, NULL, LEVEL_ORANGE, LEVEL_ABSENT, NULL},
         {"\"level\":\"orange\"", "\"crowdtide_id\":\"fair/hall-1/hall-capacity/1699999990000\"",
          "\"startsAt\":\"2023-11-14T22:13:10.000Z\"", "\"endsAt\":\"2023-11-14T22:23:20.000Z\"",
          "\"alertname\":\"hall-capacity\"", "\"status\":\"Actual\""},
         "yellow"},
        /* The level is part of its identity there: the old one ends in the same request. */
        {PAGING_ALERTMANAGER,
         {PAGE_RING, NULL, LEVEL_ORANGE, LEVEL_YELLOW, NULL},
         {"\"level\":\"orange\"", "\"endsAt\":\"2023-11-14T22:23:20.000Z\"}",
          "\"level\":\"yellow\"", "\"endsAt\":\"2023-11-14T22:13:20.000Z\"}"},
         NULL},
        {PAGING_ALERTMANAGER,
         {PAGE_END, "resolved", LEVEL_NONE, LEVEL_ORANGE, NULL},
         {"\"level\":\"orange\"", "\"endsAt\":\"2023-11-14T22:13:19.000Z\"}"},
         "\"none\""},
        {PAGING_PAGERDUTY,
         {PAGE_RING, NULL, LEVEL_RED, LEVEL_ABSENT, NULL},
         {"\"routing_key\":\"SECabc\"", "\"event_action\":\"trigger\"", "\"severity\":\"critical\"",
          "\"dedup_key\":\"fair/hall-1/hall-capacity/1699999990000\"", "\"source\":\"fair/hall-1\"",
          "\"n\":3"},
         NULL},
        {PAGING_PAGERDUTY,
         {PAGE_UPDATE, "active_acked", LEVEL_ORANGE, LEVEL_ORANGE, NULL},
         {"\"event_action\":\"acknowledge\"", "\"severity\":\"error\""},
         NULL},
        /* Worse than what was acknowledged rings, whatever the state says. */
        {PAGING_PAGERDUTY,
         {PAGE_RING, "active_acked", LEVEL_YELLOW, LEVEL_ORANGE, NULL},
         {"\"event_action\":\"trigger\"", "\"severity\":\"warning\""},
         NULL},
        {PAGING_PAGERDUTY,
         {PAGE_END, "resolved", LEVEL_NONE, LEVEL_ORANGE, NULL},
         {"\"event_action\":\"resolve\""},
         NULL},
        {PAGING_WEBHOOK,
         {PAGE_RING, NULL, LEVEL_ORANGE, LEVEL_ABSENT, NULL},
         {"\"specversion\":\"1.0\"", "\"id\":\"fair/hall-1/hall-capacity/1699999990000/3\"",
          "\"source\":\"/crowdtide/fair\"", "\"act\":\"ring\"",
          "\"key\":\"fair/hall-1/hall-capacity/1699999990000\"", "\"type\":\"crowdtide.page.v1\""},
         NULL},
        {PAGING_WECOM,
         {PAGE_RING, NULL, LEVEL_ORANGE, LEVEL_ABSENT, NULL},
         {"{\"msgtype\":\"text\",\"text\":{\"content\":\"橙色 orange",
          "people\\u000a第一行\\u000aline two\"}}"},
         NULL},
        {PAGING_DINGTALK,
         {PAGE_RING, NULL, LEVEL_ORANGE, LEVEL_ABSENT, NULL},
         {"\"msgtype\":\"text\""},
         NULL},
        {PAGING_FEISHU,
         {PAGE_RING, NULL, LEVEL_ORANGE, LEVEL_ABSENT, NULL},
         {"\"timestamp\":\"1700000000\"",
          "\"sign\":\"XprR1de+0SSBnwWyU/4k6x2TL+Q2SJlM5NNEdAv7MWg=\"", "\"msg_type\":\"text\""},
         NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct page_message *m = say(cases[i].kind, cases[i].said);
        for (int k = 0; k < 6 && cases[i].has[k]; k++) {
            if (!strstr(m->body, cases[i].has[k]))
                fail_msg("case %zu lacks %s: %s", i, cases[i].has[k], m->body);
        }
        if (cases[i].lacks && strstr(m->body, cases[i].lacks))
            fail_msg("case %zu has %s: %s", i, cases[i].lacks, m->body);
        valid_json(m);
        free(m);
    }
}

static void addresses_are_those_of_the_kind(void **state)
{
    (void)state;
    const struct said said = {PAGE_RING, NULL, LEVEL_ORANGE, LEVEL_ABSENT, NULL};
    struct page_message *m = say(PAGING_ALERTMANAGER, said);
    assert_string_equal(m->url, "http://127.0.0.1:9093/x/api/v2/alerts");
    free(m);
    m = say(PAGING_DINGTALK, said);
    assert_string_equal(m->url, "http://127.0.0.1:9093/x?timestamp=1700000000000&sign="
                                "jcUpW0QmtKduN03n4JqQ0PBosVjqnM8gU7fIIvsDmCM%3D");
    free(m);
    m = say(PAGING_WEBHOOK, said);
    assert_string_equal(m->url, "http://127.0.0.1:9093/x");
    assert_int_equal(m->header_count, 2);
    assert_int_equal(strncmp(m->header[1], "X-Crowdtide-Signature: t=1700000000,v1=", 39), 0);
    assert_int_equal(strlen(m->header[1]), 39 + 64);
    free(m);
}

static void a_long_text_is_cut_to_what_a_robot_takes_and_never_inside_a_character(void **state)
{
    (void)state;
    char text[9001];
    for (size_t i = 0; i + 3 < sizeof text; i += 3)
        memcpy(text + i, "馆", 3);
    text[sizeof text - 1] = '\0';
    for (uint32_t shift = 0; shift < 3; shift++) {
        struct page_message *m = say(PAGING_WECOM, (struct said){PAGE_RING, NULL, LEVEL_RED,
                                                                 LEVEL_ABSENT, text + 3 * shift});
        valid_json(m);
        assert_non_null(strstr(m->body, "\\u000a…\"}}"));
        assert_true(m->len < 2048 + 64);
        free(m);
    }
}

/* Undoes base64 of one line. */
static size_t unbase64(const char *at, size_t len, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = 0;
    uint32_t bits = 0;
    int have = 0;
    for (size_t i = 0; i < len && at[i] != '='; i++) {
        const char *digit = strchr(digits, at[i]);
        assert_non_null(digit);
        bits = bits << 6 | (uint32_t)(digit - digits);
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[n++] = (char)(bits >> have & 255);
        }
    }
    return n;
}

static void a_mail_is_plain_ascii_with_one_name_a_transition(void **state)
{
    (void)state;
    char body[4096] = {0};
    size_t n = 0;
    struct page_message *m =
        say(PAGING_EMAIL, (struct said){PAGE_RING, NULL, LEVEL_RED, LEVEL_ABSENT, NULL});
    struct page_message *end =
        say(PAGING_EMAIL, (struct said){PAGE_END, "resolved", LEVEL_NONE, LEVEL_RED, NULL});
    for (size_t i = 0; i < m->len; i++)
        assert_true((unsigned char)m->body[i] < 0x80);
    for (const char *line = m->body; *line;) {
        const char *over = strstr(line, "\r\n");
        assert_non_null(over);
        assert_true(over - line <= 78);
        line = over + 2;
    }
    assert_non_null(strstr(m->body, "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"));
    assert_non_null(strstr(m->body, "To: <desk@fair.example>,\r\n <duty@fair.example>\r\n"));
    assert_non_null(strstr(m->body, "Subject: =?UTF-8?B?"));
    assert_non_null(strstr(m->body, ".3@fair.crowdtide>\r\nReferences: <"));
    assert_non_null(strstr(m->body, "X-Priority: 1"));
    assert_null(strstr(end->body, "X-Priority: 1"));
    char *text = strstr(m->body, "\r\n\r\n") + 4;
    for (char *line = text; *line; line = strstr(line, "\r\n") + 2)
        n += unbase64(line, (size_t)(strstr(line, "\r\n") - line), body + n);
    assert_string_equal(body, "第一行\r\nline two");
    free(m);
    free(end);
}

static void a_key_that_is_too_long_is_hashed(void **state)
{
    (void)state;
    char id[300];
    struct error err = {0};
    struct result_alert a = alert();
    struct paging_target t = target(PAGING_PAGERDUTY);
    struct page_message *m = calloc(1, sizeof *m);
    assert_non_null(m);
    memset(id, 'x', sizeof id);
    const struct page_note note = {
        .act = PAGE_RING, .alert = &a, .said_level = LEVEL_ABSENT, .subject = STR_LIT("s")};
    for (uint32_t len = 255; len <= 256; len++) {
        a.id = (struct str){id, len};
        assert_true(page_body_write(&t, &note, 1, now_ms, m, &err));
        m->body[m->len] = '\0';
        char *key = strstr(m->body, "\"dedup_key\":\"") + 13;
        assert_int_equal(strchr(key, '"') - key, len == 255 ? 255 : 64);
    }
    free(m);
}

static void several_notes_make_one_request_to_an_alertmanager(void **state)
{
    (void)state;
    struct error err = {0};
    struct result_alert a = alert(), b = alert();
    struct paging_target t = target(PAGING_ALERTMANAGER);
    struct page_message *m = calloc(1, sizeof *m);
    assert_non_null(m);
    b.zone = STR_LIT("hall-2");
    const struct page_note notes[] = {
        {.act = PAGE_HOLD, .alert = &a, .said_level = LEVEL_ORANGE, .subject = STR_LIT("a")},
        {.act = PAGE_END, .alert = &b, .said_level = LEVEL_ORANGE, .subject = STR_LIT("b")}};
    assert_true(page_body_write(&t, notes, 2, now_ms, m, &err));
    m->body[m->len] = '\0';
    valid_json(m);
    assert_non_null(strstr(m->body, "hall-1"));
    assert_non_null(strstr(m->body, "hall-2"));
    free(m);
}

/* The venue's log is an hour ahead: the clock was set back. */
static void an_alertmanager_ends_at_once_what_is_over(void **state)
{
    (void)state;
    struct error err = {0};
    struct result_alert a = alert();
    struct paging_target t = target(PAGING_ALERTMANAGER);
    struct page_message *m = calloc(1, sizeof *m);
    assert_non_null(m);
    a.start += 3600000;
    a.at += 3600000;
    a.state = STR_LIT("resolved");
    const struct page_note note = {
        .act = PAGE_END, .alert = &a, .said_level = LEVEL_ORANGE, .subject = STR_LIT("a")};
    assert_true(page_body_write(&t, &note, 1, now_ms, m, &err));
    m->body[m->len] = '\0';
    assert_non_null(strstr(m->body, "\"startsAt\":\"2023-11-14T22:13:20.000Z\""));
    assert_non_null(strstr(m->body, "\"endsAt\":\"2023-11-14T22:13:20.000Z\""));
    free(m);
}

static void answers_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        enum paging_kind kind;
        int status;
        const char *body;
        enum page_verdict verdict;
    } cases[] = {
        {PAGING_WEBHOOK, 204, "", PAGE_TAKEN},
        {PAGING_PAGERDUTY, 202, "{}", PAGE_TAKEN},
        {PAGING_WEBHOOK, 0, "", PAGE_LATER},
        {PAGING_WEBHOOK, 500, "", PAGE_LATER},
        {PAGING_WEBHOOK, 429, "", PAGE_LATER},
        {PAGING_WEBHOOK, 408, "", PAGE_LATER},
        {PAGING_WEBHOOK, 400, "", PAGE_REFUSED},
        {PAGING_PAGERDUTY, 422, "", PAGE_REFUSED},
        {PAGING_WEBHOOK, 401, "", PAGE_BLOCKED},
        {PAGING_WEBHOOK, 404, "", PAGE_BLOCKED},
        {PAGING_WEBHOOK, 302, "", PAGE_BLOCKED},
        /* Robots: 200 is not yet yes. */
        {PAGING_WECOM, 200, "{\"errcode\":0,\"errmsg\":\"ok\"}", PAGE_TAKEN},
        {PAGING_WECOM, 200, "{\"errcode\":40058,\"errmsg\":\"content missing\"}", PAGE_REFUSED},
        {PAGING_WECOM, 200, "{\"errcode\":45009,\"errmsg\":\"freq out of limit\"}", PAGE_LATER},
        {PAGING_WECOM, 200, "{\"errcode\":93000,\"errmsg\":\"invalid url\"}", PAGE_BLOCKED},
        {PAGING_DINGTALK, 200, "{\"errcode\":310000,\"errmsg\":\"sign not match\"}", PAGE_BLOCKED},
        {PAGING_DINGTALK, 200, "{\"errmsg\":\"too fast\",\"errcode\":130101}", PAGE_LATER},
        {PAGING_FEISHU, 200, "{\"code\":0,\"msg\":\"success\",\"data\":{}}", PAGE_TAKEN},
        {PAGING_FEISHU, 200, "{\"StatusCode\":0,\"code\":19021}", PAGE_BLOCKED},
        {PAGING_FEISHU, 200, "<html>please log in</html>", PAGE_BLOCKED},
        {PAGING_FEISHU, 200, "", PAGE_BLOCKED},
        {PAGING_EMAIL, 250, "", PAGE_TAKEN},
        {PAGING_EMAIL, 421, "", PAGE_LATER},
        {PAGING_EMAIL, 451, "", PAGE_LATER},
        {PAGING_EMAIL, 550, "", PAGE_REFUSED},
        {PAGING_EMAIL, 535, "", PAGE_BLOCKED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum page_verdict verdict = page_judge(cases[i].kind, cases[i].status, cases[i].body);
        if (verdict != cases[i].verdict)
            fail_msg("case %zu: %d %s: verdict %d", i, cases[i].status, cases[i].body, verdict);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_has_its_own_words),
        cmocka_unit_test(addresses_are_those_of_the_kind),
        cmocka_unit_test(a_long_text_is_cut_to_what_a_robot_takes_and_never_inside_a_character),
        cmocka_unit_test(a_mail_is_plain_ascii_with_one_name_a_transition),
        cmocka_unit_test(a_key_that_is_too_long_is_hashed),
        cmocka_unit_test(several_notes_make_one_request_to_an_alertmanager),
        cmocka_unit_test(an_alertmanager_ends_at_once_what_is_over),
        cmocka_unit_test(answers_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
