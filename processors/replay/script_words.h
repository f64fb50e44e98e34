/*
 * script_words: a script's line cut into words and parts, and times of day. Everything is borrowed from the line.
 */
#ifndef CROWDTIDE_PROCESSORS_REPLAY_SCRIPT_WORDS_H
#define CROWDTIDE_PROCESSORS_REPLAY_SCRIPT_WORDS_H

#include "schemas/base/str.h"

enum { SCRIPT_WORDS_MAX = 64 };

struct script_word {
    struct str text; /* without its quotes */
    bool quoted;     /* "…": always a text, spaces and all */
};

struct script_words {
    uint32_t count;
    struct script_word word[SCRIPT_WORDS_MAX];
};

/* Without what follows a '#' that begins a word (outside quotes), and without blanks at both ends. */
struct str script_line_strip(struct str line);

/* Takes the next part off *rest: parts are separated by " … " or " ; " outside quotes. False: there is none. */
bool script_part_next(struct str *rest, struct str *ret_part);

/* Takes the first word off *rest; len 0 when there is none. */
struct str script_word_first(struct str *rest);

/* False with the reason: a quote is not closed, or there are too many words. */
bool script_words_split(struct str line, struct script_words *ret, const char **ret_why);

/* hh:mm:ss or hh:mm:ss.mmm into ms after midnight; hours up to 99 run on into the next days. */
bool script_time_of_day(struct str word, int64_t *ret_ms);
/* 2026-11-23 into ms since 1970 of its midnight in UTC. Years 1971 to 2199: log time counts nanoseconds, which end in 2262. */
bool script_date(struct str word, int64_t *ret_ms);
/* +08:00 into seconds. */
bool script_offset(struct str word, int32_t *ret_s);

/* A number, `true`, `false` or `null`, not quoted: JSON takes it as it stands. */
bool script_word_bare(const struct script_word *word);

#endif
