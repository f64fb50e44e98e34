#include "processors/core/save_sensor.h"

#include "processors/core/border.h"
#include "processors/core/sensor.h"
#include "schemas/payload/member.h"

static void dedup_step(struct codec *c, struct dedup_step *step, uint32_t used)
{
    codec_i64(c, &step->ts_first);
    codec_i64(c, &step->seq_first);
    codec_bytes(c, step->gap_ms, (used - 1) * sizeof step->gap_ms[0]);
}

static void dedup_loose(struct codec *c, struct dedup_loose *loose, uint32_t used)
{
    codec_i64(c, &loose->ts_min);
    codec_i64(c, &loose->ts_max);
    codec_bytes(c, loose->key, used * sizeof loose->key[0]);
}

static void dedup(struct codec *c, struct model *m, uint32_t s)
{
    struct dedup_memory *memory = &m->sensors[s].memory;
    codec_i64(c, &memory->newest_ts);
    codec_i64(c, &memory->newest_seq);
    codec_i64(c, &memory->newest_bare_seq);
    codec_u32(c, &memory->last_key);
    codec_u32(c, &memory->loose);
    codec_u16(c, &memory->next);
    codec_bool(c, &memory->wrapped);
    if (memory->next >= DEDUP_BLOCKS * DEDUP_BLOCK) {
        c->failed = true;
        memory->next = 0;
    }
    for (uint32_t b = 0; b < DEDUP_BLOCKS; b++) {
        uint32_t used = dedup_block_used(memory, b);
        if (used && dedup_block_loose(memory, b))
            dedup_loose(c, dedup_loose_at(&m->dedup, s, b), used);
        else if (used)
            dedup_step(c, dedup_step_at(&m->dedup, s, b), used);
    }
}

static void health(struct codec *c, struct model *m, uint32_t s)
{
    struct health *h = &m->health[s];
    bool due = m->health_due[s / 64] >> s % 64 & 1;
    codec_i64(c, &h->heard_ms);
    codec_i64(c, &h->period.report_ms);
    codec_i32(c, &h->period.estimate_ms);
    codec_i32(c, &h->period.spread_ms);
    codec_i32(c, &h->period.said_ms);
    codec_u8(c, &h->period.learned);
    codec_u8(c, &h->period.shorts);
    codec_bool(c, &h->period.regular);
    codec_i64(c, &h->offset_ms[0]);
    codec_i64(c, &h->offset_ms[1]);
    codec_i64(c, &h->half);
    codec_i64(c, &h->skew.offset_ms);
    codec_i64(c, &h->skew.first_ms);
    codec_i64(c, &h->skew.least_ms);
    codec_i64(c, &h->skew.since_ms);
    codec_u8(c, &h->skew.count);
    codec_u8(c, &h->skew.strays);
    codec_u32(c, &h->resets);
    codec_u32(c, &h->out_of_order);
    codec_bool(c, &due);
    m->health_due[s / 64] &= ~(UINT64_C(1) << s % 64);
    m->health_due[s / 64] |= (uint64_t)due << s % 64;
    codec_bool(c, &h->shown.once);
    codec_u8(c, &h->shown.state);
    codec_u8(c, &h->shown.service);
    codec_bool(c, &h->shown.saturated);
    codec_i32(c, &h->shown.period_ms);
    codec_i64(c, &h->shown.silence_ms);
    codec_i64(c, &h->shown.offset_ms);
    codec_i64(c, &h->shown.skew_ms);
    codec_i64(c, &h->shown.service_until_ms);
    codec_i64(c, &h->shown.suspect);
    codec_u32(c, &h->shown.resets);
    codec_u32(c, &h->shown.out_of_order);
    if (h->period.learned > PERIOD_LEARN || h->period.estimate_ms < 0 || h->period.said_ms < 0)
        c->failed = true;
}

static void counter(struct codec *c, struct counter_memory *memory)
{
    codec_bool(c, &memory->known);
    codec_i32(c, &memory->day);
    codec_i64(c, &memory->at_ms);
    codec_i64(c, &memory->in);
    codec_i64(c, &memory->out);
}

static void surge(struct codec *c, struct surge *surge)
{
    codec_bool(c, &surge->pending);
    codec_i64(c, &surge->at_ms);
    codec_i64(c, &surge->value);
    codec_i64(c, &surge->in);
    codec_i64(c, &surge->out);
    codec_within(c, &surge->people, 0, 2 * (int64_t)READING_PEOPLE_MAX);
    codec_bool(c, &surge->outer);
    counter(c, &surge->before);
}

static void missed(struct codec *c, struct missed *missed)
{
    codec_i64(c, &missed->half);
    codec_i64(c, &missed->from_ms);
    codec_bool(c, &missed->open);
    codec_bool(c, &missed->absent);
    codec_bool(c, &missed->torn);
    codec_i64(c, &missed->until_ms);
    codec_i64(c, &missed->back_ms);
    for (int d = 0; d < 2; d++) {
        codec_i64(c, &missed->seen[0][d]);
        codec_i64(c, &missed->seen[1][d]);
        codec_i64(c, &missed->pace_milli[d]);
        codec_i64(c, &missed->feared_milli[d]);
        codec_i64(c, &missed->after[d]);
    }
}

static void doors(struct codec *c, struct model *m, uint32_t s)
{
    uint32_t count;
    struct crossing *crossing = border_of(m, s, &count);
    for (uint32_t i = 0; i < count; i++) {
        codec_i64(c, &crossing[i].drift.sigma_milli);
        codec_u32(c, &crossing[i].drift.era);
        codec_i64(c, &crossing[i].missed.milli[0]);
        codec_i64(c, &crossing[i].missed.milli[1]);
        codec_i64(c, &crossing[i].missed.silent_ms);
        codec_u32(c, &crossing[i].missed.era);
    }
    if (count)
        missed(c, &m->missed[s]);
}

static void levels(struct codec *c, struct history_levels *l)
{
    codec_i64(c, &l->newest_ms);
    codec_u32(c, &l->count);
    if (l->count > HISTORY_LEVELS) {
        c->failed = true;
        l->count = 0;
    }
    for (uint32_t i = 0; i < l->count; i++) {
        codec_i32(c, &l->ago_ms[i]);
        codec_i32(c, &l->value[i]);
    }
}

void save_sensor(struct codec *c, struct model *m, uint32_t s)
{
    struct sensor *sensor = &m->sensors[s];
    codec_bool(c, &sensor->heard);
    codec_bool(c, &sensor->fresh);
    codec_bool(c, &sensor->offline);
    codec_bool(c, &sensor->has_value);
    codec_bool(c, &sensor->saturated);
    codec_bool(c, &sensor->played);
    codec_u8(c, &sensor->service);
    codec_i64(c, &sensor->service_until_ms);
    if (sensor->service >= SERVICE_COUNT)
        c->failed = true;
    codec_i64(c, &sensor->last_ts_ms);
    codec_i64(c, &sensor->last_source_ms);
    codec_i64(c, &sensor->last_seq);
    codec_within(c, &sensor->value, 0, READING_PEOPLE_MAX);
    counter(c, &sensor->counter);
    codec_i64(c, &m->silent_at_ns[s]);
    health(c, m, s);
    codec_u32(c, &sensor->level_round);
    codec_within(c, &sensor->flicker_milli, 0, 4000 * (int64_t)READING_PEOPLE_MAX);
    surge(c, &sensor->surge);
    doors(c, m, s);
    if (sensor_shows_level(&m->venue->sensors[s]))
        levels(c, &m->levels[sensor->device]);
    dedup(c, m, s);
}
