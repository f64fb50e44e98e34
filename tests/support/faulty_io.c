/* The operations and their faults. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/faulty_private.h"

const char *faulty_io_kind_name(enum faulty_kind kind)
{
    static const char *const names[FAULTY_KINDS] = {
        "none", "short write", "EINTR", "EIO", "ENOSPC", "die before", "die halfway", "die after"};
    return kind < FAULTY_KINDS ? names[kind] : "?";
}

static void die(struct faulty_io *f)
{
    f->dead = true;
    for (int i = 0; i < f->file_count; i++) {
        struct faulty_file *file = &f->files[i];
        if (file->mapped && file->fd >= 0)
            file->at_death = faulty_read(file, &file->at_death_len);
    }
}

enum verdict { GO, GO_THEN_DIE, PART, PART_THEN_DIE, FAIL };

/* Counts an operation and says what becomes of it; the lock is held. takes_space: on the disk;
   moves: bytes. */
static enum verdict begin(struct faulty_io *f, bool takes_space, bool moves, int *ret_errno)
{
    *ret_errno = EIO;
    if (f->dead)
        return FAIL;
    faulty_writeback(f);
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

/* ---- the operations ---- */

static int faulty_open(void *state, const char *path, int flags, int *ret_fd)
{
    BEGIN(state, flags & O_CREAT, false)
    struct stat st;
    bool creates = (flags & O_CREAT) && stat(path, &st) != 0;
    int fd = -1;
    failed = real->open(real->state, path, flags, &fd);
    if (!failed) {
        faulty_must(fd < FAULTY_FDS_MAX);
        int file = f->fd_file[fd] = faulty_file_of(f, fd);
        if (creates)
            faulty_note(f, CHANGE_SET, path, NULL, file);
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
        n = n > 1 ? 1 + faulty_io_random(f, n - 1) : n;
    failed = real->pread(real->state, fd, to, n, at, ret_n);
    return end(f, verdict, failed);
}

static int faulty_pwrite(void *state, int fd, const void *from, size_t n, uint64_t at,
                         size_t *ret_n)
{
    BEGIN(state, true, true)
    if (verdict == PART || verdict == PART_THEN_DIE)
        n = n > 1 ? 1 + faulty_io_random(f, n - 1) : n;
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
    struct faulty_file *file = &f->files[f->fd_file[fd]];
    if (verdict == FAIL) {
        if (!f->dead)
            file->lied = f->lied = true;
        (void)pthread_mutex_unlock(&f->lock);
        return failed;
    }
    uint64_t len;
    uint8_t *now = faulty_read(file, &len);
    faulty_to_disk(file, now, len, 0, len);
    free(now);
    return end(f, verdict, 0);
}

static int faulty_sync_dir(void *state, const char *path)
{
    BEGIN(state, false, false)
    (void)real;
    char dir[512];
    size_t n = strlen(path);
    faulty_must(snprintf(dir, sizeof dir, "%s", path) < (int)sizeof dir);
    if (n > 3 && strcmp(path + n - 3, "/..") == 0) {
        dir[n - 3] = '\0';
        *strrchr(dir, '/') = '\0';
    }
    faulty_sync_names(f, dir);
    return end(f, verdict, 0);
}

static int faulty_rename(void *state, const char *from, const char *to)
{
    BEGIN(state, false, false)
    failed = real->rename(real->state, from, to);
    if (!failed)
        faulty_note(f, CHANGE_RENAME, from, to, 0);
    return end(f, verdict, failed);
}

static int faulty_unlink(void *state, const char *path)
{
    BEGIN(state, false, false)
    failed = real->unlink(real->state, path);
    if (!failed)
        faulty_note(f, CHANGE_REMOVE, path, NULL, 0);
    return end(f, verdict, failed);
}

static int faulty_make_dir(void *state, const char *path)
{
    BEGIN(state, true, false)
    failed = real->make_dir(real->state, path);
    if (!failed)
        faulty_note(f, CHANGE_SET, path, NULL, -1);
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
        ((uint8_t *)out)[i] = (uint8_t)faulty_io_random(f, 256);
    return end(f, verdict, 0);
}

static int reader_boot_id(void *state, uint8_t out[LOG_BOOT_ID_BYTES])
{
    memcpy(out, ((struct faulty_io *)state)->boot, LOG_BOOT_ID_BYTES);
    return 0;
}

static int faulty_times(void *state, const char *path, int64_t *ret_born_ns,
                        int64_t *ret_written_ns)
{
    (void)state;
    return log_io_files()->times(NULL, path, ret_born_ns, ret_written_ns);
}

static bool faulty_unsuitable(void *state, const char *path)
{
    (void)state;
    (void)path;
    return false;
}

/* ---- life ---- */

struct faulty_io *faulty_io_new(uint64_t seed)
{
    struct faulty_io *f = calloc(1, sizeof *f);
    if (!f)
        abort();
    f->random = seed * 2654435761u + 12345;
    (void)pthread_mutex_init(&f->lock, NULL);
    for (int i = 0; i < LOG_BOOT_ID_BYTES; i++)
        f->boot[i] = (uint8_t)faulty_io_random(f, 256);
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
        .times = faulty_times,
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
    faulty_forget_files(f);
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
