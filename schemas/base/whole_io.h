/* whole_io: reads and writes that go on until all is done, whatever interrupts or shortens them;
   and the sync of a directory, which makes names durable. Thread-safe. */
#ifndef CROWDTIDE_SCHEMAS_BASE_WHOLE_IO_H
#define CROWDTIDE_SCHEMAS_BASE_WHOLE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* False: errno says why, or the file has fewer bytes. */
bool whole_read(int fd, void *to, size_t len);
/* At most len bytes, fewer only when the file has no more; how many. -1: errno says why. */
ssize_t whole_read_head(int fd, void *to, size_t len);
/* False: errno says why. */
bool whole_write(int fd, const void *from, size_t len);
/* New, removed and renamed files of the directory survive a power cut. False: errno says why. */
bool whole_sync_dir(const char *dir);

#endif
