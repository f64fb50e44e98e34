#include "ingest/mqtt_paho.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/mqtt_diagnose.h"

/* The library passes OpenSSL's line: thread:error:code:library:function:reason:file:line:data. A
 * person wants library and reason. */
static int on_tls_error(const char *line, size_t len, void *arg)
{
    enum { LIBRARY = 3, REASON = 5, FIELDS = 6 };
    struct mqtt_tls_note *note = arg;
    struct str field[FIELDS] = {{0}};
    for (int i = 0; i < FIELDS && len > 0; i++) {
        const char *colon = memchr(line, ':', len);
        size_t n = colon ? (size_t)(colon - line) : len;
        field[i] = (struct str){line, (uint32_t)n};
        line += n + (colon != NULL);
        len -= n + (colon != NULL);
    }
    (void)snprintf(note->text, sizeof note->text, STR_FMT ": " STR_FMT, STR_ARG(field[LIBRARY]),
                   STR_ARG(field[REASON]));
    return 1;
}

bool mqtt_paho_create(const struct mqtt_settings *settings, MQTTAsync *ret_handle,
                      struct error *err)
{
    static const char *const proxies[] = {"http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"};
    for (size_t i = 0; i < sizeof proxies / sizeof proxies[0]; i++)
        (void)unsetenv(proxies[i]);
    MQTTAsync_init_options init = MQTTAsync_init_options_initializer;
    init.do_openssl_init = 1;
    MQTTAsync_global_init(&init);

    MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer;
    create.MQTTVersion = settings->version == MQTT_V5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
    create.maxBufferedMessages = MQTT_BUFFERED_MAX;
    int rc = MQTTAsync_createWithOptions(ret_handle, settings->address, settings->client_id,
                                         MQTTCLIENT_PERSISTENCE_NONE, NULL, &create);
    if (rc != MQTTASYNC_SUCCESS)
        return error_set(err, ERROR_FATAL, 0, "MQTT client for %s: %s", settings->address,
                         MQTTAsync_strerror(rc));
    return true;
}

static void add_integer_property(MQTTProperties *properties, enum MQTTPropertyCodes code,
                                 uint32_t value)
{
    MQTTProperty property = {.identifier = code};
    if (MQTTProperty_getType(code) == MQTTPROPERTY_TYPE_TWO_BYTE_INTEGER)
        property.value.integer2 = (uint16_t)value;
    else
        property.value.integer4 = value;
    (void)MQTTProperties_add(properties,
                             &property); /* fails only out of memory: the default then */
}

void mqtt_paho_connect_fill(const struct mqtt_settings *settings, uint32_t session_expiry_s,
                            struct mqtt_tls_note *note, struct mqtt_connect *out)
{
    assert(session_expiry_s <= INT32_MAX); /* see mqtt_paho.h */
    *out = (struct mqtt_connect){.properties = MQTTProperties_initializer};
    if (settings->version == MQTT_V5) {
        out->options = (MQTTAsync_connectOptions)MQTTAsync_connectOptions_initializer5;
        out->options.cleanstart = session_expiry_s == 0;
        add_integer_property(&out->properties, MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL,
                             session_expiry_s);
        add_integer_property(&out->properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM,
                             (uint32_t)settings->receive_maximum);
        out->options.connectProperties = &out->properties;
    } else {
        out->options = (MQTTAsync_connectOptions)MQTTAsync_connectOptions_initializer;
        out->options.MQTTVersion = MQTTVERSION_3_1_1;
        out->options.cleansession = session_expiry_s == 0;
    }
    out->options.keepAliveInterval = settings->keepalive_s;
    out->options.connectTimeout = MQTT_CONNECT_TIMEOUT_S;
    out->options.automaticReconnect = 0; /* ours is jittered, capped, and leaves records */
    if (settings->username[0])
        out->options.username = settings->username;
    if (settings->password[0])
        out->options.password = settings->password;
    if (settings->tls) {
        out->ssl = (MQTTAsync_SSLOptions)MQTTAsync_SSLOptions_initializer;
        out->ssl.enableServerCertAuth = 1;
        out->ssl.verify = 1; /* the certificate must name the host */
        out->ssl.trustStore = settings->ca_file[0] ? settings->ca_file : NULL;
        out->ssl.keyStore = settings->cert_file[0] ? settings->cert_file : NULL;
        out->ssl.privateKey = settings->key_file[0] ? settings->key_file : NULL;
        out->ssl.privateKeyPassword =
            ""; /* a key with a passphrase fails; NULL would ask the terminal */
        if (note) {
            out->ssl.ssl_error_cb = on_tls_error;
            out->ssl.ssl_error_context = note;
        }
        out->options.ssl = &out->ssl;
    }
}

void mqtt_paho_connect_free(struct mqtt_connect *connect)
{
    MQTTProperties_free(&connect->properties);
}

static const char *code_words(const struct mqtt_settings *settings, int code)
{
    static const char *const refused_v311[] = {
        "accepted",           "protocol version refused",  "client id refused",
        "server unavailable", "bad user name or password", "not authorised",
    };
    if (code < 0)
        return MQTTAsync_strerror(code);
    if (settings->version == MQTT_V5)
        return code ? MQTTReasonCode_toString((enum MQTTReasonCodes)code) : NULL;
    if ((size_t)code < sizeof refused_v311 / sizeof refused_v311[0])
        return code ? refused_v311[code] : NULL;
    return "unknown code";
}

const char *mqtt_paho_reason(const struct mqtt_settings *settings, int code, const char *message,
                             struct mqtt_tls_note *note, char out[MQTT_REASON_BYTES])
{
    const char *words = code_words(settings, code);
    char diagnosis[MQTT_DIAGNOSIS_BYTES];
    int n;
    if (code == MQTTASYNC_FAILURE && mqtt_diagnose(settings, diagnosis))
        n = snprintf(out, MQTT_REASON_BYTES, "%s", diagnosis);
    else if (code == MQTTASYNC_FAILURE && !settings->tls)
        n = snprintf(out, MQTT_REASON_BYTES,
                     "the port is open, but does not answer MQTT: does it want mqtts://?");
    else
        n = snprintf(out, MQTT_REASON_BYTES, "%s%s%s%s%s", words ? words : "",
                     words && message ? ": " : "", message ? message : "",
                     note && note->text[0] ? "; TLS: " : "", note ? note->text : "");
    if (n <= 0)
        (void)snprintf(out, MQTT_REASON_BYTES, "connection lost");
    if (note)
        note->text[0] = '\0';
    return out;
}
