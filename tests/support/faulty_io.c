#include "tests/support/faulty_io.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILES_MAX = 4096,
    NAMES_MAX = 256,    /* in all directories together */
    CHANGES_MAX = 1024, /* of names, not synced */
    FDS_MAX = 1024,
    WRITEBACK_ONE_IN = 4,
};

struct file { /* an inode */
    uint64_t inode;
    int fd; /* our own, so that the inode number is not given to another and deleted files can be
               read */
    uint8_t *disk;
    uint64_t disk_len;
    bool lied;         /* a sync failed: what is dirty may vanish */
    uint8_t *at_death; /* mapped for writing: the bytes when the program died */
    uint64_t at_death_len;
    bool mapped;
};

struct name {
    char path[512];
    int file; /* -1: a directory */
};

struct change {
    enum { CHANGE_SET, CHANGE_RENAME, CHANGE_REMOVE } what;
    char path[512], to[512];
    int file;
};

struct faulty_io {
    struct log_io table;
    pthread_mutex_t lock;
    uint64_t random;
    struct file files[FILES_MAX];
    int file_count;
    struct name disk_names[NAMES_MAX]; /* as a power cut finds them at least */
    int disk_name_count;
    struct change changes[CHANGES_MAX]; /* since */
    int change_count;
    int fd_file[FDS_MAX];
    uint64_t ops, fire_at;
    enum faulty_kind kind;
    bool fired, dead, full;
    bool lied; /* some sync failed since the last restart */
    struct log_io reader_table;
    uint8_t boot[LOG_BOOT_ID_BYTES];
};

static void must(bool ok)
{
    if (!ok)
        abort();
}

static uint64_t draw(struct faulty_io *f, uint64_t below)
{
    f->random = f->random * 6364136223846793005u + 1442695040888963407u;
    return below ? (f->random >> 33) % below : 0;
}

uint64_t faulty_io_random(struct faulty_io *f, uint64_t below)
{
    return draw(f, below);
}

const char *faulty_io_kind_name(enum faulty_kind kind)
{
    static const char *const names[FAULTY_KINDS] = {
        "none", "short write", "EINTR", "EIO", "ENOSPC", "die before", "die halfway", "die after"};
    return kind < FAULTY_KINDS ? names[kind] : "?";
}

/* ---- files and names
 * ---------------------------------------------------------------------------------------------- */

static uint8_t *read_file(const struct file *file, uint64_t *ret_len)
{
    struct stat st;
    must(fstat(file->fd, &st) == 0);
    uint64_t len = (uint64_t)st.st_size;
    uint8_t *bytes = malloc(len + 1);
    must(bytes && pread(file->fd, bytes, len, 0) == (ssize_t)len);
    *ret_len = len;
    return bytes;
}

/* The file behind an open descriptor, entered in the table when new. */
static int file_of(struct faulty_io *f, int fd)
{
    struct stat st;
    must(fstat(fd, &st) == 0);
    for (int i = f->file_count - 1; i >= 0; i--)
        if (f->files[i].fd >= 0 && f->files[i].inode == st.st_ino)
            return i;
    must(f->file_count < FILES_MAX);
    struct file *file = &f->files[f->file_count];
    *file = (struct file){.inode = st.st_ino};
    char self[64];
    must(snprintf(self, sizeof self, "/proc/self/fd/%d", fd) > 0);
    file->fd = open(self, O_RDWR | O_CLOEXEC);
    must(file->fd >= 0);
    return f->file_count++;
}

static int find_name(struct name *names, int count, const char *path)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i].path, path) == 0)
            return i;
    return -1;
}

