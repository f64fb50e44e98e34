/* What a disk would hold: contents and names that were synced, some that were not, and what is
 * found after a restart. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/log/log_control.h"
#include "tests/support/faulty_private.h"

void faulty_must(bool ok)
{
    if (!ok)
        abort();
}

uint64_t faulty_io_random(struct faulty_io *f, uint64_t below)
{
    f->random = f->random * 6364136223846793005u + 1442695040888963407u;
    return below ? (f->random >> 33) % below : 0;
}

uint8_t *faulty_read(const struct faulty_file *file, uint64_t *ret_len)
{
    struct stat st;
    faulty_must(fstat(file->fd, &st) == 0);
    uint64_t len = (uint64_t)st.st_size;
    uint8_t *bytes = malloc(len + 1);
    faulty_must(bytes && pread(file->fd, bytes, len, 0) == (ssize_t)len);
    *ret_len = len;
    return bytes;
}

/* The file behind an open descriptor, entered in the table when new. */
int faulty_file_of(struct faulty_io *f, int fd)
{
    struct stat st;
    faulty_must(fstat(fd, &st) == 0);
    for (int i = f->file_count - 1; i >= 0; i--)
        if (f->files[i].fd >= 0 && f->files[i].inode == st.st_ino)
            return i;
    faulty_must(f->file_count < FAULTY_FILES_MAX);
    struct faulty_file *file = &f->files[f->file_count];
    *file = (struct faulty_file){.inode = st.st_ino};
    char self[64];
    faulty_must(snprintf(self, sizeof self, "/proc/self/fd/%d", fd) > 0);
    file->fd = open(self, O_RDWR | O_CLOEXEC);
    faulty_must(file->fd >= 0);
    return f->file_count++;
}

static int find_name(struct faulty_name *names, int count, const char *path)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i].path, path) == 0)
            return i;
    return -1;
}

