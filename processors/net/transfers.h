/*
 * transfers: the loop under http_poster and sender: requests side by side on one libcurl multi
 * handle, each in a slot that keeps the beginning of its answer, without a thread.
 *
 *     transfers_init(&transfers); transfer_init(&transfer);
 *     transfer_common(&transfer, &options);         … and more options on transfer.easy
 *     transfer_start(&transfers, &transfer);
 *     transfers_wait(&transfers, 10);               moves bytes; at most 10 ms
 *     if (transfer_take(&transfer, &result)) …      over: its answer, problem and code
 *
 * Source: libcurl's multi interface (curl_multi_poll, curl_multi_perform, curl_multi_info_read).
 * One thread. Only files of this folder include libcurl.
 */
#ifndef CROWDTIDE_PROCESSORS_NET_TRANSFERS_H
#define CROWDTIDE_PROCESSORS_NET_TRANSFERS_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TRANSFER_ANSWER_BYTES_MAX = 4096,  /* of an answer that are kept; the rest is read and dropped */
    TRANSFER_RETRY_AFTER_S_MAX = 300,  /* a longer Retry-After is cut to this */
    TRANSFER_CONNECT_S_MAX = 10,
};

struct transfer {
    CURL *easy;
    char answer[TRANSFER_ANSWER_BYTES_MAX + 1]; /* NUL-terminated, control characters as blanks */
    size_t answer_len;
    char problem[CURL_ERROR_SIZE]; /* why there is no answer */
    CURLcode code;
    bool busy, done; /* begun and not yet taken; over */
};

struct transfers {
    CURLM *multi;
};

/* False: libcurl can't be started. transfers_free may follow either way. */
bool transfers_init(struct transfers *transfers);
void transfers_free(struct transfers *transfers); /* after every transfer_free */

bool transfer_init(struct transfer *transfer);
void transfer_free(struct transfers *transfers, struct transfer *transfer); /* given up if it still goes on */

struct transfer_options { /* texts are copied by libcurl; NULL or "": not set */
    const char *schemes;  /* as in "http,https" */
    const char *username, *password;
    const char *ca_file;  /* PEM; the system's when not set */
    long timeout_s;       /* of the whole; connecting has TRANSFER_CONNECT_S_MAX at most */
    bool direct;          /* ignore the environment's proxies */
};

/* What every request is made with. False: libcurl refuses an option. */
bool transfer_common(struct transfer *transfer, const struct transfer_options *options);

/* Appends to a list that may be empty; false when out of memory. */
bool transfer_add(struct curl_slist **list, const char *text);

/* The slot's answer of the last request is void from here. False: libcurl refuses. */
bool transfer_start(struct transfers *transfers, struct transfer *transfer);

/* Sends and receives; returns as soon as something happened, at the latest after timeout_ms. */
void transfers_wait(struct transfers *transfers, int timeout_ms);

struct transfer_result {
    long reply;             /* the last status or reply code; also where the transfer failed after it */
    uint32_t retry_after_s; /* 0: not said */
    bool distrust;          /* certificates, the other side's or ours: time alone won't mend it */
};

/* True once a request: it is over. `problem` has words for it when it failed. */
bool transfer_take(struct transfer *transfer, struct transfer_result *ret);

char transfer_printable(char c); /* control characters as blanks */

#endif
