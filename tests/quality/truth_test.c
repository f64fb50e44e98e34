/*
 * truth and faults: nobody is created or lost; the day has the shape of a fair's; without faults
 * the sensors tell the truth; the same seed is the same day.
 */
#include "tests/quality/truth.h"

#include <stdlib.h>

#include "tests/quality/faults.h"
#include "tests/support/support.h"

/* People who went in less those who went out, over every border between an area and the others. */
static void test_conservation(void **state)
{
    (void)state;
    struct site site;
    site_init(&site);
    struct truth *truth = truth_new(&site, 3);
    int64_t net[SITE_AREAS_MAX] = {0};
    int32_t most = 0, zones[SITE_ZONES_MAX];
    for (int32_t t = TRUTH_OPEN_S; t < TRUTH_END_S; t++) {
        truth_step(truth);
        for (int l = 0; l < site.links; l++) {
            int32_t by = truth->passed[l][TRUTH_IN] - truth->passed[l][TRUTH_OUT];
            net[site.link[l].from] -= by;
            net[site.link[l].to] += by;
            assert_true(!site.link[l].one_way || truth->passed[l][TRUTH_OUT] == 0);
        }
        if (t % 60)
            continue;
        for (int a = 1; a < site.areas; a++)
            assert_int_equal(net[a], truth->count[a]);
        truth_zones(truth, zones);
        assert_int_equal(zones[0], -net[SITE_OUTSIDE]);
        most = zones[0] > most ? zones[0] : most;
    }
    assert_true(most > 25000 && most < 45000);
    assert_int_equal(net[SITE_OUTSIDE], 0); /* in the evening everybody has gone home */
    truth_free(truth);
}

struct heard {
    int64_t in[SITE_SENSORS_MAX], out[SITE_SENSORS_MAX], first[SITE_SENSORS_MAX][2];
    uint32_t messages[SITE_SENSORS_MAX];
    uint64_t hash;
};

static void hear(const struct site *site, struct faults *faults, int64_t until_ms,
                 struct heard *heard)
{
    struct faults_message m;
    int64_t before_ms = 0;
    while (faults_next(faults, until_ms, &m)) {
        assert_true(m.arrive_ms >= before_ms && m.arrive_ms < until_ms);
        before_ms = m.arrive_ms;
        bool adds =
            site->sensor[m.sensor].sense == SITE_DELTA || site->sensor[m.sensor].sense == SITE_GATE;
        if (heard->messages[m.sensor]++ == 0 && site->sensor[m.sensor].link != SITE_NONE) {
            heard->first[m.sensor][0] = adds ? 0 : m.in;
            heard->first[m.sensor][1] = adds ? 0 : m.out;
        }
        heard->in[m.sensor] = m.in + (adds ? heard->in[m.sensor] : 0);
        heard->out[m.sensor] = m.out + (adds ? heard->out[m.sensor] : 0);
        heard->hash = (heard->hash ^ (uint64_t)m.in ^ (uint64_t)m.arrive_ms) * 0x100000001b3u;
    }
}

static uint64_t morning(uint64_t seed, uint32_t kinds)
{
    struct site site;
    site_init(&site);
    struct truth *truth = truth_new(&site, seed);
    struct faults *faults =
        faults_new(&site, &(struct faults_options){.seed = seed, .kinds = kinds});
    struct heard *heard = calloc(1, sizeof *heard);
    int64_t in[SITE_LINKS_MAX] = {0}, out[SITE_LINKS_MAX] = {0};
    assert_non_null(heard);
    for (int32_t t = TRUTH_OPEN_S; t < TRUTH_OPEN_S + 7200; t++) {
        truth_step(truth);
        faults_second(faults, truth);
        hear(&site, faults, (int64_t)(t + 1) * 1000, heard);
        for (int l = 0; l < site.links; l++) {
            in[l] += truth->passed[l][TRUTH_IN];
            out[l] += truth->passed[l][TRUTH_OUT];
        }
    }
    for (int s = 0; kinds == FAULTS_NONE && s < site.sensors; s++) {
        const struct site_sensor *sensor = &site.sensor[s];
        int64_t off = sensor->link == SITE_NONE
                          ? heard->in[s] - truth->count[sensor->area]
                          : heard->in[s] - heard->first[s][0] - in[sensor->link];
        int64_t off_out =
            sensor->link == SITE_NONE ? 0 : heard->out[s] - heard->first[s][1] - out[sensor->link];
        assert_true(heard->messages[s] > 1400); /* every 5 s */
        assert_in_range(off + 40, 0, 80);       /* what its last message does not know yet */
        assert_in_range(off_out + 40, 0, 80);
    }
    uint64_t hash = heard->hash;
    truth_free(truth);
    faults_free(faults);
    free(heard);
    return hash;
}

static void test_no_faults(void **state)
{
    (void)state;
    (void)morning(5, FAULTS_NONE);
}

static void test_same_seed(void **state)
{
    (void)state;
    uint64_t first = morning(7, FAULTS_ALL);
    assert_true(first == morning(7, FAULTS_ALL));
    assert_true(first != morning(8, FAULTS_ALL));
    assert_true(first != morning(7, FAULTS_NONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conservation),
        cmocka_unit_test(test_no_faults),
        cmocka_unit_test(test_same_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
