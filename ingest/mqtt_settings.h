/*
 * mqtt_settings: where the broker is and how to talk to it, taken from the configuration and checked. Shared by the subscriber
 * (mqtt_client), the simulator's publisher (mqtt_publisher) and the trial connection of `crowdtide check --connect` (mqtt_probe).
 *
 *     struct mqtt_settings settings;
 *     if (!mqtt_settings_from(&config, venue_id, &settings, &err)) …ERROR_CONFIG says what is wrong
 *
 * The struct borrows from the configuration, which must outlive it. No Paho here.
 */
#ifndef CROWDTIDE_INGEST_MQTT_SETTINGS_H
#define CROWDTIDE_INGEST_MQTT_SETTINGS_H

#include "ingest/mqtt_filters.h"
#include "schemas/base/str.h"
#include "schemas/config/config.h"

enum {
    MQTT_ADDRESS_BYTES = 300,
    MQTT_CLIENT_ID_BYTES = 72,
    MQTT_PORT_DEFAULT = 1883,
    MQTT_TLS_PORT_DEFAULT = 8883,
};

enum mqtt_version { MQTT_V311, MQTT_V5 };

struct mqtt_settings {
    char address[MQTT_ADDRESS_BYTES];     /* tcp://host:port or ssl://host:port, as the library wants it */
    char client_id[MQTT_CLIENT_ID_BYTES]; /* fixed: it names the persistent session at the broker */
    enum mqtt_version version;
    bool tls;
    const char *username, *password;          /* "": none */
    const char *ca_file, *cert_file, *key_file; /* "": none; ca_file "": the system's authorities */
    int keepalive_s;
    int receive_maximum; /* v5 only */
    uint32_t reconnect_max_ms;
};

/* Checks and takes the MQTT settings. venue_id gives the default client id crowdtide-{venue}; suffix ("" or "-simulate" …) is appended to
   the client id, so that two programs of one configuration never take each other's session. CONFIG says which setting is wrong and why. */
bool mqtt_settings_from(const struct config *config, struct str venue_id, const char *suffix,
                        struct mqtt_settings *ret_settings, struct error *err);

/* True when the TLS files named in the settings can be read now; the library would only say that the connection failed. CONFIG names the setting and the file. */
bool mqtt_settings_files(const struct mqtt_settings *settings, struct error *err);

/* Turns mqtt://host[:port] or mqtts://host[:port] into tcp:// or ssl:// with a port. IPv6 addresses stand in brackets. A user name or path in
   the URL is refused: secrets belong in files. CONFIG. */
bool mqtt_url_address(const char *url, char ret_address[MQTT_ADDRESS_BYTES], bool *ret_tls,
                      struct error *err);

#endif
