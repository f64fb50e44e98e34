#include "tests/sim/sim_disk.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim_os.h"

enum { WRITE_BACK_ONE_IN = 4, PAGE = 4096, COLLECT_FROM_FILES = 128, ROT_TRIES = 1000 };

/* Address space of the files' bytes: kept from run to run, each slot cleared when it is freed. */
static uint8_t *space;

static void must(bool ok)
{
    if (!ok)
        abort();
}

void sim_disk_path(const char *path, char out[SIM_PATH_BYTES])
{
    size_t n = strlen(path);
    must(n < SIM_PATH_BYTES);
    memcpy(out, path, n + 1);
    if (n > 3 && strcmp(path + n - 3, "/..") == 0) {
        out[n - 3] = '\0';
        *strrchr(out, '/') = '\0';
    } else if (n > 1 && out[n - 1] == '/') {
        out[n - 1] = '\0';
    }
}

bool sim_disk_has(const char *path)
{
    return sim && strncmp(path, "/sim", 4) == 0;
}

static int find(const struct sim_names *names, const char *path)
{
    for (int i = 0; i < names->count; i++)
        if (strcmp(names->at[i].path, path) == 0)
            return i;
    return -1;
}

int sim_disk_find(const char *path)
{
    int i = find(&sim->disk->now, path);
    return i < 0 ? -2 : sim->disk->now.at[i].file;
}

static void apply(struct sim_names *names, const struct sim_change *change)
{
    int at = find(names, change->path);
    if (change->what == SIM_CHANGE_SET) {
        if (at < 0) {
            must(names->count < SIM_NAMES_MAX);
            at = names->count++;
            memcpy(names->at[at].path, change->path, SIM_PATH_BYTES);
        }
        names->at[at].file = change->file;
        return;
    }
    if (at < 0)
        return; /* the change it builds on was lost */
    int file = names->at[at].file;
    names->at[at] = names->at[--names->count];
    if (change->what == SIM_CHANGE_RENAME) {
        struct sim_change set = {.what = SIM_CHANGE_SET, .file = file};
        memcpy(set.path, change->to, SIM_PATH_BYTES);
        apply(names, &set);
    }
}

static void change(int what, const char *path, const char *to, int file)
{
    struct sim_disk *d = sim->disk;
    must(d->change_count < SIM_CHANGES_MAX);
    struct sim_change *c = &d->changes[d->change_count++];
    *c = (struct sim_change){.what = what, .file = file};
    (void)snprintf(c->path, sizeof c->path, "%s", path);
    (void)snprintf(c->to, sizeof c->to, "%s", to ? to : "");
    apply(&d->now, c);
}

void sim_disk_name(const char *path, int file)
{
    change(SIM_CHANGE_SET, path, NULL, file);
}

void sim_disk_rename(const char *from, const char *to)
{
    change(SIM_CHANGE_RENAME, from, to, 0);
    sim_disk_collect();
}

void sim_disk_remove(const char *path)
{
    change(SIM_CHANGE_REMOVE, path, NULL, 0);
    sim_disk_collect();
}

/* ---- files ---- */

static void clear(struct sim_file *file)
{
    memset(file->now, 0, file->len_max);
    memset(file->disk, 0, file->len_max);
    file->len = file->disk_len = file->len_max = 0;
    file->inode = 0;
    file->lied = false;
}

int64_t sim_disk_wall_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int sim_disk_file(void)
{
    struct sim_disk *d = sim->disk;
    for (int tries = 0; tries < 2; tries++) {
        for (int i = 0; i < SIM_FILES_MAX; i++) {
            if (d->files[i].inode)
                continue;
            d->files[i].inode = ++d->inodes;
            d->files[i].born_ns = sim_disk_wall_ns();
            return i;
        }
        sim_disk_collect();
    }
    abort();
}

void sim_disk_set_len(struct sim_file *file, uint64_t len)
{
    must(len <= SIM_FILE_BYTES_MAX);
    if (len < file->len)
        memset(file->now + len, 0, file->len - len);
    file->len = len;
    if (len > file->len_max)
        file->len_max = len;
}

/* Bytes [from, to) of the cache reach the disk; with them the file's length. */
static void to_disk(struct sim_file *file, uint64_t from, uint64_t to)
{
    if (file->len < file->disk_len)
        memset(file->disk + file->len, 0, file->disk_len - file->len);
    file->disk_len = file->len;
    if (to > file->len)
        to = file->len;
    if (from < to)
        memcpy(file->disk + from, file->now + from, to - from);
}