static void apply(struct name *names, int *count, const struct change *change)
{
    int at = find_name(names, *count, change->path);
    if (change->what == CHANGE_SET) {
        if (at < 0) {
            must(*count < NAMES_MAX);
            at = (*count)++;
            memcpy(names[at].path, change->path, sizeof names[at].path);
        }
        names[at].file = change->file;
        return;
    }
    if (at < 0)
        return; /* the change it builds on was lost */
    int file = names[at].file;
    names[at] = names[--*count];
    if (change->what == CHANGE_RENAME) {
        struct change set = {.what = CHANGE_SET, .file = file};
        memcpy(set.path, change->to, sizeof set.path);
        apply(names, count, &set);
    }
}

static void note_change(struct faulty_io *f, int what, const char *path, const char *to, int file)
{
    must(f->change_count < CHANGES_MAX);
    struct change *change = &f->changes[f->change_count++];
    *change = (struct change){.what = what, .file = file};
    must(snprintf(change->path, sizeof change->path, "%s", path) < (int)sizeof change->path);
    must(snprintf(change->to, sizeof change->to, "%s", to ? to : "") < (int)sizeof change->to);
}

static bool in_dir(const char *path, const char *dir)
{
    size_t n = strlen(dir);
    return strncmp(path, dir, n) == 0 && path[n] == '/' && !strchr(path + n + 1, '/');
}

static void to_disk(struct file *file, const uint8_t *now, uint64_t len, uint64_t from, uint64_t to)
{
    if (len != file->disk_len) { /* the length goes with the first bytes written back */
        uint8_t *disk = realloc(file->disk, len + 1);
        must(disk != NULL);
        if (len > file->disk_len)
            memset(disk + file->disk_len, 0, len - file->disk_len);
        file->disk = disk;
        file->disk_len = len;
    }
    if (from < len)
        memcpy(file->disk + from, now + from, (to < len ? to : len) - from);
}

/* The kernel writes something back by itself. */
static void writeback(struct faulty_io *f)
{
    if (f->file_count == 0 || draw(f, WRITEBACK_ONE_IN) != 0)
        return;
    int recent = f->file_count < 8 ? f->file_count : 8;
    struct file *file = &f->files[f->file_count - 1 - (int)draw(f, (uint64_t)recent)];
    if (file->fd < 0)
        return;
    uint64_t len;
    uint8_t *now = read_file(file, &len);
    uint64_t from = draw(f, len / 4096 + 1) * 4096;
    if (from < len)
        to_disk(file, now, len, from, from + 4096);
    free(now);
}

/* ---- faults
 * -------------------------------------------------------------------------------------------------------
 */

static void die(struct faulty_io *f)
{
    f->dead = true;
    for (int i = 0; i < f->file_count; i++) {
        struct file *file = &f->files[i];
        if (file->mapped && file->fd >= 0)
            file->at_death = read_file(file, &file->at_death_len);
    }
}

enum verdict { GO, GO_THEN_DIE, PART, PART_THEN_DIE, FAIL };

/* Counts an operation and says what becomes of it; the lock is held. writes: it takes space; moves:
 * it moves bytes. */
static enum verdict begin(struct faulty_io *f, bool takes_space, bool moves, int *ret_errno)
{
    *ret_errno = EIO;
    if (f->dead)
        return FAIL;
    writeback(f);
    f->ops++;
    if (f->full && takes_space) {
        *ret_errno = ENOSPC;
        return FAIL;
    }
    if (f->kind == FAULTY_NONE || f->fire_at == 0 || f->ops < f->fire_at || f->fired)
        return GO;
    switch (f->kind) {
    case FAULTY_SHORT_WRITE:
    case FAULTY_EINTR:
        if (!moves)
            return GO; /* wait for one that moves bytes */
        f->fired = true;
        *ret_errno = EINTR;
        return f->kind == FAULTY_EINTR ? FAIL : PART;
    case FAULTY_EIO:
        f->fired = true;
        return FAIL;
    case FAULTY_ENOSPC:
        f->fired = f->full = true;
        *ret_errno = ENOSPC;
        return takes_space ? FAIL : GO;
    case FAULTY_DIE_HALFWAY:
        f->fired = true;
        if (moves)
            return PART_THEN_DIE;
        die(f);
        return FAIL;
    case FAULTY_DIE_BEFORE:
        f->fired = true;
        die(f);
        return FAIL;
    case FAULTY_DIE_AFTER:
        f->fired = true;
        return GO_THEN_DIE;
    case FAULTY_NONE:
    case FAULTY_KINDS:
        break;
    }
    return GO;
}

