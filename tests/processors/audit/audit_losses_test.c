/* What publishers wrote down as taken by a disk cap, as the audit adds it up. */
#include <stdlib.h>
#include <string.h>

#include "processors/audit/audit_private.h"
#include "processors/publish/rejected.h"
#include "tests/support/support.h"

static const struct feed_loss lines[] = {
    {.results = 10, .first_seq = 1, .last_seq = 10, .before_input_seq = 5},
    /* Told again by a publisher that was killed; meanwhile a power cut came, and more is gone. */
    {.results = 22, .first_seq = 1, .last_seq = 1048598, .before_input_seq = 9},
    {.results = 22, .first_seq = 1, .last_seq = 1048598, .before_input_seq = 9},
    /* From a place within what was told. */
    {.results = 30, .first_seq = 1048590, .last_seq = 1048619, .before_input_seq = 12},
    {.results = 5, .first_seq = 2000000, .last_seq = 2000004, .before_input_seq = 20},
};
static const uint64_t counts[] = {10, 12, 21, 5};

static void each_lost_result_counts_once_and_no_hole_does(void **state)
{
    (void)state;
    char dir[4096];
    struct error err = {0};
    struct config config = {.state_dir = dir};
    const struct audit_options options = {.config = &config};
    struct audit_finding found[AUDIT_FINDINGS_MAX] = {0};
    struct audit_report report = {.finding = found};
    struct audit audit = {.options = &options, .report = &report};
    uint64_t sum = 0;
    support_temp_dir(dir, sizeof dir);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        assert_true(rejected_add_lost(dir, "series-bulk", &lines[i], &err));
    assert_true(audit_losses(&audit, "series", OUTPUT_BULK, &err));
    assert_int_equal(report.finding_count, sizeof counts / sizeof counts[0]);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        assert_int_equal(found[i].count, counts[i]);
        sum += counts[i];
    }
    assert_int_equal(report.findings, sum);
    support_remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_lost_result_counts_once_and_no_hole_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
