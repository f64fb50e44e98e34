#include "processors/core/core.h"

#include <stdlib.h>

#include "processors/core/command.h"
#include "processors/core/drill.h"
#include "processors/core/emit.h"
#include "processors/core/message.h"
#include "processors/core/model.h"
#include "processors/core/reading.h"
#include "processors/core/second.h"
#include "processors/core/sensor.h"
#include "processors/core/zone.h"
#include "schemas/payload/payload_decode.h"

struct core *core_new(struct error *err)
{
    struct core *core = calloc(1, sizeof *core);
    if (core) {
        core->late_ms = CORE_LATE_MS_DEFAULT;
        core->utc_offset_s = RECORD_NO_UTC_OFFSET;
        health_ears_init(&core->ears);
        path_init(&core->path);
        core->json = json_parser_new(READING_DOCUMENT_BYTES_MAX);
        core->scratch = malloc(EMIT_SCRATCH_BYTES);
        result_clear(RECORD_READING, &core->reading_clear);
    }
    if (!core || !core->json || !core->scratch) {
        core_free(core);
        error_set(err, ERROR_NO_MEMORY, 0, "state of the core");
        return NULL;
    }
    return core;
}

void core_free(struct core *core)
{
    if (!core)
        return;
    model_shadow_release(core);
    model_release(&core->model);
    json_parser_free(core->json);
    payload_decoder_free(core->decoder);
    free(core->scratch);
    free(core);
}

void core_late_set(struct core *core, int64_t late_ms)
{
    core->late_ms = late_ms;
}

/* ---- records --------------------------------------------------------------------------------- */

static bool model_record(struct core *core, const struct log_view *record, struct error *err)
{
    struct record_model model;
    struct venue *venue;
    struct problems problems = {0};
    if (!record_model_decode(record->body, record->body_len, &model, err))
        return false;
    /* The log says again now and then what is in force, so that what is kept of it can be read. */
    if (core->model.venue &&
        str_equal(model.source, (struct str){core->model.source, core->model.source_len}))
        return true;
    if (!venue_parse(model.source, &venue, &problems))
        return error_set(err, ERROR_CORRUPT, 0, "venue model at sequence %llu: %s",
                         (unsigned long long)record->seq,
                         problems.count ? problems.problem[0].text : "refused");
    if (!model_take(core, venue, model.source, err)) {
        venue_free(venue);
        return false;
    }
    drill_rules_changed(core);
    emit_era(core);
    return true;
}

static bool tick_record(struct core *core, const struct log_view *record, struct error *err)
{
    struct record_tick tick;
    if (!record_tick_decode(record->body, record->body_len, &tick, err))
        return false;
    core->connected = tick.connected;
    core->clock_offset_ns = tick.clock_offset_ns;
    path_tick(core, &tick);
    health_connection(core, path_hears(core), path_lost_ms(core));
    core->messages = tick.messages;
    core->utc_offset_s = tick.utc_offset_s;
    drops_note(&core->drops, tick.broker_dropped, core_now_ms(core));
    emit_heartbeat(core);
    return true;
}

static bool record_take(struct core *core, const struct log_view *record, struct error *err)
{
    struct record_mqtt mqtt;
    struct record_oversized oversized;
    struct record_withheld withheld;
    struct record_command command;
    switch (record->type) {
    case RECORD_MQTT:
        if (!record_mqtt_decode(record->body, record->body_len, &mqtt, err))
            return false;
        message_take(core, &mqtt);
        return true;
    case RECORD_OVERSIZED:
        if (!record_oversized_decode(record->body, record->body_len, &oversized, err))
            return false;
        message_oversized(core, &oversized);
        return true;
    case RECORD_WITHHELD:
        if (!record_withheld_decode(record->body, record->body_len, &withheld, err))
            return false;
        message_withheld(core, &withheld);
        return true;
    case RECORD_TICK:
        return tick_record(core, record, err);
    case RECORD_MODEL:
        return model_record(core, record, err);
    case RECORD_COMMAND:
        if (!record_command_decode(record->body, record->body_len, &command, err))
            return false;
        command_take(core, &command);
        return true;
    case RECORD_CONNECTED:
    case RECORD_SUBSCRIBED:
    case RECORD_GAP: /* time has been taken across it already */
        return true;
    case RECORD_DISCONNECTED:
        core->connected = false;
        path_disconnected(core);
        health_connection(core, false, path_lost_ms(core));
        return true;
    default:
        return error_set(err, ERROR_CORRUPT, 0, "record type %u at sequence %llu is unknown",
                         record->type, (unsigned long long)record->seq);
    }
}

