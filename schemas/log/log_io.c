#include "schemas/log/log_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static int files_open(void *state, const char *path, int flags, int *ret_fd)
{
    (void)state;
    int fd = open(path, flags | O_CLOEXEC, 0644);
    if (fd < 0)
        return errno;
    *ret_fd = fd;
    return 0;
}

static int files_close(void *state, int fd)
{
    (void)state;
    return close(fd) == 0 ? 0 : errno;
}

static int files_pread(void *state, int fd, void *to, size_t n, uint64_t at, size_t *ret_n)
{
    (void)state;
    ssize_t got = pread(fd, to, n, (off_t)at);
    if (got < 0)
        return errno;
    *ret_n = (size_t)got;
    return 0;
}

static int files_pwrite(void *state, int fd, const void *from, size_t n, uint64_t at, size_t *ret_n)
{
    (void)state;
    ssize_t put = pwrite(fd, from, n, (off_t)at);
    if (put < 0)
        return errno;
    *ret_n = (size_t)put;
    return 0;
}

static int files_allocate(void *state, int fd, uint64_t bytes)
{
    (void)state;
    int failed = posix_fallocate(fd, 0, (off_t)bytes);
    while (failed == EINTR)
        failed = posix_fallocate(fd, 0, (off_t)bytes);
    return failed;
}

static int files_punch(void *state, int fd, uint64_t at, uint64_t bytes)
{
    (void)state;
    return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at, (off_t)bytes) == 0
               ? 0
               : errno;
}

static int files_sync_data(void *state, int fd)
{
    (void)state;
    return fdatasync(fd) == 0 ? 0 : errno;
}

static int files_sync_dir(void *state, const char *path)
{
    (void)state;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int failed = fsync(fd) == 0 ? 0 : errno;
    (void)close(fd);
    return failed;
}

static int files_rename(void *state, const char *from, const char *to)
{
    (void)state;
    return rename(from, to) == 0 ? 0 : errno;
}

static int files_unlink(void *state, const char *path)
{
    (void)state;
    return unlink(path) == 0 ? 0 : errno;
}

static int files_make_dir(void *state, const char *path)
{
    (void)state;
    return mkdir(path, 0755) == 0 ? 0 : errno;
}

static int files_list(void *state, const char *path, void (*each)(void *arg, const char *name),
                      void *arg)
{
    (void)state;
    DIR *dir = opendir(path);
    if (!dir)
        return errno;
    const struct dirent *entry;
    errno = 0;
    while ((entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            each(arg, entry->d_name);
        errno = 0;
    }
    int failed = errno;
    (void)closedir(dir);
    return failed;
}

static int files_disk_bytes(void *state, const char *path, uint64_t *ret_bytes)
{
    (void)state;
    struct stat st;
    if (stat(path, &st) != 0)
        return errno;
    *ret_bytes = (uint64_t)st.st_blocks * 512; /* the unit of st_blocks, whatever the file system */
    return 0;
}

static int64_t stamp_ns(struct statx_timestamp at)
{
    return at.tv_sec * INT64_C(1000000000) + at.tv_nsec;
}

static int files_times(void *state, const char *path, int64_t *ret_born_ns, int64_t *ret_written_ns)
{
    (void)state;
    struct statx st;
    if (statx(AT_FDCWD, path, 0, STATX_BTIME | STATX_MTIME, &st) != 0)
        return errno;
    *ret_born_ns = st.stx_mask & STATX_BTIME ? stamp_ns(st.stx_btime) : INT64_MAX;
    *ret_written_ns = st.stx_mask & STATX_MTIME ? stamp_ns(st.stx_mtime) : INT64_MAX;
    return 0;
}

static int files_lock(void *state, int fd)
{
    (void)state;
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_SETLK, &whole) == 0)
        return 0;
    return errno == EACCES || errno == EAGAIN ? EWOULDBLOCK : errno;
}

