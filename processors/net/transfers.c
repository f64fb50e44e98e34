#include "processors/net/transfers.h"

#include <stdio.h>
#include <string.h>

char transfer_printable(char c)
{
    unsigned char u = (unsigned char)c;
    return (char)(u < 0x20 || u == 0x7f ? ' ' : u);
}

static size_t on_answer(char *bytes, size_t size, size_t count, void *arg)
{
    struct transfer *t = arg;
    size_t n = size * count, room = TRANSFER_ANSWER_BYTES_MAX - t->answer_len;
    for (size_t i = 0; i < n && i < room; i++)
        t->answer[t->answer_len++] = transfer_printable(bytes[i]);
    t->answer[t->answer_len] = '\0';
    return n;
}

bool transfers_init(struct transfers *transfers)
{
    bool ok = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    transfers->multi = ok ? curl_multi_init() : NULL;
    return transfers->multi != NULL;
}

void transfers_free(struct transfers *transfers)
{
    (void)curl_multi_cleanup(transfers->multi);
    transfers->multi = NULL;
}

bool transfer_init(struct transfer *transfer)
{
    transfer->easy = curl_easy_init();
    return transfer->easy != NULL;
}

void transfer_free(struct transfers *transfers, struct transfer *transfer)
{
    if (transfer->busy && !transfer->done)
        (void)curl_multi_remove_handle(transfers->multi, transfer->easy);
    curl_easy_cleanup(transfer->easy);
    transfer->easy = NULL;
}

static bool given(const char *text)
{
    return text && text[0];
}

bool transfer_common(struct transfer *transfer, const struct transfer_options *o)
{
    CURL *e = transfer->easy;
    long connect_s = o->timeout_s < TRANSFER_CONNECT_S_MAX ? o->timeout_s : TRANSFER_CONNECT_S_MAX;
    bool ok = curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, o->schemes) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT, connect_s) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_TIMEOUT, o->timeout_s) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_USERAGENT, "crowdtide/" CROWDTIDE_VERSION) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_ERRORBUFFER, transfer->problem) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_answer) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_WRITEDATA, transfer) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_PRIVATE, transfer) == CURLE_OK;
    if (ok && o->direct)
        ok = curl_easy_setopt(e, CURLOPT_NOPROXY, "*") == CURLE_OK;
    if (ok && given(o->ca_file))
        ok = curl_easy_setopt(e, CURLOPT_CAINFO, o->ca_file) == CURLE_OK;
    if (ok && given(o->username))
        ok = curl_easy_setopt(e, CURLOPT_USERNAME, o->username) == CURLE_OK &&
             curl_easy_setopt(e, CURLOPT_PASSWORD, o->password ? o->password : "") == CURLE_OK;
    return ok;
}

bool transfer_add(struct curl_slist **list, const char *text)
{
    struct curl_slist *longer = curl_slist_append(*list, text);
    if (longer)
        *list = longer;
    return longer != NULL;
}

bool transfer_start(struct transfers *transfers, struct transfer *transfer)
{
    transfer->answer_len = 0;
    transfer->answer[0] = transfer->problem[0] = '\0';
    transfer->code = CURLE_OK;
    if (curl_multi_add_handle(transfers->multi, transfer->easy) != CURLM_OK)
        return false;
    transfer->busy = true;
    transfer->done = false;
    transfers_wait(transfers, 0);
    return true;
}

void transfers_wait(struct transfers *transfers, int timeout_ms)
{
    int running = 0, left = 0;
    if (timeout_ms > 0)
        (void)curl_multi_poll(transfers->multi, NULL, 0, timeout_ms, NULL);
    (void)curl_multi_perform(transfers->multi, &running);
    CURLMsg *message;
    while ((message = curl_multi_info_read(transfers->multi, &left))) {
        struct transfer *t = NULL;
        if (message->msg != CURLMSG_DONE ||
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t) != CURLE_OK ||
            !t)
            continue;
        t->code = message->data.result;
        t->done = true;
        (void)curl_multi_remove_handle(transfers->multi, t->easy); /* message is void from here */
    }
}

static bool about_certificates(CURLcode code)
{
    return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
           code == CURLE_SSL_ISSUER_ERROR || code == CURLE_SSL_CERTPROBLEM ||
           code == CURLE_USE_SSL_FAILED;
}

bool transfer_take(struct transfer *transfer, struct transfer_result *ret)
{
    if (!transfer->busy || !transfer->done)
        return false;
    transfer->busy = false;
    curl_off_t retry_after_s = 0;
    *ret = (struct transfer_result){.distrust = about_certificates(transfer->code)};
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &ret->reply);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    if (retry_after_s > TRANSFER_RETRY_AFTER_S_MAX)
        retry_after_s = TRANSFER_RETRY_AFTER_S_MAX;
    if (retry_after_s > 0)
        ret->retry_after_s = (uint32_t)retry_after_s;
    if (transfer->code != CURLE_OK && !transfer->problem[0])
        (void)snprintf(transfer->problem, sizeof transfer->problem, "%s",
                       curl_easy_strerror(transfer->code));
    return true;
}
