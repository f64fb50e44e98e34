/* What the sensors say: counters of levels and of passages, a gate and a light, each at its own
 * pace, with everything real ones do wrong. */
#include <string.h>

#include "tests/sim/sim_broker.h"
#include "tests/sim/sim_sensors.h"

enum { ODD_ONE_IN = 25, LATE_MS_MAX = 90000 };

static const struct {
    const char *topic;
    enum { LEVEL, DELTA, GATE, LIGHT } says;
    int period_ms;
} all[SIM_SENSORS] = {
    {"crowdtide/v/crowd/s0", LEVEL, 400},  {"crowdtide/v/crowd/s1", LEVEL, 700},
    {"crowdtide/v/crowd/s2", DELTA, 300},  {"crowdtide/v/crowd/s3", DELTA, 500},
    {"crowdtide/v/gate/s4", GATE, 600},    {"crowdtide/v/light/s5", LIGHT, 2000},
    {"crowdtide/v/crowd/s6", LEVEL, 1000}, {"drill/v/crowd/s0", LEVEL, 3000},
};

struct sim_sensors {
    struct {
        int64_t due_ns, silent_until_ns;
        uint64_t seq;
        int level;
        char held[SIM_PAYLOAD_BYTES]; /* to be said after the next one, or again */
        bool hold;
    } at[SIM_SENSORS];
};

/* Sensors have a clock of their own, which is right here: time since 1970, ms. */
static int64_t sensor_ms(void)
{
    return INT64_C(1795424400000) + sim->now_ns / 1000000;
}

static void payload(struct sim_sensors *s, int i, int64_t ts_ms, char out[SIM_PAYLOAD_BYTES])
{
    unsigned long long seq = ++s->at[i].seq;
    int *level = &s->at[i].level;
    *level += (int)sim_random(21) - 10;
    if (sim_one_in(30))
        *level = (int)sim_random(110);
    *level = *level < 0 ? 0 : *level > 110 ? 110 : *level;
    switch (all[i].says) {
    case LEVEL:
        (void)snprintf(out, SIM_PAYLOAD_BYTES, "{\"occupancy\":%d,\"ts\":%lld,\"seq\":%llu}",
                       *level, (long long)ts_ms, seq);
        break;
    case DELTA:
        (void)snprintf(out, SIM_PAYLOAD_BYTES, "{\"in\":%d,\"out\":%d,\"ts\":%lld,\"seq\":%llu}",
                       (int)sim_random(4), (int)sim_random(3), (long long)ts_ms, seq);
        break;
    case GATE:
        (void)snprintf(out, SIM_PAYLOAD_BYTES,
                       "{\"lane\":\"%d\",\"event\":\"%s\",\"direction\":\"%s\",\"ts\":%lld,"
                       "\"seq\":%llu}",
                       (int)sim_random(3), sim_one_in(8) ? "reject" : "pass",
                       sim_one_in(3) ? "out" : "in", (long long)ts_ms, seq);
        break;
    case LIGHT:
        (void)snprintf(out, SIM_PAYLOAD_BYTES,
                       "{\"lux\":%d,\"power_w\":%d,\"state\":\"%s\",\"ts\":%lld,\"seq\":%llu}",
                       (int)sim_random(60), (int)sim_random(90), sim_one_in(4) ? "off" : "on",
                       (long long)ts_ms, seq);
        break;
    }
}

/* Something that real sensors and brokers do. */
static void say_odd(struct sim_sensors *s, int i)
{
    char text[SIM_PAYLOAD_BYTES];
    sim_count(SIM_FAULT_SENSOR);
    switch (sim_random(7)) {
    case 0: /* late */
        payload(s, i, sensor_ms() - (int64_t)sim_random(LATE_MS_MAX), text);
        sim_publish(all[i].topic, text, false);
        break;
    case 1: /* said twice */
        payload(s, i, sensor_ms(), text);
        sim_publish(all[i].topic, text, false);
        sim_publish(all[i].topic, text, false);
        break;
    case 2: /* after the next one */
        payload(s, i, sensor_ms(), s->at[i].held);
        s->at[i].hold = true;
        break;
    case 3:
        payload(s, i, sensor_ms(), text);
        sim_publish(all[i].topic, text, true);
        break;
    case 4:
        (void)snprintf(text, sizeof text, "{\"occupancy\":%llu",
                       (unsigned long long)sim_random(99));
        sim_publish(all[i].topic, text, false);
        break;
    case 5:
        sim_publish("crowdtide/v/crowd/nobody", "{\"occupancy\":1}", false);
        break;
    default:
        s->at[i].silent_until_ns = sim->now_ns + INT64_C(1000000000) * (int64_t)sim_random(25);
        break;
    }
}

void sim_sensors_turn(bool all_silent, bool all_well)
{
    struct sim_sensors *s = sim->sensors;
    for (int i = 0; i < SIM_SENSORS && !all_silent; i++) {
        if (all_well)
            s->at[i].silent_until_ns = 0;
        if (sim->now_ns < s->at[i].due_ns || sim->now_ns < s->at[i].silent_until_ns ||
            (all_well && i == SIM_SENSOR_MUTE))
            continue;
        s->at[i].due_ns =
            sim->now_ns + INT64_C(1000000) * ((int64_t)all[i].period_ms / 2 +
                                              (int64_t)sim_random((uint64_t)all[i].period_ms));
        if (!all_well && sim_one_in(ODD_ONE_IN)) {
            say_odd(s, i);
            continue;
        }
        char text[SIM_PAYLOAD_BYTES];
        payload(s, i, sensor_ms(), text);
        sim_publish(all[i].topic, text, false);
        if (s->at[i].hold)
            sim_publish(all[i].topic, s->at[i].held, false);
        s->at[i].hold = false;
    }
}

void sim_sensors_new(struct sim *s)
{
    s->sensors = sim_keep(sizeof *s->sensors);
}

void sim_sensors_free(struct sim *s)
{
    sim_keep_free(s->sensors);
    s->sensors = NULL;
}
