#include "schemas/base/crc32c.h"

#include <string.h>

#include "tests/support/support.h"

/* RFC 3720, appendix B.4 */
static void test_vectors(void **state)
{
    (void)state;
    uint8_t bytes[32];
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(crc32c(0, bytes, 32), 0x8a9136aa);
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(crc32c(0, bytes, 32), 0x62a8ab43);
    for (unsigned i = 0; i < 32; i++)
        bytes[i] = (uint8_t)i;
    assert_int_equal(crc32c(0, bytes, 32), 0x46dd794e);
    for (unsigned i = 0; i < 32; i++)
        bytes[i] = (uint8_t)(31 - i);
    assert_int_equal(crc32c(0, bytes, 32), 0x113fdb5c);
    assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
    assert_int_equal(crc32c(0, "", 0), 0);
}

/* Both ways give the same, at every length and alignment, in one call or in two. */
static void test_ways_agree(void **state)
{
    (void)state;
    uint8_t bytes[300];
    uint32_t x = 1;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
    for (size_t from = 0; from < 9; from++) {
        for (size_t len = 0; from + len <= sizeof bytes; len++) {
            uint32_t table = crc32c_table(7, bytes + from, len);
            assert_int_equal(crc32c(7, bytes + from, len), table);
            if (crc32c_has_hardware())
                assert_int_equal(crc32c_hardware(7, bytes + from, len), table);
            size_t half = len / 3;
            uint32_t twice = crc32c(7, bytes + from, half);
            assert_int_equal(crc32c(twice, bytes + from + half, len - half), table);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_ways_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
