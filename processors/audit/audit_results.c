/* The results logs against themselves: each place once, in order, none left out. */
#include <stdio.h>

#include "processors/audit/audit_private.h"

/* From which input on a log has everything: the one behind its oldest result, unless it never lost
 * any. */
static bool begins(struct audit *a, enum output o, struct error *err)
{
    struct log_reader *reader = NULL;
    struct log_view view;
    struct error why = {0};
    a->begin_seq[o] = UINT64_MAX;
    bool open = audit_log_reader(a->options->config->state_dir, output_name(o), &reader, &why);
    if (open && log_reader_next(reader, &view, &why) == LOG_READ_RECORD &&
        view.body_len >= RESULT_ORIGIN_BYTES)
        a->begin_seq[o] = view.seq == 1 ? 0 : result_origin_decode(view.body).input_seq + 1;
    log_reader_close(reader);
    if (why.code == ERROR_NONE || why.code == ERROR_NOT_FOUND || why.code == ERROR_CORRUPT)
        return true;
    *err = why;
    return false;
}

static bool whole_from(const struct audit *a, uint64_t input_seq)
{
    return input_seq >= a->begin_seq[OUTPUT_ALERTS] && input_seq >= a->begin_seq[OUTPUT_BULK];
}

/* Indices between two results that follow each other in both logs. The run of the core names what
 * is missing at an input's end. */
static void holes(struct audit *a, const struct result_origin *last, const struct audit_item *item)
{
    bool same = item->origin.input_seq == last->input_seq;
    uint32_t due = same ? last->index + 1 : 0;
    bool judged = whole_from(a, item->origin.input_seq) && !a->broken[0] && !a->broken[1];
    for (; judged && due < item->origin.index; due++)
        audit_note(a, &(struct audit_fault){.where = output_name(item->output),
                                            .what = "missing",
                                            .seq = item->origin.input_seq,
                                            .index = due,
                                            .text = "its place among the results is empty in both "
                                                    "logs"});
}

static bool take(struct audit *a, const struct audit_item *item, struct error *err)
{
    const struct result_type *type = result_type_of(item->view.type);
    bool has_topic = type && type->topic_suffix[0];
    a->report->results[item->output]++;
    if (!a->report->from_seq)
        a->report->from_seq = item->origin.input_seq;
    return audit_places_add(&a->places, item->origin.input_seq, item->origin.index,
                            has_topic ? AUDIT_EXPECTED : AUDIT_NONE, err);
}

bool audit_results(struct audit *a, struct error *err)
{
    struct audit_walk walk;
    const struct audit_item *item;
    struct result_origin last = {0};
    bool any = false;
    for (int o = 0; o < OUTPUT_COUNT; o++) {
        if (!begins(a, (enum output)o, err))
            return false;
    }
    bool ok = audit_walk_open(a, &walk, err);
    while (ok && !audit_stopping(a) && (item = audit_walk_next(&walk, err))) {
        bool rises = !any || audit_origin_before(&last, &item->origin);
        if (!rises) {
            audit_note(a, &(struct audit_fault){.where = output_name(item->output),
                                                .what = "doubled",
                                                .seq = item->origin.input_seq,
                                                .index = item->origin.index,
                                                .text = "its place is taken already"});
            continue;
        }
        if (any)
            holes(a, &last, item);
        last = a->end[item->output] = item->origin;
        any = true;
        ok = take(a, item, err);
    }
    for (int o = 0; o < OUTPUT_COUNT; o++)
        a->broken[o] = a->broken[o] || walk.broken[o];
    audit_walk_close(&walk);
    return ok && err->code == ERROR_NONE;
}