static int end(struct faulty_io *f, enum verdict verdict, int failed)
{
    if (verdict == GO_THEN_DIE || verdict == PART_THEN_DIE) {
        die(f);
        failed = EIO;
    }
    (void)pthread_mutex_unlock(&f->lock);
    return failed;
}

#define BEGIN(state, takes_space, moves)                                                           \
    struct faulty_io *f = (state);                                                                 \
    const struct log_io *real = log_io_files();                                                    \
    int failed;                                                                                    \
    (void)pthread_mutex_lock(&f->lock);                                                            \
    enum verdict verdict = begin(f, takes_space, moves, &failed);                                  \
    if (verdict == FAIL) {                                                                         \
        (void)pthread_mutex_unlock(&f->lock);                                                      \
        return failed;                                                                             \
    }

/* ---- the operations
 * -----------------------------------------------------------------------------------------------
 */

static int faulty_open(void *state, const char *path, int flags, int *ret_fd)
{
    BEGIN(state, flags & O_CREAT, false)
    struct stat st;
    bool creates = (flags & O_CREAT) && stat(path, &st) != 0;
    int fd = -1;
    failed = real->open(real->state, path, flags, &fd);
    if (!failed) {
        must(fd < FDS_MAX);
        int file = f->fd_file[fd] = file_of(f, fd);
        if (creates)
            note_change(f, CHANGE_SET, path, NULL, file);
        *ret_fd = fd;
        if (verdict == GO_THEN_DIE) /* the caller will never close it */
            (void)close(fd);
    }
    return end(f, verdict, failed);
}

static int faulty_close(void *state, int fd)
{
    (void)state; /* also after death: the kernel closes everything */
    return close(fd) == 0 ? 0 : errno;
}

static int faulty_pread(void *state, int fd, void *to, size_t n, uint64_t at, size_t *ret_n)
{
    BEGIN(state, false, true)
    if (verdict == PART || verdict == PART_THEN_DIE)
        n = n > 1 ? 1 + draw(f, n - 1) : n;
    failed = real->pread(real->state, fd, to, n, at, ret_n);
    return end(f, verdict, failed);
}

static int faulty_pwrite(void *state, int fd, const void *from, size_t n, uint64_t at,
                         size_t *ret_n)
{
    BEGIN(state, true, true)
    if (verdict == PART || verdict == PART_THEN_DIE)
        n = n > 1 ? 1 + draw(f, n - 1) : n;
    failed = real->pwrite(real->state, fd, from, n, at, ret_n);
    return end(f, verdict, failed);
}

static int faulty_allocate(void *state, int fd, uint64_t bytes)
{
    BEGIN(state, true, false)
    failed = real->allocate(real->state, fd, bytes);
    return end(f, verdict, failed);
}

static int faulty_punch(void *state, int fd, uint64_t at, uint64_t bytes)
{
    BEGIN(state, false, false)
    failed = real->punch(real->state, fd, at, bytes);
    return end(f, verdict, failed);
}

static int faulty_sync_data(void *state, int fd)
{
    struct faulty_io *f = state;
    int failed;
    (void)pthread_mutex_lock(&f->lock);
    enum verdict verdict = begin(f, false, false, &failed);
    struct file *file = &f->files[f->fd_file[fd]];
    if (verdict == FAIL) {
        if (!f->dead)
            file->lied = f->lied = true;
        (void)pthread_mutex_unlock(&f->lock);
        return failed;
    }
    uint64_t len;
    uint8_t *now = read_file(file, &len);
    to_disk(file, now, len, 0, len);
    free(now);
    return end(f, verdict, 0);
}

