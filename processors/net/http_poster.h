/*
 * http_poster: HTTP requests side by side on kept-alive connections, without a thread of its own.
 *
 *     http_poster_new(&options, &poster, &err);
 *     http_poster_start(poster, 0, &request, &err);
 *     http_poster_wait(poster, 10);                        moves bytes; at most 10 ms
 *     if (http_poster_take(poster, 0, &response)) …         answered, or failed; the slot is free again
 *
 * One thread a poster. At most one request a slot at a time.
 */
#ifndef CROWDTIDE_PROCESSORS_NET_HTTP_POSTER_H
#define CROWDTIDE_PROCESSORS_NET_HTTP_POSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schemas/base/error.h"

enum {
    HTTP_SLOTS_MAX = 8,
    HTTP_URL_BYTES = 8192,
};

struct http_poster; /* opaque */

struct http_poster_options { /* texts are copied */
    uint32_t slots;
    const char *username; /* basic authentication; NULL or "": none */
    const char *password;
    const char *token;   /* "Authorization: Token …"; NULL or "": none */
    const char *ca_file; /* NULL or "": the system's */
    uint32_t timeout_s;  /* of a whole request; connecting has 10 s at most (transfers.h) */
    bool direct;         /* ignore the environment's proxies: for loopback */
};

/* CONFIG, NO_MEMORY. */
bool http_poster_new(const struct http_poster_options *options, struct http_poster **ret,
                     struct error *err);

struct http_request {
    const char *url;
    const void *body; /* POST; NULL: GET. The caller keeps it alive and unchanged until take */
    size_t len;
    bool gzip;        /* compress the body */
};

/* Begins a request in a free slot. CONFIG (an address libcurl refuses), NO_MEMORY. */
bool http_poster_start(struct http_poster *poster, uint32_t slot, const struct http_request *request,
                       struct error *err);

/* Sends and receives; returns as soon as something happened, at the latest after timeout_ms. */
void http_poster_wait(struct http_poster *poster, int timeout_ms);

struct http_response {
    int status;              /* 0: no answer; `problem` says why */
    uint32_t retry_after_s;  /* 0: not said */
    const char *body;        /* NUL-terminated, control characters as blanks; until the slot's next request */
    const char *problem;     /* NUL-terminated */
    bool distrust;           /* no answer because of certificates, the other side's or ours: time alone won't mend it */
    uint64_t sent_bytes;
};

/* True once a slot: its request is over. */
bool http_poster_take(struct http_poster *poster, uint32_t slot, struct http_response *ret);

/* Requests still going are given up. NULL is allowed. */
void http_poster_free(struct http_poster *poster);

/* The host of an address is this machine: 127.0.0.0/8, ::1 or localhost. */
bool http_url_loopback(const char *url);

/* A GET, waited for. NETWORK when there was no answer; otherwise the status is in *ret_status and the beginning of the body in out. */
bool http_probe(const struct http_poster_options *options, const char *url, int *ret_status,
                char *out, size_t cap, struct error *err);

const char *http_library_version(void);

#endif
