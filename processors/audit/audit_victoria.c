/* VictoriaMetrics: its export, a JSON object a line:
 * {"metric":{"__name__":…,tags},"values":[…],"timestamps":[ms,…]}. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "processors/audit/audit_store.h"
#include "processors/net/http_lines.h"
#include "schemas/base/clock.h"

enum {
    ROWS_A_LINE = 10000,
    MARGIN_S = 60,
    DAY_H = 24,
    WEEK_H = 168,
    MONTH_H = 31 * 24,
    YEAR_H = 365 * 24
};
static const int64_t ns_per_ms = 1000000, ns_per_s = 1000000000;

/* Labels that are no tags of ours: the metric's name, and the database it was written to. */
static bool foreign(struct str label)
{
    return str_is(label, "__name__") || str_is(label, "db");
}

static void take_metric(struct audit_store *s, const struct json_document *d, const char *line,
                        size_t len)
{
    uint32_t metric = audit_json_member(d, JSON_ROOT, "metric");
    uint32_t stamps = audit_json_member(d, JSON_ROOT, "timestamps");
    if (!metric || json_kind_at(d, metric) != JSON_OBJECT || !stamps ||
        json_kind_at(d, stamps) != JSON_ARRAY) {
        (void)snprintf(s->problem, sizeof s->problem, "%.*s", (int)(len < 200 ? len : 200), line);
        return;
    }
    uint64_t series = audit_series_hash(str_of(s->measurement));
    for (uint32_t at = json_first(metric), end = json_end(d, metric); at != end;
         at = json_after(d, at + 1)) {
        if (json_kind_at(d, at + 1) == JSON_STRING && !foreign(json_text(d, at)))
            series += audit_tag_hash(json_text(d, at), json_text(d, at + 1));
    }
    for (uint32_t at = json_first(stamps), end = json_end(d, stamps); at != end;
         at = json_after(d, at)) {
        struct json_field ms = {0};
        json_read(d, at, &ms);
        if (ms.kind == JSON_INT)
            s->found(s->arg, audit_point_hash(s, series, ms.integer * ns_per_ms));
    }
}

static bool take_line(void *arg, const char *line, size_t len, struct error *err)
{
    struct audit_store *s = arg;
    struct json_document d;
    (void)err;
    if (json_parse_document(s->parser, (const uint8_t *)line, len, &d) == JSON_OK)
        take_metric(s, &d, line, len);
    else if (!s->problem[0])
        (void)snprintf(s->problem, sizeof s->problem, "%.*s", (int)(len < 200 ? len : 200), line);
    return true;
}

/* -retentionPeriod="2y"; without a unit: months. */
static bool take_flag(void *arg, const char *line, size_t len, struct error *err)
{
    static const char name[] = "-retentionPeriod=\"";
    const size_t prefix = sizeof name - 1;
    struct audit_store *s = arg;
    int64_t count = 0, hours = MONTH_H;
    (void)err;
    if (len < prefix || memcmp(line, name, prefix) != 0)
        return true;
    size_t i = prefix;
    for (; i < len && line[i] >= '0' && line[i] <= '9' && count < 100000; i++)
        count = count * 10 + (line[i] - '0');
    switch (i < len ? line[i] : '"') {
    case 'h':
        hours = 1;
        break;
    case 'd':
        hours = DAY_H;
        break;
    case 'w':
        hours = WEEK_H;
        break;
    case 'y':
        hours = YEAR_H;
        break;
    default:
        break;
    }
    if (count)
        s->oldest_ns = clock_wall_ns() - (count * hours * 3600 - MARGIN_S) * ns_per_s;
    return true;
}

static bool ignore_line(void *arg, const char *line, size_t len, struct error *err)
{
    (void)arg;
    (void)line;
    (void)len;
    (void)err;
    return true;
}

static bool get(struct audit_store *s, const char *path,
                bool (*visit)(void *arg, const char *line, size_t len, struct error *err),
                int *ret_status, struct error *err)
{
    char url[HTTP_URL_BYTES];
    s->problem[0] = '\0';
    return series_target_url(s->config, path, url, err) &&
           http_lines(&s->target.http, url, visit, s, ret_status, err);
}

bool audit_victoria_open(struct audit_store *s, bool *ret_is, struct error *err)
{
    int status = 0;
    if (!get(s, "/api/v1/export?match[]=crowdtide_audit&start=0&end=1", ignore_line, &status, err))
        return false;
    *ret_is = status / 100 == 2;
    if (!*ret_is)
        return true;
    /* What was written last is shown at once only on request. Where either is forbidden, points of
       the last second may seem to be missing, or old ones that retention took. */
    return get(s, "/internal/force_flush", ignore_line, &status, err) &&
           get(s, "/flags", take_flag, &status, err);
}

bool audit_victoria_ask(struct audit_store *s, const struct audit_store_query *query,
                        struct error *err)
{
    char path[AUDIT_STORE_QUERY_BYTES];
    int status = 0;
    (void)snprintf(path, sizeof path,
                   "/api/v1/export?match[]=%s_%s&start=%" PRId64 ".%03d&end=%" PRId64
                   ".%03d&max_rows_per_line=%d",
                   query->measurement, query->field, query->from_ns / ns_per_s,
                   (int)(query->from_ns % ns_per_s / ns_per_ms), query->to_ns / ns_per_s,
                   (int)(query->to_ns % ns_per_s / ns_per_ms), ROWS_A_LINE);
    if (!get(s, path, take_line, &status, err))
        return false;
    if (status / 100 == 2 && !s->problem[0])
        return true;
    return error_set(err,
                     status == 401 || status == 403 ? ERROR_REMOTE_DENIED : ERROR_REMOTE_REJECT, 0,
                     "VictoriaMetrics answers %d to an export: %s", status, s->problem);
}
