/* A script: run to its end, or broken with a line and a reason; the same each time. */
#include "processors/replay/script.h"
#include "tests/fuzz/fuzz.h"

/* Days of virtual time are lawful, and slow. */
enum { BYTES_MAX = 8192, RECORDS_MAX = 2000 };

static void must_hold(const struct script_report *r, bool ok, size_t size)
{
    FUZZ_MUST(ok == (!r->broken && r->unmet == 0));
    FUZZ_MUST(r->listed <= SCRIPT_FAILURES_MAX && (r->listed > 0) == !ok);
    FUZZ_MUST(r->unmet <= r->expectations);
    for (uint32_t i = 0; i < r->listed; i++)
        FUZZ_MUST(r->failure[i].reason[0] && r->failure[i].line <= size + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct script_report once, again;
    struct script_options options = {.path = "fuzz.txt", .records_max = RECORDS_MAX};
    if (size == 0 || size > BYTES_MAX)
        return 0;
    options.text = (struct str){(const char *)data, (uint32_t)size};
    bool ok = script_run(&options, &once);
    must_hold(&once, ok, size);
    options.restart_every = 100;
    ok = script_run(&options, &again);
    must_hold(&again, ok, size);
    FUZZ_MUST(once.hash == again.hash && once.results == again.results);
    return 0;
}
