#include "processors/watch/beat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/log/log.h"

enum { PATH_BYTES = 4200, BODY_BYTES = 1024 };

struct beat {
    char dir[PATH_BYTES];
    struct log_reader *reader;
    uint8_t body[BODY_BYTES]; /* the texts of `newest` lie in it */
    union result_any newest;
    bool any;
};

struct beat *beat_open(const char *state_dir)
{
    struct beat *beat = calloc(1, sizeof *beat);
    if (beat)
        (void)snprintf(beat->dir, sizeof beat->dir, "%s/alerts", state_dir);
    return beat;
}

static void reader_drop(struct beat *beat)
{
    log_reader_close(beat->reader);
    beat->reader = NULL;
}

void beat_close(struct beat *beat)
{
    if (!beat)
        return;
    reader_drop(beat);
    free(beat);
}

static bool tail_open(struct beat *beat, struct error *err)
{
    const struct log_reader_options options = {.dir = beat->dir, .verify_crc = true};
    if (!log_reader_open(&options, &beat->reader, err)) {
        beat->reader = NULL;
        return err->code == ERROR_NOT_FOUND;
    }
    uint64_t last = log_reader_last_seq(beat->reader);
    uint64_t from = last > BEAT_TAIL_RECORDS ? last - BEAT_TAIL_RECORDS : 0;
    if (log_reader_seek(beat->reader, from, err) ||
        (err->code == ERROR_LOST && log_reader_seek(beat->reader, 0, err)))
        return true;
    reader_drop(beat);
    return false;
}

static void take(struct beat *beat, const struct log_view *view)
{
    struct result_origin origin;
    union result_any any;
    if (view->type != RECORD_HEARTBEAT || view->body_len > sizeof beat->body)
        return;
    memcpy(beat->body, view->body, view->body_len);
    if (!result_decode(RECORD_HEARTBEAT, beat->body, view->body_len, &origin, &any, NULL))
        return;
    beat->newest = any;
    beat->any = true;
}

bool beat_follow(struct beat *beat, struct error *err)
{
    if (!beat->reader && !tail_open(beat, err))
        return false;
    while (beat->reader) {
        struct log_view view;
        switch (log_reader_next(beat->reader, &view, err)) {
        case LOG_READ_RECORD:
            take(beat, &view);
            break;
        case LOG_READ_CAUGHT_UP:
            return true;
        case LOG_READ_ERROR:
            reader_drop(beat);
            return false;
        }
    }
    return true;
}

const struct result_heartbeat *beat_newest(const struct beat *beat)
{
    return beat->any ? &beat->newest.heartbeat : NULL;
}
