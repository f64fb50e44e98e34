#include "deploy/cli/replay_print.h"

#include <inttypes.h>
#include <stdio.h>

enum { TIME_BYTES = 32, DURATION_BYTES = 48, JSON_TEXT_BYTES = ERROR_WHERE_BYTES * 6 + 256 };

static double per_second(const struct replay_printed *p)
{
    double s = (double)p->elapsed_ns / 1e9;
    return s > 0 ? (double)p->report->messages / s : 0;
}

static const char *time_text(int64_t ms, char out[TIME_BYTES])
{
    struct text t = text_over(out, TIME_BYTES - 1);
    text_add_time_ms(&t, ms);
    out[t.len] = '\0';
    return out;
}

/* 35 s, 2 min 5 s, 1 h 30 min */
static const char *duration_text(int64_t ms, char out[DURATION_BYTES])
{
    int64_t s = ms / 1000, rest = ms % 1000;
    if (s >= 3600)
        (void)snprintf(out, DURATION_BYTES, "%" PRId64 " h %" PRId64 " min", s / 3600, s / 60 % 60);
    else if (s >= 60)
        (void)snprintf(out, DURATION_BYTES, "%" PRId64 " min %" PRId64 " s", s / 60, s % 60);
    else if (rest)
        (void)snprintf(out, DURATION_BYTES, "%" PRId64 ".%03" PRId64 " s", s, rest);
    else
        (void)snprintf(out, DURATION_BYTES, "%" PRId64 " s", s);
    return out;
}

/* ---- for people ------------------------------------------------------------------------------ */

static void print_span(const struct difference_span *span)
{
    char at[TIME_BYTES], lasted[DURATION_BYTES];
    printf("%s", time_text(span->begin_ms, at));
    if (span->end_ms == RESULT_ABSENT)
        printf(", open at the end");
    else
        printf(" for %s", duration_text(span->end_ms - span->begin_ms, lasted));
}

static void print_row(const struct difference_row *row)
{
    char by[DURATION_BYTES];
    const struct difference_span *before = &row->span[DIFFERENCE_BEFORE];
    const struct difference_span *other = &row->span[DIFFERENCE_OTHER];
    if (row->kind == DIFFERENCE_SAME)
        return;
    printf("%-8s %-7s " STR_FMT "/" STR_FMT "  ", difference_text(row->kind),
           level_text(row->level), STR_ARG(row->zone), STR_ARG(row->rule));
    if (row->shift_ms)
        printf("by %s: ", duration_text(row->shift_ms < 0 ? -row->shift_ms : row->shift_ms, by));
    if (row->kind != DIFFERENCE_MISSED)
        print_span(other);
    if (row->kind != DIFFERENCE_MISSED && row->kind != DIFFERENCE_RAISED)
        printf("; before ");
    if (row->kind != DIFFERENCE_RAISED)
        print_span(before);
    printf("\n");
}

static void print_shift(const char *word, uint32_t count, int64_t sum_ms, int64_t max_ms)
{
    char mean[DURATION_BYTES], most[DURATION_BYTES];
    if (count)
        printf("  %s by %s on average, %s at most\n", word,
               duration_text(sum_ms / (int64_t)count, mean), duration_text(max_ms, most));
}

static void print_books(const char *name, const struct replay_run_report *run, bool said)
{
    printf("  %-8s %" PRIu64 " alert transitions", name, run->alerts);
    if (said)
        printf(", as they were said then\n");
    else
        printf("; of %" PRIu64 " messages %" PRIu64 " decoded, %" PRIu64 " quarantined\n",
               run->books.received, run->books.decoded, run->books.quarantined);
}

void replay_print(const struct replay_printed *p)
{
    const struct replay_report *r = p->report;
    const struct difference_table *table = &r->table;
    char from[TIME_BYTES], until[TIME_BYTES], lasted[DURATION_BYTES];
    for (uint32_t i = 0; i < table->count; i++)
        print_row(&table->row[i]);
    if (table->count > table->total[DIFFERENCE_SAME])
        printf("\n");
    printf("levels reached, by zone and rule:\n");
    for (int k = 0; k < DIFFERENCE_KINDS; k++) {
        if (table->total[k])
            printf("  %6u %-8s %s\n", table->total[k], difference_text((enum difference_kind)k),
                   difference_meaning((enum difference_kind)k));
    }
    if (table->count == 0)
        printf("  none, in either run\n");
    print_shift("earlier", table->total[DIFFERENCE_EARLIER], table->earlier_sum_ms,
                table->earlier_max_ms);
    print_shift("later", table->total[DIFFERENCE_LATER], table->later_sum_ms, table->later_max_ms);
    print_books("before:", &r->run[DIFFERENCE_BEFORE], p->options->against_results);
    print_books("other:", &r->run[DIFFERENCE_OTHER], false);
    printf("%" PRIu64 " records, %" PRIu64 " messages, from %s to %s, in %s: %.0f readings/s\n",
           r->records, r->messages, time_text(r->first_ms, from), time_text(r->last_ms, until),
           duration_text(p->elapsed_ns / 1000000, lasted), per_second(p));
    if (r->torn_bytes)
        printf("the log ends in the middle of a batch: %" PRIu64 " bytes of it can't be run\n",
               r->torn_bytes);
    if (r->unmodelled)
        printf("%" PRIu64 " records before the first model kept were not run\n", r->unmodelled);
    if (r->left_out)
        printf("%" PRIu64 " inputs that process had left out were left out\n", r->left_out);
    if (r->gaps)
        printf("%" PRIu64 " gaps: records were deleted at the disk cap while they were read\n",
               r->gaps);
}

