#include "schemas/log/log_control.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define CONTROL_MAGIC 0x4c5443474f4c5443u /* "CTLOGCTL" */
enum { CONTROL_VERSION = 1, NS_PER_MS = 1000000, NS_PER_S = 1000000000 };

static void futex_wait(_Atomic uint32_t *word, uint32_t while_value, int64_t timeout_ns)
{
    struct timespec ts = {.tv_sec = timeout_ns / NS_PER_S, .tv_nsec = timeout_ns % NS_PER_S};
    /* Every way this ends means "look again": woken, changed before, interrupted, timed out. */
    (void)syscall(SYS_futex, word, FUTEX_WAIT, while_value, &ts, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word)
{
    (void)syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void control_over(void *at, bool writable, struct log_control *ret)
{
    ret->at = at;
    ret->writer = at;
    ret->readers =
        writable ? (struct log_control_readers *)((char *)at + LOG_CONTROL_PAGE_BYTES) : NULL;
}

bool log_control_at_home(const struct log_control *control, int fd,
                         const uint8_t boot[LOG_BOOT_ID_BYTES])
{
    struct stat st;
    uint64_t dev = atomic_load(&control->writer->home[0]);
    uint64_t inode = atomic_load(&control->writer->home[1]);
    return (!dev && !inode) || fstat(fd, &st) != 0 ||
           (inode == (uint64_t)st.st_ino &&
            (dev == (uint64_t)st.st_dev || !log_control_this_boot(control, boot)));
}

struct log_control_said log_control_ask(const struct log_io *io, const char *dir,
                                        const struct log_uuid *log)
{
    struct log_control_said said = {0};
    struct log_control control = {0};
    uint8_t boot[LOG_BOOT_ID_BYTES];
    int fd = -1;
    if (io->boot_id(io->state, boot) != 0 || !log_control_open(io, dir, false, &control, &fd, NULL))
        return said;
    const struct log_control_writer *page = control.writer;
    if (page && memcmp(page->log_uuid, log->bytes, sizeof log->bytes) == 0) {
        said.copied = !log_control_at_home(&control, fd, boot);
        said.durable_seq = said.copied ? 0 : atomic_load(&page->durable_seq);
    }
    (void)io->close(io->state, fd);
    log_control_close(io, &control);
    return said;
}

void log_control_set_home(const struct log_control *control, int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return;
    atomic_store(&control->writer->home[0], (uint64_t)st.st_dev);
    atomic_store(&control->writer->home[1], (uint64_t)st.st_ino);
}

bool log_control_open(const struct log_io *io, const char *dir, bool writable,
                      struct log_control *ret_control, int *ret_fd, struct error *err)
{
    char path[LOG_PATH_BYTES_MAX];
    uint8_t bytes[LOG_CONTROL_BYTES];
    size_t len = 0;
    int fd = -1;
    void *at = NULL;
    if (!log_io_path(dir, LOG_NAME_CONTROL, path, err))
        return false;
    int failed = io->open(io->state, path, writable ? O_RDWR : O_RDONLY, &fd);
    if (failed)
        return log_io_failed(err, failed, "open", path);
    /* Reading first: touching a mapping beyond the file's end would kill us. */
    bool ok = log_io_read_all(io, fd, bytes, sizeof bytes, 0, path, &len, err);
    if (ok && len < sizeof bytes)
        ok = error_set(err, ERROR_MALFORMED, 0, "%s: too short", path);
    if (!ok) {
        (void)io->close(io->state, fd);
        return false;
    }
    failed = io->map(io->state, fd, LOG_CONTROL_BYTES, writable, &at);
    if (failed) {
        (void)io->close(io->state, fd);
        return log_io_failed(err, failed, "map", path);
    }
    struct log_control control;
    control_over(at, writable, &control);
    if (control.writer->magic != CONTROL_MAGIC || control.writer->version != CONTROL_VERSION) {
        enum error_code code =
            control.writer->magic == CONTROL_MAGIC ? ERROR_VERSION : ERROR_MALFORMED;
        (void)io->unmap(io->state, at, LOG_CONTROL_BYTES);
        (void)io->close(io->state, fd);
        return error_set(err, code, 0, "%s: not a control file of this version", path);
    }
    if (ret_fd)
        *ret_fd = fd;
    else
        (void)io->close(io->state, fd);
    *ret_control = control;
    return true;
}

bool log_control_create(const struct log_io *io, const char *dir, const struct log_uuid *log,
                        struct log_control *ret_control, struct error *err)
{
    char tmp[LOG_PATH_BYTES_MAX], path[LOG_PATH_BYTES_MAX];
    uint8_t bytes[LOG_CONTROL_BYTES] = {0};
    struct log_control_writer first = {
        .magic = CONTROL_MAGIC, .version = CONTROL_VERSION, .bytes = LOG_CONTROL_BYTES};
    memcpy(first.log_uuid, log->bytes, sizeof first.log_uuid);
    memcpy(bytes, &first, sizeof first);

    if (!log_io_path(dir, LOG_NAME_CONTROL_TMP, tmp, err) ||
        !log_io_path(dir, LOG_NAME_CONTROL, path, err))
        return false;
    int fd = -1;
    void *at = NULL;
    int failed = io->open(io->state, tmp, O_RDWR | O_CREAT | O_TRUNC, &fd);
    if (failed)
        return log_io_failed(err, failed, "create", tmp);
    bool ok = log_io_write_all(io, fd, bytes, sizeof bytes, 0, tmp, err);
    if (ok) {
        failed = io->map(io->state, fd, LOG_CONTROL_BYTES, true, &at);
        ok = !failed || log_io_failed(err, failed, "map", tmp);
    }
    if (ok) {
        control_over(at, true, ret_control);
        log_control_set_home(ret_control, fd);
    }
    (void)io->close(io->state, fd);
    if (!ok)
        return false;
    failed = io->rename(io->state, tmp, path);
    if (failed) {
        log_control_close(io, ret_control);
        return log_io_failed(err, failed, "rename", tmp);
    }
    return true;
}

void log_control_close(const struct log_io *io, struct log_control *control)
{
    if (control->at)
        (void)io->unmap(io->state, control->at, LOG_CONTROL_BYTES);
    *control = (struct log_control){0};
}

bool log_control_this_boot(const struct log_control *control, const uint8_t boot[LOG_BOOT_ID_BYTES])
{
    uint64_t id[2];
    memcpy(id, boot, sizeof id);
    return atomic_load_explicit(&control->writer->boot[0], memory_order_acquire) == id[0] &&
           atomic_load_explicit(&control->writer->boot[1], memory_order_acquire) == id[1];
}

void log_control_set_boot(const struct log_control *control, const uint8_t boot[LOG_BOOT_ID_BYTES])
{
    uint64_t id[2];
    memcpy(id, boot, sizeof id);
    atomic_store_explicit(&control->writer->boot[0], id[0], memory_order_release);
    atomic_store_explicit(&control->writer->boot[1], id[1], memory_order_release);
}

void log_control_publish(const struct log_control *control, uint64_t seq)
{
    struct log_control_writer *w = control->writer;
    atomic_store_explicit(&w->published_seq, seq, memory_order_release);
    /* The only writer of this word, so no read-modify-write is needed. The fence orders both stores
       before the look at `waiting_at`. */
    uint32_t count = atomic_load_explicit(&w->publications, memory_order_relaxed);
    atomic_store_explicit(&w->publications, count + 1, memory_order_release);
    atomic_thread_fence(memory_order_seq_cst);
    uint32_t waiting_at = atomic_load_explicit(&control->readers->waiting_at, memory_order_relaxed);
    if ((int32_t)(waiting_at - count) >= 0)
        futex_wake(&w->publications);
}

/* Both wrap, so "later" is by difference. */
static void raise_to(_Atomic uint32_t *word, uint32_t value)
{
    uint32_t now = atomic_load_explicit(word, memory_order_relaxed);
    while ((int32_t)(value - now) > 0 &&
           !atomic_compare_exchange_weak_explicit(word, &now, value, memory_order_seq_cst,
                                                  memory_order_relaxed))
        ;
}

void log_control_wait(const struct log_control *control, uint64_t seen, uint32_t timeout_ms)
{
    struct log_control_writer *w = control->writer;
    uint32_t count = atomic_load_explicit(&w->publications, memory_order_acquire);
    if (control->readers)
        raise_to(&control->readers->waiting_at, count);
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&w->published_seq, memory_order_acquire) != seen)
        return;
    futex_wait(&w->publications, count, (int64_t)timeout_ms * NS_PER_MS);
}

void log_control_request_sync(const struct log_control *control)
{
    if (!control->readers)
        return;
    if (!atomic_exchange_explicit(&control->readers->sync_requested, 1, memory_order_acq_rel))
        futex_wake(&control->readers->sync_requested);
}

bool log_control_await_request(const struct log_control *control, int64_t timeout_ns)
{
    _Atomic uint32_t *word = &control->readers->sync_requested;
    if (!atomic_load_explicit(word, memory_order_acquire) && timeout_ns > 0)
        futex_wait(word, 0, timeout_ns);
    return atomic_exchange_explicit(word, 0, memory_order_acq_rel) != 0;
}
