#include "ingest/mqtt_settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PORT_MAX = 65535, HOST_BYTES_MAX = 253, PORT_DIGITS_MAX = 5 };

/* The port's digits after the colon, or 0 when they are not a port. */
static unsigned port_parse(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > PORT_DIGITS_MAX || text[digits] != '\0')
        return 0;
    unsigned long port = strtoul(text, NULL, 10);
    return port <= PORT_MAX ? (unsigned)port : 0;
}

bool mqtt_url_address(const char *url, char ret_address[MQTT_ADDRESS_BYTES], bool *ret_tls,
                      struct error *err)
{
    bool tls = strncmp(url, "mqtts://", 8) == 0;
    if (!tls && strncmp(url, "mqtt://", 7) != 0)
        return error_set(err, ERROR_CONFIG, 0,
                         "mqtt.url \"%s\": expected mqtt://host:port or mqtts://host:port", url);
    const char *host = url + (tls ? 8 : 7);
    if (strchr(host, '@')) /* do not print it: it holds a secret */
        return error_set(err, ERROR_CONFIG, 0,
                         "mqtt.url: a user name in the URL is refused; use mqtt.username and "
                         "mqtt.password_file");
    size_t host_len;
    if (host[0] == '[') {
        const char *end = strchr(host, ']');
        host_len = end ? (size_t)(end - host) + 1 : 0;
    } else {
        host_len = strcspn(host, ":/?#");
    }
    if (host_len == 0 || host_len > HOST_BYTES_MAX || strcspn(host, " \t\r\n\"\\") < host_len)
        return error_set(err, ERROR_CONFIG, 0, "mqtt.url \"%s\": no host name", url);
    const char *rest = host + host_len;
    unsigned port = tls ? MQTT_TLS_PORT_DEFAULT : MQTT_PORT_DEFAULT;
    if (rest[0] == ':') {
        port = port_parse(rest + 1);
        if (port == 0)
            return error_set(err, ERROR_CONFIG, 0, "mqtt.url \"%s\": the port is not 1 to 65535",
                             url);
    } else if (rest[0] != '\0') {
        return error_set(err, ERROR_CONFIG, 0,
                         "mqtt.url \"%s\": nothing may follow the host and port", url);
    }
    (void)snprintf(ret_address, MQTT_ADDRESS_BYTES, "%s://%.*s:%u", tls ? "ssl" : "tcp",
                   (int)host_len, host, port);
    *ret_tls = tls;
    return true;
}

bool mqtt_settings_from(const struct config *config, struct str venue_id, const char *suffix,
                        struct mqtt_settings *ret_settings, struct error *err)
{
    struct mqtt_settings settings = {
        .username = config->mqtt_username,
        .password = config->mqtt_password,
        .ca_file = config->mqtt_ca_file,
        .cert_file = config->mqtt_cert_file,
        .key_file = config->mqtt_key_file,
        .keepalive_s = (int)config->mqtt_keepalive_s,
        .receive_maximum = (int)config->mqtt_receive_maximum,
        .reconnect_max_ms = (uint32_t)config->mqtt_reconnect_max_s * 1000,
    };
    if (!mqtt_url_address(config->mqtt_url, settings.address, &settings.tls, err))
        return false;
    if (strcmp(config->mqtt_version, "5") == 0)
        settings.version = MQTT_V5;
    else if (strcmp(config->mqtt_version, "3.1.1") == 0)
        settings.version = MQTT_V311;
    else
        return error_set(err, ERROR_CONFIG, 0, "mqtt.version \"%s\": expected 5 or 3.1.1",
                         config->mqtt_version);
    if (!settings.tls && (settings.ca_file[0] || settings.cert_file[0] || settings.key_file[0]))
        return error_set(err, ERROR_CONFIG, 0,
                         "mqtt.ca_file, cert_file and key_file need an mqtts:// address; with "
                         "\"%s\" they would silently do nothing",
                         config->mqtt_url);
    if ((settings.cert_file[0] != '\0') != (settings.key_file[0] != '\0'))
        return error_set(err, ERROR_CONFIG, 0,
                         "mqtt.cert_file and mqtt.key_file belong together: one is missing");
    if (settings.password[0] && !settings.username[0])
        return error_set(err, ERROR_CONFIG, 0, "mqtt.password_file needs mqtt.username");
    int n = config->mqtt_client_id[0]
                ? snprintf(settings.client_id, sizeof settings.client_id, "%s%s",
                           config->mqtt_client_id, suffix)
                : snprintf(settings.client_id, sizeof settings.client_id, "crowdtide-" STR_FMT "%s",
                           STR_ARG(venue_id), suffix);
    if (n < 0 || (size_t)n >= sizeof settings.client_id)
        return error_set(err, ERROR_CONFIG, 0, "mqtt.client_id is too long");
    *ret_settings = settings;
    return true;
}

bool mqtt_settings_files(const struct mqtt_settings *settings, struct error *err)
{
    const struct {
        const char *key, *file;
    } files[] = {{"mqtt.ca_file", settings->ca_file},
                 {"mqtt.cert_file", settings->cert_file},
                 {"mqtt.key_file", settings->key_file}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (files[i].file[0] && access(files[i].file, R_OK) != 0)
            return error_set(err, ERROR_CONFIG, errno, "%s %s", files[i].key, files[i].file);
    }
    return true;
}
