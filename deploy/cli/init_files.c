#include "deploy/cli/init_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/base/whole_io.h"

enum { DIR_MODE = 0755, FILE_MODE = 0644, WHOLE_PATH_BYTES = INIT_PATH_BYTES + 80 };

static const char *path_of(const char *dir, const char *name, const char *end,
                           char out[WHOLE_PATH_BYTES])
{
    (void)snprintf(out, WHOLE_PATH_BYTES, "%s/%s%s", dir, name, end);
    return out;
}

bool init_files_begin(const char *dir, struct init_files *ret_files, struct error *err)
{
    struct init_files files = {0};
    int len = snprintf(files.dir, sizeof files.dir, "%s", dir);
    int draft = snprintf(files.draft, sizeof files.draft, "%s/.crowdtide-init-XXXXXX", dir);
    if (len < 0 || draft < 0 || (size_t)draft >= sizeof files.draft)
        return error_set(err, ERROR_TOO_LARGE, 0, "%s", dir);
    files.made = mkdir(dir, DIR_MODE) == 0;
    if (!files.made && errno != EEXIST)
        return error_set(err, ERROR_IO, errno, "%s", dir);
    if (!mkdtemp(files.draft)) {
        int why = errno;
        if (files.made)
            (void)rmdir(dir);
        return error_set(err, ERROR_IO, why, "%s", dir);
    }
    *ret_files = files;
    return true;
}

bool init_files_add(struct init_files *files, const char *name, struct str text, struct error *err)
{
    char path[WHOLE_PATH_BYTES];
    int fd = open(path_of(files->draft, name, "", path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                  FILE_MODE);
    if (fd < 0)
        return error_set(err, ERROR_IO, errno, "%s", path);
    (void)snprintf(files->name[files->count++], INIT_FILE_NAME_BYTES, "%s", name);
    bool ok = whole_write(fd, text.at, text.len) && fsync(fd) == 0;
    int why = errno;
    (void)close(fd);
    return ok || error_set(err, ERROR_IO, why, "%s", path);
}

/* Undoes the first `count` placements. */
static void take_back(const struct init_files *files, uint32_t count, const bool *was_there)
{
    for (uint32_t i = 0; i < count; i++) {
        char path[WHOLE_PATH_BYTES], old[WHOLE_PATH_BYTES];
        (void)path_of(files->dir, files->name[i], "", path);
        if (was_there[i])
            (void)rename(path_of(files->dir, files->name[i], ".old", old), path);
        else
            (void)unlink(path);
    }
}

static bool place_one(const struct init_files *files, uint32_t i, bool force, bool *ret_was_there,
                      struct error *err)
{
    char from[WHOLE_PATH_BYTES], to[WHOLE_PATH_BYTES], old[WHOLE_PATH_BYTES];
    (void)path_of(files->draft, files->name[i], "", from);
    (void)path_of(files->dir, files->name[i], "", to);
    *ret_was_there = false;
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EEXIST)
        return error_set(err, ERROR_IO, errno, "%s", to);
    if (!force)
        return error_set(err, ERROR_INVALID, 0, "%s is there already", to);
    if (rename(to, path_of(files->dir, files->name[i], ".old", old)) != 0)
        return error_set(err, ERROR_IO, errno, "%s", old);
    *ret_was_there = true;
    if (rename(from, to) == 0)
        return true;
    int why = errno;
    (void)rename(old, to);
    return error_set(err, ERROR_IO, why, "%s", to);
}

bool init_files_place(struct init_files *files, bool force, struct error *err)
{
    bool was_there[INIT_FILES_MAX] = {false};
    for (uint32_t i = 0; i < files->count; i++) {
        if (!place_one(files, i, force, &was_there[i], err)) {
            take_back(files, i, was_there);
            return false;
        }
    }
    (void)whole_sync_dir(files->dir);
    files->made = false; /* it stays */
    return true;
}

void init_files_end(struct init_files *files)
{
    for (uint32_t i = 0; i < files->count; i++) {
        char path[WHOLE_PATH_BYTES];
        (void)unlink(path_of(files->draft, files->name[i], "", path));
    }
    (void)rmdir(files->draft);
    if (files->made)
        (void)rmdir(files->dir);
}
