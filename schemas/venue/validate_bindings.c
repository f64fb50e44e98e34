/* Sensors beside what the payload maps say of the part they are bound to. */
#include "schemas/payload/payload_map.h"
#include "schemas/venue/internal.h"

/* What the maps make of one sensor's part. */
struct claim {
    const struct payload_map *map;
    const struct payload_binding *binding;
};

/* A part that the message names may be any. */
static bool part_fits(const struct payload_binding *b, struct str part)
{
    return (b->part.len && memchr(b->part.at, '{', b->part.len)) || str_equal(b->part, part);
}

static bool kind_fits(const struct payload_binding *b, const struct venue_sensor *s)
{
    return b->class == s->class && (b->class != SENSOR_CROWD || b->kind == s->kind);
}

/* The first reading of a map that would be the sensor's; else the first of another kind. */
static bool claim_find(const struct venue *venue, uint32_t s, struct claim *ret)
{
    const struct payload_binding *b;
    struct claim other = {0};
    for (uint32_t m = 0; m < payload_maps_count(venue->payloads); m++) {
        const struct payload_map *map = payload_maps_at(venue->payloads, m);
        for (uint32_t i = 0; (b = payload_map_binding(map, i)); i++) {
            if (!part_fits(b, venue->devices[s].part))
                continue;
            if (kind_fits(b, &venue->sensors[s])) {
                *ret = (struct claim){map, b};
                return true;
            }
            if (!other.map && str_equal(b->part, venue->devices[s].part))
                other = (struct claim){map, b};
        }
    }
    *ret = other;
    return false;
}

/* "crowd level", "gate" */
static void kind_add(struct text *out, enum sensor_class class, enum counter_kind kind)
{
    text_add(out, sensor_class_text(class));
    text_add(out, class == SENSOR_CROWD ? " " : "");
    text_add(out, class == SENSOR_CROWD ? counter_kind_text(kind) : "");
}

static void warn_kind(const struct venue_sensor *s, struct claim claim, struct problems *problems)
{
    char sensor[32], map[32];
    struct text is = text_over(sensor, sizeof sensor), makes = text_over(map, sizeof map);
    kind_add(&is, s->class, s->kind);
    kind_add(&makes, claim.binding->class, claim.binding->kind);
    struct str id = payload_map_facts(claim.map)->id;
    problems_warn(problems, s->line, 0,
                  "sensor " STR_FMT " is %.*s, and payload map \"" STR_FMT
                  "\" makes %.*s of this part: each of its readings would be refused",
                  STR_ARG(s->id), (int)is.len, sensor, STR_ARG(id), (int)makes.len, map);
}

static void warn_number(const struct venue_sensor *s, struct claim claim, const char *what,
                        int64_t is, int64_t says, struct problems *problems)
{
    struct str id = payload_map_facts(claim.map)->id;
    problems_warn(problems, s->line, 0,
                  "sensor " STR_FMT " has %s %lld, and payload map \"" STR_FMT
                  "\" says that its counter has %lld",
                  STR_ARG(s->id), what, (long long)is, STR_ARG(id), (long long)says);
}

void venue_warn_bindings(const struct venue *venue, struct problems *problems)
{
    for (uint32_t i = 0; venue->payloads && i < venue->sensor_count; i++) {
        const struct venue_sensor *s = &venue->sensors[i];
        const struct venue_device *device = &venue->devices[i];
        struct claim claim;
        if (device->part.len == 0 && str_equal(device->device, s->id))
            continue; /* it may speak on a topic of crowdtide's own */
        bool fits = claim_find(venue, i, &claim);
        if (!claim.map)
            continue;
        const struct payload_binding *b = claim.binding;
        if (!fits)
            warn_kind(s, claim, problems);
        else if (b->wrap >= 0 && b->wrap != s->wrap)
            warn_number(s, claim, "wrap", s->wrap, b->wrap, problems);
        else if (b->saturates_at && b->saturates_at != s->saturates_at)
            warn_number(s, claim, "saturates_at", s->saturates_at, b->saturates_at, problems);
    }
}