static int faulty_sync_dir(void *state, const char *path)
{
    BEGIN(state, false, false)
    (void)real;
    char dir[512];
    size_t n = strlen(path);
    must(snprintf(dir, sizeof dir, "%s", path) < (int)sizeof dir);
    if (n > 3 && strcmp(path + n - 3, "/..") == 0) {
        dir[n - 3] = '\0';
        *strrchr(dir, '/') = '\0';
    }
    int kept = 0;
    for (int i = 0; i < f->change_count; i++) {
        if (in_dir(f->changes[i].path, dir))
            apply(f->disk_names, &f->disk_name_count, &f->changes[i]);
        else
            f->changes[kept++] = f->changes[i];
    }
    f->change_count = kept;
    return end(f, verdict, 0);
}

static int faulty_rename(void *state, const char *from, const char *to)
{
    BEGIN(state, false, false)
    failed = real->rename(real->state, from, to);
    if (!failed)
        note_change(f, CHANGE_RENAME, from, to, 0);
    return end(f, verdict, failed);
}

static int faulty_unlink(void *state, const char *path)
{
    BEGIN(state, false, false)
    failed = real->unlink(real->state, path);
    if (!failed)
        note_change(f, CHANGE_REMOVE, path, NULL, 0);
    return end(f, verdict, failed);
}

static int faulty_make_dir(void *state, const char *path)
{
    BEGIN(state, true, false)
    failed = real->make_dir(real->state, path);
    if (!failed)
        note_change(f, CHANGE_SET, path, NULL, -1);
    return end(f, verdict, failed);
}

static int faulty_list(void *state, const char *path, void (*each)(void *arg, const char *name),
                       void *arg)
{
    BEGIN(state, false, false)
    failed = real->list(real->state, path, each, arg);
    return end(f, verdict, failed);
}

static int faulty_disk_bytes(void *state, const char *path, uint64_t *ret_bytes)
{
    BEGIN(state, false, false)
    failed = real->disk_bytes(real->state, path, ret_bytes);
    return end(f, verdict, failed);
}

static int faulty_lock(void *state, int fd)
{
    BEGIN(state, false, false)
    failed = real->lock(real->state, fd);
    return end(f, verdict, failed);
}

static int faulty_map(void *state, int fd, size_t bytes, bool writable, void **ret_at)
{
    BEGIN(state, false, false)
    if (verdict == GO_THEN_DIE)
        return end(f, verdict, EIO); /* nobody would unmap it */
    failed = real->map(real->state, fd, bytes, writable, ret_at);
    if (!failed && writable)
        f->files[f->fd_file[fd]].mapped = true;
    return end(f, verdict, failed);
}

static int faulty_unmap(void *state, void *at, size_t bytes)
{
    (void)state;
    return log_io_files()->unmap(NULL, at, bytes);
}

static int faulty_boot_id(void *state, uint8_t out[LOG_BOOT_ID_BYTES])
{
    BEGIN(state, false, false)
    (void)real;
    memcpy(out, f->boot, LOG_BOOT_ID_BYTES);
    return end(f, verdict, 0);
}

static int faulty_random(void *state, void *out, size_t n)
{
    BEGIN(state, false, false)
    (void)real;
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)out)[i] = (uint8_t)draw(f, 256);
    return end(f, verdict, 0);
}

static int reader_boot_id(void *state, uint8_t out[LOG_BOOT_ID_BYTES])
{
    memcpy(out, ((struct faulty_io *)state)->boot, LOG_BOOT_ID_BYTES);
    return 0;
}

static bool faulty_unsuitable(void *state, const char *path)
{
    (void)state;
    (void)path;
    return false;
}

/* ---- restart
 * ------------------------------------------------------------------------------------------------------
 */

