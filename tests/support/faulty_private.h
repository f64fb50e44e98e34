/* faulty_private: the state of a faulty_io, shared by its operations (faulty_io.c) and its disk
 * (faulty_disk.c). */
#ifndef CROWDTIDE_TESTS_SUPPORT_FAULTY_PRIVATE_H
#define CROWDTIDE_TESTS_SUPPORT_FAULTY_PRIVATE_H

#include <pthread.h>

#include "tests/support/faulty_io.h"

enum {
    FAULTY_FILES_MAX = 4096,
    FAULTY_NAMES_MAX = 256,    /* in all directories together */
    FAULTY_CHANGES_MAX = 1024, /* of names, not synced */
    FAULTY_FDS_MAX = 1024,
    FAULTY_WRITEBACK_ONE_IN = 4,
};

struct faulty_file { /* an inode */
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

struct faulty_name {
    char path[512];
    int file; /* -1: a directory */
};

struct faulty_change {
    enum { CHANGE_SET, CHANGE_RENAME, CHANGE_REMOVE } what;
    char path[512], to[512];
    int file;
};

struct faulty_io {
    struct log_io table;
    pthread_mutex_t lock;
    uint64_t random;
    struct faulty_file files[FAULTY_FILES_MAX];
    int file_count;
    struct faulty_name disk_names[FAULTY_NAMES_MAX]; /* as a power cut finds them at least */
    int disk_name_count;
    struct faulty_change changes[FAULTY_CHANGES_MAX]; /* since */
    int change_count;
    int fd_file[FAULTY_FDS_MAX];
    uint64_t ops, fire_at;
    enum faulty_kind kind;
    bool fired, dead, full;
    bool lied; /* some sync failed since the last restart */
    struct log_io reader_table;
    uint8_t boot[LOG_BOOT_ID_BYTES];
};

/* Aborts unless ok: a test without its tools proves nothing. */
void faulty_must(bool ok);

/* faulty_disk.c; the caller holds the lock. */
uint8_t *faulty_read(const struct faulty_file *file, uint64_t *ret_len); /* malloc'ed */
/* The file behind an open descriptor, entered in the table when new. */
int faulty_file_of(struct faulty_io *f, int fd);
void faulty_note(struct faulty_io *f, int what, const char *path, const char *to, int file);
void faulty_to_disk(struct faulty_file *file, const uint8_t *now, uint64_t len, uint64_t from,
                    uint64_t to);
void faulty_sync_names(struct faulty_io *f, const char *dir);
/* The kernel writes something back by itself, perhaps. */
void faulty_writeback(struct faulty_io *f);
void faulty_forget_files(struct faulty_io *f);

#endif
