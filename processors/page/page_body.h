/*
 * page_body: what is sent to each kind of target, and what its answer means. Pure: no I/O, no
 * clock.
 *
 *     struct page_note note = {.act = PAGE_RING, .alert = &alert, .subject = …, .text = …};
 *     page_body_write(target, &note, 1, now_ms, &message, &err);
 *     … message.url, .header[], .body go out …
 *     switch (page_judge(target->kind, status, body)) …
 *
 * The deduplication key is the alert's id, everywhere; a message that is sent twice has the same
 * (id, n), and so the same CloudEvents id and Message-ID.
 *
 *   alertmanager  POST {url}/api/v2/alerts, any number of notes in one request. Labels are an
 *                 alert's identity there: alertname and rule (the rule), venue, zone, status,
 *                 crowdtide_id and level. All but level hold for the alert's life. When the level
 *                 changes, the same request says the new one and ends the one said before
 *                 (note.said_level), so that routes can go by level and nothing stays behind. What
 *                 is active ends PAGE_HOLD_MS later by itself; say PAGE_HOLD before.
 *   pagerduty     Events v2: trigger, acknowledge, resolve. dedup_key: the id, hashed above 255 B.
 *   webhook       CloudEvents 1.0, structured, type crowdtide.page.v1; with a secret
 *                 X-Crowdtide-Signature: t={unix s},v1={hex of HMAC-SHA256 of "{t}.{body}"}.
 *   wecom, dingtalk, feishu   robots: a text. The latter two sign their time with their secret.
 *                 They answer 200 with an error code inside.
 *   email         one RFC 5322 message for all its recipients.
 */
#ifndef CROWDTIDE_PROCESSORS_PAGE_PAGE_BODY_H
#define CROWDTIDE_PROCESSORS_PAGE_PAGE_BODY_H

#include "processors/page/paging.h"
#include "schemas/result/result.h"

enum page_act {
    PAGE_RING,   /* people must hear of it */
    PAGE_UPDATE, /* something else of an alert that the target knows */
    PAGE_END,    /* an alert that the target knows is over */
    PAGE_HOLD,   /* nothing new: it is still so */
    PAGE_DIGEST, /* what could not be said in time, in one */
};
const char *page_act_text(enum page_act act); /* "ring", "update" … */

/* What the kinds take: robots and mail would ring for every update. */
bool page_kind_updates(enum paging_kind kind); /* PAGE_UPDATE */
bool page_kind_holds(enum paging_kind kind);   /* PAGE_HOLD, and several notes in a message */

enum {
    PAGE_BODY_BYTES_MAX = 512 * 1024,
    PAGE_URL_BYTES = 8192,
    PAGE_HEADERS_MAX = 4,
    PAGE_HEADER_BYTES = 256,
    PAGE_HOLD_MS = 10 * 60 * 1000, /* longer than a restart, shorter than a shift's patience */
    PAGE_TEST_MS = 60 * 1000,      /* a trial's */
    PAGE_NOTES_MAX = 128,          /* in one message to an Alertmanager */
};

struct page_note { /* borrowed */
    enum page_act act;
    /* As it is now. A digest's is made up: its id is the digest's key, its zone the venue. */
    const struct result_alert *alert;
    int said_level; /* the level that the target was told last; LEVEL_ABSENT: none */
    struct str subject, text;
    struct str details; /* digest: a JSON array of what it is about; else empty */
};

struct page_message { /* caller-owned and large; texts of it and of the target until it was sent */
    char url[PAGE_URL_BYTES];
    char header[PAGE_HEADERS_MAX][PAGE_HEADER_BYTES];
    uint32_t header_count;
    size_t len;
    char body[PAGE_BODY_BYTES_MAX];
};

/* count > 1 only where page_kind_holds. TOO_LARGE, INVALID (an address that is not one). */
bool page_body_write(const struct paging_target *target, const struct page_note *notes,
                     uint32_t count, int64_t now_ms, struct page_message *ret, struct error *err);

enum page_verdict {
    PAGE_TAKEN,
    PAGE_LATER,   /* the same again after a while */
    PAGE_BLOCKED, /* likewise, but somebody has to mend something first: password, address … */
    PAGE_REFUSED, /* this message will never be taken */
};
/* status: of HTTP, or the reply code of SMTP; 0: no answer. body: the beginning of the answer. */
enum page_verdict page_judge(enum paging_kind kind, int status, const char *body);

#endif