static int files_map(void *state, int fd, size_t bytes, bool writable, void **ret_at)
{
    (void)state;
    void *at = mmap(NULL, bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return errno;
    *ret_at = at;
    return 0;
}

static int files_unmap(void *state, void *at, size_t bytes)
{
    (void)state;
    return munmap(at, bytes) == 0 ? 0 : errno;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int files_boot_id(void *state, uint8_t out[LOG_BOOT_ID_BYTES])
{
    (void)state;
    char text[64] = "";
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    ssize_t n = read(fd, text, sizeof text - 1);
    (void)close(fd);
    unsigned digits = 0;
    for (ssize_t i = 0; i < n && digits < 2 * LOG_BOOT_ID_BYTES; i++) {
        int value = hex_digit(text[i]);
        if (value < 0)
            continue;
        out[digits / 2] = (uint8_t)(digits % 2 ? out[digits / 2] << 4 | value : value);
        digits++;
    }
    return digits == 2 * LOG_BOOT_ID_BYTES ? 0 : EIO;
}

static int files_random(void *state, void *out, size_t n)
{
    (void)state;
    ssize_t got = getrandom(out, n, 0);
    if (got < 0)
        return errno;
    return (size_t)got == n ? 0 : EIO;
}

static bool files_unsuitable(void *state, const char *path)
{
    (void)state;
    static const uint32_t magics[] = {
        NFS_SUPER_MAGIC,  SMB_SUPER_MAGIC,   CIFS_SUPER_MAGIC,     SMB2_SUPER_MAGIC,
        FUSE_SUPER_MAGIC, CEPH_SUPER_MAGIC,  AFS_SUPER_MAGIC,      CODA_SUPER_MAGIC,
        V9FS_MAGIC,       BTRFS_SUPER_MAGIC, ECRYPTFS_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC,
        0x2fc12fc1, /* zfs, which has no name in linux/magic.h */
        0xca451a4e, /* bcachefs */
        0x7461636f, /* ocfs2 */
        0x01161970, /* gfs2 */
    };
    struct statfs fs;
    if (statfs(path, &fs) != 0)
        return false;
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++)
        if ((uint32_t)fs.f_type == magics[i])
            return true;
    return false;
}

const struct log_io *log_io_files(void)
{
    static const struct log_io files = {
        .open = files_open,
        .close = files_close,
        .pread = files_pread,
        .pwrite = files_pwrite,
        .allocate = files_allocate,
        .punch = files_punch,
        .sync_data = files_sync_data,
        .sync_dir = files_sync_dir,
        .rename = files_rename,
        .unlink = files_unlink,
        .make_dir = files_make_dir,
        .list = files_list,
        .disk_bytes = files_disk_bytes,
        .times = files_times,
        .lock = files_lock,
        .map = files_map,
        .unmap = files_unmap,
        .boot_id = files_boot_id,
        .random = files_random,
        .unsuitable = files_unsuitable,
    };
    return &files;
}

bool log_io_failed(struct error *err, int sys_errno, const char *verb, const char *name)
{
    enum error_code code = ERROR_IO;
    if (sys_errno == ENOSPC || sys_errno == EDQUOT)
        code = ERROR_NO_SPACE;
    else if (sys_errno == ENOENT)
        code = ERROR_NOT_FOUND;
    return error_set(err, code, sys_errno, "%s %s", verb, name);
}

bool log_io_write_all(const struct log_io *io, int fd, const void *from, size_t n, uint64_t at,
                      const char *name, struct error *err)
{
    const uint8_t *next = from;
    while (n) {
        size_t put = 0;
        int failed = io->pwrite(io->state, fd, next, n, at, &put);
        if (failed == EINTR)
            continue;
        if (!failed && put == 0)
            failed = EIO; /* no progress, no errno: never loop on it */
        if (failed)
            return log_io_failed(err, failed, "write", name);
        next += put;
        at += put;
        n -= put;
    }
    return true;
}

bool log_io_read_all(const struct log_io *io, int fd, void *to, size_t n, uint64_t at,
                     const char *name, size_t *ret_n, struct error *err)
{
    uint8_t *next = to;
    size_t done = 0;
    while (done < n) {
        size_t got = 0;
        int failed = io->pread(io->state, fd, next + done, n - done, at + done, &got);
        if (failed == EINTR)
            continue;
        if (failed)
            return log_io_failed(err, failed, "read", name);
        if (got == 0)
            break;
        done += got;
    }
    *ret_n = done;
    return true;
}

bool log_io_path(const char *dir, const char *name, char out[LOG_PATH_BYTES_MAX], struct error *err)
{
    int n = snprintf(out, LOG_PATH_BYTES_MAX, "%s/%s", dir, name);
    if (n < 0 || n >= LOG_PATH_BYTES_MAX)
        return error_set(err, ERROR_TOO_LARGE, 0, "path %.64s…/%s", dir, name);
    return true;
}
