/*
 * result_hash: one hash of every result that seeded streams give, so that builds by other compilers
 * and for other processors can be compared.
 *
 *     result_hash            prints 16 hex digits
 *     result_hash --check    fails when they are not EXPECTED
 *
 * A change of the core's results on purpose changes EXPECTED; then CORE_VERSION must rise too once
 * a version has been released.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/core_stream.h"

enum { SEEDS = 8, STEPS = 5000 };

static const uint64_t EXPECTED = UINT64_C(0xd584881597514b21);

int main(int argc, char **argv)
{
    uint64_t hash = 0, results = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct core_stream stream = core_stream_begin(seed);
        struct core_feed feed;
        core_stream_init(&stream, &feed);
        for (int i = 0; i < STEPS; i++)
            core_stream_next(&stream, &feed);
        hash = (hash ^ feed.hash) * 0x9e3779b97f4a7c15u;
        results += feed.result_count;
        core_feed_free(&feed);
    }
    printf("%016" PRIx64 "\n", hash);
    if (argc > 1 && strcmp(argv[1], "--check") == 0 && hash != EXPECTED) {
        fprintf(stderr, "result_hash: %" PRIu64 " results, expected %016" PRIx64 "\n", results,
                EXPECTED);
        return 1;
    }
    return 0;
}
