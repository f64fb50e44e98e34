/*
 * top_terminal: the screen that `crowdtide top` has to itself while it runs, given back as it was
 * whatever ends the program: a key, a signal, Ctrl-Z, a crash.
 *
 *     top_terminal_enter(&terminal);
 *     while (!stop)
 *         …top_terminal_show(text)…, top_terminal_keys(&terminal, ms, keys, sizeof keys)
 *     top_terminal_leave(&terminal);
 *
 * Private to cmd_top.c; main thread.
 */
#ifndef CROWDTIDE_DEPLOY_CLI_TOP_TERMINAL_H
#define CROWDTIDE_DEPLOY_CLI_TOP_TERMINAL_H

#include <termios.h>

#include "schemas/base/str.h"

struct top_terminal {
    struct termios before;
    bool has_keys; /* standard input is a terminal, too */
};

/* Whether standard output is a terminal that can be moved about on. */
bool top_terminal_usable(void);
/* By the locale of the environment. */
bool top_terminal_utf8(void);
void top_terminal_size(uint32_t *ret_columns, uint32_t *ret_rows);

void top_terminal_enter(struct top_terminal *terminal);
void top_terminal_leave(const struct top_terminal *terminal);

/* Writes all of it. False: nobody is at the other end any more. */
bool top_terminal_show(const struct text *text);

/* Waits at most ms for keys; signals and a change of size end the wait. Returns how many bytes were
 * read; -1: the terminal is gone. */
int top_terminal_keys(const struct top_terminal *terminal, int ms, char *keys, size_t cap);

#endif
