/*
 * mqtt_filters: the topic filters that ingest subscribes: crowdtide's own (or those of
 * mqtt.filters), those of the payload maps in force, and beside them what the broker tells of
 * messages that it dropped.
 *
 *     struct mqtt_filters filters;
 *     mqtt_filters_from(&config, venue_id, &filters, &err);
 *     mqtt_filters_add_maps(&filters, venue->payloads, &err);
 *     mqtt_filters_add_drops(&filters, &err);
 *     mqtt_filters_free(&filters);
 *
 * Brokers may deliver a message once for each filter of one client that fits it (mosquitto does
 * under MQTT 5), and such copies bear no mark: a passage would be counted twice. So no filter is
 * kept that another one covers, and a map's that overlaps another in part (a/+/c and a/b/+) is
 * widened to one that covers both (a/+/+): what comes besides and no map reads
 * says nothing (payload_maps_widened).
 * Of the configuration's own ones mqtt_filters_overlap says where they overlap.
 */
#ifndef CROWDTIDE_INGEST_MQTT_FILTERS_H
#define CROWDTIDE_INGEST_MQTT_FILTERS_H

#include "schemas/config/config.h"
#include "schemas/payload/payload_map.h"

enum {
    MQTT_FILTERS_OWN_MAX = 64, /* of the configuration */
    MQTT_FILTERS_MAX = MQTT_FILTERS_OWN_MAX + PAYLOAD_MAPS_MAX * 2 * PAYLOAD_FILTERS_MAX + 1,
};

/* Messages that the broker dropped, of all clients, since it started: mosquitto and a few others
 * say so. */
#define MQTT_DROPS_TOPIC "$SYS/broker/publish/messages/dropped"

struct mqtt_filter {
    char *text;    /* owned, NUL-terminated */
    bool optional; /* a broker may refuse it, and nothing is lost */
};
struct mqtt_filters {
    struct mqtt_filter *filter; /* owned */
    uint32_t count;
    uint32_t widened; /* how often two became one */
};

/* The configured ones or crowdtide/{venue}/# and drill/{venue}/#. Each is checked as MQTT rules
   (`#` last, wildcards fill a level, 1 … 65535 bytes, UTF-8; shared subscriptions refused: they
   break per-sensor order). CONFIG names the bad one. */
bool mqtt_filters_from(const struct config *config, struct str venue_id,
                       struct mqtt_filters *ret_filters, struct error *err);
/* Adds those of the maps (NULL: none). NO_MEMORY. */
bool mqtt_filters_add_maps(struct mqtt_filters *filters, const struct payload_maps *maps,
                           struct error *err);
/* Adds MQTT_DROPS_TOPIC, optional. NO_MEMORY. */
bool mqtt_filters_add_drops(struct mqtt_filters *filters, struct error *err);
/* Adds the topic that our own probes come back on, optional, where no other filter covers it.
 * NO_MEMORY. */
bool mqtt_filters_add_probe(struct mqtt_filters *filters, struct str venue_id,
                            const char *client_id, struct error *err);
void mqtt_filters_free(struct mqtt_filters *filters);

/* All of them, as ingest wants them: the last two when mqtt.watch_drops and mqtt.probe are set. */
bool mqtt_filters_wanted(const struct config *config, struct str venue_id, const char *client_id,
                         const struct payload_maps *maps, struct mqtt_filters *ret_filters,
                         struct error *err);

/* What is wrong with a filter by MQTT's rules; NULL: nothing. */
const char *mqtt_filter_fault(const char *filter);

/* The first two that overlap; false: none do. */
bool mqtt_filters_overlap(const struct mqtt_filters *filters, const char **ret_a,
                          const char **ret_b);

#endif
