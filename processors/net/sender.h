/*
 * sender: messages to many places side by side, by HTTP (POST with headers of one's own) or by
 * SMTP, on one libcurl multi handle and without a thread: a place that hangs holds up nobody but
 * itself. Limits: transfers.h.
 *
 *     sender_new(&(struct sender_options){.slots = 3, .timeout_s = 15}, &sender, &err);
 *     sender_start(sender, 0, &request, &err);
 *     sender_wait(sender, 10);                     moves bytes; at most 10 ms
 *     if (sender_take(sender, 0, &answer)) …       answered, or failed; the slot is free again
 *
 * One thread a sender. At most one request a slot at a time. http_poster is its sibling for one
 * store with large bodies; this one is for many addresses with small ones.
 */
#ifndef CROWDTIDE_PROCESSORS_NET_SENDER_H
#define CROWDTIDE_PROCESSORS_NET_SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schemas/base/error.h"

enum {
    SENDER_SLOTS_MAX = 64,
};

struct sender; /* opaque */

struct sender_options {
    uint32_t slots;
    uint32_t timeout_s; /* of a whole request; connecting has 10 s at most (transfers.h) */
};

/* CONFIG (libcurl can't be started), NO_MEMORY. */
bool sender_new(const struct sender_options *options, struct sender **ret, struct error *err);

/* Borrowed until sender_take, all of it. "" counts as NULL. */
struct sender_request {
    const char *url;            /* http(s)://, smtp(s):// */
    const char *const *headers; /* "Name: value"; mail has its own in the body */
    uint32_t header_count;
    const char *body;
    size_t len;
    const char *username, *password; /* HTTP: basic; NULL: none */
    const char *ca_file;             /* PEM; NULL: the system's */
    /* Mail (smtp, smtps): envelope. Over smtp:// STARTTLS is used where the server has it, and is
       insisted on when there is a password. */
    const char *mail_from;
    const char *const *mail_to;
    uint32_t mail_to_count;
};

/* Begins a request in a free slot. CONFIG (libcurl refuses something of it), NO_MEMORY. */
bool sender_start(struct sender *sender, uint32_t slot, const struct sender_request *request,
                  struct error *err);

/* Sends and receives; returns as soon as something happened, at the latest after timeout_ms. */
void sender_wait(struct sender *sender, int timeout_ms);

struct sender_answer {
    int status;             /* of HTTP, or the last reply code of SMTP (250: taken); 0: no answer */
    uint32_t retry_after_s; /* 0: not said */
    /* NUL-terminated, control characters as blanks; until the slot's next request. */
    const char *body;
    const char *problem; /* why there is no answer; of a mail that was taken: who of its recipients
                            was not, or "" */
    bool distrust;       /* certificates, the other side's or ours: time alone won't mend it */
};

/* True once a slot: its request is over. */
bool sender_take(struct sender *sender, uint32_t slot, struct sender_answer *ret);

/* Requests still going are given up. NULL is allowed. */
void sender_free(struct sender *sender);

#endif
