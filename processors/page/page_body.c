#include "processors/page/page_body.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "processors/page/page_body_private.h"
#include "schemas/json/json.h"

enum { DEDUP_BYTES_MAX = 255, PAGERDUTY_SUMMARY_BYTES_MAX = 1024, ANSWER_BYTES_MAX = 4096 };

/* act, text */
static const char *const act_texts[] = {
    [PAGE_RING] = "ring", [PAGE_UPDATE] = "update", [PAGE_END] = "end",
    [PAGE_HOLD] = "hold", [PAGE_DIGEST] = "digest",
};

/* What is particular to a kind. code: the member of a robot's answer that must be 0. */
static const struct kind {
    void (*write)(struct page_job *job);
    const char *code;
    bool updates, holds;
} kinds[PAGING_KIND_COUNT] = {
    [PAGING_ALERTMANAGER] = {page_body_alertmanager, NULL, true, true},
    [PAGING_PAGERDUTY] = {page_body_pagerduty, NULL, true, false},
    [PAGING_WEBHOOK] = {page_body_webhook, NULL, true, false},
    [PAGING_WECOM] = {page_body_wecom, "errcode", false, false},
    [PAGING_DINGTALK] = {page_body_dingtalk, "errcode", false, false},
    [PAGING_FEISHU] = {page_body_feishu, "code", false, false},
    [PAGING_EMAIL] = {page_body_email, NULL, false, false},
};

const char *page_act_text(enum page_act act)
{
    return act_texts[act];
}

bool page_kind_updates(enum paging_kind kind)
{
    return kinds[kind].updates;
}

bool page_kind_holds(enum paging_kind kind)
{
    return kinds[kind].holds;
}

/* ---- small things ------------------------------------------------------------------------------
 */

void page_add_json(struct text *out, struct str text)
{
    if (utf8_valid((const uint8_t *)text.at, text.len)) {
        text_add_json(out, text);
        return;
    }
    text_add_char(out, '"');
    for (uint32_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        text_add_char(out, (char)(c < 0x20 || c > 0x7e || c == '"' || c == '\\' ? '?' : c));
    }
    text_add_char(out, '"');
}

void page_add_member(struct text *out, bool first, const char *name, struct str text)
{
    text_add(out, first ? "\"" : ",\"");
    text_add(out, name);
    text_add(out, "\":");
    page_add_json(out, text);
}

void page_add_hex(struct text *out, const uint8_t *bytes, size_t len)
{
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        text_add_char(out, hex[bytes[i] >> 4]);
        text_add_char(out, hex[bytes[i] & 15]);
    }
}

void page_add_header(struct page_message *message, const char *name, struct str value)
{
    if (message->header_count < PAGE_HEADERS_MAX)
        (void)snprintf(message->header[message->header_count++], PAGE_HEADER_BYTES, "%s: " STR_FMT,
                       name, STR_ARG(value));
}

int page_alert_level(const struct result_alert *alert)
{
    if (alert->level != LEVEL_UNKNOWN)
        return alert->level;
    return alert->last_known_level == LEVEL_ABSENT ? LEVEL_UNKNOWN : alert->last_known_level;
}

bool page_hmac(struct str key, struct str text, uint8_t out[PAGE_SHA256_BYTES])
{
    static const char none[1];
    return HMAC(EVP_sha256(), key.len ? key.at : none, (int)key.len,
                (const unsigned char *)(text.len ? text.at : none), text.len, out, NULL) != NULL;
}

bool page_sha256(struct str text, uint8_t out[PAGE_SHA256_BYTES])
{
    return EVP_Digest(text.len ? text.at : "", text.len, out, NULL, EVP_sha256(), NULL) == 1;
}

static void add_time(struct text *out, const char *name, int64_t ms)
{
    text_add(out, ",\"");
    text_add(out, name);
    text_add(out, "\":\"");
    text_add_time_ms(out, ms);
    text_add_char(out, '"');
}

/* ---- Alertmanager ------------------------------------------------------------------------------
 */

static void add_annotation(struct text *out, const char *name, struct str text)
{
    if (text.len)
        page_add_member(out, false, name, text);
}

/* Its times are the venue's log's, which runs ahead for a while after the clock was set back; an
   Alertmanager would keep until then what is over. */
static int64_t not_after(int64_t ms, int64_t now_ms)
{
    return ms < now_ms ? ms : now_ms;
}

