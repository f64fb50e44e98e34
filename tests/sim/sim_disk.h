/*
 * sim_disk: the files of the simulated machine (sim.h). Each has its bytes as programs see them
 * (the page cache; mappings are these very bytes) and as the disk holds them. A sync carries a
 * file's bytes to the disk, or a directory's names. Pages are written back at random as well. A
 * power cut keeps what is on the disk, and of the rest an arbitrary part: by sector of 512 B or 4
 * KiB, and of changed names a first part (a journal) or any.
 *
 * Single-threaded, like everything here. Full paths; directories are names without a file.
 */
#ifndef CROWDTIDE_TESTS_SIM_SIM_DISK_H
#define CROWDTIDE_TESTS_SIM_SIM_DISK_H

#include "tests/sim/sim.h"

enum {
    SIM_PATH_BYTES = 128,
    SIM_FILES_MAX = 512,
    SIM_FILE_BYTES_MAX = 8 * 1024 * 1024,
    SIM_NAMES_MAX = 256,
    SIM_CHANGES_MAX = 4096, /* of names, not synced */
    SIM_FDS_MAX = 256,
    SIM_FD_FIRST = 1000, /* below: the real ones */
    SIM_LOCKS_MAX = 64,
    SIM_MAPS_MAX = 128,
};

struct sim_file {
    uint8_t *now, *disk; /* SIM_FILE_BYTES_MAX of address space each */
    uint64_t len, disk_len;
    uint64_t len_max; /* ever, of both: what has to be cleared */
    uint32_t inode;   /* 0: the slot is free */
    int64_t born_ns;  /* by the machine's clock */
    bool lied;        /* a sync failed: what was not on the disk may vanish from memory */
};

struct sim_name {
    char path[SIM_PATH_BYTES];
    int file; /* -1: a directory */
};

struct sim_names {
    struct sim_name at[SIM_NAMES_MAX];
    int count;
};

struct sim_change {
    enum { SIM_CHANGE_SET, SIM_CHANGE_RENAME, SIM_CHANGE_REMOVE } what;
    char path[SIM_PATH_BYTES], to[SIM_PATH_BYTES];
    int file;
};

struct sim_fd {
    bool used, dir, append;
    enum sim_program program;
    int file;
    uint64_t at;
    char path[SIM_PATH_BYTES];
};

struct sim_lock {
    bool used;
    int file, fd;
    int64_t from, to;
};

struct sim_map {
    bool used, real; /* real: anonymous memory of the program */
    enum sim_program program;
    int file;
    void *base;
    size_t bytes;
};

struct sim_disk {
    struct sim_file files[SIM_FILES_MAX];
    struct sim_names now, durable;
    struct sim_change changes[SIM_CHANGES_MAX];
    int change_count;
    struct sim_fd fds[SIM_FDS_MAX];
    struct sim_lock locks[SIM_LOCKS_MAX];
    struct sim_map maps[SIM_MAPS_MAX];
    uint32_t inodes;
    uint8_t boot[16];
    bool full;
};

/* Paths of the simulated machine; others are the real one's. */
bool sim_disk_has(const char *path);
/* {dir}/.. becomes its parent. Aborts when it is too long. */
void sim_disk_path(const char *path, char out[SIM_PATH_BYTES]);

/* -2: no such name; -1: a directory. */
int sim_disk_find(const char *path);
/* A new empty file; not named yet. */
int sim_disk_file(void);
int64_t sim_disk_wall_ns(void); /* the machine's clock */
void sim_disk_name(const char *path, int file);
void sim_disk_rename(const char *from, const char *to);
void sim_disk_remove(const char *path);
void sim_disk_sync_file(struct sim_file *file);
void sim_disk_sync_names(const char *dir);
void sim_disk_set_len(struct sim_file *file, uint64_t len);
/* The kernel writes something back by itself, perhaps. */
void sim_disk_write_back(void);
/* Files that nothing names or holds any more make room. */
void sim_disk_collect(void);
/* One bit of some file that has bytes, on the disk and as it is read from now on. */
void sim_disk_rot(void);
/* NULL with a real descriptor. */
struct sim_fd *sim_disk_fd(int fd);

#endif
