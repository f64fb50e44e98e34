#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "deploy/cli/check.h"
#include "ingest/mqtt_probe.h"
#include "processors/net/http_poster.h"
#include "processors/net/kafka_link.h"

enum { ADDRESS_BYTES = 6000, BODY_BYTES = 2048 };

static void failed(struct check_answer *answer, const struct error *err)
{
    answer->ok = false;
    (void)error_describe(err, answer->text, sizeof answer->text);
}

static void try_mqtt(struct check *check)
{
    static const char *const words[] = {
        [MQTT_PROBE_NOT_SENT] = "",
        [MQTT_PROBE_CAME_BACK] = ", and a message to ourselves came back",
        [MQTT_PROBE_LOST] =
            (", but a message to ourselves (crowdtide/{venue}/probe/…) did not come back: let "
             "crowdtide's user read and publish there, or set mqtt.probe: no"),
        [MQTT_PROBE_REFUSED] =
            (", but a message to ourselves (crowdtide/{venue}/probe/…) is refused: let crowdtide's "
             "user publish there, or set mqtt.probe: no"),
    };
    struct check_answer *answer = &check->answer[CHECK_MQTT];
    enum mqtt_probe_back back = MQTT_PROBE_NOT_SENT;
    struct error err = {0};
    answer->asked = true;
    answer->ok = mqtt_probe(&check->config, check->venue, CHECK_CONNECT_S, &back, &err);
    if (answer->ok)
        (void)snprintf(answer->text, sizeof answer->text,
                       "%s: connected, every topic filter granted%s", check->config.mqtt_url,
                       words[back]);
    else
        failed(answer, &err);
}

static void try_kafka(struct check *check)
{
    struct check_answer *answer = &check->answer[CHECK_KAFKA];
    const struct config *c = &check->config;
    struct kafka_link link = {.brokers = c->kafka_brokers,
                              .options = c->kafka_options,
                              .sasl_password = c->kafka_sasl_password};
    struct kafka_found found;
    struct error err = {0};
    answer->asked = true;
    answer->ok = kafka_probe(&link, CHECK_CONNECT_S * 1000, &found, &err);
    if (answer->ok)
        (void)snprintf(answer->text, sizeof answer->text,
                       "%s: answered by %s; %u broker%s, %u topics, %u of them crowdtide's",
                       c->kafka_brokers, found.broker, found.brokers, found.brokers == 1 ? "" : "s",
                       found.topics, found.crowdtide_topics);
    else
        failed(answer, &err);
}

/* A query's value: all but letters, digits and -._~ as %xx. */
static void add_encoded(struct text *out, const char *value)
{
    static const char hex[] = "0123456789ABCDEF";
    for (const unsigned char *c = (const unsigned char *)value; *c; c++) {
        bool plain = (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') ||
                     (*c >= '0' && *c <= '9') || strchr("-._~", *c);
        if (plain) {
            text_add_char(out, (char)*c);
            continue;
        }
        text_add_char(out, '%');
        text_add_char(out, hex[*c >> 4]);
        text_add_char(out, hex[*c & 15]);
    }
}

/* What to ask: the list of databases, or the bucket. Both need the rights that the publisher has.
 */
static void series_address(const struct config *c, bool v2, char out[ADDRESS_BYTES])
{
    struct text address = text_over(out, ADDRESS_BYTES - 1);
    size_t len = strlen(c->series_url);
    while (len && c->series_url[len - 1] == '/')
        len--;
    text_add_bytes(&address, c->series_url, len);
    text_add(&address, v2 ? "/api/v2/buckets?name=" : "/query?q=SHOW%20DATABASES");
    if (v2) {
        add_encoded(&address, c->series_database);
        text_add(&address, "&org=");
        add_encoded(&address, c->series_org);
    }
    out[address.len] = '\0';
}

__attribute__((format(printf, 3, 4))) static void
say(struct check_answer *answer, const struct config *c, const char *format, ...)
{
    va_list args;
    int n = snprintf(answer->text, sizeof answer->text, "%s: ", c->series_url);
    if (n < 0 || (size_t)n >= sizeof answer->text)
        return;
    va_start(args, format);
    (void)vsnprintf(answer->text + n, sizeof answer->text - (size_t)n, format, args);
    va_end(args);
}

static void judge_series(struct check_answer *answer, const struct config *c, bool v2, int status,
                         const char *body)
{
    char name[300];
    (void)snprintf(name, sizeof name, "\"%s\"", c->series_database);
    const char *what = v2 ? "bucket" : "database";
    bool there = status == 200 && strstr(body, name);
    bool own_words = strstr(body, "\"code\"") != NULL; /* InfluxDB 2 explains itself in JSON */
    answer->ok = there || (status == 200 && !v2) || (status == 400 && v2 && !own_words);
    if (there)
        say(answer, c, "answers; %s %s is there", what, c->series_database);
    else if (status == 200 && !v2)
        say(answer, c, "answers; database %s is not there yet and will be made",
            c->series_database);
    else if (answer->ok)
        say(answer, c,
            "answers, but can't be asked for its buckets; writing may work all the same");
    else if (status == 401 || status == 403)
        say(answer, c, "the user or token is refused (status %d): %.300s", status, body);
    else if (status == 404 && v2 && !own_words)
        say(answer, c,
            "has no v2 interface (status 404); is it InfluxDB 1.x? Then series.api is v1");
    else if (v2)
        say(answer, c, "bucket %s is not there (status %d): %.300s", c->series_database, status,
            body);
    else
        say(answer, c, "status %d: %.300s", status, body);
}

static void try_series(struct check *check)
{
    struct check_answer *answer = &check->answer[CHECK_SERIES];
    const struct config *c = &check->config;
    bool v2 = strcmp(c->series_api, "v2") == 0;
    struct http_poster_options options = {.username = v2 ? NULL : c->series_username,
                                          .password = v2 ? NULL : c->series_password,
                                          .token = v2 ? c->series_token : NULL,
                                          .ca_file = c->series_ca_file,
                                          .timeout_s = CHECK_CONNECT_S,
                                          .direct = http_url_loopback(c->series_url)};
    char address[ADDRESS_BYTES], body[BODY_BYTES] = "";
    struct error err = {0};
    int status = 0;
    answer->asked = true;
    series_address(c, v2, address);
    if (http_probe(&options, address, &status, body, sizeof body, &err))
        judge_series(answer, c, v2, status, body);
    else
        failed(answer, &err);
}

void check_connect(struct check *check)
{
    check->connected = true;
    try_mqtt(check);
    if (check->config.kafka_enabled)
        try_kafka(check);
    if (check->config.series_enabled)
        try_series(check);
}
