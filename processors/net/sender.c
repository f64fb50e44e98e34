#include "processors/net/sender.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "processors/net/http_poster.h"

struct slot {
    CURL *easy;
    struct curl_slist *headers;
    struct curl_slist *recipients;
    const char *body; /* mail: what is left to be uploaded */
    size_t left;
    char answer[SENDER_ANSWER_BYTES_MAX + 1];
    size_t answer_len;
    char problem[CURL_ERROR_SIZE];
    char refused[CURL_ERROR_SIZE]; /* mail: the first reply that refuses something */
    CURLcode code;
    bool mail, busy, done;
};

struct sender {
    CURLM *multi;
    uint32_t slots;
    long timeout_s;
    struct slot slot[SENDER_SLOTS_MAX];
};

static char printable(char c)
{
    unsigned char u = (unsigned char)c;
    return (char)(u < 0x20 || u == 0x7f ? ' ' : u);
}

static size_t on_answer(char *bytes, size_t size, size_t count, void *arg)
{
    struct slot *slot = arg;
    size_t n = size * count, room = SENDER_ANSWER_BYTES_MAX - slot->answer_len;
    for (size_t i = 0; i < n && i < room; i++)
        slot->answer[slot->answer_len++] = printable(bytes[i]);
    slot->answer[slot->answer_len] = '\0';
    return n;
}

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
        slot->refused[i] = printable(bytes[i]);
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

static bool slot_init(struct slot *slot)
{
    slot->easy = curl_easy_init();
    return slot->easy != NULL;
}

bool sender_new(const struct sender_options *options, struct sender **ret, struct error *err)
{
    struct sender *sender = calloc(1, sizeof *sender);
    if (!sender)
        return error_set(err, ERROR_NO_MEMORY, 0, "sender");
    sender->slots = options->slots < SENDER_SLOTS_MAX ? options->slots : SENDER_SLOTS_MAX;
    sender->timeout_s = (long)options->timeout_s;
    bool ok = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    sender->multi = ok ? curl_multi_init() : NULL;
    ok = sender->multi != NULL;
    for (uint32_t i = 0; ok && i < sender->slots; i++)
        ok = slot_init(&sender->slot[i]);
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
        if (slot->busy && !slot->done)
            (void)curl_multi_remove_handle(sender->multi, slot->easy);
        curl_easy_cleanup(slot->easy);
        drop_lists(slot);
    }
    (void)curl_multi_cleanup(sender->multi);
    free(sender);
}

static bool add(struct curl_slist **list, const char *text)
{
    struct curl_slist *longer = curl_slist_append(*list, text);
    if (longer)
        *list = longer;
    return longer != NULL;
}

static bool given(const char *text)
{
    return text && text[0];
}

static bool set_common(struct slot *slot, const struct sender *sender,
                       const struct sender_request *r)
{
    CURL *e = slot->easy;
    long connect_s =
        sender->timeout_s < SENDER_CONNECT_S_MAX ? sender->timeout_s : (long)SENDER_CONNECT_S_MAX;
    bool ok = curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https,smtp,smtps") == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT, connect_s) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_TIMEOUT, sender->timeout_s) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_USERAGENT, "crowdtide/" CROWDTIDE_VERSION) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_ERRORBUFFER, slot->problem) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_answer) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_WRITEDATA, slot) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_HEADERDATA, slot) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_PRIVATE, slot) == CURLE_OK &&
              curl_easy_setopt(e, CURLOPT_URL, r->url) == CURLE_OK;
    if (ok && http_url_loopback(r->url))
        ok = curl_easy_setopt(e, CURLOPT_NOPROXY, "*") == CURLE_OK;
    if (ok && given(r->ca_file))
        ok = curl_easy_setopt(e, CURLOPT_CAINFO, r->ca_file) == CURLE_OK;
    if (ok && given(r->username))
        ok = curl_easy_setopt(e, CURLOPT_USERNAME, r->username) == CURLE_OK &&
             curl_easy_setopt(e, CURLOPT_PASSWORD, r->password ? r->password : "") == CURLE_OK;
    return ok;
}

