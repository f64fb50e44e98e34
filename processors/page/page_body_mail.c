/* E-mail: RFC 5322 with an encoded subject (RFC 2047) and a UTF-8 body in base64 (RFC 2045).

   Message-ID is made of the alert's id and n, References of the id alone: what is sent again after
   a crash has the same Message-ID, and all of one alert is one thread. */
#include "processors/page/page_body_private.h"

#include <stdio.h>
#include <time.h>

enum {
    WORD_BYTES = 45, /* of text in an encoded word: 60 of base64 and 12 around it are within 75 */
    LINE_BYTES = 57, /* of a body line: 76 of base64 */
    MAIL_NAME_HEX = 24,
};

/* Encoded words, one a line; a character is never split. */
static void add_encoded(struct text *out, struct str text)
{
    bool first = true;
    while (text.len) {
        struct str word = utf8_cut(text, WORD_BYTES);
        if (word.len == 0) /* no UTF-8 at all */
            word.len = text.len < WORD_BYTES ? text.len : (uint32_t)WORD_BYTES;
        text_add(out, first ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
        text_add_base64(out, (const uint8_t *)word.at, word.len);
        text_add(out, "?=");
        text.at += word.len;
        text.len -= word.len;
        first = false;
    }
}

/* Thu, 26 Nov 2026 09:30:00 +0000, whatever the locale. */
static void add_date(struct text *out, int64_t unix_ms)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char line[64];
    time_t s = (time_t)(unix_ms / 1000);
    struct tm tm = {0};
    (void)gmtime_r(&s, &tm);
    (void)snprintf(line, sizeof line, "%s, %d %s %d %02d:%02d:%02d +0000", days[tm.tm_wday],
                   tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                   tm.tm_sec);
    text_add(out, line);
}

static void add_name(struct text *out, const struct result_alert *a, bool with_n)
{
    uint8_t sum[PAGE_SHA256_BYTES] = {0};
    (void)page_sha256(a->id, sum);
    text_add_char(out, '<');
    page_add_hex(out, sum, MAIL_NAME_HEX / 2);
    if (with_n) {
        text_add_char(out, '.');
        text_add_i64(out, a->n == RESULT_ABSENT ? 0 : a->n);
    }
    text_add_char(out, '@');
    text_add_str(out, a->venue);
    text_add(out, ".crowdtide>");
}

/* Lines end in CRLF; what is encoded is the text's own lines with CRLF, too. */
static void add_body(struct text *out, struct str text)
{
    char line[LINE_BYTES];
    uint32_t n = 0;
    for (uint32_t i = 0; i < text.len; i++) {
        const char *bytes = text.at[i] == '\n' ? "\r\n" : &text.at[i];
        uint32_t count = text.at[i] == '\n' ? 2 : 1;
        for (uint32_t k = 0; k < count; k++) {
            line[n++] = bytes[k];
            if (n == LINE_BYTES) {
                text_add_base64(out, (const uint8_t *)line, n);
                text_add(out, "\r\n");
                n = 0;
            }
        }
    }
    if (n) {
        text_add_base64(out, (const uint8_t *)line, n);
        text_add(out, "\r\n");
    }
}

static void add_recipients(struct text *out, const struct paging_target *target)
{
    for (uint32_t i = 0; i < target->to_count; i++) {
        text_add(out, i ? ",\r\n " : "");
        text_add_char(out, '<');
        text_add(out, target->to[i]);
        text_add_char(out, '>');
    }
}

void page_body_email(struct page_job *job)
{
    struct text *out = job->body;
    const struct page_note *note = job->notes;
    const struct result_alert *a = note->alert;
    bool urgent = note->act == PAGE_RING || note->act == PAGE_DIGEST;
    text_add(out, "Date: ");
    add_date(out, job->now_ms);
    text_add(out, "\r\nFrom: crowdtide <");
    text_add(out, job->target->from);
    text_add(out, ">\r\nTo: ");
    add_recipients(out, job->target);
    text_add(out, "\r\nSubject: ");
    add_encoded(out, note->subject);
    text_add(out, "\r\nMessage-ID: ");
    add_name(out, a, true);
    text_add(out, "\r\nReferences: ");
    add_name(out, a, false);
    text_add(out, "\r\nX-Crowdtide-Key: ");
    text_add_str(out, a->id);
    text_add(out, "\r\nX-Crowdtide-Status: ");
    text_add_str(out, a->status);
    text_add(out, urgent ? "\r\nImportance: high\r\nX-Priority: 1" : "");
    /* So that nobody's "out of office" answers. */
    text_add(out, "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\n"
                  "Content-Transfer-Encoding: base64\r\n\r\n");
    add_body(out, note->text);
}