static void add_alertmanager(struct text *out, const struct page_note *note, int level,
                             int64_t ends_ms, int64_t now_ms)
{
    const struct result_alert *a = note->alert;
    int64_t starts_ms = not_after(a->start == RESULT_ABSENT ? a->at : a->start, now_ms);
    text_add(out, "{\"labels\":{");
    page_add_member(out, true, "alertname", a->rule);
    page_add_member(out, false, "venue", a->venue);
    page_add_member(out, false, "zone", a->zone);
    page_add_member(out, false, "rule", a->rule);
    page_add_member(out, false, "level", str_of(level_text(level)));
    page_add_member(out, false, "status", a->status);
    page_add_member(out, false, "crowdtide_id", a->id);
    text_add(out, "},\"annotations\":{");
    page_add_member(out, true, "summary", note->subject);
    page_add_member(out, false, "description", note->text);
    add_annotation(out, "state", a->state);
    add_annotation(out, "action", a->action);
    add_annotation(out, "operator", a->operator);
    add_annotation(out, "note", a->note);
    add_annotation(out, "page_group", a->page_group);
    text_add(out, "},\"startsAt\":\"");
    text_add_time_ms(out, starts_ms);
    text_add_char(out, '"');
    /* It refuses an alert that ends before it starts. */
    add_time(out, "endsAt", ends_ms < starts_ms ? starts_ms : ends_ms);
    text_add_char(out, '}');
}

void page_body_alertmanager(struct page_job *job)
{
    text_add(job->url, "/api/v2/alerts");
    text_add_char(job->body, '[');
    for (uint32_t i = 0; i < job->count; i++) {
        const struct page_note *note = &job->notes[i];
        const struct result_alert *a = note->alert;
        bool ends = note->act == PAGE_END;
        int64_t holds_ms = str_is(a->status, "Test") ? PAGE_TEST_MS : PAGE_HOLD_MS;
        if (i)
            text_add_char(job->body, ',');
        /* What ends does so under the labels it has there. */
        bool said = note->said_level != LEVEL_ABSENT;
        add_alertmanager(job->body, note, ends && said ? note->said_level : a->level,
                         ends ? not_after(a->at, job->now_ms) : job->now_ms + holds_ms,
                         job->now_ms);
        if (!ends && said && note->said_level != a->level) {
            text_add_char(job->body, ',');
            add_alertmanager(job->body, note, note->said_level, job->now_ms, job->now_ms);
        }
    }
    text_add_char(job->body, ']');
    page_add_header(job->message, "Content-Type", STR_LIT("application/json"));
}

/* ---- PagerDuty ---------------------------------------------------------------------------------
 */

static const char *severity(const struct result_alert *a)
{
    switch (page_alert_level(a)) {
    case LEVEL_RED:
    case LEVEL_UNKNOWN:
        return "critical";
    case LEVEL_ORANGE:
        return "error";
    case LEVEL_YELLOW:
        return "warning";
    default:
        return "info";
    }
}

static const char *event_action(const struct page_note *note)
{
    if (note->act == PAGE_END)
        return "resolve";
    bool acked = str_is(note->alert->state, "active_acked");
    return note->act == PAGE_UPDATE && acked ? "acknowledge" : "trigger";
}

void page_body_pagerduty(struct page_job *job)
{
    struct text *out = job->body;
    const struct page_note *note = job->notes;
    const struct result_alert *a = note->alert;
    char hash[PAGE_SHA256_HEX_BYTES], source[2 * ID_BYTES_MAX + 1];
    struct str key = a->id;
    if (key.len > DEDUP_BYTES_MAX) {
        uint8_t sum[PAGE_SHA256_BYTES] = {0};
        struct text hex = text_over(hash, sizeof hash);
        (void)page_sha256(key, sum);
        page_add_hex(&hex, sum, sizeof sum);
        key = (struct str){hash, (uint32_t)hex.len};
    }
    struct text place = text_over(source, sizeof source);
    text_add_str(&place, a->venue);
    text_add_char(&place, '/');
    text_add_str(&place, a->zone);
    text_add_char(out, '{');
    page_add_member(out, true, "routing_key", str_of(job->target->secret));
    page_add_member(out, false, "event_action", str_of(event_action(note)));
    page_add_member(out, false, "dedup_key", key);
    page_add_member(out, false, "client", STR_LIT("crowdtide"));
    text_add(out, ",\"payload\":{");
    page_add_member(out, true, "summary", utf8_cut(note->subject, PAGERDUTY_SUMMARY_BYTES_MAX));
    page_add_member(out, false, "source", (struct str){source, (uint32_t)place.len});
    page_add_member(out, false, "severity", str_of(severity(a)));
    add_time(out, "timestamp", a->at);
    page_add_member(out, false, "component", a->zone);
    if (a->page_group.len)
        page_add_member(out, false, "group", a->page_group);
    page_add_member(out, false, "class", a->rule);
    text_add(out, ",\"custom_details\":{");
    page_add_member(out, true, "text", note->text);
    text_add(out, ",\"alert\":");
    result_json(RECORD_ALERT, a, out);
    if (note->details.len) {
        text_add(out, ",\"alerts\":");
        text_add_str(out, note->details);
    }
    text_add(out, "}}}");
    page_add_header(job->message, "Content-Type", STR_LIT("application/json"));
}