void sim_disk_sync_file(struct sim_file *file)
{
    to_disk(file, 0, file->len);
}

static bool in_dir(const char *path, const char *dir)
{
    size_t n = strlen(dir);
    return strncmp(path, dir, n) == 0 && path[n] == '/' && !strchr(path + n + 1, '/');
}

void sim_disk_sync_names(const char *dir)
{
    struct sim_disk *d = sim->disk;
    int kept = 0;
    for (int i = 0; i < d->change_count; i++) {
        if (in_dir(d->changes[i].path, dir))
            apply(&d->durable, &d->changes[i]);
        else
            d->changes[kept++] = d->changes[i];
    }
    d->change_count = kept;
    sim_disk_collect();
}

void sim_disk_write_back(void)
{
    struct sim_disk *d = sim->disk;
    if (d->now.count == 0 || !sim_one_in(WRITE_BACK_ONE_IN))
        return;
    int file = d->now.at[sim_random((uint64_t)d->now.count)].file;
    if (file < 0)
        return;
    struct sim_file *f = &d->files[file];
    uint64_t from = sim_random(f->len / PAGE + 1) * PAGE;
    to_disk(f, from, from + PAGE);
}

void sim_disk_collect(void)
{
    struct sim_disk *d = sim->disk;
    bool held[SIM_FILES_MAX] = {false};
    int used = 0;
    for (int i = 0; i < SIM_FILES_MAX; i++)
        used += d->files[i].inode != 0;
    if (used < COLLECT_FROM_FILES)
        return;
    const struct sim_names *const both[] = {&d->now, &d->durable};
    for (int n = 0; n < 2; n++)
        for (int i = 0; i < both[n]->count; i++)
            if (both[n]->at[i].file >= 0)
                held[both[n]->at[i].file] = true;
    for (int i = 0; i < d->change_count; i++)
        if (d->changes[i].what == SIM_CHANGE_SET && d->changes[i].file >= 0)
            held[d->changes[i].file] = true;
    for (int i = 0; i < SIM_FDS_MAX; i++)
        if (d->fds[i].used && !d->fds[i].dir)
            held[d->fds[i].file] = true;
    for (int i = 0; i < SIM_MAPS_MAX; i++)
        if (d->maps[i].used && !d->maps[i].real)
            held[d->maps[i].file] = true;
    for (int i = 0; i < SIM_FILES_MAX; i++)
        if (d->files[i].inode && !held[i])
            clear(&d->files[i]);
}

struct sim_fd *sim_disk_fd(int fd)
{
    if (!sim || fd < SIM_FD_FIRST || fd >= SIM_FD_FIRST + SIM_FDS_MAX)
        return NULL;
    struct sim_fd *f = &sim->disk->fds[fd - SIM_FD_FIRST];
    return f->used ? f : NULL;
}

/* ---- power ---- */

/* What a file holds afterwards: the disk's bytes, and of what is dirty what chance kept. */
static void survive(struct sim_file *f)
{
    uint64_t luck = sim_random(4); /* nothing dirty, everything, or an arbitrary part */
    uint64_t sector = sim_random(2) ? 512 : PAGE;
    uint64_t len = f->disk_len;
    if (f->len != len && (luck == 1 || (luck > 1 && sim_random(2))))
        len = f->len;
    for (uint64_t at = 0; at < len; at += sector) {
        uint64_t n = at + sector < len ? sector : len - at;
        bool same = memcmp(f->now + at, f->disk + at, n) == 0;
        bool keep = !same && (luck == 1 || (luck > 1 && sim_random(2)));
        if (!same && !keep)
            memcpy(f->now + at, f->disk + at, n);
    }
    uint64_t longest = f->len > len ? f->len : len;
    memset(f->now + len, 0, longest - len);
    f->len = len;
    f->lied = false;
}

void sim_disk_power_cut(void)
{
    struct sim_disk *d = sim->disk;
    /* A journal keeps a prefix of the changes of names; without one any subset may survive. */
    bool prefix = sim_random(2);
    uint64_t keep = sim_random((uint64_t)d->change_count + 1);
    struct sim_names was = d->durable;
    for (int i = 0; i < d->change_count; i++)
        if (prefix ? (uint64_t)i < keep : sim_random(2) == 1)
            apply(&was, &d->changes[i]);
    d->change_count = 0;
    d->now.count = 0;
    for (int i = 0; i < was.count; i++) { /* names in directories that are gone are gone */
        char dir[SIM_PATH_BYTES];
        memcpy(dir, was.at[i].path, sizeof dir);
        *strrchr(dir, '/') = '\0';
        if (!dir[0] || find(&was, dir) >= 0)
            d->now.at[d->now.count++] = was.at[i];
    }
    bool done[SIM_FILES_MAX] = {false};
    for (int i = 0; i < d->now.count; i++) {
        int file = d->now.at[i].file;
        if (file < 0 || done[file])
            continue;
        done[file] = true;
        survive(&d->files[file]);
        to_disk(&d->files[file], 0, d->files[file].len);
    }
    d->durable = d->now;
    for (int i = 0; i < SIM_FILES_MAX; i++)
        if (d->files[i].inode && !done[i])
            clear(&d->files[i]);
    for (size_t i = 0; i < sizeof d->boot; i++)
        d->boot[i] = (uint8_t)sim_random(256);
    sim->boot_at_ns = sim->now_ns;
    d->full = false;
}

