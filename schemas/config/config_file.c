#include "schemas/config/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/base/whole_io.h"
#include "schemas/config/config.h"

bool config_file_read(const char *path, size_t max, char **ret, size_t *ret_len, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return error_set(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO, errno, "%s", path);
    char *bytes = malloc(max + 2);
    ssize_t got = bytes ? whole_read_head(fd, bytes, max + 1) : -1;
    const size_t len = got < 0 ? 0 : (size_t)got;
    int saved = errno;
    (void)close(fd);
    if (got >= 0 && len <= max) {
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

bool config_file_path(const char *file, struct str path, char *out, size_t cap)
{
    const char *home = getenv("HOME"), *slash = strrchr(file, '/');
    int n;
    if (path.len >= 2 && memcmp(path.at, "~/", 2) == 0 && home)
        n = snprintf(out, cap, "%s/" STR_FMT, home, (int)path.len - 2, path.at + 2);
    else if (path.len == 0 || path.at[0] == '/' || !slash)
        n = snprintf(out, cap, STR_FMT, STR_ARG(path));
    else
        n = snprintf(out, cap, "%.*s" STR_FMT, (int)(slash - file) + 1, file, STR_ARG(path));
    return n >= 0 && (size_t)n < cap;
}

/* The first bytes of a file; -1 with errno. */
static ssize_t read_head(const char *path, char *out, size_t cap, mode_t *ret_mode)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return -1;
    struct stat st;
    ssize_t got = -1;
    if (fstat(fd, &st) == 0) {
        *ret_mode = st.st_mode;
        if (S_ISDIR(st.st_mode))
            errno = EISDIR;
        else
            got = whole_read_head(fd, out, cap);
    }
    int saved = errno;
    (void)close(fd);
    errno = saved;
    return got;
}

bool config_file_secret(const char *key, const char *path, uint32_t line, uint32_t column,
                        char **ret_text, struct problems *problems)
{
    char bytes[CONFIG_SECRET_BYTES_MAX + 2];
    mode_t mode = 0;
    ssize_t got = read_head(path, bytes, sizeof bytes, &mode);
    if (got < 0) {
        problems_add(problems, line, column, "%s: %s: %s", key, path, strerrordesc_np(errno));
        return false;
    }
    const char *end = memchr(bytes, '\n', (size_t)got);
    size_t len = end ? (size_t)(end - bytes) : (size_t)got;
    if (len && bytes[len - 1] == '\r')
        len--;
    bool ok = false;
    if (len == 0)
        problems_add(problems, line, column, "%s: the first line of %s is empty", key, path);
    else if (len > CONFIG_SECRET_BYTES_MAX || memchr(bytes, '\0', len))
        problems_add(problems, line, column, "%s: %s is not a text line of at most %d bytes", key,
                     path, CONFIG_SECRET_BYTES_MAX);
    else
        ok = true;
    if (ok && (mode & S_IROTH))
        problems_warn(problems, line, column, "%s: everybody on this machine may read %s", key,
                      path);
    char *value = ok ? strndup(bytes, len) : NULL;
    explicit_bzero(bytes, sizeof bytes);
    if (ok && !value)
        problems_add(problems, line, column, "out of memory");
    if (!value)
        return false;
    *ret_text = value;
    return true;
}

bool config_state_path(const struct config *config, const char *name, char *out, size_t cap,
                       struct error *err)
{
    int n = snprintf(out, cap, "%s/%s", config->state_dir, name);
    return (n >= 0 && (size_t)n < cap) ||
           error_set(err, ERROR_TOO_LARGE, 0, "%s/%s", config->state_dir, name);
}
