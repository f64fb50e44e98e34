#include "processors/net/http_lines.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_AT_START = 64 * 1024, AUTHORIZATION_BYTES = 4200 };

struct lines {
    bool (*visit)(void *arg, const char *line, size_t len, struct error *err);
    void *arg;
    struct error *err;
    char *bytes;
    size_t len, cap;
    bool failed;
};

static bool make_room(struct lines *l, size_t more)
{
    size_t cap = l->cap ? l->cap : BYTES_AT_START;
    while (cap < l->len + more)
        cap *= 2;
    if (cap == l->cap)
        return true;
    if (cap > HTTP_LINE_BYTES_MAX)
        return error_set(l->err, ERROR_TOO_LARGE, 0, "HTTP answer: a line over %d bytes",
                         HTTP_LINE_BYTES_MAX);
    char *grown = realloc(l->bytes, cap + HTTP_LINE_PADDING_BYTES);
    if (!grown)
        return error_set(l->err, ERROR_NO_MEMORY, 0, "HTTP answer");
    l->bytes = grown;
    l->cap = cap;
    return true;
}

static bool hand_out(struct lines *l)
{
    bool ok = l->len == 0 || l->visit(l->arg, l->bytes, l->len, l->err);
    l->len = 0;
    return ok;
}

static size_t on_bytes(char *bytes, size_t size, size_t count, void *arg)
{
    struct lines *l = arg;
    size_t n = size * count;
    for (size_t at = 0; at < n && !l->failed;) {
        const char *newline = memchr(bytes + at, '\n', n - at);
        size_t part = newline ? (size_t)(newline - bytes) - at : n - at;
        l->failed = !make_room(l, part);
        if (l->failed)
            break;
        memcpy(l->bytes + l->len, bytes + at, part);
        l->len += part;
        at += part + (newline != NULL);
        if (newline)
            l->failed = !hand_out(l);
    }
    return l->failed ? 0 : n;
}

static bool set_options(CURL *e, const struct http_poster_options *o, struct lines *l)
{
    bool ok = curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT, (long)o->timeout_s) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, (long)o->timeout_s) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_USERAGENT, "crowdtide/" CROWDTIDE_VERSION) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_bytes) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_WRITEDATA, l) == CURLE_OK;
    if (ok && o->direct)
        ok = curl_easy_setopt(e, CURLOPT_NOPROXY, "*") == CURLE_OK;
    if (ok && o->ca_file && o->ca_file[0])
        ok = curl_easy_setopt(e, CURLOPT_CAINFO, o->ca_file) == CURLE_OK;
    if (ok && o->username && o->username[0])
        ok = curl_easy_setopt(e, CURLOPT_USERNAME, o->username) == CURLE_OK &&
             curl_easy_setopt(e, CURLOPT_PASSWORD, o->password ? o->password : "") == CURLE_OK;
    return ok;
}

bool http_lines(const struct http_poster_options *options, const char *url,
                bool (*visit)(void *arg, const char *line, size_t len, struct error *err),
                void *arg, int *ret_status, struct error *err)
{
    struct error why = {0};
    struct lines l = {.visit = visit, .arg = arg, .err = &why};
    struct curl_slist *headers = NULL;
    char token[AUTHORIZATION_BYTES];
    long status = 0;
    CURL *e = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_easy_init() : NULL;
    bool ok = e && set_options(e, options, &l) && curl_easy_setopt(e, CURLOPT_URL, url) == CURLE_OK;
    if (ok && options->token && options->token[0]) {
        (void)snprintf(token, sizeof token, "Authorization: Token %s", options->token);
        headers = curl_slist_append(NULL, token);
        ok = headers && curl_easy_setopt(e, CURLOPT_HTTPHEADER, headers) == CURLE_OK;
    }
    if (!ok) {
        (void)error_set(&why, ERROR_CONFIG, 0, "HTTP client: libcurl refuses an option");
    } else {
        CURLcode code = curl_easy_perform(e);
        (void)curl_easy_getinfo(e, CURLINFO_RESPONSE_CODE, &status);
        ok = !l.failed && code == CURLE_OK && hand_out(&l);
        if (!ok && why.code == ERROR_NONE)
            (void)error_set(&why, ERROR_NETWORK, 0, "%.200s: %s", url, curl_easy_strerror(code));
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(e);
    free(l.bytes);
    *ret_status = (int)status;
    if (!ok && err)
        *err = why;
    return ok;
}
