#include "schemas/counters/counters.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/base/clock.h"
#include "schemas/base/watchdog.h"

/*
 * The file, in 64-bit words of the host (it never leaves the machine):
 *
 *   word 0           magic, which includes the layout's number
 *   word 8..15       input in progress: seq, epoch
 *   word 16..23      suspect: seq, epoch, crashes
 *   word 24..        one section a program, PROGRAM_COUNT of them:
 *                      +0 pid  +1 started_wall_ns  +2 alive_wall_ns  +3 number of names
 *                      +8   SLOTS values
 *                      +8+SLOTS   SLOTS names of NAME_WORDS words, NUL-padded
 *
 * Every section begins on a cache line of its own. A reader finds a value by its name. Byte
 * `program` of the file is locked by the process that writes that program's section, byte
 * LOCK_CREATE while the file is being made.
 */
enum {
    WORD_MAGIC = 0,
    WORD_PROGRESS_SEQ = 8,
    WORD_PROGRESS_EPOCH,
    WORD_SUSPECT_SEQ = 16,
    WORD_SUSPECT_EPOCH,
    WORD_SUSPECT_CRASHES,
    WORD_SECTIONS = 24,
    SLOTS = 64,
    NAME_WORDS = 4,
    NAME_BYTES = NAME_WORDS * 8,
    SECTION_PID = 0,
    SECTION_STARTED,
    SECTION_ALIVE,
    SECTION_NAMES,
    SECTION_VALUES = 8,
    SECTION_NAME_AT = SECTION_VALUES + SLOTS,
    SECTION_WORDS = SECTION_NAME_AT + SLOTS * NAME_WORDS,
    SECTIONS_MAX = 16, /* room for programs to come */
    FILE_WORDS = WORD_SECTIONS + SECTIONS_MAX * SECTION_WORDS,
    FILE_BYTES = FILE_WORDS * 8,
    LOCK_CREATE = SECTIONS_MAX,
    PATH_BYTES = 4096,
    OPEN_TRIES_MAX = 100, /* of a file that others replace */
};
#define MAGIC UINT64_C(0x31544e554f435443) /* "CTCOUNT1" */

_Static_assert((int)PROGRAM_COUNT <= SECTIONS_MAX, "a section for every program");
_Static_assert(SECTION_WORDS % 8 == 0 && WORD_SECTIONS % 8 == 0, "sections on cache lines");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "shared between processes");

typedef _Atomic uint64_t word;

struct counters {
    int fd;
    enum program program; /* PROGRAM_COUNT: a reader */
    word *words;
    struct watchdog watchdog;   /* the writer's */
    uint32_t at[COUNTER_COUNT]; /* word of each counter; 0: the writer does not know it */
};

static const struct counter_info infos[COUNTER_COUNT] = {
#define COUNTER_GAUGE_SUM false
#define COUNTER_GAUGE_GAUGE true
#define COUNTER_INFO(program, name, type, unit, help)                                              \
    {#name, unit, help, PROGRAM_##program, COUNTER_GAUGE_##type},
    COUNTERS(COUNTER_INFO)
#undef COUNTER_INFO
};

_Static_assert((int)NAME_BYTES == (int)COUNTER_NAME_BYTES, "names fit");

const struct counter_info *counter_info_of(enum counter counter)
{
    return (unsigned)counter < COUNTER_COUNT ? &infos[counter] : NULL;
}

const char *counter_name(enum counter counter, char out[COUNTER_NAME_BYTES])
{
    const char *from = (unsigned)counter < COUNTER_COUNT ? infos[counter].name : "";
    size_t n = 0;
    for (; from[n] && n + 1 < COUNTER_NAME_BYTES; n++)
        out[n] = (char)(from[n] >= 'A' && from[n] <= 'Z' ? from[n] + ('a' - 'A') : from[n]);
    memset(out + n, 0, COUNTER_NAME_BYTES - n);
    return out;
}

const char *program_name(enum program program)
{
    static const char *const names[PROGRAM_COUNT] = {
        [PROGRAM_RUN] = "run",
        [PROGRAM_INGEST] = "ingest",
        [PROGRAM_PROCESS] = "process",
        [PROGRAM_KAFKA] = "publish-kafka",
        [PROGRAM_SERIES] = "publish-series",
        [PROGRAM_SERVE] = "serve",
        [PROGRAM_PAGE] = "page",
    };
    return (unsigned)program < PROGRAM_COUNT ? names[program] : "unknown";
}

static uint64_t load(const struct counters *counters, uint32_t at)
{
    return atomic_load_explicit(&counters->words[at], memory_order_relaxed);
}

/* Release: whoever looks after our death sees our stores in the order in which we made them. */
static void store(struct counters *counters, uint32_t at, uint64_t value)
{
    atomic_store_explicit(&counters->words[at], value, memory_order_release);
}

static uint32_t section_of(enum program program)
{
    return WORD_SECTIONS + (uint32_t)program * SECTION_WORDS;
}

static bool lock_byte(int fd, int byte, bool wait)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    int rc;
    do {
        rc = fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock);
    } while (rc != 0 && errno == EINTR);
    return rc == 0;
}

