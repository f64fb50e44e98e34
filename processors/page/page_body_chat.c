/* The bodies of chat robots: one text each, in the robot's own envelope. */
#include "processors/page/page_body_private.h"

/* Limits of the robots' documentation; a longer text would be refused. */
enum { WECOM_BYTES_MAX = 2048, DINGTALK_BYTES_MAX = 18000, FEISHU_BYTES_MAX = 18000 };

/* Subject, an empty line, text, cut to what the robot takes. */
static void add_text(struct page_job *job, const char *name, uint32_t bytes_max)
{
    static const char more[] = "\n…";
    char all[DINGTALK_BYTES_MAX + sizeof more];
    const struct page_note *note = job->notes;
    struct text whole = text_over(all, bytes_max);
    text_add_str(&whole, note->subject);
    text_add(&whole, "\n");
    text_add_str(&whole, note->text);
    struct str cut = {all, (uint32_t)whole.len};
    if (whole.overflow) {
        /* text_over may have cut inside a character: begin one byte lower and go to a border. */
        cut = utf8_cut(cut, bytes_max - (uint32_t)sizeof more);
        memcpy(all + cut.len, more, sizeof more - 1);
        cut.len += (uint32_t)sizeof more - 1;
    }
    page_add_member(job->body, true, name, cut);
}

static void add_type(struct page_job *job)
{
    page_add_header(job->message, "Content-Type", STR_LIT("application/json; charset=utf-8"));
}

void page_body_wecom(struct page_job *job)
{
    text_add(job->body, "{\"msgtype\":\"text\",\"text\":{");
    add_text(job, "content", WECOM_BYTES_MAX);
    text_add(job->body, "}}");
    add_type(job);
}

/* sign = base64(HMAC-SHA256(key: secret, "{time}\n{secret}")), in the address. */
static void sign_dingtalk(struct page_job *job)
{
    char plain[PAGING_TEXT_BYTES_MAX + 32], sign[64];
    uint8_t sum[PAGE_SHA256_BYTES];
    struct str secret = str_of(job->target->secret);
    struct text text = text_over(plain, sizeof plain), base64 = text_over(sign, sizeof sign);
    text_add_i64(&text, job->now_ms);
    text_add_char(&text, '\n');
    text_add_str(&text, secret);
    if (!page_hmac(secret, (struct str){plain, (uint32_t)text.len}, sum))
        return;
    text_add_base64(&base64, sum, sizeof sum);
    text_add_char(job->url, memchr(job->url->at, '?', job->url->len) ? '&' : '?');
    text_add(job->url, "timestamp=");
    text_add_i64(job->url, job->now_ms);
    text_add(job->url, "&sign=");
    for (size_t i = 0; i < base64.len; i++) {
        char c = sign[i];
        if (c == '+')
            text_add(job->url, "%2B");
        else if (c == '/')
            text_add(job->url, "%2F");
        else if (c == '=')
            text_add(job->url, "%3D");
        else
            text_add_char(job->url, c);
    }
}

void page_body_dingtalk(struct page_job *job)
{
    if (job->target->secret[0])
        sign_dingtalk(job);
    text_add(job->body, "{\"msgtype\":\"text\",\"text\":{");
    add_text(job, "content", DINGTALK_BYTES_MAX);
    text_add(job->body, "}}");
    add_type(job);
}

/* sign = base64(HMAC-SHA256(key: "{time}\n{secret}", "")), in the body. */
static void sign_feishu(struct page_job *job)
{
    char key[PAGING_TEXT_BYTES_MAX + 32];
    uint8_t sum[PAGE_SHA256_BYTES];
    struct text text = text_over(key, sizeof key);
    text_add_i64(&text, job->now_ms / 1000);
    text_add_char(&text, '\n');
    text_add(&text, job->target->secret);
    if (!page_hmac((struct str){key, (uint32_t)text.len}, (struct str){0}, sum))
        return;
    text_add(job->body, "\"timestamp\":\"");
    text_add_i64(job->body, job->now_ms / 1000);
    text_add(job->body, "\",\"sign\":\"");
    text_add_base64(job->body, sum, sizeof sum);
    text_add(job->body, "\",");
}

void page_body_feishu(struct page_job *job)
{
    text_add_char(job->body, '{');
    if (job->target->secret[0])
        sign_feishu(job);
    text_add(job->body, "\"msg_type\":\"text\",\"content\":{");
    add_text(job, "text", FEISHU_BYTES_MAX);
    text_add(job->body, "}}");
    add_type(job);
}
