#include "processors/publish/rejected.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/base/clock.h"
#include "schemas/base/whole_io.h"

enum {
    PATH_BYTES = 4200,
    LINE_BYTES = REJECTED_BODY_MAX * 6 + 16384, /* every byte of body and words escaped */
    REASON_MAX = 1024,
};

struct rejected {
    int fd;
    uint64_t bytes;
    char path[PATH_BYTES];
    char line[LINE_BYTES];
};

static bool open_file(struct rejected *r, struct error *err)
{
    struct stat st;
    r->fd = open(r->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (r->fd < 0 || fstat(r->fd, &st) != 0)
        return error_set(err, ERROR_IO, errno, "%s", r->path);
    r->bytes = (uint64_t)st.st_size;
    return true;
}

bool rejected_open(const char *state_dir, const char *name, struct rejected **ret,
                   struct error *err)
{
    struct rejected *r = calloc(1, sizeof *r);
    if (!r)
        return error_set(err, ERROR_NO_MEMORY, 0, "rejected results");
    r->fd = -1;
    (void)snprintf(r->path, sizeof r->path, "%s/rejected", state_dir);
    if (mkdir(r->path, 0750) != 0 && errno != EEXIST) {
        error_set(err, ERROR_IO, errno, "%s", r->path);
        rejected_close(r);
        return false;
    }
    (void)snprintf(r->path, sizeof r->path, "%s/rejected/%s.jsonl", state_dir, name);
    if (!open_file(r, err)) {
        rejected_close(r);
        return false;
    }
    *ret = r;
    return true;
}

void rejected_close(struct rejected *rejected)
{
    if (!rejected)
        return;
    if (rejected->fd >= 0)
        (void)close(rejected->fd);
    free(rejected);
}

static bool turn_over(struct rejected *r, struct error *err)
{
    char older[PATH_BYTES + 4];
    (void)snprintf(older, sizeof older, "%s.1", r->path);
    if (rename(r->path, older) != 0)
        return error_set(err, ERROR_IO, errno, "%s", older);
    (void)close(r->fd);
    return open_file(r, err);
}

/* Cuts at `max` bytes and never inside a UTF-8 sequence. */
static struct str cut(struct str s, uint32_t max)
{
    if (s.len > max) {
        s.len = max;
        while (s.len && ((unsigned char)s.at[s.len] & 0xc0) == 0x80)
            s.len--;
    }
    return s;
}

static void add_text(struct text *out, const char *name, struct str s)
{
    text_add(out, name);
    if (utf8_valid((const uint8_t *)s.at, s.len))
        text_add_json(out, s);
    else
        text_add(out, "null");
}

static struct text begin_line(struct rejected *r)
{
    struct text out = text_over(r->line, sizeof r->line);
    text_add(&out, "{\"at\":\"");
    text_add_time_ms(&out, clock_wall_ns() / 1000000);
    return out;
}

static bool append(struct rejected *r, const struct text *line, struct error *err)
{
    if (r->bytes + line->len > REJECTED_BYTES_MAX && !turn_over(r, err))
        return false;
    if (!whole_write(r->fd, line->at, line->len)) {
        int sys_errno = errno;
        if (ftruncate(r->fd, (off_t)r->bytes) != 0)
            sys_errno = errno; /* half a line stays; the next one would be glued to it */
        return error_set(err, sys_errno == ENOSPC ? ERROR_NO_SPACE : ERROR_IO, sys_errno, "%s",
                         r->path);
    }
    r->bytes += line->len;
    return true;
}

bool rejected_add(struct rejected *r, const struct rejected_entry *entry, struct error *err)
{
    struct text out = begin_line(r);
    text_add(&out, "\",\"type\":\"");
    text_add(&out, entry->type);
    text_add(&out, "\",\"result_seq\":");
    text_add_u64(&out, entry->position->seq);
    text_add(&out, ",\"input_seq\":");
    text_add_u64(&out, entry->position->input_seq);
    text_add(&out, ",\"input_index\":");
    text_add_u64(&out, entry->position->index);
    add_text(&out, ",\"reason\":", cut(str_of(entry->reason), REASON_MAX));
    text_add(&out, ",\"body_bytes\":");
    text_add_u64(&out, entry->body.len);
    add_text(&out, ",\"body\":", cut(entry->body, REJECTED_BODY_MAX));
    text_add(&out, "}\n");
    return append(r, &out, err);
}

bool rejected_add_lost(const char *state_dir, const char *name, const struct feed_loss *loss,
                       struct error *err)
{
    char file[64];
    struct rejected *r = NULL;
    (void)snprintf(file, sizeof file, "%s.lost", name);
    if (!rejected_open(state_dir, file, &r, err))
        return false;
    struct text out = begin_line(r);
    text_add(&out, "\",\"results\":");
    text_add_u64(&out, loss->results);
    text_add(&out, ",\"first_result_seq\":");
    text_add_u64(&out, loss->first_seq);
    text_add(&out, ",\"last_result_seq\":");
    text_add_u64(&out, loss->last_seq);
    text_add(&out, ",\"after_input_seq\":");
    text_add_u64(&out, loss->after_input_seq);
    text_add(&out, ",\"before_input_seq\":");
    text_add_u64(&out, loss->before_input_seq);
    text_add(&out, "}\n");
    bool ok = append(r, &out, err);
    rejected_close(r);
    return ok;
}
