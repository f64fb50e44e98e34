/*
 * top_paint: writing one screen's lines: columns, styles, numbers for people. Private to top_*.c;
 * one thread.
 */
#ifndef CROWDTIDE_DEPLOY_CLI_TOP_PAINT_H
#define CROWDTIDE_DEPLOY_CLI_TOP_PAINT_H

#include "deploy/cli/top_screen.h"

enum style { PLAIN, BOLD, DIM, RED, ORANGE, YELLOW, BLUE, UNKNOWN, GOOD };

struct screen {
    const struct top_view *view;
    struct text *out;
    uint32_t column; /* of the line being written */
    uint32_t rows;   /* lines ended */
    bool stale;
    int64_t now_ms;
};

/* Writes as much as the line still has room for. Control characters become '?'. */
void screen_put(struct screen *s, enum style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Spaces up to that column. */
void screen_to(struct screen *s, uint32_t column);
void screen_end(struct screen *s);

enum { SCREEN_NUMBER_BYTES = 32 };
/* 12345678: "12,345,678". Returns out. */
const char *screen_grouped(uint64_t v, char out[SCREEN_NUMBER_BYTES]);
/* "4.2 s", "17 min", "3 d". Returns out. */
const char *screen_lasting(int64_t ms, char out[SCREEN_NUMBER_BYTES]);

static inline uint64_t screen_value(const struct screen *s, enum counter counter)
{
    return s->view->now->value[counter];
}

/* ---- the books (top_books.c) ----------------------------------------------------------------- */

void books_draw(struct screen *s);

/* ---- levels, alerts, zones and gates (top_lists.c) ------------------------------------------- */

/* Zones listed that are not known; a drill's do not count. */
uint32_t lists_unknown(const struct screen *s);
void lists_draw(struct screen *s);

#endif
