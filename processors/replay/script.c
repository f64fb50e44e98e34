/* Deals out the lines of a script. */
#include "processors/replay/script.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "processors/replay/script_private.h"
#include "schemas/config/config_file.h"

#define DAY_MS_DEFAULT INT64_C(1795392000000) /* 2026-11-23 */

/* ---- failures -------------------------------------------------------------------------------- */

__attribute__((format(printf, 3, 0))) static void note(struct script *s, enum script_fault fault,
                                                       const char *format, va_list args)
{
    struct script_report *report = s->report;
    if (report->listed == SCRIPT_FAILURES_MAX) {
        if (fault == SCRIPT_UNMET)
            return;
        report->listed--; /* what stopped the script is always listed */
    }
    struct script_failure *f = &report->failure[report->listed++];
    f->fault = fault;
    f->line = s->line;
    (void)vsnprintf(f->reason, sizeof f->reason, format, args);
}

bool script_broken(struct script *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!s->report->broken) /* the first reason is the reason */
        note(s, SCRIPT_BROKEN, format, args);
    va_end(args);
    s->report->broken = true;
    return false;
}

void script_unmet(struct script *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    note(s, SCRIPT_UNMET, format, args);
    va_end(args);
    s->report->unmet++;
}

bool script_words_need(struct script *s, struct str line, struct script_words *ret)
{
    const char *why = NULL;
    return script_words_split(line, ret, &why) || script_broken(s, "%s", why);
}

/* ---- lines with a time ----------------------------------------------------------------------- */

static bool line_gap(struct script *s, int64_t t_ms, struct str rest)
{
    (void)rest;
    return script_clock_leap(s, t_ms, true);
}

static bool line_pause(struct script *s, int64_t t_ms, struct str rest)
{
    (void)rest;
    return script_clock_leap(s, t_ms, false);
}

static bool line_broker(struct script *s, int64_t t_ms, struct str rest)
{
    struct str number = rest;
    if (str_is(script_word_first(&number), "dropped"))
        return script_clock_dropped(s, t_ms, number);
    if (str_is(rest, "answers") || str_is(rest, "silent"))
        return script_clock_probe(s, t_ms, str_is(rest, "answers"));
    bool back = str_is(rest, "back");
    if (!back && !str_is(rest, "lost"))
        return script_broken(
            s, "broker lost, back, silent or answers, or broker dropped N is the form");
    return script_clock_broker(s, t_ms, back);
}

static bool line_restart(struct script *s, int64_t t_ms, struct str rest)
{
    (void)t_ms;
    (void)rest;
    return script_clock_restart(s);
}

/* every SECONDS until TIME sensor … */
static bool line_every(struct script *s, int64_t t_ms, struct str rest)
{
    struct script_repeat r = {.first_ms = t_ms, .next_ms = t_ms, .line = s->line};
    struct str step = script_word_first(&rest), until = script_word_first(&rest);
    struct str time = script_word_first(&rest), sensor = script_word_first(&rest);
    struct script_word word = {.text = step};
    double seconds = 0;
    char text[24];
    if (!str_is(until, "until") || !str_is(sensor, "sensor") || step.len >= sizeof text)
        return script_broken(s, "every SECONDS until TIME sensor ID member value … is the form");
    memcpy(text, step.at, step.len);
    text[step.len] = '\0';
    seconds = script_word_bare(&word) ? strtod(text, NULL) : 0;
    if (!(seconds >= 0.001 && seconds <= 86400))
        return script_broken(s, "every SECONDS: 0.001 to 86400, not \"%s\"", text);
    r.step_ms = (int64_t)(seconds * 1000 + 0.5);
    r.what = rest;
    return script_clock_need(s, time, &r.until_ms) && script_clock_repeat(s, &r) &&
           script_clock_to(s, t_ms);
}

static bool line_expect(struct script *s, int64_t t_ms, struct str rest)
{
    (void)t_ms;
    return script_expect(s, rest);
}

static const struct {
    const char *word;
    bool leaps; /* it moves the clock itself */
    bool (*run)(struct script *s, int64_t t_ms, struct str rest);
} timed_lines[] = {
    {"sensor", false, script_message_sensor},
    {"every", false, line_every},
    {"publish", false, script_message_publish},
    {"command", false, script_message_command},
    {"broker", false, line_broker},
    {"expect", false, line_expect},
    {"restart", false, line_restart},
    {"gap", true, line_gap},
    {"pause", true, line_pause},
};

static bool timed_line(struct script *s, int64_t t_ms, struct str rest)
{
    struct str whole = rest, word = script_word_first(&rest);
    for (size_t i = 0; i < sizeof timed_lines / sizeof *timed_lines; i++) {
        if (!str_is(word, timed_lines[i].word))
            continue;
        return script_venue_started(s, t_ms) &&
               (timed_lines[i].leaps || script_clock_to(s, t_ms)) &&
               timed_lines[i].run(s, t_ms, rest);
    }
    return script_broken(s, "not understood: \"" STR_FMT "\"", STR_ARG(whole));
}