static void unlock_byte(int fd, int byte)
{
    struct flock lock = {.l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    (void)fcntl(fd, F_OFD_SETLK, &lock); /* closing fd would do as well */
}

/* Somebody else holds the byte. */
static bool byte_locked(int fd, int byte)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* Gives a new file its blocks and its magic. Blocks are taken now, because a full disk would be a
   SIGBUS later. */
static bool initialise(int fd, const char *path, struct error *err)
{
    uint64_t magic = MAGIC;
    int rc = posix_fallocate(fd, 0, FILE_BYTES);
    if (rc != 0)
        return error_set(err, rc == ENOSPC ? ERROR_NO_SPACE : ERROR_IO, rc, "%s", path);
    if (pwrite(fd, &magic, sizeof magic, 0) != sizeof magic)
        return error_set(err, ERROR_IO, errno, "%s", path);
    return true;
}

enum state { STATE_EMPTY, STATE_GOOD, STATE_FOREIGN };

static bool look(int fd, const char *path, enum state *ret, struct error *err)
{
    struct stat st;
    uint64_t magic = 0;
    if (fstat(fd, &st) != 0 || pread(fd, &magic, sizeof magic, 0) < 0)
        return error_set(err, ERROR_IO, errno, "%s", path);
    bool good = st.st_size == FILE_BYTES && magic == MAGIC;
    *ret = st.st_size == 0 ? STATE_EMPTY : good ? STATE_GOOD : STATE_FOREIGN;
    return true;
}

/* Another program may have replaced the file while we waited for its lock. */
static bool still_named(int fd, const char *path)
{
    struct stat ours, named;
    return fstat(fd, &ours) == 0 && stat(path, &named) == 0 && ours.st_dev == named.st_dev &&
           ours.st_ino == named.st_ino;
}

/* Opens the file, makes it when missing, and leaves it whole. A file cut short or of another layout
   holds figures only: it makes room for a new one, and programs that still map it keep it. */
static bool open_whole(const char *path, int *ret_fd, struct error *err)
{
    for (int tries = 0; tries < OPEN_TRIES_MAX; tries++) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (fd < 0)
            return error_set(err, ERROR_IO, errno, "%s", path);
        enum state state = STATE_FOREIGN;
        bool ok = lock_byte(fd, LOCK_CREATE, true) || error_set(err, ERROR_IO, errno, "%s", path);
        bool named = ok && still_named(fd, path);
        ok = ok && look(fd, path, &state, err);
        if (ok && named && state == STATE_EMPTY)
            ok = initialise(fd, path, err);
        if (ok && named && state == STATE_FOREIGN && unlink(path) != 0)
            ok = error_set(err, ERROR_IO, errno, "%s", path);
        if (ok && named && state != STATE_FOREIGN) {
            unlock_byte(fd, LOCK_CREATE);
            *ret_fd = fd;
            return true;
        }
        close(fd);
        if (!ok)
            return false;
    }
    return error_set(err, ERROR_IO, 0, "%s is replaced all the time", path);
}

static bool map(struct counters *counters, bool writable, const char *path, struct error *err)
{
    void *at = mmap(NULL, FILE_BYTES, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED,
                    counters->fd, 0);
    if (at == MAP_FAILED)
        return error_set(err, ERROR_IO, errno, "mapping %s", path);
    counters->words = at;
    return true;
}

static void read_name(const struct counters *counters, uint32_t at, char out[NAME_BYTES])
{
    for (uint32_t i = 0; i < NAME_WORDS; i++) {
        uint64_t part = load(counters, at + i);
        memcpy(out + (size_t)i * 8, &part, 8);
    }
    out[NAME_BYTES - 1] = '\0';
}