static bool set_http(struct slot *slot, const struct sender_request *r)
{
    CURL *e = slot->easy;
    /* Without the empty Expect libcurl waits a second for "100 Continue" before larger bodies. */
    bool ok = add(&slot->headers, "Expect:");
    for (uint32_t i = 0; ok && i < r->header_count; i++)
        ok = add(&slot->headers, r->headers[i]);
    return ok && curl_easy_setopt(e, CURLOPT_HTTPAUTH, CURLAUTH_BASIC) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_POSTFIELDS, r->body) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->len) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_HTTPHEADER, slot->headers) == CURLE_OK;
}

static bool set_mail(struct slot *slot, const struct sender_request *r)
{
    CURL *e = slot->easy;
    bool ok = true;
    for (uint32_t i = 0; ok && i < r->mail_to_count; i++)
        ok = add(&slot->recipients, r->mail_to[i]);
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
    curl_easy_reset(slot->easy); /* keeps its connections */
    drop_lists(slot);
    slot->answer_len = 0;
    slot->answer[0] = slot->problem[0] = slot->refused[0] = '\0';
    slot->code = CURLE_OK;
    slot->mail = strncasecmp(request->url, "smtp", 4) == 0;
    if (!set_common(slot, sender, request) ||
        !(slot->mail ? set_mail(slot, request) : set_http(slot, request)) ||
        curl_multi_add_handle(sender->multi, slot->easy) != CURLM_OK)
        return error_set(err, ERROR_CONFIG, 0, "libcurl refuses the request: %s",
                         slot->problem[0] ? slot->problem : "an option");
    slot->busy = true;
    slot->done = false;
    sender_wait(sender, 0);
    return true;
}

void sender_wait(struct sender *sender, int timeout_ms)
{
    int running = 0, left = 0;
    if (timeout_ms > 0)
        (void)curl_multi_poll(sender->multi, NULL, 0, timeout_ms, NULL);
    (void)curl_multi_perform(sender->multi, &running);
    CURLMsg *message;
    while ((message = curl_multi_info_read(sender->multi, &left))) {
        struct slot *slot = NULL;
        if (message->msg != CURLMSG_DONE ||
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&slot) != CURLE_OK ||
            !slot)
            continue;
        slot->code = message->data.result;
        slot->done = true;
        (void)curl_multi_remove_handle(sender->multi, slot->easy); /* message is void from here */
    }
}

static bool about_certificates(CURLcode code)
{
    return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
           code == CURLE_SSL_ISSUER_ERROR || code == CURLE_SSL_CERTPROBLEM ||
           code == CURLE_USE_SSL_FAILED;
}

/* A mail that failed has the server's last reply, if that is what made it fail. */
static int status_of(const struct slot *slot, long reply)
{
    if (slot->code == CURLE_OK)
        return (int)reply;
    return slot->mail && reply >= 400 && reply < 600 ? (int)reply : 0;
}

bool sender_take(struct sender *sender, uint32_t at, struct sender_answer *ret)
{
    struct slot *slot = &sender->slot[at];
    if (!slot->busy || !slot->done)
        return false;
    slot->busy = false;
    long reply = 0;
    curl_off_t retry_after_s = 0;
    (void)curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &reply);
    (void)curl_easy_getinfo(slot->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    if (retry_after_s > SENDER_RETRY_AFTER_S_MAX)
        retry_after_s = SENDER_RETRY_AFTER_S_MAX;
    if (slot->code != CURLE_OK && !slot->problem[0])
        (void)snprintf(slot->problem, sizeof slot->problem, "%s", curl_easy_strerror(slot->code));
    const int status = status_of(slot, reply);
    *ret = (struct sender_answer){
        .status = status,
        .retry_after_s = retry_after_s > 0 ? (uint32_t)retry_after_s : 0,
        .body = slot->answer,
        .problem = slot->mail && status && slot->refused[0] ? slot->refused : slot->problem,
        .distrust = about_certificates(slot->code),
    };
    return true;
}
