#include "processors/publish/series_target.h"

#include <stdio.h>
#include <string.h>

/* RFC 3986: everything but unreserved characters as %XX. */
static void add_encoded(struct text *out, const char *s)
{
    static const char hex[] = "0123456789ABCDEF";
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                     strchr("-._~", c);
        if (!plain) {
            text_add_char(out, '%');
            text_add_char(out, hex[c >> 4]);
            c = (unsigned char)hex[c & 15];
        }
        text_add_char(out, (char)c);
    }
}

/* Base address without a trailing slash, then path. NUL-terminated by finish. */
static struct text begin_url(char *out, const char *base, const char *path)
{
    struct text text = text_over(out, HTTP_URL_BYTES - 1);
    size_t len = strlen(base);
    while (len && base[len - 1] == '/')
        len--;
    text_add_bytes(&text, base, len);
    text_add(&text, path);
    return text;
}

static bool finish_url(struct text *text, struct error *err)
{
    text->at[text->len] = '\0';
    return !text->overflow || error_set(err, ERROR_CONFIG, 0, "series.url: too long");
}

static bool set_v1(const struct config *config, struct series_target *t, struct error *err)
{
    struct text url = begin_url(t->write_url, config->series_url, "/write?db=");
    add_encoded(&url, config->series_database);
    if (!finish_url(&url, err))
        return false;
    char statement[600];
    struct text q = text_over(statement, sizeof statement - 1);
    text_add(&q, "CREATE DATABASE \"");
    for (const char *s = config->series_database; *s; s++) {
        if (*s == '"' || *s == '\\')
            text_add_char(&q, '\\');
        text_add_char(&q, *s);
    }
    text_add_char(&q, '"');
    statement[q.len] = '\0';
    url = begin_url(t->create_url, config->series_url, "/query?q=");
    add_encoded(&url, statement);
    return finish_url(&url, err);
}

static bool set_v2(const struct config *config, struct series_target *t, struct error *err)
{
    struct text url = begin_url(t->write_url, config->series_url, "/api/v2/write?org=");
    add_encoded(&url, config->series_org);
    text_add(&url, "&bucket=");
    add_encoded(&url, config->series_database);
    return finish_url(&url, err);
}

bool series_target_query(const struct config *config, const char *statement, char *url,
                         struct error *err)
{
    struct text text = begin_url(url, config->series_url, "/query?epoch=ns&chunked=true&db=");
    add_encoded(&text, config->series_database);
    text_add(&text, "&q=");
    add_encoded(&text, statement);
    return finish_url(&text, err);
}

bool series_target_url(const struct config *config, const char *path, char *url, struct error *err)
{
    struct text text = begin_url(url, config->series_url, path);
    return finish_url(&text, err);
}

bool series_target_init(const struct config *config, struct series_target *ret, struct error *err)
{
    struct series_target t = {0};
    const bool v1 = strcmp(config->series_api, "v1") == 0;
    const char *gzip = config->series_gzip;
    if (!v1 && strcmp(config->series_api, "v2") != 0)
        return error_set(err, ERROR_CONFIG, 0, "series.api is \"%s\": v1 or v2",
                         config->series_api);
    if (strcmp(gzip, "on") != 0 && strcmp(gzip, "off") != 0 && strcmp(gzip, "auto") != 0)
        return error_set(err, ERROR_CONFIG, 0, "series.gzip is \"%s\": on, off or auto", gzip);
    if (strncmp(config->series_url, "http://", 7) != 0 &&
        strncmp(config->series_url, "https://", 8) != 0)
        return error_set(err, ERROR_CONFIG, 0, "series.url is \"%s\": http://… or https://…",
                         config->series_url);
    if (!(v1 ? set_v1(config, &t, err) : set_v2(config, &t, err)))
        return false;
    const bool loopback = http_url_loopback(config->series_url);
    t.gzip = strcmp(gzip, "on") == 0 || (strcmp(gzip, "auto") == 0 && !loopback);
    t.http = (struct http_poster_options){
        .slots = 1,
        .username = config->series_username,
        .password = config->series_password,
        .token = config->series_token,
        .ca_file = config->series_ca_file,
        .timeout_s = (uint32_t)config->series_timeout_s,
        .direct = loopback,
    };
    *ret = t;
    return true;
}

enum series_verdict series_judge(const struct series_target *target,
                                 const struct http_response *response)
{
    const int status = response->status;
    if (status >= 200 && status < 300)
        return SERIES_STORED;
    if (response->distrust)
        return SERIES_BLOCKED;
    if (status == 0 || status == 408 || status == 429 || status >= 500)
        return SERIES_LATER;
    if (status == 413)
        return SERIES_TOO_LARGE;
    if (status == 404 && target->create_url[0] && strstr(response->body, "database not found"))
        return SERIES_NO_DATABASE;
    if (status == 400 || status == 422)
        return SERIES_REFUSED;
    return SERIES_BLOCKED;
}

bool series_blames_data(const char *words)
{
    static const char *const phrases[] = {
        "unable to parse",         "partial write",      "field type conflict",
        "invalid field format",    "max-values-per-tag", "max-series-per-database",
        "beyond retention policy", "time outside range", "invalid number",
        "invalid boolean",
    };
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
        if (strstr(words, phrases[i]))
            return true;
    }
    return false;
}
