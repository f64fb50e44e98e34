/*
 * top_screen: one picture of the running system as lines of text: programs, rates, the books,
 * active alerts, zones and gates, worst first. Pure: everything comes in as arguments.
 *
 *     top_screen_draw(&view, &out);      out: lines ended by \n, cut at view.columns
 *
 * When the last heartbeat is stale the picture says so in words and shows no level as calm: every
 * level reads `unknown`.
 *
 * With rows given the picture fits into them: what matters most keeps its place, programs and books
 * shrink to a line each while they are well, and the lists show a part of themselves.
 */
#ifndef CROWDTIDE_DEPLOY_CLI_TOP_SCREEN_H
#define CROWDTIDE_DEPLOY_CLI_TOP_SCREEN_H

#include "deploy/cli/top_choice.h"
#include "processors/watch/watch_figures.h"
#include "processors/watch/watch_state.h"

/* TEXT: nothing but text. MARKS: bold and reverse, no colours (NO_COLOR). */
enum top_paint { TOP_PAINT_TEXT, TOP_PAINT_MARKS, TOP_PAINT_COLOUR };

struct top_view {
    const char *state_dir;
    struct watch_state *state;
    const struct watch_figures *now;
    const struct watch_figures *before; /* for rates; NULL: none yet */
    const char *trouble;                /* why something can't be read, or NULL */
    uint32_t columns;                   /* 40..512 */
    uint32_t rows;                      /* 0: as many as it takes */
    enum top_paint paint;
    bool ascii;                /* what is no ASCII has a stand-in: the terminal can't show it */
    struct top_choice *choice; /* what keys have chosen; its scroll is brought within what there is.
                                  NULL: everything, no hint of keys */
};

enum { TOP_SCREEN_BYTES_MAX = 4 * 1024 * 1024 };

void top_screen_draw(const struct top_view *view, struct text *out);

/* The same as one JSON object with a newline. */
void top_screen_json(const struct top_view *view, struct text *out);

#endif
