#include "processors/watch/beat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/log/log.h"

enum { PATH_BYTES = 4200, BODY_BYTES = 1024 };

struct beat {
    char dir[PATH_BYTES];
    struct log_reader *reader;
    bool placed;              /* the reader, near the log's end */
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
    beat->placed = false;
}

void beat_close(struct beat *beat)
{
    if (!beat)
        return;
    reader_drop(beat);
    free(beat);
}

static bool place(struct beat *beat, struct error *err)
{
    uint64_t last = log_reader_last_seq(beat->reader);
    uint64_t from = last > BEAT_TAIL_RECORDS ? last - BEAT_TAIL_RECORDS : 0;
    beat->placed = log_reader_seek(beat->reader, from, err) ||
                   (err->code == ERROR_LOST && log_reader_seek(beat->reader, 0, err));
    if (!beat->placed)
        reader_drop(beat);
    return beat->placed;
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
    const struct log_reader_options options = {.dir = beat->dir, .verify_crc = true};
    if (!beat->reader && !log_reader_open(&options, &beat->reader, err))
        return err->code == ERROR_NOT_FOUND;
    log_reader_follow(beat->reader);
    if (log_reader_waits(beat->reader, err) || (!beat->placed && !place(beat, err)))
        return false;
    for (;;) {
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
}

const struct result_heartbeat *beat_newest(const struct beat *beat)
{
    return beat->any ? &beat->newest.heartbeat : NULL;
}
