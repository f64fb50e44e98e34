/* page_body_private: the bodies of each kind of target. */
#ifndef CROWDTIDE_PROCESSORS_PAGE_PAGE_BODY_PRIVATE_H
#define CROWDTIDE_PROCESSORS_PAGE_PAGE_BODY_PRIVATE_H

#include "processors/page/page_body.h"

enum { PAGE_SHA256_BYTES = 32, PAGE_SHA256_HEX_BYTES = 2 * PAGE_SHA256_BYTES };

struct page_job {
    const struct paging_target *target;
    const struct page_note *notes;
    uint32_t count;
    int64_t now_ms;
    struct page_message *message;
    struct text *body;
    struct text *url; /* begun with the target's own */
};

void page_body_alertmanager(struct page_job *job);
void page_body_pagerduty(struct page_job *job);
void page_body_webhook(struct page_job *job);
void page_body_wecom(struct page_job *job);
void page_body_dingtalk(struct page_job *job);
void page_body_feishu(struct page_job *job);
void page_body_email(struct page_job *job);

/* `"name":"text"` with a comma before unless it is the first. Bytes that are not UTF-8 become '?'.
 */
void page_add_member(struct text *out, bool first, const char *name, struct str text);
void page_add_json(struct text *out, struct str text);
void page_add_hex(struct text *out, const uint8_t *bytes, size_t len);
void page_add_header(struct page_message *message, const char *name, struct str value);
/* The level that the alert's people act by: the last known one while its data are lost. */
int page_alert_level(const struct result_alert *alert);
bool page_hmac(struct str key, struct str text, uint8_t out[PAGE_SHA256_BYTES]);
bool page_sha256(struct str text, uint8_t out[PAGE_SHA256_BYTES]);

#endif
