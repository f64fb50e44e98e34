#include "schemas/base/whole_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

ssize_t whole_read_head(int fd, void *to, size_t len)
{
    size_t at = 0;
    while (at < len) {
        ssize_t n = read(fd, (uint8_t *)to + at, len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        at += (size_t)n;
    }
    return (ssize_t)at;
}

bool whole_read(int fd, void *to, size_t len)
{
    return whole_read_head(fd, to, len) == (ssize_t)len;
}

bool whole_write(int fd, const void *from, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t n = write(fd, (const uint8_t *)from + at, len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = EIO;
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

bool whole_sync_dir(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool ok = fsync(fd) == 0;
    int saved = errno;
    (void)close(fd);
    errno = saved;
    return ok;
}
