#include "processors/net/kafka_link.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <string.h>

enum { ASK_SLICE_MS = 250, ASK_SURE_MS = 2000 };

static bool set_one(rd_kafka_conf_t *conf, const char *name, const char *value, struct error *err)
{
    char why[256];
    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) == RD_KAFKA_CONF_OK)
        return true;
    return error_set(err, ERROR_CONFIG, 0, "Kafka setting %s: %s", name, why);
}

static bool set_list(rd_kafka_conf_t *conf, const struct kafka_setting *list, struct error *err)
{
    for (; list && list->name; list++) {
        if (!set_one(conf, list->name, list->value, err))
            return false;
    }
    return true;
}

/* "name=value" lines; empty ones are passed over. */
static bool set_options(rd_kafka_conf_t *conf, const char *options, struct error *err)
{
    while (options && *options) {
        size_t len = strcspn(options, "\n");
        const char *equals = memchr(options, '=', len);
        char name[KAFKA_NAME_BYTES], value[KAFKA_VALUE_BYTES];
        if (len) {
            if (!equals)
                return error_set(err, ERROR_CONFIG, 0, "Kafka option \"%.*s\" is not name=value",
                                 (int)(len < 100 ? len : 100), options);
            size_t name_len = (size_t)(equals - options), value_len = len - name_len - 1;
            if (name_len >= sizeof name || value_len >= sizeof value)
                return error_set(err, ERROR_CONFIG, 0, "Kafka option \"%.60s…\" is too long",
                                 options);
            memcpy(name, options, name_len);
            name[name_len] = '\0';
            memcpy(value, equals + 1, value_len);
            value[value_len] = '\0';
            if (!set_one(conf, name, value, err))
                return false;
        }
        options += len + (options[len] == '\n');
    }
    return true;
}

/* The library must not write to our stderr; what matters arrives as errors of the calls. */
static void ignore_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk;
    (void)level;
    (void)facility;
    (void)text;
}

bool kafka_link_conf(const struct kafka_link *link, const struct kafka_setting *defaults,
                     const struct kafka_setting *fixed, rd_kafka_conf_t **ret_conf,
                     struct error *err)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    const char *client_id = link->client_id ? link->client_id : "crowdtide";
    rd_kafka_conf_set_log_cb(conf, ignore_log);
    if (!set_one(conf, "client.id", client_id, err) || !set_list(conf, defaults, err) ||
        !set_options(conf, link->options, err) ||
        !set_one(conf, "bootstrap.servers", link->brokers, err) ||
        (link->sasl_password && link->sasl_password[0] &&
         !set_one(conf, "sasl.password", link->sasl_password, err)) ||
        !set_list(conf, fixed, err)) {
        rd_kafka_conf_destroy(conf);
        return false;
    }
    *ret_conf = conf;
    return true;
}

bool kafka_link_check(const struct kafka_link *link, struct error *err)
{
    rd_kafka_conf_t *conf = NULL;
    if (!kafka_link_conf(link, NULL, NULL, &conf, err))
        return false;
    rd_kafka_conf_destroy(conf);
    return true;
}

void kafka_complaint_take(struct kafka_complaint *complaint, int code, const char *reason)
{
    complaint->denied |= code == RD_KAFKA_RESP_ERR__AUTHENTICATION;
    complaint->all_down |= code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
    /* What came before says more than "all brokers are down". */
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && complaint->text[0])
        return;
    const char *figures = NULL;
    for (const char *at = reason; (at = strstr(at, " (after ")) != NULL; at++)
        figures = at;
    size_t len = figures ? (size_t)(figures - reason) : strlen(reason);
    (void)snprintf(complaint->text, sizeof complaint->text, "%.*s", (int)len, reason);
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
    (void)rk;
    kafka_complaint_take(opaque, code, reason);
}

void kafka_complaint_attach(struct kafka_complaint *complaint, rd_kafka_conf_t *conf)
{
    rd_kafka_conf_set_opaque(conf, complaint);
    rd_kafka_conf_set_error_cb(conf, on_error);
}

/* In slices: a refusal is certain at once, and a host's first address may be a wrong one, but
 * hardly all for ASK_SURE_MS. Each is a request of its own, so they grow: brokers that are far or
 * busy answer late. */
const struct rd_kafka_metadata *kafka_link_ask(rd_kafka_t *rk,
                                               const struct kafka_complaint *complaint,
                                               int timeout_ms, struct error *err)
{
    const struct rd_kafka_metadata *meta = NULL;
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__TIMED_OUT;
    for (int spent_ms = 0, next_ms = ASK_SLICE_MS; spent_ms < timeout_ms;) {
        int slice_ms = next_ms < timeout_ms - spent_ms ? next_ms : timeout_ms - spent_ms;
        code = rd_kafka_metadata(rk, 1, NULL, &meta, slice_ms);
        rd_kafka_poll(rk, 0);
        if (!code)
            return meta;
        if (complaint->denied || (complaint->all_down && spent_ms >= ASK_SURE_MS))
            break;
        spent_ms += slice_ms;
        next_ms = complaint->all_down ? ASK_SLICE_MS : 2 * slice_ms;
    }
    (void)error_set(err, complaint->denied ? ERROR_REMOTE_DENIED : ERROR_NETWORK, 0, "Kafka: %s",
                    complaint->text[0] ? complaint->text : rd_kafka_err2str(code));
    return NULL;
}

rd_kafka_t *kafka_link_open(int type, rd_kafka_conf_t *conf, struct error *err)
{
    char why[256];
    rd_kafka_t *rk = rd_kafka_new((rd_kafka_type_t)type, conf, why, sizeof why);
    if (!rk) {
        bool refused = rd_kafka_last_error() == RD_KAFKA_RESP_ERR__INVALID_ARG;
        rd_kafka_conf_destroy(conf);
        (void)error_set(err, refused ? ERROR_CONFIG : ERROR_FATAL, 0, "Kafka: %s", why);
    }
    return rk;
}

bool kafka_probe(const struct kafka_link *link, int timeout_ms, struct kafka_found *ret_found,
                 struct error *err)
{
    struct kafka_complaint complaint = {0};
    rd_kafka_conf_t *conf;
    if (!kafka_link_conf(link, NULL, NULL, &conf, err))
        return false;
    kafka_complaint_attach(&complaint, conf);
    rd_kafka_t *rk = kafka_link_open(RD_KAFKA_PRODUCER, conf, err);
    if (!rk)
        return false;
    const struct rd_kafka_metadata *meta = kafka_link_ask(rk, &complaint, timeout_ms, err);
    bool ok = meta != NULL;
    if (ok) {
        struct kafka_found found = {.brokers = (uint32_t)meta->broker_cnt,
                                    .topics = (uint32_t)meta->topic_cnt};
        for (int i = 0; i < meta->topic_cnt; i++) {
            if (strncmp(meta->topics[i].topic, "crowdtide.", 10) == 0)
                found.crowdtide_topics++;
        }
        (void)snprintf(found.broker, sizeof found.broker, "%s", meta->orig_broker_name);
        *ret_found = found;
        rd_kafka_metadata_destroy(meta);
    }
    rd_kafka_destroy(rk);
    return ok;
}

const char *kafka_library_version(void)
{
    return rd_kafka_version_str();
}
