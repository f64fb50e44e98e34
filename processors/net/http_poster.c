#include "processors/net/http_poster.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { GZIP_LEVEL = 1, GZIP_WINDOW_BITS = 15 + 16 /* 16: gzip header */ };

struct slot {
    CURL *easy;
    struct curl_slist *plain_headers;
    struct curl_slist *gzip_headers;
    char *packed;
    size_t packed_cap;
    char body[HTTP_ANSWER_BYTES_MAX + 1];
    size_t body_len;
    char problem[CURL_ERROR_SIZE];
    CURLcode code;
    uint64_t sent_bytes;
    bool busy, done;
};

struct http_poster {
    CURLM *multi;
    uint32_t slots;
    struct slot slot[HTTP_SLOTS_MAX];
};

static size_t on_answer(char *bytes, size_t size, size_t count, void *arg)
{
    struct slot *slot = arg;
    size_t n = size * count, room = HTTP_ANSWER_BYTES_MAX - slot->body_len;
    size_t keep = n < room ? n : room;
    for (size_t i = 0; i < keep; i++) {
        unsigned char c = (unsigned char)bytes[i];
        slot->body[slot->body_len++] = (char)(c < 0x20 || c == 0x7f ? ' ' : c);
    }
    slot->body[slot->body_len] = '\0';
    return n;
}

/* Appends to a list that may be empty; false when out of memory. */
static bool add_header(struct curl_slist **list, const char *header)
{
    struct curl_slist *longer = curl_slist_append(*list, header);
    if (longer)
        *list = longer;
    return longer != NULL;
}

static bool set_headers(struct slot *slot, const struct http_poster_options *options)
{
    char token[4200];
    struct curl_slist **lists[] = {&slot->plain_headers, &slot->gzip_headers};
    for (int i = 0; i < 2; i++) {
        /* Without the empty Expect libcurl waits a second for "100 Continue" before larger bodies.
         */
        if (!add_header(lists[i], "Expect:") ||
            !add_header(lists[i], "Content-Type: text/plain; charset=utf-8"))
            return false;
        if (options->token && options->token[0]) {
            (void)snprintf(token, sizeof token, "Authorization: Token %s", options->token);
            if (!add_header(lists[i], token))
                return false;
        }
    }
    return add_header(&slot->gzip_headers, "Content-Encoding: gzip");
}

static bool set_options(struct slot *slot, const struct http_poster_options *options)
{
    CURL *e = slot->easy;
    long connect_s = options->timeout_s < HTTP_CONNECT_S_MAX ? (long)options->timeout_s
                                                             : (long)HTTP_CONNECT_S_MAX;
    bool ok = curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT, connect_s) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_TIMEOUT, (long)options->timeout_s) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_USERAGENT, "crowdtide/" CROWDTIDE_VERSION) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_ERRORBUFFER, slot->problem) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_answer) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_WRITEDATA, slot) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_PRIVATE, slot) == CURLE_OK;
    if (ok && options->direct)
        ok = curl_easy_setopt(e, CURLOPT_NOPROXY, "*") == CURLE_OK;
    if (ok && options->ca_file && options->ca_file[0])
        ok = curl_easy_setopt(e, CURLOPT_CAINFO, options->ca_file) == CURLE_OK;
    if (ok && options->username && options->username[0])
        ok = curl_easy_setopt(e, CURLOPT_USERNAME, options->username) == CURLE_OK &&
             curl_easy_setopt(e, CURLOPT_PASSWORD, options->password ? options->password : "") ==
                 CURLE_OK &&
             curl_easy_setopt(e, CURLOPT_HTTPAUTH, CURLAUTH_BASIC) == CURLE_OK;
    return ok;
}

bool http_poster_new(const struct http_poster_options *options, struct http_poster **ret,
                     struct error *err)
{
    struct http_poster *poster = calloc(1, sizeof *poster);
    if (!poster)
        return error_set(err, ERROR_NO_MEMORY, 0, "HTTP client");
    poster->slots = options->slots < HTTP_SLOTS_MAX ? options->slots : HTTP_SLOTS_MAX;
    bool ok = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    poster->multi = ok ? curl_multi_init() : NULL;
    ok = poster->multi != NULL;
    for (uint32_t i = 0; ok && i < poster->slots; i++) {
        struct slot *slot = &poster->slot[i];
        slot->easy = curl_easy_init();
        ok = slot->easy && set_headers(slot, options) && set_options(slot, options);
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
        if (slot->busy && !slot->done)
            (void)curl_multi_remove_handle(poster->multi, slot->easy);
        curl_easy_cleanup(slot->easy);
        curl_slist_free_all(slot->plain_headers);
        curl_slist_free_all(slot->gzip_headers);
        free(slot->packed);
    }
    (void)curl_multi_cleanup(poster->multi);
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
    CURL *e = slot->easy;
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
    slot->body_len = 0;
    slot->body[0] = slot->problem[0] = '\0';
    slot->sent_bytes = 0;
    slot->code = CURLE_OK;
    if (curl_easy_setopt(slot->easy, CURLOPT_URL, request->url) != CURLE_OK ||
        !set_body(slot, request) || curl_multi_add_handle(poster->multi, slot->easy) != CURLM_OK)
        return error_set(err, ERROR_NO_MEMORY, 0, "HTTP request to %s", request->url);
    slot->busy = true;
    slot->done = false;
    http_poster_wait(poster, 0);
    return true;
}

void http_poster_wait(struct http_poster *poster, int timeout_ms)
{
    int running = 0, left = 0;
    if (timeout_ms > 0)
        (void)curl_multi_poll(poster->multi, NULL, 0, timeout_ms, NULL);
    (void)curl_multi_perform(poster->multi, &running);
    CURLMsg *message;
    while ((message = curl_multi_info_read(poster->multi, &left))) {
        struct slot *slot = NULL;
        if (message->msg != CURLMSG_DONE ||
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&slot) != CURLE_OK ||
            !slot)
            continue;
        slot->code = message->data.result;
        slot->done = true;
        (void)curl_multi_remove_handle(poster->multi, slot->easy); /* message is void from here */
    }
}

static bool about_certificates(CURLcode code)
{
    return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
           code == CURLE_SSL_ISSUER_ERROR || code == CURLE_SSL_CERTPROBLEM;
}

bool http_poster_take(struct http_poster *poster, uint32_t at, struct http_response *ret)
{
    struct slot *slot = &poster->slot[at];
    if (!slot->busy || !slot->done)
        return false;
    slot->busy = false;
    long status = 0;
    curl_off_t retry_after_s = 0;
    (void)curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(slot->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    if (retry_after_s > HTTP_RETRY_AFTER_S_MAX)
        retry_after_s = HTTP_RETRY_AFTER_S_MAX;
    if (slot->code != CURLE_OK && !slot->problem[0])
        (void)snprintf(slot->problem, sizeof slot->problem, "%s", curl_easy_strerror(slot->code));
    *ret = (struct http_response){
        .status = slot->code == CURLE_OK ? (int)status : 0,
        .retry_after_s = retry_after_s > 0 ? (uint32_t)retry_after_s : 0,
        .body = slot->body,
        .problem = slot->problem,
        .distrust = about_certificates(slot->code),
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
