#include "deploy/cli/audit_print.h"

#include <inttypes.h>
#include <stdio.h>

enum { TEXT_BYTES = AUDIT_WHAT_BYTES * 6 + 8 };
static const char *const output_names[] = {"alerts", "bulk"};

/* ---- for people ---- */

static void print_log(const struct audit_log *log)
{
    if (!log->exists)
        printf("%-9s none\n", log->name);
    else
        printf("%-9s %" PRIu64 " records, %" PRIu64 " to %" PRIu64 "\n", log->name,
               log->check.records, log->check.first_seq, log->check.last_seq);
}

static void print_sink(const char *name, const struct audit_sink sink[2])
{
    for (int o = 0; o < 2; o++)
        printf("%-9s %s: %" PRIu64 " of %" PRIu64 " found, %" PRIu64 " rejected, %" PRIu64
               " missing; pending %" PRIu64 ", deleted there by retention %" PRIu64 "\n",
               name, output_names[o], sink[o].found, sink[o].judged, sink[o].rejected,
               sink[o].missing, sink[o].pending, sink[o].expired);
}

static void print_finding(const struct audit_finding *f)
{
    printf("GAP  %s: %s", f->where, f->what);
    if (f->first_seq == f->last_seq && f->count == 1)
        printf(", sequence %" PRIu64 " index %" PRIu32, f->first_seq, f->first_index);
    else
        printf(", %" PRIu64 " within sequences %" PRIu64 " to %" PRIu64, f->count, f->first_seq,
               f->last_seq);
    printf(": %s\n", f->text);
}

static void print_books(const struct audit_report *report)
{
    const struct core_books *b = &report->books;
    printf("up to     input %" PRIu64 "%s\n", report->upper_seq,
           report->live ? ", process running" : "");
    if (report->rerun)
        printf("books     received %" PRIu64 " = decoded %" PRIu64 " + duplicate %" PRIu64
               " + quarantined %" PRIu64 " + ignored_retained %" PRIu64 "; pending %" PRIu64 "\n",
               b->received, b->decoded, b->duplicate, b->quarantined, b->ignored_retained,
               report->pending);
    else
        printf("books     not run again: %s\n", report->rerun_why);
    printf("results   %" PRIu64 " alerts, %" PRIu64 " bulk; %" PRIu64
           " equal to those of a new run from input %" PRIu64 " on; %" PRIu64 " still to be made\n",
           report->results[0], report->results[1], report->compared, report->rerun_from_seq,
           report->results_pending);
    if (report->rerun && report->rerun_why[0])
        printf("          %s\n", report->rerun_why);
}

void audit_print(const struct audit_options *options, const struct audit_report *report)
{
    for (int i = 0; i < AUDIT_LOGS; i++)
        print_log(&report->log[i]);
    print_books(report);
    if (options->kafka)
        print_sink("kafka", report->kafka);
    if (options->kafka && (report->kafka_others || report->kafka_unjudged))
        printf("          %" PRIu64 " records of other readings logs, %" PRIu64
               " outside of what the logs here tell\n",
               report->kafka_others, report->kafka_unjudged);
    if (options->series)
        print_sink("series", report->series);
    for (uint32_t i = 0; i < report->finding_count; i++)
        print_finding(&report->finding[i]);
    if (report->findings)
        printf("%" PRIu64 " gaps\n", report->findings);
    else
        printf("balanced\n");
}

/* ---- for programs ---- */

static void json_sink(const char *name, const struct audit_sink sink[2])
{
    printf(",\"%s\":{", name);
    for (int o = 0; o < 2; o++)
        printf("%s\"%s\":{\"judged\":%" PRIu64 ",\"found\":%" PRIu64 ",\"rejected\":%" PRIu64
               ",\"missing\":%" PRIu64 ",\"pending\":%" PRIu64 ",\"expired\":%" PRIu64
               ",\"position_seq\":%" PRIu64 "}",
               o ? "," : "", output_names[o], sink[o].judged, sink[o].found, sink[o].rejected,
               sink[o].missing, sink[o].pending, sink[o].expired, sink[o].position_seq);
    printf("}");
}

static void json_text(const char *name, const char *value)
{
    char buffer[TEXT_BYTES];
    struct text text = text_over(buffer, sizeof buffer);
    text_add_json(&text, str_of(value));
    printf(",\"%s\":" STR_FMT, name, (int)text.len, text.at);
}

static void json_books(const struct audit_report *report)
{
    const struct core_books *b = &report->books;
    printf(",\"books\":");
    if (report->rerun)
        printf("{\"received\":%" PRIu64 ",\"decoded\":%" PRIu64 ",\"duplicate\":%" PRIu64
               ",\"quarantined\":%" PRIu64 ",\"ignored_retained\":%" PRIu64 ",\"pending\":%" PRIu64
               "}",
               b->received, b->decoded, b->duplicate, b->quarantined, b->ignored_retained,
               report->pending);
    else
        printf("null");
    printf(",\"results\":{\"alerts\":%" PRIu64 ",\"bulk\":%" PRIu64 ",\"equal\":%" PRIu64
           ",\"pending\":%" PRIu64 ",\"from_seq\":%" PRIu64 "}",
           report->results[0], report->results[1], report->compared, report->results_pending,
           report->rerun_from_seq);
    json_text("rerun_note", report->rerun_why);
}

void audit_print_json(const struct audit_options *options, const struct audit_report *report)
{
    printf("{\"balanced\":%s,\"live\":%s,\"upper_seq\":%" PRIu64 ",\"from_seq\":%" PRIu64,
           report->findings || report->stopped ? "false" : "true", report->live ? "true" : "false",
           report->upper_seq, report->from_seq);
    printf(",\"logs\":{");
    for (int i = 0; i < AUDIT_LOGS; i++)
        printf("%s\"%s\":{\"records\":%" PRIu64 ",\"first_seq\":%" PRIu64 ",\"last_seq\":%" PRIu64
               "}",
               i ? "," : "", report->log[i].name, report->log[i].check.records,
               report->log[i].check.first_seq, report->log[i].check.last_seq);
    printf("}");
    json_books(report);
    if (options->kafka)
        json_sink("kafka", report->kafka);
    if (options->series)
        json_sink("series", report->series);
    printf(",\"gaps\":%" PRIu64 ",\"findings\":[", report->findings);
    for (uint32_t i = 0; i < report->finding_count; i++) {
        const struct audit_finding *f = &report->finding[i];
        printf("%s{\"where\":\"%s\",\"what\":\"%s\",\"first_seq\":%" PRIu64 ",\"last_seq\":%" PRIu64
               ",\"first_index\":%" PRIu32 ",\"count\":%" PRIu64,
               i ? "," : "", f->where, f->what, f->first_seq, f->last_seq, f->first_index,
               f->count);
        json_text("text", f->text);
        printf("}");
    }
    printf("]}\n");
}
