/*
 * faulty_io: the file operations of a log (log_io.h) over a real directory, with faults at chosen
 * operations and a memory of what a disk would still hold after a power cut.
 *
 *     struct faulty_io *f = faulty_io_new(seed);
 *     struct log_writer_options options = {.dir = dir, .io = faulty_io_table(f), …};
 *     faulty_io_arm(f, FAULTY_DIE_AFTER, 17);       the 17th operation from here on is the last one
 *     … use the log until a call fails, close it …
 *     faulty_io_restart(f, FAULTY_POWER_CUT);       the directory becomes what a machine might find
 * after that … open again: the checks … faulty_io_free(f);
 *
 * The disk: sync_data puts a file's bytes on it, sync_dir the names of a directory. Between syncs
 * single sectors are written back at random. A power cut keeps what is on the disk, and of the rest
 * an arbitrary subset, by sector (512 B or 4 KiB) and by operation on names. A failed sync_data may
 * drop what it should have written, without telling anyone again, as kernels do. All randomness
 * comes from the seed. Any number of threads.
 */
#ifndef CROWDTIDE_TESTS_SUPPORT_FAULTY_IO_H
#define CROWDTIDE_TESTS_SUPPORT_FAULTY_IO_H

#include "schemas/log/log_io.h"

enum faulty_kind {
    FAULTY_NONE,
    FAULTY_SHORT_WRITE, /* a write moves only a part */
    FAULTY_EINTR,       /* a read or write is interrupted once */
    FAULTY_EIO,         /* one operation fails */
    FAULTY_ENOSPC,      /* from here on the disk is full, until the restart */
    FAULTY_DIE_BEFORE,  /* the program dies: this operation and all later ones do nothing */
    FAULTY_DIE_HALFWAY, /* a write moves a part, then the program dies; else as DIE_BEFORE */
    FAULTY_DIE_AFTER,   /* this operation happens, but nothing after it */
    FAULTY_KINDS,
};

enum faulty_restart {
    FAULTY_PROGRAM_DIED, /* the machine kept running: everything written is there */
    FAULTY_POWER_CUT,    /* another boot; only what the disk holds */
};

struct faulty_io;

/* Aborts when out of memory. */
struct faulty_io *faulty_io_new(uint64_t seed);
void faulty_io_free(struct faulty_io *f);
const struct log_io *faulty_io_table(struct faulty_io *f);

/* Without faults and without counting, but in the same boot: for readers beside the writer. */
const struct log_io *faulty_io_reader_table(struct faulty_io *f);

/* at_op counts from 1 at the next operation; 0 disarms. */
void faulty_io_arm(struct faulty_io *f, enum faulty_kind kind, uint64_t at_op);
bool faulty_io_fired(const struct faulty_io *f);
/* A sync_data failed since the last restart: what it should have written may be lost even though
 * only the program dies. */
bool faulty_io_lied(const struct faulty_io *f);
uint64_t faulty_io_ops(const struct faulty_io *f); /* operations since the start */
const char *faulty_io_kind_name(enum faulty_kind kind);

/* Everything opened through the table must be closed. Disarms. */
void faulty_io_restart(struct faulty_io *f, enum faulty_restart how);

/* A number below `below` from the same seed, for the test's own choices. */
uint64_t faulty_io_random(struct faulty_io *f, uint64_t below);

#endif