static void store(const char *path, const uint8_t *bytes, uint64_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    must(fd >= 0 && pwrite(fd, bytes, len, 0) == (ssize_t)len && close(fd) == 0);
}

/* What a file holds afterwards: the disk's bytes, and of what is dirty what chance kept. */
static uint8_t *survive(struct faulty_io *f, const struct file *file, uint64_t *ret_len)
{
    uint64_t now_len;
    uint8_t *now = file->at_death ? memcpy(malloc(file->at_death_len + 1), file->at_death,
                                           now_len = file->at_death_len)
                                  : read_file(file, &now_len);
    uint64_t luck = draw(f, 4); /* nothing dirty, everything, or an arbitrary part */
    uint64_t sector = draw(f, 2) ? 512 : 4096;
    uint64_t len = file->disk_len;
    if (now_len != len && (luck == 1 || (luck > 1 && draw(f, 2))))
        len = now_len;
    uint8_t *out = calloc(1, len + 1);
    must(out != NULL);
    for (uint64_t at = 0; at < len; at += sector) {
        bool keep = luck == 1 || (luck > 1 && draw(f, 2));
        const uint8_t *from = keep ? now : file->disk;
        uint64_t from_len = keep ? now_len : file->disk_len;
        uint64_t to = at + sector < len ? at + sector : len;
        if (to > from_len)
            to = from_len;
        if (at < to)
            memcpy(out + at, from + at, to - at);
    }
    free(now);
    *ret_len = len;
    return out;
}

static void forget_files(struct faulty_io *f)
{
    for (int i = 0; i < f->file_count; i++) {
        if (f->files[i].fd >= 0)
            (void)close(f->files[i].fd);
        free(f->files[i].disk);
        free(f->files[i].at_death);
    }
    f->file_count = 0;
}

static void power_cut(struct faulty_io *f)
{
    struct name now[NAMES_MAX];
    int count = f->disk_name_count;
    memcpy(now, f->disk_names, sizeof now);
    /* A journal keeps a prefix of the changes of names; without one any subset may survive. */
    bool prefix = draw(f, 2);
    uint64_t keep = draw(f, (uint64_t)f->change_count + 1);
    for (int i = 0; i < f->change_count; i++)
        if (prefix ? (uint64_t)i < keep : draw(f, 2) == 1)
            apply(now, &count, &f->changes[i]);
    /* Everything that was ever named goes; then the survivors come back. */
    uint8_t *bytes[NAMES_MAX];
    uint64_t lens[NAMES_MAX];
    for (int i = 0; i < count; i++)
        bytes[i] = now[i].file < 0 ? NULL : survive(f, &f->files[now[i].file], &lens[i]);
    for (int i = 0; i < f->disk_name_count; i++)
        if (f->disk_names[i].file >= 0)
            (void)unlink(f->disk_names[i].path);
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < f->change_count; i++) {
            const struct change *c = &f->changes[i];
            (void)(c->what == CHANGE_SET && c->file < 0 ? rmdir(c->path) : unlink(c->path));
            if (c->what == CHANGE_RENAME)
                (void)unlink(c->to);
        }
    }
    for (int i = 0; i < count; i++)
        if (now[i].file < 0)
            (void)mkdir(now[i].path, 0755);
    int kept = 0;
    for (int i = 0; i < count; i++) {
        if (bytes[i]) {
            char dir[512];
            struct stat st;
            must(snprintf(dir, sizeof dir, "%s", now[i].path) < (int)sizeof dir);
            *strrchr(dir, '/') = '\0';
            bool there = stat(dir, &st) == 0;
            if (there)
                store(now[i].path, bytes[i], lens[i]);
            free(bytes[i]);
            if (!there)
                continue; /* its directory is gone */
        }
        now[kept++] = now[i];
    }
    forget_files(f);
    /* What was found is on the disk. */
    f->disk_name_count = kept;
    memcpy(f->disk_names, now, sizeof now);
    for (int i = 0; i < kept; i++) {
        if (now[i].file < 0)
            continue;
        int fd = open(now[i].path, O_RDWR | O_CLOEXEC);
        must(fd >= 0);
        int file = f->disk_names[i].file = file_of(f, fd);
        (void)close(fd);
        uint64_t len;
        uint8_t *content = read_file(&f->files[file], &len);
        to_disk(&f->files[file], content, len, 0, len);
        free(content);
    }
    f->change_count = 0;
    for (int i = 0; i < LOG_BOOT_ID_BYTES; i++)
        f->boot[i] = (uint8_t)draw(f, 256);
}

