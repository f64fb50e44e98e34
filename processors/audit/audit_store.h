/*
 * audit_store: which points a time-series store has, asked in its own language: InfluxQL (InfluxDB
 * 1.x, and 2.x with its 1.x query interface), or the export of VictoriaMetrics. Between the files of
 * audit; nobody else includes this.
 *
 *     audit_store_open(&store, config, &err);
 *     audit_store_ask(&store, &query, found, arg, &err);      found(arg, identity) for each point
 *     audit_store_close(&store);
 *
 * A point is known by its identity: measurement, tags and time. VictoriaMetrics keeps milliseconds:
 * there all points of one series within one are the same.
 */
#ifndef CROWDTIDE_PROCESSORS_AUDIT_AUDIT_STORE_H
#define CROWDTIDE_PROCESSORS_AUDIT_AUDIT_STORE_H

#include "processors/publish/series_target.h"
#include "schemas/base/str.h"
#include "schemas/json/json_document.h"

enum { AUDIT_STORE_QUERY_BYTES = 1024 };

struct audit_store {
    const struct config *config;
    struct series_target target;
    struct json_parser *parser;
    bool victoria;
    int64_t oldest_ns; /* what it keeps; INT64_MIN: everything, as far as it says */

    void (*found)(void *arg, uint64_t identity); /* of the question on its way */
    void *arg;
    const char *measurement;
    bool policies; /* it has named its retention policies */
    char problem[ERROR_WHERE_BYTES];
};

struct audit_store_query {
    const char *measurement, *field; /* a field that none of its points lacks */
    int64_t from_ns, to_ns;          /* both included */
};

/* Finds out what kind it is and how long it keeps points. REMOTE_DENIED, REMOTE_REJECT (it can't be
   asked), NETWORK, CONFIG, NO_MEMORY. */
bool audit_store_open(struct audit_store *store, const struct config *config, struct error *err);
bool audit_store_ask(struct audit_store *store, const struct audit_store_query *query,
                     void (*found)(void *arg, uint64_t identity), void *arg, struct error *err);
void audit_store_close(struct audit_store *store);

/* ---- identity ---- */

/* Of a measurement; then each tag's is added, in any order. */
uint64_t audit_series_hash(struct str measurement);
uint64_t audit_tag_hash(struct str name, struct str value);
/* With the time, as the store keeps it. */
uint64_t audit_point_hash(const struct audit_store *store, uint64_t series, int64_t stamp_ns);

/* ---- the languages ---- */

bool audit_influx_policies(struct audit_store *store, struct error *err);
bool audit_influx_ask(struct audit_store *store, const struct audit_store_query *query,
                      struct error *err);
/* Whether it is a VictoriaMetrics; then also what it keeps. */
bool audit_victoria_open(struct audit_store *store, bool *ret_is, struct error *err);
bool audit_victoria_ask(struct audit_store *store, const struct audit_store_query *query,
                        struct error *err);

/* A member of an object, 0 when it is none or has none of the name. */
uint32_t audit_json_member(const struct json_document *d, uint32_t object, const char *name);

#endif