/* ---- lines without --------------------------------------------------------------------------- */

static bool line_date(struct script *s, struct str rest)
{
    int64_t day_ms;
    if (!script_date(rest, &day_ms))
        return script_broken(s, "date 2026-11-23 is the form, from 1971 to 2199");
    s->clock.day_ms = day_ms;
    return true;
}

static bool line_offset(struct script *s, struct str rest)
{
    int32_t offset_s;
    if (!script_offset(rest, &offset_s))
        return script_broken(s, "utc_offset +08:00 is the form");
    s->clock.utc_offset_s = offset_s;
    return true;
}

/* An untimed `expect` judges now, or at the time it names. */
static bool line_expect_now(struct script *s, struct str rest)
{
    if (!s->begun)
        return script_broken(s, "nothing has happened yet: a line with a time comes first");
    return script_expect(s, rest);
}

static bool untimed_line(struct script *s, struct str part)
{
    struct str rest = part, word = script_word_first(&rest);
    if (str_is(word, "expect"))
        return line_expect_now(s, rest);
    if (str_is(word, "date"))
        return line_date(s, rest);
    if (str_is(word, "utc_offset"))
        return line_offset(s, rest);
    return script_broken(s, "not understood: \"" STR_FMT "\"", STR_ARG(part));
}

/* ---- the script ------------------------------------------------------------------------------ */

bool script_line_next(struct script *s, struct script_reader *reader, struct str *ret)
{
    if (reader->rest.len == 0)
        return false;
    const char *end = memchr(reader->rest.at, '\n', reader->rest.len);
    uint32_t len = end ? (uint32_t)(end - reader->rest.at) : reader->rest.len;
    *ret = (struct str){reader->rest.at, len};
    reader->rest.at += len + (end != NULL);
    reader->rest.len -= len + (end != NULL);
    s->line++;
    return true;
}

/* `publish` takes what follows as it is, whatever it looks like. */
static bool part_is_raw(const struct script *s, struct str line)
{
    int64_t t_ms;
    struct str word = script_word_first(&line);
    if (script_clock_parse(s, word, &t_ms))
        word = script_word_first(&line);
    return str_is(word, "publish");
}

/* A part without a time happens when the part before did; without any it is one of the lines that
   have none. */
static bool part_run(struct script *s, struct str part, int64_t *t_ms, bool *timed)
{
    struct str rest = part, word = script_word_first(&rest);
    if (script_clock_parse(s, word, t_ms)) {
        *timed = true;
        return timed_line(s, *t_ms, rest);
    }
    if (*timed && !str_is(word, "expect"))
        return timed_line(s, *t_ms, part);
    return untimed_line(s, part);
}

static bool line_run(struct script *s, struct str line)
{
    struct str part;
    int64_t t_ms = 0;
    bool timed = false;
    for (bool raw = false; !raw && line.len;) {
        raw = part_is_raw(s, line);
        part = line;
        if (!raw && !script_part_next(&line, &part))
            break;
        if (part.len && !part_run(s, part, &t_ms, &timed))
            return false;
    }
    return true;
}

static bool lines_run(struct script *s, struct str text)
{
    struct script_reader reader = {text};
    struct str line;
    while (script_line_next(s, &reader, &line)) {
        bool is_venue;
        if (line.len > SCRIPT_LINE_BYTES_MAX)
            return script_broken(s, "the line is longer than %d bytes", SCRIPT_LINE_BYTES_MAX);
        line = script_line_strip(line);
        if (line.len == 0)
            continue;
        if (!script_venue_line(s, &reader, line, &is_venue))
            return false;
        if (!is_venue && !line_run(s, line))
            return false;
    }
    if (!s->begun)
        return script_broken(s, "the script has no line with a time");
    return true;
}

bool script_run(const struct script_options *options, struct script_report *ret_report)
{
    struct script s = {.options = options, .report = ret_report};
    struct error err = {0};
    char *read = NULL;
    size_t len = 0;
    struct str text = options->text;
    *ret_report = (struct script_report){.hash = 1};
    s.clock.day_ms = DAY_MS_DEFAULT;
    s.clock.utc_offset_s = RECORD_NO_UTC_OFFSET;
    s.clock.broker_dropped = RECORD_NO_COUNT;
    if (!text.at && !config_file_read(options->path, SCRIPT_BYTES_MAX, &read, &len, &err))
        (void)script_broken(&s, "can't be read: %s", error_text(err.code));
    else if (!text.at)
        text = (struct str){read, (uint32_t)len};
    if (!ret_report->broken && !utf8_valid((const uint8_t *)text.at, text.len))
        (void)script_broken(&s, "is not UTF-8");
    if (!ret_report->broken) {
        assert(text.at);
        (void)lines_run(&s, text);
    }
    script_clock_end(&s);
    script_results_free(&s);
    venue_free(s.venue);
    venue_free(s.venue_next);
    free(s.venue_source);
    free(s.venue_name);
    free(read);
    return !ret_report->broken && ret_report->unmet == 0;
}
