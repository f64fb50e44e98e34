/*
 * figures: what alarm management asks of an alarm system (ISA-18.2, EEMUA 191): how many alerts
 * begin, whether that is a flood, how many stand open, unanswered, shelved, stale or chattering.
 *
 *     figures_begun(f, settings, at_ms)          an alert has begun
 *     figures_to(f, settings, at_s)              at every second boundary
 *     figures_emit(core, at_ms)                  a FIGURES result when something differs, or it is
 * due again
 *
 * Begun ones are counted in rings of seconds and of minutes; the others are looked at each second.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_FIGURES_H
#define CROWDTIDE_PROCESSORS_CORE_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

#include "schemas/venue/venue.h"

enum {
    FIGURES_SECONDS = 3600, /* the longest flood_s */
    FIGURES_MINUTES = 24 * 60,
};

/* As last emitted: compared as bytes. */
struct figures_shown {
    int64_t begun, begun_day, flood, unacknowledged, open, shelved, unknown, stale, chattering;
};
_Static_assert(sizeof(struct figures_shown) == sizeof(int64_t[9]), "no padding");

struct figures {
    int64_t second; /* the newest bucket's, s since 1970 */
    uint32_t in_second[FIGURES_SECONDS];
    uint32_t in_minute[FIGURES_MINUTES];
    int64_t begun, begun_day; /* sums over the last flood_ms and 24 h; derived */
    bool shown_once;
    struct figures_shown shown;
};

void figures_start(struct figures *f, int64_t second);
void figures_to(struct figures *f, const struct venue_settings *settings, int64_t second);
void figures_begun(struct figures *f, const struct venue_settings *settings, int64_t at_ms);
/* Makes the sums again from the rings. */
void figures_derive(struct figures *f, const struct venue_settings *settings);

struct core;
void figures_emit(struct core *core, int64_t at_ms);

#endif
