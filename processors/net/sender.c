#include "processors/net/sender.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "processors/net/http_poster.h"
#include "processors/net/transfers.h"

struct slot {
    struct transfer transfer;
    struct curl_slist *headers;
    struct curl_slist *recipients;
    const char *body; /* mail: what is left to be uploaded */
    size_t left;
    char refused[CURL_ERROR_SIZE]; /* mail: the first reply that refuses something */
    bool mail;
};

struct sender {
    struct transfers transfers;
    uint32_t slots;
    long timeout_s;
    struct slot slot[SENDER_SLOTS_MAX];
};

/* Of SMTP these are the server's replies: with MAIL_RCPT_ALLLOWFAILS a recipient that is refused
   shows nowhere else. */
static size_t on_header(char *bytes, size_t size, size_t count, void *arg)
{
    struct slot *slot = arg;
    size_t n = size * count;
    if (!slot->mail || slot->refused[0] || n < 4 || (bytes[0] != '4' && bytes[0] != '5') ||
        (bytes[3] != ' ' && bytes[3] != '-'))
        return n;
    size_t keep = n < sizeof slot->refused - 1 ? n : sizeof slot->refused - 1;
    while (keep && (bytes[keep - 1] == '\r' || bytes[keep - 1] == '\n'))
        keep--;
    for (size_t i = 0; i < keep; i++)
        slot->refused[i] = transfer_printable(bytes[i]);
    slot->refused[keep] = '\0';
    return n;
}

static size_t on_upload(char *out, size_t size, size_t count, void *arg)
{
    struct slot *slot = arg;
    size_t room = size * count, n = slot->left < room ? slot->left : room;
    memcpy(out, slot->body, n);
    slot->body += n;
    slot->left -= n;
    return n;
}

bool sender_new(const struct sender_options *options, struct sender **ret, struct error *err)
{
    struct sender *sender = calloc(1, sizeof *sender);
    if (!sender)
        return error_set(err, ERROR_NO_MEMORY, 0, "sender");
    sender->slots = options->slots < SENDER_SLOTS_MAX ? options->slots : SENDER_SLOTS_MAX;
    sender->timeout_s = (long)options->timeout_s;
    bool ok = transfers_init(&sender->transfers);
    for (uint32_t i = 0; ok && i < sender->slots; i++)
        ok = transfer_init(&sender->slot[i].transfer);
    if (!ok) {
        sender_free(sender);
        return error_set(err, ERROR_CONFIG, 0, "sender: libcurl can't be started");
    }
    *ret = sender;
    return true;
}

static void drop_lists(struct slot *slot)
{
    curl_slist_free_all(slot->headers);
    curl_slist_free_all(slot->recipients);
    slot->headers = slot->recipients = NULL;
}

void sender_free(struct sender *sender)
{
    if (!sender)
        return;
    for (uint32_t i = 0; i < sender->slots; i++) {
        struct slot *slot = &sender->slot[i];
        transfer_free(&sender->transfers, &slot->transfer);
        drop_lists(slot);
    }
    transfers_free(&sender->transfers);
    free(sender);
}

static bool given(const char *text)
{
    return text && text[0];
}

static bool set_common(struct slot *slot, const struct sender *sender,
                       const struct sender_request *r)
{
    CURL *e = slot->transfer.easy;
    const struct transfer_options common = {
        .schemes = "http,https,smtp,smtps",
        .username = r->username,
        .password = r->password,
        .ca_file = r->ca_file,
        .timeout_s = sender->timeout_s,
        .direct = http_url_loopback(r->url),
    };
    return transfer_common(&slot->transfer, &common) &&
           curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_HEADERDATA, slot) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_URL, r->url) == CURLE_OK;
}

static bool set_http(struct slot *slot, const struct sender_request *r)
{
    CURL *e = slot->transfer.easy;
    /* Without the empty Expect libcurl waits a second for "100 Continue" before larger bodies. */
    bool ok = transfer_add(&slot->headers, "Expect:");
    for (uint32_t i = 0; ok && i < r->header_count; i++)
        ok = transfer_add(&slot->headers, r->headers[i]);
    return ok && curl_easy_setopt(e, CURLOPT_HTTPAUTH, CURLAUTH_BASIC) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_POSTFIELDS, r->body) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->len) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_HTTPHEADER, slot->headers) == CURLE_OK;
}

static bool set_mail(struct slot *slot, const struct sender_request *r)
{
    CURL *e = slot->transfer.easy;
    bool ok = true;
    for (uint32_t i = 0; ok && i < r->mail_to_count; i++)
        ok = transfer_add(&slot->recipients, r->mail_to[i]);
    slot->body = r->body;
    slot->left = r->len;
    long tls = given(r->username) ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_TRY;
    return ok && curl_easy_setopt(e, CURLOPT_MAIL_FROM, r->mail_from) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_MAIL_RCPT, slot->recipients) == CURLE_OK &&
           /* One address that is wrong must not silence the others. */
           curl_easy_setopt(e, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_USE_SSL, tls) == CURLE_OK &&
           /* A mail server may have closed a kept connection: a mail is rare, a new one is sure. */
           curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_READFUNCTION, on_upload) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_READDATA, slot) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->len) == CURLE_OK;
}

bool sender_start(struct sender *sender, uint32_t at, const struct sender_request *request,
                  struct error *err)
{
    struct slot *slot = &sender->slot[at];
    curl_easy_reset(slot->transfer.easy); /* keeps its connections */
    drop_lists(slot);
    slot->refused[0] = slot->transfer.problem[0] = '\0';
    slot->mail = strncasecmp(request->url, "smtp", 4) == 0;
    if (!set_common(slot, sender, request) ||
        !(slot->mail ? set_mail(slot, request) : set_http(slot, request)) ||
        !transfer_start(&sender->transfers, &slot->transfer))
        return error_set(err, ERROR_CONFIG, 0, "libcurl refuses the request: %s",
                         slot->transfer.problem[0] ? slot->transfer.problem : "an option");
    return true;
}

void sender_wait(struct sender *sender, int timeout_ms)
{
    transfers_wait(&sender->transfers, timeout_ms);
}

/* A mail that failed has the server's last reply, if that is what made it fail. */
static int status_of(const struct slot *slot, long reply)
{
    if (slot->transfer.code == CURLE_OK)
        return (int)reply;
    return slot->mail && reply >= 400 && reply < 600 ? (int)reply : 0;
}

bool sender_take(struct sender *sender, uint32_t at, struct sender_answer *ret)
{
    struct slot *slot = &sender->slot[at];
    struct transfer_result result;
    if (!transfer_take(&slot->transfer, &result))
        return false;
    const int status = status_of(slot, result.reply);
    *ret = (struct sender_answer){
        .status = status,
        .retry_after_s = result.retry_after_s,
        .body = slot->transfer.answer,
        .problem =
            slot->mail && status && slot->refused[0] ? slot->refused : slot->transfer.problem,
        .distrust = result.distrust,
    };
    return true;
}
