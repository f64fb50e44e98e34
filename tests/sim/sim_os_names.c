/* System calls on names, on what is known of files, and on locks (-Wl,--wrap), over sim_disk. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim_disk.h"
#include "tests/sim/sim_os.h"

/* New names are where recovery decides much: the power goes soon after some of them. */
enum { CUT_ONE_IN = 30, CUT_STEPS = 25 };

/* ---- names ---- */

int __wrap_rename(const char *from, const char *to)
{
    int failed;
    if (!sim_disk_has(from))
        return __real_rename(from, to);
    if (sim_begin(SIM_PLAIN, to, &failed) == SIM_ERROR)
        return sim_os_result(failed);
    if (sim_disk_find(from) == -2)
        return sim_os_result(ENOENT);
    sim_disk_rename(from, to);
    sim_cut_soon(CUT_ONE_IN, CUT_STEPS);
    return sim_os_result(0);
}

int __wrap_unlink(const char *path)
{
    int failed;
    if (!sim_disk_has(path))
        return __real_unlink(path);
    if (sim_begin(SIM_PLAIN, path, &failed) == SIM_ERROR)
        return sim_os_result(failed);
    if (sim_disk_find(path) == -2)
        return sim_os_result(ENOENT);
    sim_disk_remove(path);
    return sim_os_result(0);
}

int __wrap_mkdir(const char *path, mode_t mode)
{
    char name[SIM_PATH_BYTES];
    int failed;
    if (!sim_disk_has(path))
        return __real_mkdir(path, mode);
    sim_disk_path(path, name);
    if (sim_begin(SIM_SPACE, path, &failed) == SIM_ERROR)
        return sim_os_result(failed);
    if (sim_disk_find(name) != -2)
        return sim_os_result(EEXIST);
    if (sim->disk->full)
        return sim_os_result(ENOSPC);
    sim_disk_name(name, -1);
    return sim_os_result(0);
}

struct listing {
    struct dirent entry;
    char dir[SIM_PATH_BYTES];
    char names[SIM_NAMES_MAX][SIM_PATH_BYTES];
    int count, next;
};

DIR *__wrap_opendir(const char *path)
{
    int failed;
    if (!sim_disk_has(path))
        return __real_opendir(path);
    if (sim_begin(SIM_READ, path, &failed) == SIM_ERROR) {
        (void)sim_os_result(failed);
        return NULL;
    }
    struct listing *l = calloc(1, sizeof *l);
    sim_disk_path(path, l->dir);
    if (sim_disk_find(l->dir) != -1) {
        free(l);
        (void)sim_os_result(ENOENT);
        return NULL;
    }
    size_t n = strlen(l->dir);
    for (int i = 0; i < sim->disk->now.count; i++) {
        const char *name = sim->disk->now.at[i].path;
        if (strncmp(name, l->dir, n) == 0 && name[n] == '/' && !strchr(name + n + 1, '/'))
            memcpy(l->names[l->count++], name + n + 1, SIM_PATH_BYTES - n - 1);
    }
    sim_end();
    return (DIR *)l;
}

struct dirent *__wrap_readdir(DIR *dir)
{
    if (!sim)
        return __real_readdir(dir);
    struct listing *l = (struct listing *)dir;
    if (l->next == l->count)
        return NULL;
    (void)snprintf(l->entry.d_name, sizeof l->entry.d_name, "%s", l->names[l->next++]);
    return &l->entry;
}

int __wrap_closedir(DIR *dir)
{
    if (!sim)
        return __real_closedir(dir);
    free(dir);
    return 0;
}

static void fill(int file, struct stat *out)
{
    *out = (struct stat){.st_dev = 7, .st_mode = S_IFDIR | 0755, .st_nlink = 2};
    if (file < 0)
        return;
    const struct sim_file *f = &sim->disk->files[file];
    out->st_ino = f->inode;
    out->st_mode = S_IFREG | 0644;
    out->st_size = (off_t)f->len;
    out->st_blocks = (blkcnt_t)((f->len + 4095) / 4096 * 8);
    out->st_nlink = 0;
    for (int i = 0; i < sim->disk->now.count; i++)
        out->st_nlink += sim->disk->now.at[i].file == file;
}