static void step_begin(struct core *core, const struct log_view *record,
                       struct core_results *results)
{
    core->results = results;
    core->origin = (struct result_origin){.input_seq = record->seq, .input_epoch = record->epoch};
    core->no_memory = false;
    core->step++;
    core->touched_count = 0;
    core->late = core->stored = false;
}

static bool step_end(struct core *core, struct error *err)
{
    core->results = NULL;
    return !core->no_memory || error_set(err, ERROR_NO_MEMORY, 0, "results of one input");
}

bool core_step(struct core *core, const struct log_view *record, struct core_results *results,
               struct error *err)
{
    step_begin(core, record, results);
    second_advance(core, record->log_ns, record->type == RECORD_GAP);
    if (!record_take(core, record, err)) {
        if (err && err->code != ERROR_NO_MEMORY)
            err->code = ERROR_CORRUPT; /* the log's checksum has passed: this is not bad input */
        return false;
    }
    return step_end(core, err);
}

void core_ahead(struct core *core, const struct log_view *record)
{
    ahead_record(core, record);
}

/* What a dead letter keeps of a message; false: the record is of none. */
static bool message_letter(const struct log_view *record, struct emit_letter *ret)
{
    struct record_mqtt mqtt;
    struct record_oversized oversized;
    struct record_withheld withheld;
    switch (record->type) {
    case RECORD_MQTT:
        if (!record_mqtt_decode(record->body, record->body_len, &mqtt, NULL))
            return false;
        *ret = emit_letter_of(&mqtt);
        return true;
    case RECORD_OVERSIZED:
        if (!record_oversized_decode(record->body, record->body_len, &oversized, NULL))
            return false;
        *ret = (struct emit_letter){.topic = oversized.topic,
                                    .payload = oversized.head,
                                    .payload_bytes = oversized.payload_len};
        return true;
    case RECORD_WITHHELD:
        if (!record_withheld_decode(record->body, record->body_len, &withheld, NULL))
            return false;
        *ret = (struct emit_letter){.topic = withheld.topic,
                                    .personal = true,
                                    .keyed_hash = withheld.keyed_hash,
                                    .payload_bytes = withheld.payload_len};
        return true;
    default:
        return false;
    }
}

bool core_skip(struct core *core, const struct log_view *record, uint32_t crashes,
               struct core_results *results, struct error *err)
{
    struct result_skipped skipped;
    struct emit_letter letter;
    step_begin(core, record, results);
    /* Time stands still: what brought process down may have been the passing of it. */
    result_clear(RECORD_SKIPPED, &skipped);
    skipped.input_seq = (int64_t)record->seq;
    skipped.crashes = crashes;
    skipped.at = record->log_ns / CORE_MS_NS;
    emit(core, RECORD_SKIPPED, &skipped);
    if (message_letter(record, &letter)) {
        struct refusal refusal;
        struct text t = refusal_begin(&refusal, REFUSAL_POISON);
        text_add(&t, "process crashed on this input, times: ");
        text_add_u64(&t, crashes);
        (void)refusal_end(&t);
        core->books.received++;
        emit_deadletter(core, &letter, &refusal);
    }
    if (record->type == RECORD_COMMAND)
        command_poisoned(core);
    return step_end(core, err);
}

struct core_books core_books(const struct core *core)
{
    return core->books;
}

struct core_summary core_summary(const struct core *core)
{
    const struct model *model = &core->model;
    struct core_summary sum = {.level_worst = LEVEL_NONE};
    if (!model->venue)
        return sum;
    sum.zones = model->venue->zone_count;
    sum.sensors = model->venue->sensor_count;
    for (uint32_t s = 0; s < sum.sensors; s++)
        sum.sensors_silent +=
            model->silent_at_ns[s] == INT64_MAX && sensor_serves(&model->sensors[s]);
    const bool overdue = path_overdue(core);
    for (uint32_t z = 0; z < sum.zones; z++)
        sum.zones_unknown +=
            (overdue || !model->zones[z].known) && model->zones[z].basis != ZONE_BASIS_NONE;
    for (uint32_t i = 0; i < model->alert_count; i++) {
        int level = alert_level(&model->alerts[i]);
        sum.alerts_active += level > LEVEL_NONE;
        sum.level_worst = level > sum.level_worst ? level : sum.level_worst;
    }
    return sum;
}