/* Finds this binary's counters by the names in the sections. */
static void find_names(struct counters *counters)
{
    memset(counters->at, 0, sizeof counters->at);
    for (int c = 0; c < COUNTER_COUNT; c++) {
        char want[NAME_BYTES], have[NAME_BYTES];
        counter_name((enum counter)c, want);
        uint32_t section = section_of(infos[c].program);
        uint64_t names = load(counters, section + SECTION_NAMES);
        for (uint32_t i = 0; i < names && i < SLOTS; i++) {
            read_name(counters, section + SECTION_NAME_AT + i * NAME_WORDS, have);
            if (strcmp(want, have) == 0) {
                counters->at[c] = section + SECTION_VALUES + i;
                break;
            }
        }
    }
}

/* Whether the section was written by a program of our version: then every sum is where it belongs.
 */
static bool names_are_ours(const struct counters *counters, enum program program)
{
    uint32_t section = section_of(program), used = 0;
    for (int c = 0; c < COUNTER_COUNT; c++)
        if (infos[c].program == program && counters->at[c] != section + SECTION_VALUES + used++)
            return false;
    return load(counters, section + SECTION_NAMES) == used;
}

static void clear_gauges(struct counters *counters, enum program program)
{
    for (int c = 0; c < COUNTER_COUNT; c++)
        if (infos[c].program == program && infos[c].gauge)
            store(counters, counters->at[c], 0);
}

/* Makes our section ours, carrying the sums over from whatever version wrote it last. Only after an
   upgrade does that take writing them again; a program killed just then loses them. */
static void claim_section(struct counters *counters, enum program program)
{
    uint32_t section = section_of(program), used = 0;
    uint64_t values[SLOTS] = {0};
    find_names(counters);
    if (names_are_ours(counters, program)) {
        clear_gauges(counters, program);
        return;
    }
    for (int c = 0; c < COUNTER_COUNT; c++) {
        if (infos[c].program != program)
            continue;
        assert(used < SLOTS);
        if (!infos[c].gauge && counters->at[c])
            values[used] = load(counters, counters->at[c]);
        used++;
    }
    store(counters, section + SECTION_NAMES, 0);
    used = 0;
    for (int c = 0; c < COUNTER_COUNT; c++) {
        if (infos[c].program != program)
            continue;
        char name[NAME_BYTES];
        counter_name((enum counter)c, name);
        for (uint32_t i = 0; i < NAME_WORDS; i++) {
            uint64_t part;
            memcpy(&part, name + (size_t)i * 8, 8);
            store(counters, section + SECTION_NAME_AT + used * NAME_WORDS + i, part);
        }
        store(counters, section + SECTION_VALUES + used, values[used]);
        used++;
    }
    store(counters, section + SECTION_NAMES, used);
    find_names(counters);
}

/* Makes the directories above path's last part that are not there. */
static bool make_dirs(char *path, struct error *err)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool ok = mkdir(path, 0750) == 0 || errno == EEXIST ||
                  error_set(err, ERROR_IO, errno, "%s", path);
        *slash = '/';
        if (!ok)
            return false;
    }
    return true;
}

bool counters_open(const char *state_dir, enum program program, struct counters **ret,
                   struct error *err)
{
    assert((unsigned)program < PROGRAM_COUNT);
    char path[PATH_BYTES];
    if (snprintf(path, sizeof path, "%s/counters", state_dir) >= (int)sizeof path)
        return error_set(err, ERROR_INVALID, 0, "state directory path too long");
    if (!make_dirs(path, err))
        return false;
    struct counters *counters = calloc(1, sizeof *counters);
    if (!counters)
        return error_set(err, ERROR_NO_MEMORY, 0, "counters");
    counters->program = program;
    counters->fd = -1;
    if (!open_whole(path, &counters->fd, err) || !map(counters, true, path, err))
        goto failed;
    if (!lock_byte(counters->fd, program, false)) {
        error_set(err, ERROR_LOCKED, 0, "%s is already running on %s (process %lld)",
                  program_name(program), state_dir,
                  (long long)load(counters, section_of(program) + SECTION_PID));
        goto failed;
    }
    claim_section(counters, program);
    if (program == PROGRAM_PROCESS)
        counters_in_progress(counters, 0, 0);
    store(counters, section_of(program) + SECTION_PID, (uint64_t)getpid());
    store(counters, section_of(program) + SECTION_STARTED, (uint64_t)clock_wall_ns());
    watchdog_open(&counters->watchdog);
    counters_alive(counters);
    *ret = counters;
    return true;
failed:
    counters_close(counters);
    return false;
}

