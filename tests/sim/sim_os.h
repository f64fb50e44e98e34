/* sim_os: the system calls that are wrapped in the simulation (sim.h): ours, and the real ones. */
#ifndef CROWDTIDE_TESTS_SIM_SIM_OS_H
#define CROWDTIDE_TESTS_SIM_SIM_OS_H

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <sys/vfs.h>
#include <time.h>

#define SIM_CALLS(C)                                                                               \
    C(int, close, (int fd))                                                                        \
    C(ssize_t, read, (int fd, void *to, size_t n))                                                 \
    C(ssize_t, write, (int fd, const void *from, size_t n))                                        \
    C(ssize_t, pread, (int fd, void *to, size_t n, off_t at))                                      \
    C(ssize_t, pwrite, (int fd, const void *from, size_t n, off_t at))                             \
    C(int, posix_fallocate, (int fd, off_t at, off_t n))                                           \
    C(int, fallocate, (int fd, int mode, off_t at, off_t n))                                       \
    C(int, ftruncate, (int fd, off_t len))                                                         \
    C(int, fdatasync, (int fd))                                                                    \
    C(int, fsync, (int fd))                                                                        \
    C(int, rename, (const char *from, const char *to))                                             \
    C(int, unlink, (const char *path))                                                             \
    C(int, mkdir, (const char *path, mode_t mode))                                                 \
    C(DIR *, opendir, (const char *path))                                                          \
    C(struct dirent *, readdir, (DIR * dir))                                                       \
    C(int, closedir, (DIR * dir))                                                                  \
    C(int, stat, (const char *path, struct stat *out))                                             \
    C(int, lstat, (const char *path, struct stat *out))                                            \
    C(int, fstat, (int fd, struct stat *out))                                                      \
    C(int, statx, (int dir, const char *path, int flags, unsigned mask, struct statx *out))        \
    C(int, access, (const char *path, int mode))                                                   \
    C(int, statfs, (const char *path, struct statfs *out))                                         \
    C(int, statvfs, (const char *path, struct statvfs *out))                                       \
    C(void *, mmap, (void *at, size_t n, int prot, int flags, int fd, off_t from))                 \
    C(int, munmap, (void *at, size_t n))                                                           \
    C(int, madvise, (void *at, size_t n, int advice))                                              \
    C(ssize_t, getrandom, (void *out, size_t n, unsigned flags))                                   \
    C(int, clock_gettime, (clockid_t id, struct timespec * out))                                   \
    C(int, nanosleep, (const struct timespec *pause, struct timespec *left))                       \
    C(int, poll, (struct pollfd * fds, nfds_t count, int ms))                                      \
    C(pid_t, getpid, (void))                                                                       \
    C(pid_t, gettid, (void))                                                                       \
    C(int, sigaction, (int sig, const struct sigaction *action, struct sigaction *before))         \
    C(int, sigaltstack, (const stack_t *stack, stack_t *before))                                   \
    C(int, pthread_sigmask, (int how, const sigset_t *set, sigset_t *before))                      \
    C(int, pthread_create,                                                                         \
      (pthread_t * ret, const pthread_attr_t *attributes, void *(*fn)(void *), void *arg))         \
    C(int, pthread_join, (pthread_t thread, void **ret))                                           \
    C(int, pthread_mutex_init, (pthread_mutex_t * m, const pthread_mutexattr_t *attributes))       \
    C(int, pthread_mutex_destroy, (pthread_mutex_t * m))                                           \
    C(int, pthread_mutex_lock, (pthread_mutex_t * m))                                              \
    C(int, pthread_mutex_unlock, (pthread_mutex_t * m))                                            \
    C(int, mallopt, (int what, int value))

#define SIM_CALL(type, name, arguments)                                                            \
    type __real_##name arguments;                                                                  \
    type __wrap_##name arguments;
SIM_CALLS(SIM_CALL)
#undef SIM_CALL

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
_Noreturn void __real__exit(int code);
_Noreturn void __wrap__exit(int code);

/* The end of an operation: errno, 0 or -1. */
int sim_os_result(int failed);

#endif