void sim_disk_rot(void)
{
    struct sim_disk *d = sim->disk;
    for (int tries = 0; tries < ROT_TRIES; tries++) {
        const struct sim_name *name = &d->now.at[sim_random((uint64_t)d->now.count)];
        if (name->file < 0 || strncmp(name->path, SIM_STATE "/", sizeof SIM_STATE) != 0 ||
            strstr(name->path, "/counters") || strstr(name->path, "/rejected"))
            continue;
        struct sim_file *f = &d->files[name->file];
        uint64_t at = sim_random(f->len + 1);
        if (at == f->len || !f->now[at])
            continue; /* most of a segment is empty: nobody looks there */
        f->now[at] ^= (uint8_t)(1U << sim_random(8));
        f->disk[at] = f->now[at];
        sim->rotten = true;
        sim_count(SIM_FAULT_ROT);
        sim_trace("%s: a bit of byte %llu is wrong", name->path, (unsigned long long)at);
        return;
    }
}

void sim_disk_full(bool full)
{
    sim->disk->full = full;
}

void sim_disk_forget(enum sim_program program)
{
    struct sim_disk *d = sim->disk;
    for (int i = 0; i < SIM_MAPS_MAX; i++) {
        struct sim_map *m = &d->maps[i];
        if (m->used && m->program == program) {
            if (m->real)
                (void)__real_munmap(m->base, m->bytes);
            m->used = false;
        }
    }
    for (int i = 0; i < SIM_FDS_MAX; i++) {
        if (!d->fds[i].used || d->fds[i].program != program)
            continue;
        d->fds[i].used = false;
        for (int l = 0; l < SIM_LOCKS_MAX; l++)
            if (d->locks[l].fd == i)
                d->locks[l].used = false;
    }
    for (int i = 0; i < SIM_FILES_MAX;
         i++) { /* dirty pages that the kernel dropped after a failed sync */
        struct sim_file *f = &d->files[i];
        if (f->inode && f->lied)
            survive(f);
    }
}

void sim_disk_put(const char *path, const char *text)
{
    int file = sim_disk_find(path);
    if (file < 0) {
        file = sim_disk_file();
        sim_disk_name(path, file);
    }
    struct sim_file *f = &sim->disk->files[file];
    sim_disk_set_len(f, 0);
    sim_disk_set_len(f, strlen(text));
    memcpy(f->now, text, strlen(text));
    sim_disk_sync_file(f);
    sim_disk_sync_names("/sim");
}

void sim_disk_new(struct sim *s)
{
    const size_t bytes = (size_t)SIM_FILES_MAX * 2 * SIM_FILE_BYTES_MAX;
    s->disk = sim_keep(sizeof *s->disk);
    if (!space) {
        space = __real_mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        must(space != MAP_FAILED);
    }
    for (int i = 0; i < SIM_FILES_MAX; i++) {
        s->disk->files[i].now = space + (size_t)i * 2 * SIM_FILE_BYTES_MAX;
        s->disk->files[i].disk = s->disk->files[i].now + SIM_FILE_BYTES_MAX;
    }
    sim_disk_name("/sim", -1);
    sim_disk_name(SIM_STATE, -1);
    s->disk->durable = s->disk->now;
    s->disk->change_count = 0;
    for (size_t i = 0; i < sizeof s->disk->boot; i++)
        s->disk->boot[i] = (uint8_t)sim_random(256);
}

void sim_disk_free(struct sim *s)
{
    for (int p = 0; p < SIM_PROGRAMS; p++)
        sim_disk_forget((enum sim_program)p);
    for (int i = 0; i < SIM_FILES_MAX; i++)
        if (s->disk->files[i].inode)
            clear(&s->disk->files[i]);
    sim_keep_free(s->disk);
    s->disk = NULL;
}