static void apply(struct faulty_name *names, int *count, const struct faulty_change *change)
{
    int at = find_name(names, *count, change->path);
    if (change->what == CHANGE_SET) {
        if (at < 0) {
            faulty_must(*count < FAULTY_NAMES_MAX);
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
        struct faulty_change set = {.what = CHANGE_SET, .file = file};
        memcpy(set.path, change->to, sizeof set.path);
        apply(names, count, &set);
    }
}

void faulty_note(struct faulty_io *f, int what, const char *path, const char *to, int file)
{
    faulty_must(f->change_count < FAULTY_CHANGES_MAX);
    struct faulty_change *change = &f->changes[f->change_count++];
    *change = (struct faulty_change){.what = what, .file = file};
    faulty_must(snprintf(change->path, sizeof change->path, "%s", path) < (int)sizeof change->path);
    faulty_must(snprintf(change->to, sizeof change->to, "%s", to ? to : "") <
                (int)sizeof change->to);
}

static bool in_dir(const char *path, const char *dir)
{
    size_t n = strlen(dir);
    return strncmp(path, dir, n) == 0 && path[n] == '/' && !strchr(path + n + 1, '/');
}

void faulty_to_disk(struct faulty_file *file, const uint8_t *now, uint64_t len, uint64_t from,
                    uint64_t to)
{
    if (len != file->disk_len) { /* the length goes with the first bytes written back */
        uint8_t *disk = realloc(file->disk, len + 1);
        faulty_must(disk != NULL);
        if (len > file->disk_len)
            memset(disk + file->disk_len, 0, len - file->disk_len);
        file->disk = disk;
        file->disk_len = len;
    }
    if (from < len)
        memcpy(file->disk + from, now + from, (to < len ? to : len) - from);
}

/* The kernel writes something back by itself. */
void faulty_writeback(struct faulty_io *f)
{
    if (f->file_count == 0 || faulty_io_random(f, FAULTY_WRITEBACK_ONE_IN) != 0)
        return;
    int recent = f->file_count < 8 ? f->file_count : 8;
    struct faulty_file *file =
        &f->files[f->file_count - 1 - (int)faulty_io_random(f, (uint64_t)recent)];
    if (file->fd < 0)
        return;
    uint64_t len;
    uint8_t *now = faulty_read(file, &len);
    uint64_t from = faulty_io_random(f, len / 4096 + 1) * 4096;
    if (from < len)
        faulty_to_disk(file, now, len, from, from + 4096);
    free(now);
}

void faulty_sync_names(struct faulty_io *f, const char *dir)
{
    int kept = 0;
    for (int i = 0; i < f->change_count; i++) {
        if (in_dir(f->changes[i].path, dir))
            apply(f->disk_names, &f->disk_name_count, &f->changes[i]);
        else
            f->changes[kept++] = f->changes[i];
    }
    f->change_count = kept;
}

static void store(const char *path, const uint8_t *bytes, uint64_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    faulty_must(fd >= 0 && pwrite(fd, bytes, len, 0) == (ssize_t)len && close(fd) == 0);
}

/* The files come back as others: a control page that was at home is so again. */
static void keep_home(const char *path, uint64_t was_inode)
{
    const off_t at = offsetof(struct log_control_writer, home) + sizeof(uint64_t);
    uint64_t home = 0;
    struct stat st;
    if (strcmp(strrchr(path, '/') + 1, LOG_NAME_CONTROL) != 0)
        return;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    faulty_must(fd >= 0 && fstat(fd, &st) == 0);
    if (pread(fd, &home, sizeof home, at) == sizeof home && home == was_inode) {
        home = st.st_ino;
        faulty_must(pwrite(fd, &home, sizeof home, at) == sizeof home);
    }
    (void)close(fd);
}

/* What a file holds afterwards: the disk's bytes, and of what is dirty what chance kept. */
static uint8_t *survive(struct faulty_io *f, const struct faulty_file *file, uint64_t *ret_len)
{
    uint64_t now_len;
    uint8_t *now = file->at_death ? memcpy(malloc(file->at_death_len + 1), file->at_death,
                                           now_len = file->at_death_len)
                                  : faulty_read(file, &now_len);
    uint64_t luck = faulty_io_random(f, 4); /* nothing dirty, everything, or an arbitrary part */
    uint64_t sector = faulty_io_random(f, 2) ? 512 : 4096;
    uint64_t len = file->disk_len;
    if (now_len != len && (luck == 1 || (luck > 1 && faulty_io_random(f, 2))))
        len = now_len;
    uint8_t *out = calloc(1, len + 1);
    faulty_must(out != NULL);
    for (uint64_t at = 0; at < len; at += sector) {
        bool keep = luck == 1 || (luck > 1 && faulty_io_random(f, 2));
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

void faulty_forget_files(struct faulty_io *f)
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
    struct faulty_name now[FAULTY_NAMES_MAX];
    int count = f->disk_name_count;
    memcpy(now, f->disk_names, sizeof now);
    /* A journal keeps a prefix of the changes of names; without one any subset may survive. */
    bool prefix = faulty_io_random(f, 2);
    uint64_t keep = faulty_io_random(f, (uint64_t)f->change_count + 1);
    for (int i = 0; i < f->change_count; i++)
        if (prefix ? (uint64_t)i < keep : faulty_io_random(f, 2) == 1)
            apply(now, &count, &f->changes[i]);
    /* Everything that was ever named goes; then the survivors come back. */
    uint8_t *bytes[FAULTY_NAMES_MAX];
    uint64_t lens[FAULTY_NAMES_MAX];
    for (int i = 0; i < count; i++)
        bytes[i] = now[i].file < 0 ? NULL : survive(f, &f->files[now[i].file], &lens[i]);
    for (int i = 0; i < f->disk_name_count; i++)
        if (f->disk_names[i].file >= 0)
            (void)unlink(f->disk_names[i].path);
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < f->change_count; i++) {
            const struct faulty_change *c = &f->changes[i];
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
            faulty_must(snprintf(dir, sizeof dir, "%s", now[i].path) < (int)sizeof dir);
            *strrchr(dir, '/') = '\0';
            bool there = stat(dir, &st) == 0;
            if (there) {
                store(now[i].path, bytes[i], lens[i]);
                keep_home(now[i].path, f->files[now[i].file].inode);
            }
            free(bytes[i]);
            if (!there)
                continue; /* its directory is gone */
        }
        now[kept++] = now[i];
    }
    faulty_forget_files(f);
    /* What was found is on the disk. */
    f->disk_name_count = kept;
    memcpy(f->disk_names, now, sizeof now);
    for (int i = 0; i < kept; i++) {
        if (now[i].file < 0)
            continue;
        int fd = open(now[i].path, O_RDWR | O_CLOEXEC);
        faulty_must(fd >= 0);
        int file = f->disk_names[i].file = faulty_file_of(f, fd);
        (void)close(fd);
        uint64_t len;
        uint8_t *content = faulty_read(&f->files[file], &len);
        faulty_to_disk(&f->files[file], content, len, 0, len);
        free(content);
    }
    f->change_count = 0;
    for (int i = 0; i < LOG_BOOT_ID_BYTES; i++)
        f->boot[i] = (uint8_t)faulty_io_random(f, 256);
}

static void write_back(struct faulty_file *file, const uint8_t *bytes, uint64_t len)
{
    faulty_must(pwrite(file->fd, bytes, len, 0) == (ssize_t)len);
}

static void program_died(struct faulty_io *f)
{
    for (int i = 0; i < f->file_count; i++) {
        struct faulty_file *file = &f->files[i];
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
