#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/config/settings.h"

bool config_file_read(const char *path, size_t max, char **ret, size_t *ret_len, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return error_set(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO, errno, "%s", path);
    char *bytes = malloc(max + 2);
    size_t len = 0;
    ssize_t got = bytes ? 1 : 0;
    while (bytes && len <= max && got > 0) {
        got = read(fd, bytes + len, max + 1 - len);
        if (got > 0)
            len += (size_t)got;
        else if (got < 0 && errno == EINTR)
            got = 1;
    }
    int saved = errno;
    (void)close(fd);
    if (bytes && got >= 0 && len <= max) {
        bytes[len] = '\0';
        char *fitted = realloc(bytes, len + 1);
        *ret = fitted ? fitted : bytes;
        *ret_len = len;
        return true;
    }
    free(bytes);
    if (!bytes)
        return error_set(err, ERROR_NO_MEMORY, 0, "%s", path);
    if (got < 0)
        return error_set(err, ERROR_IO, saved, "%s", path);
    return error_set(err, ERROR_TOO_LARGE, 0, "%s: longer than %zu bytes", path, max);
}

bool config_state_path(const struct config *config, const char *name, bool create, char *out,
                       size_t cap, struct error *err)
{
    int n = snprintf(out, cap, "%s/%s", config->state_dir, name);
    if (n < 0 || (size_t)n >= cap)
        return error_set(err, ERROR_TOO_LARGE, 0, "%s/%s", config->state_dir, name);
    char dir[4200];
    n = snprintf(dir, sizeof dir, "%s/", config->state_dir);
    if (!create)
        return true;
    if (n < 0 || (size_t)n >= sizeof dir)
        return error_set(err, ERROR_TOO_LARGE, 0, "%s", config->state_dir);
    for (char *slash = strchr(dir + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(dir, 0750) != 0 && errno != EEXIST)
            return error_set(err, ERROR_IO, errno, "%s", dir);
        *slash = '/';
    }
    return true;
}
