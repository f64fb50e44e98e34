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
    uint32_t limit;  /* of them; what is beyond is left out. 0: none */
    size_t line_at;  /* where the line being written begins in out */
    bool stale;
    int64_t now_ms;
    struct { /* of the list that is scrolled, for the last line */
        uint32_t from, to, of, hidden;
    } part;
};

/* Writes as much as the line still has room for. Control characters become '?'; those without a
 * width that only turn or join others are left out. */
void screen_put(struct screen *s, enum style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Spaces up to that column. */
void screen_to(struct screen *s, uint32_t column);
/* Spaces up to the right edge, in the style: a bar. */
void screen_bar(struct screen *s, enum style style);
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

/* Lines that are still to be had below; UINT32_MAX: as many as it takes. */
uint32_t screen_left(const struct screen *s);

/* ---- programs and books (top_programs.c, top_books.c) ---------------------------------------- */

void programs_draw(struct screen *s);
/* What is not well, and the rates, in as few lines as it takes. */
void programs_draw_short(struct screen *s);
void books_draw(struct screen *s);
void books_draw_short(struct screen *s);

/* ---- levels, alerts, zones and gates (top_lists.c) ------------------------------------------- */

/* Zones at that level, as it is shown; a drill's do not count. */
uint32_t lists_zones_at(const struct screen *s, int level);
enum style lists_style(int level);
/* The lists of a page, in the lines that are left. */
void lists_draw(struct screen *s, enum top_page page);

#endif