bool counters_open_reader(const char *state_dir, struct counters **ret, struct error *err)
{
    char path[PATH_BYTES];
    if (snprintf(path, sizeof path, "%s/counters", state_dir) >= (int)sizeof path)
        return error_set(err, ERROR_INVALID, 0, "state directory path too long");
    struct counters *counters = calloc(1, sizeof *counters);
    if (!counters)
        return error_set(err, ERROR_NO_MEMORY, 0, "counters");
    counters->program = PROGRAM_COUNT;
    counters->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (counters->fd < 0) {
        error_set(err, errno == ENOENT || errno == ENOTDIR ? ERROR_NOT_FOUND : ERROR_IO, errno,
                  "%s", path);
        goto failed;
    }
    enum state state = STATE_EMPTY;
    if (!look(counters->fd, path, &state, err))
        goto failed;
    if (state != STATE_GOOD) {
        error_set(err, state == STATE_EMPTY ? ERROR_NOT_FOUND : ERROR_VERSION, 0, "%s", path);
        goto failed;
    }
    if (!map(counters, false, path, err))
        goto failed;
    find_names(counters);
    *ret = counters;
    return true;
failed:
    counters_close(counters);
    return false;
}

void counters_close(struct counters *counters)
{
    if (!counters)
        return;
    watchdog_close(&counters->watchdog);
    if (counters->words)
        munmap(counters->words, FILE_BYTES);
    if (counters->fd >= 0)
        close(counters->fd);
    free(counters);
}

static bool mine(const struct counters *counters, enum counter counter)
{
    assert((unsigned)counter < COUNTER_COUNT && infos[counter].program == counters->program);
    return counters->at[counter] != 0;
}

void counters_add(struct counters *counters, enum counter counter, uint64_t n)
{
    if (counters && mine(counters, counter))
        atomic_fetch_add_explicit(&counters->words[counters->at[counter]], n, memory_order_relaxed);
}

void counters_set(struct counters *counters, enum counter counter, uint64_t value)
{
    if (counters && mine(counters, counter))
        atomic_store_explicit(&counters->words[counters->at[counter]], value, memory_order_relaxed);
}

uint64_t counters_get(const struct counters *counters, enum counter counter)
{
    assert((unsigned)counter < COUNTER_COUNT);
    return counters && counters->at[counter] ? load(counters, counters->at[counter]) : 0;
}

void counters_alive(struct counters *counters)
{
    if (!counters)
        return;
    store(counters, section_of(counters->program) + SECTION_ALIVE, (uint64_t)clock_wall_ns());
    watchdog_alive(&counters->watchdog);
}

struct counters_program counters_program(const struct counters *counters, enum program program)
{
    assert((unsigned)program < PROGRAM_COUNT);
    uint32_t section = section_of(program);
    return (struct counters_program){
        .pid = (int64_t)load(counters, section + SECTION_PID),
        .started_wall_ns = (int64_t)load(counters, section + SECTION_STARTED),
        .alive_wall_ns = (int64_t)load(counters, section + SECTION_ALIVE),
        .running = counters->program == program || byte_locked(counters->fd, program),
    };
}

void counters_in_progress(struct counters *counters, uint64_t seq, uint32_t epoch)
{
    if (!counters)
        return;
    store(counters, WORD_PROGRESS_SEQ, 0); /* never one input's seq with another's epoch */
    store(counters, WORD_PROGRESS_EPOCH, epoch);
    store(counters, WORD_PROGRESS_SEQ, seq);
}

void counters_crashed(struct counters *counters)
{
    uint64_t seq = load(counters, WORD_PROGRESS_SEQ), epoch = load(counters, WORD_PROGRESS_EPOCH);
    if (seq == 0)
        return;
    uint64_t crashes = 1;
    if (load(counters, WORD_SUSPECT_SEQ) == seq && load(counters, WORD_SUSPECT_EPOCH) == epoch)
        crashes += load(counters, WORD_SUSPECT_CRASHES);
    store(counters, WORD_SUSPECT_SEQ, 0);
    store(counters, WORD_SUSPECT_EPOCH, epoch);
    store(counters, WORD_SUSPECT_CRASHES, crashes);
    store(counters, WORD_SUSPECT_SEQ, seq);
}

struct counters_suspect counters_suspect(const struct counters *counters)
{
    return (struct counters_suspect){
        .seq = load(counters, WORD_SUSPECT_SEQ),
        .epoch = (uint32_t)load(counters, WORD_SUSPECT_EPOCH),
        .crashes = (uint32_t)load(counters, WORD_SUSPECT_CRASHES),
    };
}

void counters_suspect_clear(struct counters *counters)
{
    if (counters)
        store(counters, WORD_SUSPECT_SEQ, 0);
}
