#include "processors/net/http_poster.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "processors/net/transfers.h"

enum { GZIP_LEVEL = 1, GZIP_WINDOW_BITS = 15 + 16 /* 16: gzip header */ };

struct slot {
    struct transfer transfer;
    struct curl_slist *plain_headers;
    struct curl_slist *gzip_headers;
    char *packed;
    size_t packed_cap;
    uint64_t sent_bytes;
};

struct http_poster {
    struct transfers transfers;
    uint32_t slots;
    struct slot slot[HTTP_SLOTS_MAX];
};

static bool set_headers(struct slot *slot, const struct http_poster_options *options)
{
    char token[4200];
    struct curl_slist **lists[] = {&slot->plain_headers, &slot->gzip_headers};
    for (int i = 0; i < 2; i++) {
        /* Without the empty Expect libcurl waits a second for "100 Continue" before larger bodies.
         */
        if (!transfer_add(lists[i], "Expect:") ||
            !transfer_add(lists[i], "Content-Type: text/plain; charset=utf-8"))
            return false;
        if (options->token && options->token[0]) {
            (void)snprintf(token, sizeof token, "Authorization: Token %s", options->token);
            if (!transfer_add(lists[i], token))
                return false;
        }
    }
    return transfer_add(&slot->gzip_headers, "Content-Encoding: gzip");
}

static bool set_options(struct slot *slot, const struct http_poster_options *options)
{
    const struct transfer_options common = {
        .schemes = "http,https",
        .username = options->username,
        .password = options->password,
        .ca_file = options->ca_file,
        .timeout_s = (long)options->timeout_s,
        .direct = options->direct,
    };
    return transfer_common(&slot->transfer, &common) &&
           curl_easy_setopt(slot->transfer.easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC) == CURLE_OK;
}

bool http_poster_new(const struct http_poster_options *options, struct http_poster **ret,
                     struct error *err)
{
    struct http_poster *poster = calloc(1, sizeof *poster);
    if (!poster)
        return error_set(err, ERROR_NO_MEMORY, 0, "HTTP client");
    poster->slots = options->slots < HTTP_SLOTS_MAX ? options->slots : HTTP_SLOTS_MAX;
    bool ok = transfers_init(&poster->transfers);
    for (uint32_t i = 0; ok && i < poster->slots; i++) {
        struct slot *slot = &poster->slot[i];
        ok = transfer_init(&slot->transfer) && set_headers(slot, options) &&
             set_options(slot, options);
    }
    if (!ok) {
        http_poster_free(poster);
        return error_set(err, ERROR_CONFIG, 0, "HTTP client: libcurl refuses an option");
    }
    *ret = poster;
    return true;
}

void http_poster_free(struct http_poster *poster)
{
    if (!poster)
        return;
    for (uint32_t i = 0; i < poster->slots; i++) {
        struct slot *slot = &poster->slot[i];
        transfer_free(&poster->transfers, &slot->transfer);
        curl_slist_free_all(slot->plain_headers);
        curl_slist_free_all(slot->gzip_headers);
        free(slot->packed);
    }
    transfers_free(&poster->transfers);
    free(poster);
}

/* Compresses the body into the slot's own buffer. */
static bool pack(struct slot *slot, const void *body, size_t len, size_t *ret_len)
{
    z_stream z = {0};
    if (deflateInit2(&z, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW_BITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    size_t bound = deflateBound(&z, len);
    bool ok = bound <= UINT32_MAX && len <= UINT32_MAX;
    if (ok && slot->packed_cap < bound) {
        free(slot->packed);
        slot->packed = malloc(bound);
        slot->packed_cap = slot->packed ? bound : 0;
        ok = slot->packed != NULL;
    }
    if (ok) {
        z.next_in = (Bytef *)(uintptr_t)body;
        z.avail_in = (uInt)len;
        z.next_out = (Bytef *)slot->packed;
        z.avail_out = (uInt)slot->packed_cap;
        ok = deflate(&z, Z_FINISH) == Z_STREAM_END;
        *ret_len = z.total_out;
    }
    (void)deflateEnd(&z);
    return ok;
}

static bool set_body(struct slot *slot, const struct http_request *request)
{
    CURL *e = slot->transfer.easy;
    const char *body = request->body;
    size_t len = request->len;
    if (!body)
        return curl_easy_setopt(e, CURLOPT_HTTPGET, 1L) == CURLE_OK &&
               curl_easy_setopt(e, CURLOPT_HTTPHEADER, slot->plain_headers) == CURLE_OK;
    if (request->gzip) {
        if (!pack(slot, request->body, request->len, &len))
            return false;
        body = slot->packed;
    }
    slot->sent_bytes = len;
    return curl_easy_setopt(e, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_POSTFIELDS, body) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_HTTPHEADER,
                            request->gzip ? slot->gzip_headers : slot->plain_headers) == CURLE_OK;
}

bool http_poster_start(struct http_poster *poster, uint32_t at, const struct http_request *request,
                       struct error *err)
{
    struct slot *slot = &poster->slot[at];
    slot->sent_bytes = 0;
    if (curl_easy_setopt(slot->transfer.easy, CURLOPT_URL, request->url) != CURLE_OK ||
        !set_body(slot, request) || !transfer_start(&poster->transfers, &slot->transfer))
        return error_set(err, ERROR_NO_MEMORY, 0, "HTTP request to %s", request->url);
    return true;
}

void http_poster_wait(struct http_poster *poster, int timeout_ms)
{
    transfers_wait(&poster->transfers, timeout_ms);
}

bool http_poster_take(struct http_poster *poster, uint32_t at, struct http_response *ret)
{
    struct slot *slot = &poster->slot[at];
    struct transfer_result result;
    if (!transfer_take(&slot->transfer, &result))
        return false;
    *ret = (struct http_response){
        .status = slot->transfer.code == CURLE_OK ? (int)result.reply : 0,
        .retry_after_s = result.retry_after_s,
        .body = slot->transfer.answer,
        .problem = slot->transfer.problem,
        .distrust = result.distrust,
        .sent_bytes = slot->sent_bytes,
    };
    return true;
}

bool http_url_loopback(const char *url)
{
    char *host = NULL;
    CURLU *parts = curl_url();
    bool loopback = false;
    struct in_addr v4;
    if (parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK)
        loopback = strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
                   (inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127);
    curl_free(host);
    curl_url_cleanup(parts);
    return loopback;
}

bool http_probe(const struct http_poster_options *options, const char *url, int *ret_status,
                char *out, size_t cap, struct error *err)
{
    struct http_poster_options one = *options;
    struct http_poster *poster = NULL;
    struct http_response response;
    one.slots = 1;
    (void)http_poster_new(&one, &poster, err);
    if (!poster) /* stays NULL on failure */
        return false;
    bool ok = http_poster_start(poster, 0, &(struct http_request){.url = url}, err);
    bool answered = false;
    while (ok && !(answered = http_poster_take(poster, 0, &response)))
        http_poster_wait(poster, 100); /* ends by the request's own timeout */
    if (answered && response.status == 0)
        ok = error_set(err, ERROR_NETWORK, 0, "%s: %s", url, response.problem);
    if (ok && answered) {
        *ret_status = response.status;
        if (cap)
            (void)snprintf(out, cap, "%s", response.body);
    }
    http_poster_free(poster);
    return ok;
}

const char *http_library_version(void)
{
    return curl_version();
}
