/* When "connected, but no data" is said: once a silence, not before its time. */
#include "ingest/silence.h"

#include "tests/support/support.h"

static void each_silence_is_told_once(void **state)
{
    (void)state;
    static const struct {
        int64_t at_s;
        bool ready;
        uint64_t messages;
        bool told;
    } looks[] = {
        {1000, false, 0, false}, {1100, false, 0, false}, /* not connected: nothing to say */
        {1101, true, 0, false},  {1159, true, 0, false},
        {1160, true, 0, true}, /* SILENCE_S after the last look without connection */
        {1161, true, 0, false},  {1400, true, 0, false}, /* once */
        {1401, true, 7, false},  {1460, true, 7, false},
        {1461, true, 7, true}, /* another silence */
        {1462, false, 7, false}, {1463, true, 7, false},
        {1521, true, 7, false},  {1522, true, 7, true}, /* counted from the loss of connection */
        {1523, true, 8, false},  {1582, true, 9, false},
        {1641, true, 10, false}, /* never silent */
    };
    struct silence silence = {0};
    for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++) {
        bool told =
            silence_begins(&silence, looks[i].ready, looks[i].messages, looks[i].at_s * 1000000000);
        if (told != looks[i].told)
            fail_msg("at %lld s: told %d", (long long)looks[i].at_s, told);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_silence_is_told_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
