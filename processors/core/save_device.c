#include "processors/core/save_device.h"

void save_flow(struct codec *c, struct flow *f)
{
    codec_i64(c, &f->second);
    codec_bytes(c, f->bucket, sizeof f->bucket);
}

/* ---- gates --------------------------------------------------------------------------------- */

static void label(struct codec *c, struct label *l)
{
    codec_u8(c, &l->len);
    if (l->len > LABEL_BYTES_MAX) {
        c->failed = true;
        l->len = 0;
    }
    codec_bytes(c, l->text, l->len);
}

static void lane(struct codec *c, struct lane *l)
{
    label(c, &l->label);
    codec_bool(c, &l->shown_once);
    codec_i64(c, &l->used_ms);
    codec_i64(c, &l->total_in);
    codec_i64(c, &l->total_out);
    codec_i64(c, &l->total_rejects);
    codec_bytes(c, &l->shown, sizeof l->shown);
    save_flow(c, &l->in);
    save_flow(c, &l->out);
}

static void reason(struct codec *c, struct reason *r)
{
    label(c, &r->label);
    codec_bool(c, &r->shown_once);
    codec_i64(c, &r->total);
    codec_bytes(c, &r->shown, sizeof r->shown);
    save_flow(c, &r->rejects);
}

static uint32_t in_use(struct codec *c, uint32_t *count, uint32_t max)
{
    codec_u32(c, count);
    if (*count > max) {
        c->failed = true;
        *count = 0;
    }
    return *count;
}

/* Those in use, and whether the others' place is. */
static void lanes(struct codec *c, struct lanes *all)
{
    struct lane *others = &all->lane[VENUE_GATE_LANES_MAX];
    bool has_others = others->label.len > 0;
    uint32_t count = in_use(c, &all->count, VENUE_GATE_LANES_MAX);
    for (uint32_t i = 0; i < count; i++)
        lane(c, &all->lane[i]);
    codec_bool(c, &has_others);
    if (has_others)
        lane(c, others);
}

static void reasons(struct codec *c, struct reasons *all)
{
    struct reason *others = &all->reason[REASONS_MAX];
    bool has_others = others->label.len > 0;
    uint32_t count = in_use(c, &all->count, REASONS_MAX);
    for (uint32_t i = 0; i < count; i++)
        reason(c, &all->reason[i]);
    codec_bool(c, &has_others);
    if (has_others)
        reason(c, others);
}

static void tally(struct codec *c, struct tally *t)
{
    codec_i64(c, &t->bucket);
    codec_i64(c, &t->covered_to_ms);
    codec_bytes(c, t->served_in, sizeof t->served_in);
    codec_bytes(c, t->rejects_in, sizeof t->rejects_in);
    codec_bytes(c, t->covered_in, sizeof t->covered_in);
    codec_bytes(c, t->waiting_in, sizeof t->waiting_in);
}

static void lane_rate(struct codec *c, struct lane_rate *r)
{
    codec_f64(c, &r->per_min);
    codec_i64(c, &r->since_ms);
    codec_i64(c, &r->served);
    codec_i64(c, &r->lanes);
    codec_bool(c, &r->waiting);
}

void save_gate(struct codec *c, struct gate *gate)
{
    codec_u8(c, &gate->state);
    codec_bool(c, &gate->shown_once);
    codec_bool(c, &gate->reports);
    codec_i64(c, &gate->lanes_open);
    codec_i64(c, &gate->total_in);
    codec_i64(c, &gate->total_out);
    codec_i64(c, &gate->total_rejects);
    codec_bytes(c, &gate->figures, sizeof gate->figures);
    codec_bytes(c, &gate->shown, sizeof gate->shown);
    save_flow(c, &gate->in);
    save_flow(c, &gate->out);
    save_flow(c, &gate->rejects);
    tally(c, &gate->tally);
    lane_rate(c, &gate->rate);
    lanes(c, &gate->lanes);
    reasons(c, &gate->reasons);
    if (gate->state > GATE_FAULT || gate->figures.basis < GATE_QUEUE_NONE ||
        gate->figures.basis > GATE_QUEUE_ESTIMATED)
        c->failed = true;
}

/* ---- lights -------------------------------------------------------------------------------- */

void save_light(struct codec *c, struct light *light)
{
    codec_u8(c, &light->state);
    codec_i8(c, &light->fault);
    codec_bool(c, &light->shown_once);
    codec_bool(c, &light->lux_current);
    codec_bool(c, &light->burning_in_daylight);
    codec_bool(c, &light->dark_while_on);
    codec_f64(c, &light->lux);
    codec_f64(c, &light->power_w);
    codec_i64(c, &light->bright_since_ms);
    codec_i64(c, &light->dark_since_ms);
    codec_bytes(c, &light->shown, sizeof light->shown);
    if (light->state > LIGHT_DIM)
        c->failed = true;
}

void save_light_group(struct codec *c, struct light_group *group)
{
    codec_bool(c, &group->dark);
    codec_bool(c, &group->shown_once);
    codec_bytes(c, &group->figures, sizeof group->figures);
    codec_bytes(c, &group->shown, sizeof group->shown);
}
