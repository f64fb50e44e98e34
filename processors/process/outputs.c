#include "processors/process/outputs.h"

#include <assert.h>
#include <stdio.h>

enum { PATH_BYTES = 4200 };

const char *output_name(enum output output)
{
    return output == OUTPUT_ALERTS ? "alerts" : "bulk";
}

enum output output_of(unsigned record_type)
{
    return record_type >= RECORD_ALERT ? OUTPUT_ALERTS : OUTPUT_BULK;
}

bool outputs_open(struct outputs *outputs, const struct outputs_options *options,
                  struct log_recovery ret_recovery[OUTPUT_COUNT], struct error *err)
{
    *outputs = (struct outputs){0};
    for (int o = 0; o < OUTPUT_COUNT; o++) {
        char dir[PATH_BYTES];
        int n = snprintf(dir, sizeof dir, "%s/%s", options->state_dir, output_name((enum output)o));
        if (n < 0 || n >= PATH_BYTES)
            return error_set(err, ERROR_INVALID, 0, "state directory path too long");
        const struct log_writer_options log = {
            .dir = dir,
            .segment_bytes = options->segment_bytes,
            .sync = LOG_SYNC_TIMER,
            .sync_ms = options->sync_ms,
            .source = options->source,
            .discard_from_seq = options->discard_from_seq[o],
            .io = options->io,
        };
        if (!log_writer_open(&log, &outputs->writer[o], &ret_recovery[o], err)) {
            outputs_close(outputs);
            return false;
        }
        outputs->had_log_ns[o] = ret_recovery[o].last_log_ns;
    }
    return true;
}

static bool has(const struct result_origin *done, uint64_t input_seq, uint32_t index)
{
    return input_seq < done->input_seq || (input_seq == done->input_seq && index <= done->index);
}

void outputs_avoid(struct outputs *outputs, enum output behind, struct log_reader *reader)
{
    outputs->taken_by = reader;
    outputs->behind = behind;
    outputs->has_taken = false;
}

/* The first place at or behind *place that the log ahead has taken; the same input's, or none that
 * matters. */
static bool next_taken(struct outputs *o, const struct result_origin *place, bool *ret_same,
                       struct error *err)
{
    while (!o->has_taken || o->taken.input_seq < place->input_seq ||
           (o->taken.input_seq == place->input_seq && o->taken.index < place->index)) {
        struct log_view view;
        enum log_read got = log_reader_next(o->taken_by, &view, err);
        o->has_taken = got == LOG_READ_RECORD && view.body_len >= RESULT_ORIGIN_BYTES;
        if (!o->has_taken) {
            *ret_same = false;
            return got != LOG_READ_ERROR;
        }
        o->taken = result_origin_decode(view.body);
    }
    *ret_same = o->taken.input_seq == place->input_seq && o->taken.index == place->index;
    return true;
}

/* A result of the log behind gets the next place of its input that is free. */
static bool find_place(struct outputs *o, struct result_origin *origin, struct error *err)
{
    bool same = true;
    origin->index = o->given.input_seq == origin->input_seq ? o->given.index + 1 : 0;
    while (next_taken(o, origin, &same, err) && same)
        origin->index++;
    o->given = *origin;
    return !same;
}

static void come_as_far(struct outputs *outputs, uint64_t input_seq)
{
    if (outputs->taken_by && input_seq > outputs->done[!outputs->behind].input_seq) {
        log_reader_close(outputs->taken_by);
        outputs->taken_by = NULL;
    }
}

bool outputs_stage(struct outputs *outputs, const struct log_view *input, int64_t wall_ns,
                   struct core_results *results, bool *ret_alert, struct error *err)
{
    come_as_far(outputs, input->seq);
    for (uint32_t i = 0; i < results->count; i++) {
        const struct core_result *result = &results->result[i];
        uint8_t *body = results->bytes + result->offset;
        enum output to = output_of(result->type);
        struct result_origin origin = result_origin_decode(body);
        /* The core names results after their input; everything here rests on it. */
        assert(result->len >= RESULT_ORIGIN_BYTES && origin.input_seq == input->seq &&
               origin.index == i);
        if (outputs_passed(outputs, to, input->seq))
            continue;
        if (outputs->taken_by && to == outputs->behind) {
            if (!find_place(outputs, &origin, err))
                return false;
            result_origin_encode(&origin, body);
        }
        const struct log_record record = {
            .type = result->type,
            .flags = (uint16_t)(input->flags & RECORD_FLAG_REPLAYED),
            .log_ns = input->log_ns,
            .wall_ns = wall_ns,
            .body = body,
            .body_len = result->len,
        };
        if (!log_writer_stage(outputs->writer[to], &record, NULL, err))
            return false;
        outputs->staged[to] = true;
        outputs->results++;
        if (result->type == RECORD_ALERT)
            *ret_alert = true;
    }
    return true;
}

bool outputs_passed(const struct outputs *outputs, enum output output, uint64_t input_seq)
{
    return has(&outputs->done[output], input_seq, 0);
}

struct result_origin outputs_own_place(const struct outputs *outputs, enum output output,
                                       uint64_t input_seq, uint32_t input_epoch)
{
    const struct result_origin *done = &outputs->done[output];
    bool another = done->input_seq == input_seq && done->index >= OUTPUTS_OWN_INDEX;
    return (struct result_origin){input_seq, input_epoch,
                                  another ? done->index + 1 : OUTPUTS_OWN_INDEX};
}

bool outputs_stage_own(struct outputs *outputs, const struct log_record *record, struct error *err)
{
    enum output to = output_of(record->type);
    struct result_origin origin = result_origin_decode(record->body);
    assert(!has(&outputs->done[to], origin.input_seq, origin.index));
    if (!log_writer_stage(outputs->writer[to], record, NULL, err))
        return false;
    outputs->staged[to] = true;
    outputs->done[to] = origin;
    return true;
}

bool outputs_commit(struct outputs *outputs, enum output output, struct error *err)
{
    if (!outputs->staged[output])
        return log_writer_healthy(outputs->writer[output], err);
    if (!log_writer_commit(outputs->writer[output], err))
        return false;
    outputs->staged[output] = false;
    return true;
}

bool outputs_commit_all(struct outputs *outputs, struct error *err)
{
    return outputs_commit(outputs, OUTPUT_ALERTS, err) && outputs_commit(outputs, OUTPUT_BULK, err);
}

bool outputs_covered(const struct outputs *outputs, uint64_t input_seq)
{
    return input_seq >= outputs->done[OUTPUT_ALERTS].input_seq &&
           input_seq >= outputs->done[OUTPUT_BULK].input_seq;
}

void outputs_close(struct outputs *outputs)
{
    for (int o = 0; o < OUTPUT_COUNT; o++)
        log_writer_close(outputs->writer[o]);
    log_reader_close(outputs->taken_by);
    *outputs = (struct outputs){0};
}
