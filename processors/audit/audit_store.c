/* What both languages share, and which of them it is. */
#include "processors/audit/audit_store.h"

#include "processors/net/http_lines.h"

enum { NS_PER_MS = 1000000 };

static uint64_t mix(uint64_t h)
{
    h ^= h >> 33;
    h *= UINT64_C(0xff51afd7ed558ccd);
    return h ^ h >> 29;
}

/* In the store some bytes of a value are others: see result_line. */
uint64_t audit_tag_hash(struct str name, struct str value)
{
    uint64_t h = mix(str_hash(name));
    for (uint32_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.at[i];
        h = mix(h + (c < 0x20 || c == 0x7f || c == '\\' ? '_' : c) + i);
    }
    return h;
}

uint64_t audit_series_hash(struct str measurement)
{
    return mix(str_hash(measurement));
}

uint64_t audit_point_hash(const struct audit_store *store, uint64_t series, int64_t stamp_ns)
{
    if (store->victoria)
        stamp_ns -= stamp_ns % NS_PER_MS;
    return mix(series ^ mix((uint64_t)stamp_ns));
}

uint32_t audit_json_member(const struct json_document *d, uint32_t object, const char *name)
{
    if (!object || json_kind_at(d, object) != JSON_OBJECT)
        return 0;
    for (uint32_t at = json_first(object), end = json_end(d, object); at != end;
         at = json_after(d, at + 1)) {
        if (str_is(json_text(d, at), name))
            return at + 1;
    }
    return 0;
}

bool audit_store_open(struct audit_store *store, const struct config *config, struct error *err)
{
    *store = (struct audit_store){
        .config = config, .oldest_ns = INT64_MIN, .parser = json_parser_new(HTTP_LINE_BYTES_MAX)};
    if (!store->parser)
        return error_set(err, ERROR_NO_MEMORY, 0, "audit: answers");
    struct error influx = {0};
    if (!series_target_init(config, &store->target, err))
        return false;
    bool ok = audit_influx_policies(store, &influx);
    if (ok && store->policies)
        return true;
    if (!ok && influx.code != ERROR_REMOTE_REJECT) {
        *err = influx;
        return false;
    }
    if (!audit_victoria_open(store, &store->victoria, err))
        return false;
    if (store->victoria)
        return true;
    if (!ok) {
        *err = influx;
        return false;
    }
    return error_set(err, ERROR_REMOTE_REJECT, 0,
                     "the store names no retention policies of %s, and is no VictoriaMetrics: it "
                     "can't be audited. "
                     "InfluxDB 2.x needs a mapping of the bucket for its 1.x query interface",
                     config->series_database);
}

bool audit_store_ask(struct audit_store *store, const struct audit_store_query *query,
                     void (*found)(void *arg, uint64_t identity), void *arg, struct error *err)
{
    store->found = found;
    store->arg = arg;
    store->measurement = query->measurement;
    return store->victoria ? audit_victoria_ask(store, query, err)
                           : audit_influx_ask(store, query, err);
}

void audit_store_close(struct audit_store *store)
{
    json_parser_free(store->parser);
    store->parser = NULL;
}