/* ---- webhook -----------------------------------------------------------------------------------
 */

static void sign_webhook(struct page_job *job)
{
    char stamp[24], value[PAGE_HEADER_BYTES];
    uint8_t sum[PAGE_SHA256_BYTES];
    struct text *out = job->body;
    struct text time = text_over(stamp, sizeof stamp);
    text_add_i64(&time, job->now_ms / 1000);
    /* The body gets its time in front for a moment: what is signed is one run of bytes. */
    size_t len = out->len;
    if (out->overflow || out->cap - len < time.len + 1)
        return;
    memmove(out->at + time.len + 1, out->at, len);
    memcpy(out->at, stamp, time.len);
    out->at[time.len] = '.';
    bool ok = page_hmac(str_of(job->target->secret),
                        (struct str){out->at, (uint32_t)(len + time.len + 1)}, sum);
    memmove(out->at, out->at + time.len + 1, len);
    struct text header = text_over(value, sizeof value);
    text_add(&header, "t=");
    text_add_i64(&header, job->now_ms / 1000);
    text_add(&header, ",v1=");
    if (ok)
        page_add_hex(&header, sum, sizeof sum);
    page_add_header(job->message, "X-Crowdtide-Signature",
                    (struct str){value, (uint32_t)header.len});
}

void page_body_webhook(struct page_job *job)
{
    struct text *out = job->body;
    const struct page_note *note = job->notes;
    const struct result_alert *a = note->alert;
    char id[512], source[ID_BYTES_MAX + 16];
    struct text name = text_over(id, sizeof id), from = text_over(source, sizeof source);
    text_add_str(&name, a->id);
    text_add_char(&name, '/');
    text_add_i64(&name, a->n == RESULT_ABSENT ? 0 : a->n);
    text_add(&from, "/crowdtide/");
    text_add_str(&from, a->venue);
    text_add(out, "{\"specversion\":\"1.0\",\"type\":\"crowdtide.page.v1\"");
    page_add_member(out, false, "id", (struct str){id, (uint32_t)name.len});
    page_add_member(out, false, "source", (struct str){source, (uint32_t)from.len});
    page_add_member(out, false, "subject", a->id);
    add_time(out, "time", a->at);
    text_add(out, ",\"datacontenttype\":\"application/json\",\"data\":{");
    page_add_member(out, true, "act", str_of(page_act_text(note->act)));
    page_add_member(out, false, "key", a->id);
    page_add_member(out, false, "subject", note->subject);
    page_add_member(out, false, "text", note->text);
    text_add(out, ",\"alert\":");
    result_json(RECORD_ALERT, a, out);
    if (note->details.len) {
        text_add(out, ",\"alerts\":");
        text_add_str(out, note->details);
    }
    text_add(out, "}}");
    page_add_header(job->message, "Content-Type",
                    STR_LIT("application/cloudevents+json; charset=utf-8"));
    if (job->target->secret[0])
        sign_webhook(job);
}

/* ---- all of them -------------------------------------------------------------------------------
 */

