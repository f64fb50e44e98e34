#include "processors/net/kafka_link.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <string.h>

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

struct probe_state {
    char text[256]; /* last error of the library's own threads, as served by poll */
};

static void on_probe_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
    (void)rk;
    struct probe_state *state = opaque;
    /* The first words say most: "all brokers down" follows and says less. */
    if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || !state->text[0])
        (void)snprintf(state->text, sizeof state->text, "%s", reason);
}

bool kafka_probe(const struct kafka_link *link, int timeout_ms, struct kafka_found *ret_found,
                 struct error *err)
{
    struct probe_state state = {{0}};
    rd_kafka_conf_t *conf;
    char why[256];
    if (!kafka_link_conf(link, NULL, NULL, &conf, err))
        return false;
    rd_kafka_conf_set_opaque(conf, &state);
    rd_kafka_conf_set_error_cb(conf, on_probe_error);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    if (!rk) {
        rd_kafka_conf_destroy(conf);
        return error_set(err, ERROR_CONFIG, 0, "Kafka: %s", why);
    }
    const struct rd_kafka_metadata *meta = NULL;
    rd_kafka_resp_err_t code = rd_kafka_metadata(rk, 1, NULL, &meta, timeout_ms);
    rd_kafka_poll(rk, 0);
    bool ok = code == RD_KAFKA_RESP_ERR_NO_ERROR;
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
    } else {
        bool denied = code == RD_KAFKA_RESP_ERR__AUTHENTICATION;
        error_set(err, denied ? ERROR_REMOTE_DENIED : ERROR_NETWORK, 0, "Kafka at %s: %s%s%s",
                  link->brokers, rd_kafka_err2str(code), state.text[0] ? "; " : "", state.text);
    }
    rd_kafka_destroy(rk);
    return ok;
}

const char *kafka_library_version(void)
{
    return rd_kafka_version_str();
}
