/*
 * crc32c: the Castagnoli CRC (polynomial 0x1EDC6F41, reflected), as iSCSI and ext4 use it. RFC 3720 appendix B.4 has test
 * vectors. Uses the CPU's instruction where it has one, a table otherwise; both give the same value.
 *
 *     uint32_t crc = crc32c(0, head, head_len);
 *     crc = crc32c(crc, body, body_len);             // the same as one call over both
 */
#ifndef CROWDTIDE_SCHEMAS_BASE_CRC32C_H
#define CROWDTIDE_SCHEMAS_BASE_CRC32C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* crc: 0 to begin, or the value so far. Any thread. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t len);

/* The two ways by themselves, for tests; crc32c_hardware must not be called where crc32c_has_hardware is false. */
bool crc32c_has_hardware(void);
uint32_t crc32c_hardware(uint32_t crc, const void *bytes, size_t len);
uint32_t crc32c_table(uint32_t crc, const void *bytes, size_t len);

#endif