bool page_body_write(const struct paging_target *target, const struct page_note *notes,
                     uint32_t count, int64_t now_ms, struct page_message *ret, struct error *err)
{
    const struct kind *kind = &kinds[target->kind];
    struct text body = text_over(ret->body, sizeof ret->body);
    struct text url = text_over(ret->url, sizeof ret->url - 1);
    struct page_job job = {.target = target,
                           .notes = notes,
                           .count = kind->holds ? count : 1,
                           .now_ms = now_ms,
                           .message = ret,
                           .body = &body,
                           .url = &url};
    ret->header_count = 0;
    struct str base = str_of(target->url);
    while (target->kind == PAGING_ALERTMANAGER && base.len && base.at[base.len - 1] == '/')
        base.len--;
    text_add_str(&url, base);
    kind->write(&job);
    ret->len = body.len;
    ret->url[url.len] = '\0';
    if (url.overflow)
        return error_set(err, ERROR_TOO_LARGE, 0, "target %.*s: its address", STR_ARG(target->id));
    return !body.overflow || error_set(err, ERROR_TOO_LARGE, 0, "a page over %d bytes for %.*s",
                                       PAGE_BODY_BYTES_MAX, STR_ARG(target->id));
}

/* ---- answers -----------------------------------------------------------------------------------
 */

/* Robots that say so are busy: DingTalk's and WeCom's limits by the minute, their own trouble, and
   Feishu's frequency limit. */
static const int64_t busy_codes[] = {-1, 130101, 410100, 45009, 45033, 11232, 9499, 11233};
/* Key, token, signature or word list: somebody has to mend the robot. */
static const int64_t blocked_codes[] = {93000,  40014,  40001, 42001, 300001, 300005,
                                        310000, 400101, 19001, 19021, 19022,  19024};

static bool listed(const int64_t *codes, size_t count, int64_t code)
{
    for (size_t i = 0; i < count; i++) {
        if (codes[i] == code)
            return true;
    }
    return false;
}

/* A robot's 200: what its JSON says counts. An answer that is none is not the robot's: something
   stands between. */
static enum page_verdict judge_robot(const char *name, const char *body)
{
    struct json_field fields[16];
    size_t count = 0, len = strlen(body);
    uint8_t bytes[ANSWER_BYTES_MAX + JSON_PADDING_BYTES] = {0};
    enum page_verdict verdict = PAGE_BLOCKED;
    struct json_parser *parser = json_parser_new(ANSWER_BYTES_MAX);
    if (!parser || len > ANSWER_BYTES_MAX) {
        json_parser_free(parser);
        return PAGE_LATER;
    }
    memcpy(bytes, body, len);
    if (json_parse_flat(parser, bytes, len, fields, sizeof fields / sizeof fields[0], &count) ==
        JSON_OK) {
        for (size_t i = 0; i < count; i++) {
            if (!str_is(fields[i].key, name) || fields[i].kind != JSON_INT)
                continue;
            int64_t code = fields[i].integer;
            verdict = code == 0 ? PAGE_TAKEN
                      : listed(busy_codes, sizeof busy_codes / sizeof busy_codes[0], code)
                          ? PAGE_LATER
                      : listed(blocked_codes, sizeof blocked_codes / sizeof blocked_codes[0], code)
                          ? PAGE_BLOCKED
                          : PAGE_REFUSED;
        }
    }
    json_parser_free(parser);
    return verdict;
}

static enum page_verdict judge_mail(int status)
{
    if (status >= 200 && status < 300)
        return PAGE_TAKEN;
    if (status == 530 || status == 534 || status == 535 || status == 538 || status == 454)
        return PAGE_BLOCKED; /* who we are, not what we say */
    return status >= 500 ? PAGE_REFUSED : PAGE_LATER;
}

static enum page_verdict judge_http(int status)
{
    switch (status) {
    case 401:
    case 403:
    case 404:
    case 405:
    case 407:
    case 410:
        return PAGE_BLOCKED; /* the address or who we are: every page would be refused alike */
    case 408:
    case 425:
    case 429:
        return PAGE_LATER;
    default:
        return status >= 200 && status < 300   ? PAGE_TAKEN
               : status >= 300 && status < 400 ? PAGE_BLOCKED /* redirects are not followed */
               : status >= 400 && status < 500 ? PAGE_REFUSED
                                               : PAGE_LATER;
    }
}

enum page_verdict page_judge(enum paging_kind kind, int status, const char *body)
{
    if (status == 0)
        return PAGE_LATER;
    if (kind == PAGING_EMAIL)
        return judge_mail(status);
    enum page_verdict verdict = judge_http(status);
    return verdict == PAGE_TAKEN && kinds[kind].code ? judge_robot(kinds[kind].code, body)
                                                     : verdict;
}