/* ---- for programs ---------------------------------------------------------------------------- */

static void print_text(const char *name, struct str text)
{
    char bytes[JSON_TEXT_BYTES];
    struct text out = text_over(bytes, sizeof bytes);
    text_add_json(&out, text);
    printf("\"%s\":" STR_FMT, name, (int)out.len, out.at);
}

static void print_time(const char *name, int64_t ms)
{
    char at[TIME_BYTES];
    if (ms == RESULT_ABSENT)
        printf(",\"%s\":null", name);
    else
        printf(",\"%s\":\"%s\"", name, time_text(ms, at));
}

static void print_json_row(const struct difference_row *row)
{
    printf("{\"kind\":\"%s\",\"level\":\"%s\",", difference_text(row->kind),
           level_text(row->level));
    print_text("zone", row->zone);
    printf(",");
    print_text("rule", row->rule);
    if (row->span[DIFFERENCE_BEFORE].begin_ms != RESULT_ABSENT) {
        print_time("before_begin", row->span[DIFFERENCE_BEFORE].begin_ms);
        print_time("before_end", row->span[DIFFERENCE_BEFORE].end_ms);
    }
    if (row->span[DIFFERENCE_OTHER].begin_ms != RESULT_ABSENT) {
        print_time("other_begin", row->span[DIFFERENCE_OTHER].begin_ms);
        print_time("other_end", row->span[DIFFERENCE_OTHER].end_ms);
    }
    printf(",\"shift_ms\":%" PRId64 "}", row->shift_ms);
}

static void print_json_run(const char *name, const struct replay_run_report *run, bool said)
{
    printf(",\"%s\":{\"alerts\":%" PRIu64, name, run->alerts);
    if (!said)
        printf(",\"received\":%" PRIu64 ",\"decoded\":%" PRIu64 ",\"quarantined\":%" PRIu64,
               run->books.received, run->books.decoded, run->books.quarantined);
    printf("}");
}

void replay_print_json(const struct replay_printed *p)
{
    const struct replay_report *r = p->report;
    const struct difference_table *table = &r->table;
    char uuid[LOG_UUID_TEXT_BYTES];
    log_uuid_text(&r->log, uuid);
    printf("{\"log\":\"%s\",", uuid);
    print_text("against", str_of(p->options->against_results ? "results" : "model"));
    printf(",\"differences\":[");
    for (uint32_t i = 0, listed = 0; i < table->count; i++) {
        if (table->row[i].kind == DIFFERENCE_SAME)
            continue;
        printf("%s", listed++ ? "," : "");
        print_json_row(&table->row[i]);
    }
    printf("],\"totals\":{");
    for (int k = 0; k < DIFFERENCE_KINDS; k++)
        printf("%s\"%s\":%u", k ? "," : "", difference_text((enum difference_kind)k),
               table->total[k]);
    printf(",\"earlier_ms_max\":%" PRId64 ",\"earlier_ms_sum\":%" PRId64
           ",\"later_ms_max\":%" PRId64 ",\"later_ms_sum\":%" PRId64 "}",
           table->earlier_max_ms, table->earlier_sum_ms, table->later_max_ms, table->later_sum_ms);
    print_json_run("before", &r->run[DIFFERENCE_BEFORE], p->options->against_results);
    print_json_run("other", &r->run[DIFFERENCE_OTHER], false);
    printf(",\"records\":%" PRIu64 ",\"messages\":%" PRIu64 ",\"unmodelled\":%" PRIu64
           ",\"left_out\":%" PRIu64 ",\"gaps\":%" PRIu64 ",\"torn_bytes\":%" PRIu64
           ",\"models\":%u",
           r->records, r->messages, r->unmodelled, r->left_out, r->gaps, r->torn_bytes, r->models);
    print_time("from", r->first_ms);
    print_time("until", r->last_ms);
    printf(",\"stopped\":%s,\"damage\":", r->stopped ? "true" : "false");
    if (r->damaged) {
        printf("{\"seq\":%" PRIu64 ",", r->damage.position);
        print_text("where", str_of(r->damage.where));
        printf("}");
    } else {
        printf("null");
    }
    printf(",\"readings_per_s\":%.0f}\n", per_second(p));
}
