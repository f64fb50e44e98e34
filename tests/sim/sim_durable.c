#include "tests/sim/sim_durable.h"

#include <string.h>

#include "schemas/log/log.h"
#include "schemas/log/log_format.h"
#include "tests/sim/sim_disk.h"

static int file_of(const uint8_t *at)
{
    for (int i = 0; i < SIM_FILES_MAX; i++) {
        const struct sim_file *f = &sim->disk->files[i];
        if (f->inode && at >= f->now && at < f->now + SIM_FILE_BYTES_MAX)
            return i;
    }
    return -1;
}

static bool has_name(int file)
{
    for (int i = 0; i < sim->disk->durable.count; i++)
        if (sim->disk->durable.at[i].file == file)
            return true;
    return false;
}

/* Header and body, as the disk has them. */
static bool on_disk(const struct log_view *view)
{
    int file = file_of(view->body);
    if (file < 0)
        return false;
    const struct sim_file *f = &sim->disk->files[file];
    uint64_t from = (uint64_t)(view->body - f->now) - LOG_RECORD_HEADER_BYTES;
    uint64_t bytes = LOG_RECORD_HEADER_BYTES + view->body_len;
    return has_name(file) && from + bytes <= f->disk_len &&
           memcmp(f->now + from, f->disk + from, bytes) == 0;
}

/* At the log's first record from seq on; NULL: can't be read. */
static struct log_reader *reader_at(enum sim_log log, uint64_t seq)
{
    char dir[64];
    struct log_reader *reader = NULL;
    struct error err = {0};
    (void)snprintf(dir, sizeof dir, "%s/%s", SIM_STATE, sim_log_names[log]);
    if (log_reader_open(&(struct log_reader_options){.dir = dir}, &reader, &err) &&
        (log_reader_seek(reader, seq, &err) ||
         (err.code == ERROR_LOST && log_reader_seek(reader, err.position, &err))))
        return reader;
    log_reader_close(reader);
    return NULL;
}

static void look(enum sim_log log, uint64_t seq, const char *what)
{
    struct log_view view;
    struct error err = {0};
    struct log_reader *reader = reader_at(log, seq);
    if (reader && log_reader_next(reader, &view, &err) == LOG_READ_RECORD && view.seq == seq &&
        !on_disk(&view))
        sim_fail("%s: %s %llu is not on the disk", what, sim_log_names[log],
                 (unsigned long long)seq);
    log_reader_close(reader);
}

/* False: ingest has not opened the log since the machine started. What is in it then was on the
   disk, but readers do not see it. */
static bool go_on(void)
{
    struct log_view view;
    struct error err = {0};
    struct log_reader *reader = reader_at(SIM_READINGS, sim->durable_seq + 1);
    while (reader && log_reader_next(reader, &view, &err) == LOG_READ_RECORD && on_disk(&view))
        sim->durable_seq = view.seq;
    bool seen = !reader || log_reader_last_seq(reader) > 0;
    log_reader_close(reader);
    return seen;
}

uint64_t sim_durable_seq(void)
{
    struct sim_task *task = sim->task;
    sim->task = NULL;
    bool seen = go_on();
    sim->task = task;
    return seen ? sim->durable_seq : UINT64_MAX;
}

void sim_durable(enum sim_log log, uint64_t seq, const char *what)
{
    struct sim_task *task = sim->task;
    sim->task = NULL; /* as the world, which no fault meets */
    look(log, seq, what);
    sim->task = task;
}