static void write_back(struct file *file, const uint8_t *bytes, uint64_t len)
{
    must(pwrite(file->fd, bytes, len, 0) == (ssize_t)len);
}

static void program_died(struct faulty_io *f)
{
    for (int i = 0; i < f->file_count; i++) {
        struct file *file = &f->files[i];
        if (file->at_death)
            write_back(file, file->at_death, file->at_death_len);
        if (file->lied) { /* its dirty pages were dropped from memory since */
            uint64_t len;
            uint8_t *bytes = survive(f, file, &len);
            write_back(file, bytes, len);
            free(bytes);
        }
        free(file->at_death);
        file->at_death = NULL;
        file->lied = file->mapped = false;
    }
}

void faulty_io_restart(struct faulty_io *f, enum faulty_restart how)
{
    if (how == FAULTY_POWER_CUT)
        power_cut(f);
    else
        program_died(f);
    f->dead = f->full = f->fired = f->lied = false;
    f->kind = FAULTY_NONE;
}

/* ---- life
 * ---------------------------------------------------------------------------------------------------------
 */

struct faulty_io *faulty_io_new(uint64_t seed)
{
    struct faulty_io *f = calloc(1, sizeof *f);
    must(f != NULL);
    f->random = seed * 2654435761u + 12345;
    (void)pthread_mutex_init(&f->lock, NULL);
    for (int i = 0; i < LOG_BOOT_ID_BYTES; i++)
        f->boot[i] = (uint8_t)draw(f, 256);
    f->table = (struct log_io){
        .state = f,
        .open = faulty_open,
        .close = faulty_close,
        .pread = faulty_pread,
        .pwrite = faulty_pwrite,
        .allocate = faulty_allocate,
        .punch = faulty_punch,
        .sync_data = faulty_sync_data,
        .sync_dir = faulty_sync_dir,
        .rename = faulty_rename,
        .unlink = faulty_unlink,
        .make_dir = faulty_make_dir,
        .list = faulty_list,
        .disk_bytes = faulty_disk_bytes,
        .lock = faulty_lock,
        .map = faulty_map,
        .unmap = faulty_unmap,
        .boot_id = faulty_boot_id,
        .random = faulty_random,
        .unsuitable = faulty_unsuitable,
    };
    f->reader_table = *log_io_files(); /* its slots ignore the state */
    f->reader_table.state = f;
    f->reader_table.boot_id = reader_boot_id;
    return f;
}

void faulty_io_free(struct faulty_io *f)
{
    if (!f)
        return;
    forget_files(f);
    (void)pthread_mutex_destroy(&f->lock);
    free(f);
}

const struct log_io *faulty_io_table(struct faulty_io *f)
{
    return &f->table;
}

const struct log_io *faulty_io_reader_table(struct faulty_io *f)
{
    return &f->reader_table;
}

bool faulty_io_lied(const struct faulty_io *f)
{
    return f->lied;
}

void faulty_io_arm(struct faulty_io *f, enum faulty_kind kind, uint64_t at_op)
{
    f->kind = kind;
    f->fire_at = at_op ? f->ops + at_op : 0;
    f->fired = false;
}

bool faulty_io_fired(const struct faulty_io *f)
{
    return f->fired;
}

uint64_t faulty_io_ops(const struct faulty_io *f)
{
    return f->ops;
}
