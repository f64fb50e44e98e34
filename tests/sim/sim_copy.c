/* A copy of the state directory, made file by file while programs run, as by cp -r; and what it is
 * for: taking the directory's place. */
#include "tests/sim/sim_copy.h"

#include <string.h>

#include "tests/sim/sim_broker.h"
#include "tests/sim/sim_disk.h"

enum { FILES_MAX = 128, FILES_A_TURN = 3, DIRS = 8 };

static const char *const dirs[DIRS] = {
    SIM_STATE,          SIM_STATE "/readings", SIM_STATE "/alerts",
    SIM_STATE "/bulk",  SIM_STATE "/cursors",  SIM_STATE "/snapshots",
    SIM_STATE "/pages", SIM_STATE "/rejected"};

struct copied {
    char path[SIM_PATH_BYTES];
    uint8_t *bytes; /* NULL: not yet, or gone before we came to it */
    uint64_t len;
};

struct sim_copy {
    struct copied files[FILES_MAX];
    int count, next, dir, first_dir;
    bool under_way, whole;
    int64_t since_ns;
};

static bool is_in(const char *path, const char *dir)
{
    size_t n = strlen(dir);
    return strncmp(path, dir, n) == 0 && path[n] == '/' && !strchr(path + n + 1, '/');
}

void sim_copy_drop(void)
{
    struct sim_copy *c = sim->copy;
    for (int i = 0; i < c->count; i++)
        sim_keep_free(c->files[i].bytes);
    *c = (struct sim_copy){0};
}

void sim_copy_begin(void)
{
    sim_copy_drop();
    sim->copy->under_way = true;
    sim->copy->since_ns = sim->now_ns;
    sim->copy->first_dir = (int)sim_random(DIRS);
    sim_trace("a copy of the state begins");
}

/* The names of the next directory, in any order. */
static void list_next(struct sim_copy *c)
{
    const char *dir = dirs[(c->first_dir + c->dir++) % DIRS];
    int first = c->count;
    for (int i = 0; i < sim->disk->now.count && c->count < FILES_MAX; i++) {
        const struct sim_name *name = &sim->disk->now.at[i];
        if (name->file < 0 || !is_in(name->path, dir))
            continue;
        int at = first + (int)sim_random((uint64_t)(c->count - first) + 1);
        c->files[c->count] = c->files[at];
        c->files[at] = (struct copied){0};
        memcpy(c->files[at].path, name->path, SIM_PATH_BYTES);
        c->count++;
    }
}

static void copy_one(struct copied *to)
{
    int file = sim_disk_find(to->path);
    if (file < 0)
        return;
    const struct sim_file *f = &sim->disk->files[file];
    to->bytes = sim_keep(f->len + 1);
    to->len = f->len;
    memcpy(to->bytes, f->now, f->len);
}

void sim_copy_turn(void)
{
    struct sim_copy *c = sim->copy;
    for (int n = 0; c->under_way && n < FILES_A_TURN; n++) {
        if (c->next < c->count) {
            copy_one(&c->files[c->next++]);
        } else if (c->dir < DIRS) {
            list_next(c);
        } else {
            c->under_way = false;
            c->whole = true;
            sim_trace("the copy of the state is whole");
        }
    }
}

void sim_copy_spoil(void)
{
    if (sim->copy->under_way)
        sim_copy_drop();
}

bool sim_copy_restore(void)
{
    struct sim_copy *c = sim->copy;
    if (!c->whole)
        return false;
    for (int p = 0; p < SIM_PROGRAMS; p++)
        sim_kill((enum sim_program)p);
    for (int i = sim->disk->now.count; i-- > 0;)
        if (strncmp(sim->disk->now.at[i].path, SIM_STATE "/", strlen(SIM_STATE) + 1) == 0)
            sim_disk_remove(sim->disk->now.at[i].path);
    for (int d = 1; d < DIRS; d++)
        sim_disk_name(dirs[d], -1);
    for (int i = 0; i < c->count; i++) {
        if (!c->files[i].bytes)
            continue;
        int file = sim_disk_file();
        struct sim_file *f = &sim->disk->files[file];
        sim_disk_name(c->files[i].path, file);
        sim_disk_set_len(f, c->files[i].len);
        memcpy(f->now, c->files[i].bytes, c->files[i].len);
        sim_disk_sync_file(f);
    }
    for (int d = 0; d < DIRS; d++)
        sim_disk_sync_names(dirs[d]);
    /* What came since is in the broker's hands no more, nor in the copy. */
    sim_broker_forgive(sim->now_ns - c->since_ns);
    sim->restored = true;
    sim_copy_drop();
    return true;
}

void sim_copy_new(struct sim *s)
{
    s->copy = sim_keep(sizeof *s->copy);
}

void sim_copy_free(struct sim *s)
{
    sim_copy_drop();
    sim_keep_free(s->copy);
    s->copy = NULL;
}
