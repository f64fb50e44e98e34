#include "processors/page/page_post.h"

#include <stdlib.h>

#include "processors/net/sender.h"
#include "processors/page/page_text.h"
#include "processors/page/pager.h"
#include "schemas/base/clock.h"

enum { PLAN_BYTES_MAX = PAGE_ALERT_BYTES_MAX };

struct page_post {
    struct page_post_options o;
    struct sender *sender;
    struct json_parser *json;
    struct time_zone time_zone;
    struct page_world world;
};

static bool send_it(void *arg, uint32_t lane, const struct paging_target *target,
                    const struct page_message *message, struct error *err)
{
    struct page_post *post = arg;
    const char *headers[PAGE_HEADERS_MAX];
    for (uint32_t i = 0; i < message->header_count; i++)
        headers[i] = message->header[i];
    /* A secret is a password where the kind has users; elsewhere it signs. */
    const bool user = target->username && target->username[0];
    const struct sender_request request = {
        .url = message->url,
        .headers = headers,
        .header_count = message->header_count,
        .body = message->body,
        .len = message->len,
        .username = user ? target->username : NULL,
        .password = user ? target->secret : NULL,
        .ca_file = target->ca_file,
        .mail_from = target->from,
        .mail_to = target->to,
        .mail_to_count = target->to_count,
    };
    return sender_start(post->sender, lane, &request, err);
}

static bool answer(void *arg, uint32_t lane, struct page_answer *ret)
{
    struct page_post *post = arg;
    struct sender_answer got;
    if (!sender_take(post->sender, lane, &got))
        return false;
    *ret = (struct page_answer){.status = got.status,
                                .retry_after_s = got.retry_after_s,
                                .body = got.body,
                                .problem = got.problem,
                                .distrust = got.distrust};
    return true;
}

static uint64_t reach(void *arg, const struct result_alert *alert)
{
    const struct page_post *post = arg;
    const struct paging_event event = paging_event_of(alert);
    return paging_reach(post->o.paging, post->o.venue, &event,
                        paging_local_min(&post->time_zone, alert->at));
}

static bool speaks(void *arg, const struct result_alert *told, const struct result_alert *alert)
{
    const struct page_post *post = arg;
    return paging_speaks(post->o.venue, told, alert);
}

/* ---- texts -------------------------------------------------------------------------------------
 */

/* rule; Chinese and English, raised and over; around the target's id */
static const struct own_words {
    const char *rule;
    const char *zh, *zh_over, *en, *en_over;
} own_words[] = {
    {PAGER_RULE_UNDELIVERABLE, "告警送不到目标 ", "目标已恢复送达：",
     "Pages can't be delivered to ", "Pages are delivered again to "},
    {PAGER_RULE_REFUSED, "目标拒收告警：", "目标重新接收告警：", "A page was refused by ",
     "Pages are taken again by "},
};

static const char todo_zh[] = "请改用其他方式通知该目标的值班人员，并检查该目标。";
static const char todo_en[] = "Tell whoever is on duty there by other means, and look after it.";

static void add_head(struct text *out, const struct own_words *words, enum paging_language language,
                     const struct result_alert *a)
{
    const bool over = str_is(a->state, "resolved");
    if (language != PAGING_EN) {
        text_add(out, str_is(a->status, "Exercise") ? "【演练】" : "");
        text_add(out, over ? words->zh_over : words->zh);
        text_add_str(out, a->note);
    }
    text_add(out, language == PAGING_BOTH ? " / " : "");
    if (language != PAGING_ZH) {
        text_add(out, str_is(a->status, "Exercise") ? "[EXERCISE] " : "");
        text_add(out, over ? words->en_over : words->en);
        text_add_str(out, a->note);
    }
}

static void say_own(const struct own_words *words, enum paging_language language,
                    const struct result_alert *a, struct text *subject, struct text *text)
{
    add_head(subject, words, language, a);
    add_head(text, words, language, a);
    if (a->cause.len) {
        text_add_char(text, '\n');
        text_add_str(text, utf8_cut(a->cause, 250));
    }
    if (str_is(a->state, "resolved"))
        return;
    if (language != PAGING_EN) {
        text_add_char(text, '\n');
        text_add(text, todo_zh);
    }
    if (language != PAGING_ZH) {
        text_add_char(text, '\n');
        text_add(text, todo_en);
    }
}

/* What a reader without buttons has to do: an answer is a command (deploy/OPERATIONS.md). */
static void add_how_to_acknowledge(const struct paging_target *target, const struct result_alert *a,
                                   struct text *text)
{
    if (target->language != PAGING_EN)
        text_add(text, "\n确认：");
    else
        text_add(text, "\nAcknowledge: ");
    text_add(text, "crowdtide command ack ");
    text_add_str(text, a->id);
    if (result_is_exercise(RECORD_ALERT, a))
        text_add(text, " --drill");
}

static void say(void *arg, const struct paging_target *target, enum page_act act,
                const struct result_alert *alert, struct text *subject, struct text *text)
{
    struct page_post *post = arg;
    for (size_t i = 0; i < sizeof own_words / sizeof own_words[0]; i++) {
        if (str_is(alert->rule, own_words[i].rule)) {
            say_own(&own_words[i], target->language, alert, subject, text);
            return;
        }
    }
    const struct page_about about = {.venue = post->o.venue,
                                     .time_zone = &post->time_zone,
                                     .alert = alert,
                                     .now_ms = clock_wall_ns() / 1000000,
                                     .json = post->json};
    page_text_subject(&about, target->language, subject);
    page_text_body(&about, target->language, text);
    if (act == PAGE_RING && !str_is(alert->status, "Test") &&
        !str_is(alert->rule, PAGING_RULE_BLIND))
        add_how_to_acknowledge(target, alert, text);
}

/* ---- the post ----------------------------------------------------------------------------------
 */

bool page_post_new(const struct page_post_options *options, struct page_post **ret,
                   struct error *err)
{
    struct page_post *post = calloc(1, sizeof *post);
    if (!post)
        return error_set(err, ERROR_NO_MEMORY, 0, "page post");
    post->o = *options;
    const struct sender_options sender = {.slots = paging_target_count(options->paging),
                                          .timeout_s = options->timeout_s};
    const struct venue *venue = options->venue;
    post->json = json_parser_new(PLAN_BYTES_MAX);
    bool ok = post->json || error_set(err, ERROR_NO_MEMORY, 0, "page post");
    ok = ok &&
         time_zone_load(NULL, venue->time_zone.len ? venue->time_zone : STR_LIT("UTC"),
                        &post->time_zone, err) &&
         sender_new(&sender, &post->sender, err);
    if (!ok) {
        page_post_free(post);
        return false;
    }
    post->world = (struct page_world){.send = send_it,
                                      .answer = answer,
                                      .reach = reach,
                                      .speaks = speaks,
                                      .say = say,
                                      .arg = post};
    *ret = post;
    return true;
}

const struct page_world *page_post_world(const struct page_post *post)
{
    return &post->world;
}

void page_post_wait(struct page_post *post, int ms)
{
    sender_wait(post->sender, ms);
}

void page_post_free(struct page_post *post)
{
    if (!post)
        return;
    sender_free(post->sender);
    json_parser_free(post->json);
    free(post);
}