int __wrap_stat(const char *path, struct stat *out)
{
    char name[SIM_PATH_BYTES];
    if (!sim_disk_has(path))
        return __real_stat(path, out);
    sim_disk_path(path, name);
    int file = sim_disk_find(name);
    if (file == -2) {
        errno = ENOENT;
        return -1;
    }
    fill(file, out);
    return 0;
}

int __wrap_lstat(const char *path, struct stat *out)
{
    return sim_disk_has(path) ? __wrap_stat(path, out) : __real_lstat(path, out);
}

int __wrap_fstat(int fd, struct stat *out)
{
    struct sim_fd *f = sim_disk_fd(fd);
    if (!f)
        return __real_fstat(fd, out);
    fill(f->dir ? -1 : f->file, out);
    return 0;
}

/* Of the times only the birth: no program asks for another where it is known. */
int __wrap_statx(int dir, const char *path, int flags, unsigned mask, struct statx *out)
{
    char name[SIM_PATH_BYTES];
    if (!sim_disk_has(path))
        return __real_statx(dir, path, flags, mask, out);
    sim_disk_path(path, name);
    int file = sim_disk_find(name);
    if (file < 0) {
        errno = ENOENT;
        return -1;
    }
    int64_t ns = sim->disk->files[file].born_ns;
    *out = (struct statx){.stx_mask = STATX_BTIME};
    out->stx_btime.tv_sec = ns / 1000000000;
    out->stx_btime.tv_nsec = (uint32_t)(ns % 1000000000);
    return 0;
}

int __wrap_access(const char *path, int mode)
{
    struct stat st;
    return sim_disk_has(path) ? __wrap_stat(path, &st) : __real_access(path, mode);
}

int __wrap_statfs(const char *path, struct statfs *out)
{
    if (!sim_disk_has(path))
        return __real_statfs(path, out);
    *out = (struct statfs){.f_type = EXT4_SUPER_MAGIC};
    return 0;
}

int __wrap_statvfs(const char *path, struct statvfs *out)
{
    if (!sim_disk_has(path))
        return __real_statvfs(path, out);
    *out = (struct statvfs){
        .f_frsize = 4096, .f_bsize = 4096, .f_bavail = sim->disk->full ? 0 : 1 << 24};
    return 0;
}

/* ---- locks: of open descriptions ---- */

static const struct sim_lock *holder(int file, int fd, const struct flock *l)
{
    int64_t to = l->l_len ? l->l_start + l->l_len : SIM_NEVER;
    for (int i = 0; i < SIM_LOCKS_MAX; i++) {
        const struct sim_lock *held = &sim->disk->locks[i];
        if (held->used && held->file == file && held->fd != fd && held->from < to &&
            l->l_start < held->to)
            return held;
    }
    return NULL;
}

static void take_lock(int file, int fd, const struct flock *l)
{
    for (int i = 0; i < SIM_LOCKS_MAX; i++) {
        struct sim_lock *slot = &sim->disk->locks[i];
        if (slot->used)
            continue;
        *slot = (struct sim_lock){true, file, fd, l->l_start,
                                  l->l_len ? l->l_start + l->l_len : SIM_NEVER};
        return;
    }
    abort();
}

int __wrap_fcntl(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    struct flock *l = va_arg(args, struct flock *);
    va_end(args);
    const struct sim_fd *f = sim_disk_fd(fd);
    if (!f)
        return __real_fcntl(fd, command, l);
    int own = fd - SIM_FD_FIRST;
    if (command == F_OFD_GETLK) {
        l->l_type = holder(f->file, own, l) ? F_WRLCK : F_UNLCK;
        return 0;
    }
    if (l->l_type == F_UNLCK) {
        for (int i = 0; i < SIM_LOCKS_MAX; i++) {
            struct sim_lock *held = &sim->disk->locks[i];
            if (held->used && held->fd == own && held->from == l->l_start)
                held->used = false;
        }
        sim_wake(&sim->disk->locks);
        return 0;
    }
    while (holder(f->file, own, l)) {
        if (command != F_OFD_SETLKW) {
            errno = EAGAIN;
            return -1;
        }
        sim_wait(&sim->disk->locks, SIM_NEVER);
    }
    take_lock(f->file, own, l);
    return 0;
}
