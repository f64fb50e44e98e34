/* A copy of the state directory, made file by file and piece by piece while programs run, as by cp
 * -r; and what it is for: taking the directory's place. */
#include "tests/sim/sim_copy.h"

#include <string.h>

#include "tests/sim/sim_broker.h"
#include "tests/sim/sim_disk.h"

enum {
    FILES_MAX = 128,
    PIECES_A_TURN = 4,
    PAUSE_MS_MAX = 400,
    SECTOR = 512,
    PIECE_SECTORS_MAX = 32,
    DIRS = 8
};

static const char *const dirs[DIRS] = {
    SIM_STATE,          SIM_STATE "/readings", SIM_STATE "/alerts",
    SIM_STATE "/bulk",  SIM_STATE "/cursors",  SIM_STATE "/snapshots",
    SIM_STATE "/pages", SIM_STATE "/rejected"};

struct copied {
    char path[SIM_PATH_BYTES];
    uint8_t *bytes; /* NULL: not yet, or gone before we came to it */
    uint64_t len, done;
    int file;
    uint32_t inode;
    bool paused;
    int64_t born_ns;
};

struct sim_copy {
    struct copied files[FILES_MAX];
    int count, next, dir, first_dir;
    bool under_way, whole;
    int64_t since_ns, paused_ns; /* until then: the disk is busy */
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

/* Behind the first piece that ends in zeros the disk is busy: what follows is of a later moment. */
static void pause_once(struct copied *of)
{
    static const uint8_t zeros[64];
    if (of->paused || of->done < sizeof zeros ||
        memcmp(of->bytes + of->done - sizeof zeros, zeros, sizeof zeros) != 0)
        return;
    of->paused = true;
    sim->copy->paused_ns = sim->now_ns + (int64_t)sim_random(PAUSE_MS_MAX) * 1000000;
}

/* Some sectors of a file. True when it is whole, or gone. */
static bool copy_piece(struct copied *to)
{
    if (!to->bytes) {
        to->file = sim_disk_find(to->path);
        if (to->file < 0)
            return true;
        to->inode = sim->disk->files[to->file].inode;
        to->len = sim->disk->files[to->file].len;
        to->bytes = sim_keep(to->len + 1);
        to->born_ns = sim_disk_wall_ns();
    }
    const struct sim_file *f = &sim->disk->files[to->file];
    if (f->inode != to->inode) { /* deleted meanwhile; cp would have it whole */
        sim_keep_free(to->bytes);
        to->bytes = NULL;
        return true;
    }
    uint64_t n = (sim_random(PIECE_SECTORS_MAX) + 1) * SECTOR, left = to->len - to->done;
    if (n > left)
        n = left;
    memcpy(to->bytes + to->done, f->now + to->done, n);
    to->done += n;
    pause_once(to);
    return to->done == to->len;
}

void sim_copy_turn(void)
{
    struct sim_copy *c = sim->copy;
    for (int n = 0; c->under_way && n < PIECES_A_TURN && sim->now_ns >= c->paused_ns; n++) {
        if (c->next < c->count) {
            c->next += copy_piece(&c->files[c->next]);
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
        f->born_ns = c->files[i].born_ns; /* it was moved here, not copied once more */
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
