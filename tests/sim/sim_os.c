/* The system calls on files that the programs make (-Wl,--wrap, see CMakeLists.txt), over sim_disk.
   What does not name or hold a simulated file goes to the real ones. */
#include "tests/sim/sim_os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/sim/sim_disk.h"
#include "tests/sim/sim_world.h"

static const char boot_id_path[] = "/proc/sys/kernel/random/boot_id", boot_id_name[] = "boot id";

/* New names are where recovery decides much: the power goes soon after some of them. */
enum { CUT_ONE_IN = 30, CUT_STEPS = 25 };

int sim_os_result(int failed)
{
    sim_end();
    errno = failed;
    return failed ? -1 : 0;
}

static struct sim_file *file_of(const struct sim_fd *f)
{
    return &sim->disk->files[f->file];
}

/* ---- opening and closing ---- */

static int new_fd(const char *path, int file, bool dir, int flags)
{
    struct sim_disk *d = sim->disk;
    for (int i = 0; i < SIM_FDS_MAX; i++) {
        if (d->fds[i].used)
            continue;
        d->fds[i] = (struct sim_fd){.used = true,
                                    .dir = dir,
                                    .append = (flags & O_APPEND) != 0,
                                    .program = sim->task ? sim->task->program : SIM_PROGRAMS,
                                    .file = file};
        memcpy(d->fds[i].path, path, SIM_PATH_BYTES);
        return SIM_FD_FIRST + i;
    }
    abort();
}

static int open_boot_id(void)
{
    char path[SIM_PATH_BYTES] = "boot id", text[64];
    int file = sim_disk_file(), n = 0;
    for (size_t i = 0; i < sizeof sim->disk->boot; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%02x", sim->disk->boot[i]);
    sim_disk_set_len(&sim->disk->files[file], (uint64_t)n);
    memcpy(sim->disk->files[file].now, text, (size_t)n);
    return new_fd(path, file, false, 0);
}

int __wrap_open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    int mode = flags & O_CREAT ? va_arg(args, int) : 0;
    va_end(args);
    if (sim && strcmp(path, boot_id_path) == 0)
        return open_boot_id();
    if (!sim_disk_has(path))
        return __real_open(path, flags, mode);
    char name[SIM_PATH_BYTES];
    int failed;
    sim_disk_path(path, name);
    enum sim_fate fate = sim_begin(SIM_READ | (flags & O_CREAT ? SIM_SPACE : 0), path, &failed);
    if (fate == SIM_ERROR)
        return sim_os_result(failed);
    int file = sim_disk_find(name);
    if (file == -2) {
        if (!(flags & O_CREAT))
            return sim_os_result(ENOENT);
        char dir[SIM_PATH_BYTES];
        memcpy(dir, name, sizeof dir);
        *strrchr(dir, '/') = '\0';
        if (sim_disk_find(dir) != -1)
            return sim_os_result(ENOENT);
        if (sim->disk->full)
            return sim_os_result(ENOSPC);
        file = sim_disk_file();
        sim_disk_name(name, file);
    } else if (file >= 0 && flags & O_TRUNC) {
        sim_disk_set_len(&sim->disk->files[file], 0);
    }
    int fd = new_fd(name, file, file == -1, flags);
    sim_end();
    return fd;
}

static void unlock_all(int fd)
{
    for (int i = 0; i < SIM_LOCKS_MAX; i++) {
        struct sim_lock *l = &sim->disk->locks[i];
        if (l->used && l->fd == fd - SIM_FD_FIRST) {
            l->used = false;
            sim_wake(&sim->disk->locks);
        }
    }
}

int __wrap_close(int fd)
{
    struct sim_fd *f = sim_disk_fd(fd);
    if (!f)
        return __real_close(fd);
    f->used = false;
    unlock_all(fd);
    return 0;
}

/* ---- bytes ---- */

/* The counters' few bytes and what the kernel itself writes come whole. */
static unsigned bytes_of(const char *name)
{
    return strcmp(name, boot_id_name) == 0 || strstr(name, "/counters") ? 0 : SIM_BYTES;
}

static ssize_t read_at(struct sim_fd *f, void *to, size_t n, uint64_t at)
{
    int failed;
    char name[SIM_PATH_BYTES];
    memcpy(name, f->path, sizeof name);
    enum sim_fate fate = sim_begin(SIM_READ | bytes_of(name), name, &failed);
    if (fate == SIM_ERROR)
        return sim_os_result(failed);
    const struct sim_file *file = file_of(f);
    size_t left = at < file->len ? (size_t)(file->len - at) : 0;
    if (n > left)
        n = left;
    if (fate == SIM_PART && n > 1)
        n = 1 + (size_t)sim_random(n - 1);
    memcpy(to, file->now + at, n);
    f->at = at + n;
    sim_end();
    return (ssize_t)n;
}

static ssize_t write_at(struct sim_fd *f, const void *from, size_t n, uint64_t at)
{
    int failed;
    char name[SIM_PATH_BYTES];
    memcpy(name, f->path, sizeof name);
    enum sim_fate fate = sim_begin(SIM_WRITE | SIM_SPACE | bytes_of(name), name, &failed);
    if (fate == SIM_ERROR)
        return sim_os_result(failed);
    struct sim_file *file = file_of(f);
    if (f->append)
        at = file->len;
    if (sim->disk->full && at + n > file->len) {
        if (at >= file->len)
            return sim_os_result(ENOSPC);
        n = (size_t)(file->len - at);
    }
    if (fate == SIM_PART && n > 1)
        n = 1 + (size_t)sim_random(n - 1);
    if (at + n > file->len)
        sim_disk_set_len(file, at + n);
    memcpy(file->now + at, from, n);
    sim_course(from, n);
    f->at = at + n;
    sim_disk_write_back();
    sim_end();
    return (ssize_t)n;
}

