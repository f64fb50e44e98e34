/*
 * faults: what the sensors make of the truth, and what the network makes of the sensors: messages as
 * they reach the broker. Each kind of fault can be had alone, or all together.
 *
 *     struct faults *faults = faults_new(&site, &options);
 *     faults_second(faults, truth);                  what is counted in this second, what is sent
 *     while (faults_next(faults, until_ms, &message)) …   what has arrived, in order
 *
 * The numbers, from data sheets, from the one door that was measured, and where there is neither, our
 * own: they are meant to be what a venue sees on a bad but ordinary day, not the worst that can be.
 */
#ifndef CROWDTIDE_TESTS_QUALITY_FAULTS_H
#define CROWDTIDE_TESTS_QUALITY_FAULTS_H

#include "tests/quality/truth.h"

/* bit, name, what it is */
/* clang-format off */
#define FAULTS(F)                                                                                  \
    F(COUNT, "count error", "each door up to 5 % off in each direction, each level counter up to 5 %, by chance and for the whole day; level counters flicker by 2 %") \
    F(DROPOUT, "dropouts", "a sensor's messages are lost for 20 s to 15 min, about every 6 h")     \
    F(DRIFT, "drift", "until the evening level counters drift up to 10 %, doors up to 3 % more")   \
    F(BURST, "bursts", "a network switch holds its sensors' messages for 1 to 8 min, about every 5 h, then they come at once") \
    F(LATE, "late data", "a sensor keeps its messages for 15 to 50 min, about once a day, then sends them") \
    F(REPEAT, "repeats", "2 % of messages come twice, 1 % come 2 to 15 s late and out of order")   \
    F(RESET, "resets", "devices restart about every 6 h: totals begin at 0, cameras show 0 for 20 to 40 s; 16-bit totals wrap at noon") \
    F(SATURATION, "saturation", "stage cameras show 255 at most")                                  \
    F(CLOCK, "clocks", "one sensor in ten has a clock that is 8 h ahead, 8 h behind or 4 min behind") \
    F(JUMP, "jumps", "now and then a level counter shows 500 to 2,000 too many for 10 to 30 s, or a door counts 300 to 3,000 people at once")
/* clang-format on */
enum fault {
#define FAULT_ENUM(name, text, what) FAULT_##name,
    FAULTS(FAULT_ENUM)
#undef FAULT_ENUM
    FAULT_COUNT_OF_KINDS
};
#define FAULT_BIT(name) (1u << FAULT_##name)
enum { FAULTS_NONE = 0, FAULTS_ALL = (1u << FAULT_COUNT_OF_KINDS) - 1 };
extern const char *const fault_text[FAULT_COUNT_OF_KINDS];
extern const char *const fault_what[FAULT_COUNT_OF_KINDS];

struct faults_options {
    uint64_t seed;
    uint32_t kinds;     /* FAULT_BIT(…) */
    int64_t epoch_ms;   /* midnight of day 0, ms since 1970 */
};

struct faults_message { /* as it arrives */
    int64_t arrive_ms, ts_ms, seq; /* ts_ms, seq < 0: the device sends none */
    int64_t in, out;               /* level counters: in alone */
    int32_t sensor;
    bool repeat; /* marked so by the broker */
    uint32_t order;
};

struct faults; /* opaque */

struct faults *faults_new(const struct site *site, const struct faults_options *options);
void faults_free(struct faults *faults);
/* Counts what passed in the truth's last second, and sends what is due. */
void faults_second(struct faults *faults, const struct truth *truth);
/* The next message that arrives before until_ms; false: none. */
bool faults_next(struct faults *faults, int64_t until_ms, struct faults_message *ret_message);

#endif
