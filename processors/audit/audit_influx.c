/* InfluxQL: answers of InfluxDB 1.x, in lines of
 * {"results":[{"series":[{"name":…,"tags":{…},"values":[…]}]}]}. */
#include <inttypes.h>
#include <stdio.h>

#include "processors/audit/audit_store.h"
#include "processors/net/http_lines.h"
#include "schemas/base/clock.h"

enum { MARGIN_S = 60 }; /* at the edge of what retention is about to take */

static uint32_t first_item(const struct json_document *d, uint32_t array)
{
    if (!array || json_kind_at(d, array) != JSON_ARRAY || json_first(array) == json_end(d, array))
        return 0;
    return json_first(array);
}

static void take_series(struct audit_store *s, const struct json_document *d, uint32_t series)
{
    uint32_t name = audit_json_member(d, series, "name");
    uint32_t tags = audit_json_member(d, series, "tags");
    uint32_t values = audit_json_member(d, series, "values");
    if (!s->found || !name || !values || json_kind_at(d, name) != JSON_STRING ||
        json_kind_at(d, values) != JSON_ARRAY)
        return;
    uint64_t hash = audit_series_hash(json_text(d, name));
    for (uint32_t at = tags ? json_first(tags) : 0, end = tags ? json_end(d, tags) : 0; at != end;
         at = json_after(d, at + 1)) {
        if (json_kind_at(d, at + 1) == JSON_STRING && json_text(d, at + 1).len)
            hash += audit_tag_hash(json_text(d, at), json_text(d, at + 1));
    }
    for (uint32_t row = json_first(values), end = json_end(d, values); row != end;
         row = json_after(d, row)) {
        uint32_t time = first_item(d, row);
        struct json_field stamp = {0};
        if (!time || json_kind_at(d, time) != JSON_INT)
            continue;
        json_read(d, time, &stamp);
        s->found(s->arg, audit_point_hash(s, hash, stamp.integer));
    }
}

/* One line of a chunked answer: {"results":[{"series":[…]}]}, or an error. */
static bool take_line(void *arg, const char *line, size_t len, struct error *err)
{
    struct audit_store *s = arg;
    struct json_document d;
    if (json_parse_document(s->parser, (const uint8_t *)line, len, &d) != JSON_OK) {
        if (!s->problem[0])
            (void)snprintf(s->problem, sizeof s->problem, "%.*s", (int)(len < 200 ? len : 200),
                           line);
        return true;
    }
    (void)err;
    uint32_t result = first_item(&d, audit_json_member(&d, JSON_ROOT, "results"));
    uint32_t fault = audit_json_member(&d, result ? result : JSON_ROOT, "error");
    if (fault && json_kind_at(&d, fault) == JSON_STRING)
        (void)snprintf(s->problem, sizeof s->problem, STR_FMT, STR_ARG(json_text(&d, fault)));
    uint32_t all = audit_json_member(&d, result, "series");
    for (uint32_t at = all ? json_first(all) : 0, end = all ? json_end(&d, all) : 0; at != end;
         at = json_after(&d, at))
        take_series(s, &d, at);
    return true;
}

static bool ask(struct audit_store *s, const char *statement,
                bool (*visit)(void *arg, const char *line, size_t len, struct error *err),
                struct error *err)
{
    char url[HTTP_URL_BYTES];
    int status = 0;
    s->problem[0] = '\0';
    if (!series_target_query(s->config, statement, url, err) ||
        !http_lines(&s->target.http, url, visit, s, &status, err))
        return false;
    if (status / 100 == 2 && !s->problem[0])
        return true;
    return error_set(
        err, status == 401 || status == 403 ? ERROR_REMOTE_DENIED : ERROR_REMOTE_REJECT, 0,
        "the store answers %d to an InfluxQL query: %s. It must be InfluxDB 1.x, or "
        "2.x with its 1.x query interface (a mapping of the bucket), or VictoriaMetrics",
        status, s->problem);
}

/* InfluxDB writes durations as 168h0m0s. */
static int64_t hours_of(struct str text)
{
    int64_t hours = 0;
    for (uint32_t i = 0; i < text.len && text.at[i] >= '0' && text.at[i] <= '9'; i++)
        hours = hours * 10 + (text.at[i] - '0');
    return hours;
}

/* {"columns":["name","duration","shardGroupDuration","replicaN","default"],"values":[["autogen","0s",…,true]]}
 */
static bool take_policy(void *arg, const char *line, size_t len, struct error *err)
{
    struct audit_store *s = arg;
    struct json_document d;
    if (!take_line(arg, line, len, err) ||
        json_parse_document(s->parser, (const uint8_t *)line, len, &d) != JSON_OK)
        return true;
    uint32_t series = first_item(
        &d, audit_json_member(&d, first_item(&d, audit_json_member(&d, JSON_ROOT, "results")),
                              "series"));
    uint32_t columns = audit_json_member(&d, series, "columns");
    uint32_t values = audit_json_member(&d, series, "values");
    uint32_t second = columns ? json_after(&d, json_first(columns)) : 0;
    /* VictoriaMetrics answers everything with the names of its databases: one column. */
    if (!second || second == json_end(&d, columns) || !str_is(json_text(&d, second), "duration"))
        return true;
    for (uint32_t row = values ? json_first(values) : 0, end = values ? json_end(&d, values) : 0;
         row != end; row = json_after(&d, row)) {
        uint32_t duration = json_after(&d, json_first(row)), last = duration;
        for (int i = 0; i < 3; i++)
            last = json_after(&d, last);
        struct json_field is_default;
        json_read(&d, last, &is_default);
        int64_t hours = hours_of(json_text(&d, duration));
        s->policies = true;
        if (is_default.kind == JSON_BOOL && is_default.boolean && hours)
            s->oldest_ns = clock_wall_ns() - hours * 3600 * INT64_C(1000000000) +
                           MARGIN_S * INT64_C(1000000000);
    }
    return true;
}

bool audit_influx_policies(struct audit_store *s, struct error *err)
{
    s->found = NULL;
    return ask(s, "SHOW RETENTION POLICIES", take_policy, err);
}

bool audit_influx_ask(struct audit_store *s, const struct audit_store_query *query,
                      struct error *err)
{
    char statement[AUDIT_STORE_QUERY_BYTES];
    (void)snprintf(statement, sizeof statement,
                   "SELECT \"%s\" FROM \"%s\" WHERE time >= %" PRId64 " AND time <= %" PRId64
                   " GROUP BY *",
                   query->field, query->measurement, query->from_ns, query->to_ns);
    return ask(s, statement, take_line, err);
}