ssize_t __wrap_pread(int fd, void *to, size_t n, off_t at)
{
    struct sim_fd *f = sim_disk_fd(fd);
    return f ? read_at(f, to, n, (uint64_t)at) : __real_pread(fd, to, n, at);
}

ssize_t __wrap_pwrite(int fd, const void *from, size_t n, off_t at)
{
    struct sim_fd *f = sim_disk_fd(fd);
    return f ? write_at(f, from, n, (uint64_t)at) : __real_pwrite(fd, from, n, at);
}

ssize_t __wrap_read(int fd, void *to, size_t n)
{
    struct sim_fd *f = sim_disk_fd(fd);
    return f ? read_at(f, to, n, f->at) : __real_read(fd, to, n);
}

ssize_t __wrap_write(int fd, const void *from, size_t n)
{
    struct sim_fd *f = sim_disk_fd(fd);
    return f ? write_at(f, from, n, f->at) : __real_write(fd, from, n);
}

/* The error is the result, not errno. */
int __wrap_posix_fallocate(int fd, off_t at, off_t n)
{
    struct sim_fd *f = sim_disk_fd(fd);
    int failed;
    if (!f)
        return EBADF;
    if (sim_begin(SIM_SPACE, f->path, &failed) != SIM_ERROR) {
        struct sim_file *file = file_of(f);
        uint64_t len = (uint64_t)at + (uint64_t)n;
        failed = sim->disk->full && len > file->len ? ENOSPC : 0;
        if (!failed && len > file->len)
            sim_disk_set_len(file, len);
    }
    sim_end();
    return failed;
}

int __wrap_fallocate(int fd, int mode, off_t at, off_t n) /* only to punch holes */
{
    struct sim_fd *f = sim_disk_fd(fd);
    int failed;
    (void)mode;
    if (!f)
        return EBADF;
    if (sim_begin(SIM_PLAIN, f->path, &failed) == SIM_ERROR)
        return sim_os_result(failed);
    struct sim_file *file = file_of(f);
    uint64_t to = (uint64_t)at + (uint64_t)n;
    if (to > file->len)
        to = file->len;
    if ((uint64_t)at < to)
        memset(file->now + at, 0, to - (uint64_t)at);
    return sim_os_result(0);
}

int __wrap_ftruncate(int fd, off_t len)
{
    struct sim_fd *f = sim_disk_fd(fd);
    int failed;
    if (!f)
        return EBADF;
    if (sim_begin(SIM_PLAIN, f->path, &failed) == SIM_ERROR)
        return sim_os_result(failed);
    sim_disk_set_len(file_of(f), (uint64_t)len);
    return sim_os_result(0);
}

static int sync_fd(int fd)
{
    struct sim_fd *f = sim_disk_fd(fd);
    int failed;
    if (!f)
        return EBADF;
    if (sim_begin(SIM_SYNC, f->path, &failed) == SIM_ERROR) {
        if (!f->dir)
            file_of(f)->lied = true;
        sim_world_sync_failed(f->path);
        return sim_os_result(failed);
    }
    if (sim->options.broken == SIM_SKIPPED_FSYNC)
        return sim_os_result(0);
    if (f->dir) {
        sim_disk_sync_names(f->path);
        sim_cut_soon(CUT_ONE_IN, CUT_STEPS);
    }
    if (!f->dir)
        sim_disk_sync_file(file_of(f));
    return sim_os_result(0);
}

int __wrap_fdatasync(int fd)
{
    return sync_fd(fd);
}

int __wrap_fsync(int fd)
{
    return sync_fd(fd);
}

/* ---- mappings ---- */

static struct sim_map *new_map(void)
{
    for (int i = 0; i < SIM_MAPS_MAX; i++)
        if (!sim->disk->maps[i].used)
            return &sim->disk->maps[i];
    abort();
}

void *__wrap_mmap(void *at, size_t n, int prot, int flags, int fd, off_t from)
{
    const struct sim_fd *f = sim_disk_fd(fd);
    if (!f) {
        void *base = __real_mmap(at, n, prot, flags, fd, from);
        if (sim && sim->task && base != MAP_FAILED)
            *new_map() = (struct sim_map){.used = true,
                                          .real = true,
                                          .program = sim->task->program,
                                          .base = base,
                                          .bytes = n};
        return base;
    }
    struct sim_file *file = file_of(f);
    int failed;
    if (sim_begin(SIM_READ, f->path, &failed) == SIM_ERROR) {
        (void)sim_os_result(failed);
        return MAP_FAILED;
    }
    *new_map() = (struct sim_map){.used = true,
                                  .program = sim->task ? sim->task->program : SIM_PROGRAMS,
                                  .file = f->file,
                                  .base = file->now,
                                  .bytes = n};
    sim_end();
    return file->now;
}

int __wrap_munmap(void *at, size_t n)
{
    enum sim_program program = sim && sim->task ? sim->task->program : SIM_PROGRAMS;
    for (int i = 0; sim && i < SIM_MAPS_MAX; i++) {
        struct sim_map *m = &sim->disk->maps[i];
        if (!m->used || m->base != at || m->program != program)
            continue;
        m->used = false;
        return m->real ? __real_munmap(at, n) : 0;
    }
    return __real_munmap(at, n);
}

/* Advice: nothing follows from it, and given for a file's bytes here it would clear them. */
int __wrap_madvise(void *at, size_t n, int advice)
{
    return sim && sim->task ? 0 : __real_madvise(at, n, advice);
}
