/*
 * What the files of script share: one running script. script.c deals out the lines; script_venue.c
 * brings venues into force; script_clock.c feeds the core; script_message.c makes what sensors and
 * operators send; script_results.c keeps what the core says; script_expect.c and script_compare.c
 * judge it.
 *
 * Every function that can fail is false after script_broken has noted why; an expectation that is
 * not met is noted by script_unmet and is no failure.
 */
#ifndef CROWDTIDE_PROCESSORS_REPLAY_SCRIPT_PRIVATE_H
#define CROWDTIDE_PROCESSORS_REPLAY_SCRIPT_PRIVATE_H

#include "processors/core/core.h"
#include "processors/replay/script.h"
#include "processors/replay/script_words.h"
#include "schemas/venue/venue.h"

struct script;

/* ---- the clock and the core behind it ---- */

struct script_repeat { /* an `every` line in force */
    int64_t first_ms, next_ms, until_ms, step_ms;
    uint32_t line;
    struct str what; /* sensor ID …, borrowed from the script */
};

struct script_clock {
    struct core *core; /* NULL until the first venue */
    struct core_results results;
    int64_t day_ms;       /* midnight of the script's date, in UTC */
    int32_t utc_offset_s; /* RECORD_NO_UTC_OFFSET: times are UTC, and ticks don't know */
    int64_t t_ms;         /* of the last record */
    uint64_t seq, messages;
    bool connected;
    uint64_t broker_dropped; /* RECORD_NO_COUNT: it does not say */
    bool probed, silent;     /* probes are sent; none comes back any more, since: */
    int64_t silent_ms;
    uint8_t *body; /* scratch with padding */
    size_t body_cap;
    struct script_repeat *repeat;
    uint32_t repeat_count;
};

bool script_clock_begin(struct script *s, int64_t t_ms);
void script_clock_end(struct script *s);
/* Room for a record's body; NULL after script_broken. */
uint8_t *script_clock_room(struct script *s, size_t len);
/* Feeds one record at t_ms, which is not before the last. The body may be what script_clock_room
 * gave. */
bool script_clock_record(struct script *s, int64_t t_ms, unsigned type, const uint8_t *body,
                         uint32_t len);
bool script_clock_tick(struct script *s, int64_t t_ms);
/* To t_ms: a tick every whole second, and what `every` lines send on the way. */
bool script_clock_to(struct script *s, int64_t t_ms);
/* The same without anything on the way: the machine slept (a tick ends it), or ingest did not run
 * (a gap record ends it). */
bool script_clock_leap(struct script *s, int64_t t_ms, bool gap);
bool script_clock_broker(struct script *s, int64_t t_ms, bool back);
/* Probes come back through it, or no more. */
bool script_clock_probe(struct script *s, int64_t t_ms, bool back);
/* What the broker says it has dropped since it started, in the ticks from here on. */
bool script_clock_dropped(struct script *s, int64_t t_ms, struct str number);
bool script_clock_model(struct script *s, int64_t t_ms, struct str source, const char *path);
bool script_clock_repeat(struct script *s, const struct script_repeat *repeat);
/* Saves the core and goes on with what the bytes bring back. */
bool script_clock_restart(struct script *s);

/* Times of the script's day, by its offset. need: broken when word is no time. */
bool script_clock_parse(const struct script *s, struct str word, int64_t *ret_ms);
bool script_clock_need(struct script *s, struct str word, int64_t *ret_ms);
/* As people write it: hh:mm:ss, with ms when there are some; out has SCRIPT_CLOCK_BYTES. */
enum { SCRIPT_CLOCK_BYTES = 32 };
const char *script_clock_text(const struct script *s, int64_t t_ms, char *out);

/* ---- what is sent: `rest` is what follows the line's first word ---- */

struct script_ramp { /* how far an `every` line is: of the messages after its first */
    int64_t done, all;
};
/* ramp: values FROM..TO go from one to the other; NULL: there are none. */
bool script_message_repeated(struct script *s, int64_t t_ms, struct str rest,
                             const struct script_ramp *ramp);
bool script_message_sensor(struct script *s, int64_t t_ms, struct str rest);
bool script_message_publish(struct script *s, int64_t t_ms, struct str rest);
bool script_message_command(struct script *s, int64_t t_ms, struct str rest);

/* ---- what the core said ---- */

enum { SCRIPT_KEY_FIELDS_MAX = 3, SCRIPT_KEY_BYTES = 512 };

struct script_kind { /* of results, as `expect` names it */
    const char *word;
    unsigned type;
    const char *field[SCRIPT_KEY_FIELDS_MAX]; /* that make its key */
    char between; /* ' ': each is a word of its own; '/': together they are one */
};
/* NULL when word is none. */
const struct script_kind *script_kind_find(struct str word);
uint32_t script_kind_words(const struct script_kind *kind); /* of a key */

struct script_kept { /* the last result of a kind and key */
    char *key;       /* "zone hall-8"; "exercise zone hall-8" */
    uint64_t hash;
    unsigned type;
    uint8_t *body; /* NULL: only the level is known */
    uint32_t len, cap;
    int64_t t_ms; /* when it was said */
    /* Zones: as last shown, or raised since by an alert. */
    int level, level_before;
    int64_t level_since_ms;
};

struct script_results {
    struct script_kept **slot; /* open addressing */
    uint32_t slots, count;
};

bool script_results_take(struct script *s, const struct core_result *result, const uint8_t *body);
void script_results_free(struct script *s);
struct script_kept *script_results_find(const struct script *s, const char *key);
/* The level a zone is at, with since when and what it was before; unknown when nothing was said. */
struct script_kept script_results_level(const struct script *s, const char *zone_key);

/* ---- expectations ---- */

/* rest: what follows `expect`. Moves the clock when it names a time. */
bool script_expect(struct script *s, struct str rest);

/* One member's wish: compares from words[*at], which it moves on. Meets nothing: *ret_met false and
 * `seen` says what is there. */
bool script_compare(struct script *s, const struct script_kind *kind,
                    const union result_any *result, const struct script_words *words, uint32_t *at,
                    bool *ret_met, struct text *wanted, struct text *seen);

/* ---- lines and venues ---- */

struct script_reader {
    struct str rest; /* of the script */
};
/* The next line, without its end. False: there is none. */
bool script_line_next(struct script *s, struct script_reader *reader, struct str *ret);

/* [TIME] venue [FILE]. *ret_is: the line is such a one; what belongs to it has been taken off the
 * reader. */
bool script_venue_line(struct script *s, struct script_reader *reader, struct str line,
                       bool *ret_is);
/* Before the first line with a time: the venue that was named is in force, since an hour. */
bool script_venue_started(struct script *s, int64_t t_ms);

/* ---- the script ---- */

struct script {
    const struct script_options *options;
    struct script_report *report;
    uint32_t line;
    bool begun;               /* a line with a time has been met */
    struct venue *venue;      /* in force; NULL: none yet */
    struct venue *venue_next; /* named, and to come into force with the next line that has a time */
    char *venue_source;       /* its source */
    size_t venue_len;
    char *venue_name; /* for messages */
    struct script_clock clock;
    struct script_results results;
};

bool script_broken(struct script *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void script_unmet(struct script *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Split into words, broken when that can't be. */
bool script_words_need(struct script *s, struct str line, struct script_words *ret);

#endif
