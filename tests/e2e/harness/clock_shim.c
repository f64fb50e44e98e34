/* Beside libfaketime, which turns the deadlines of pthread_cond_timedwait into true time but does
   not know C11's cnd_timedwait: librdkafka would wait for hours or not at all, as on no real
   machine. In glibc both are the same function over the same objects. */
#include <errno.h>
#include <pthread.h>
#include <threads.h>

int cnd_timedwait(cnd_t *restrict cond, mtx_t *restrict mutex,
                  const struct timespec *restrict until)
{
    int code = pthread_cond_timedwait((pthread_cond_t *)cond, (pthread_mutex_t *)mutex, until);
    return code == 0 ? thrd_success : code == ETIMEDOUT ? thrd_timedout : thrd_error;
}
