/*
 * truth: what really happens at the site: some 45,000 people a day, each with a time of arrival, a
 * wish to be somewhere, a way to walk and a time to leave. Nobody is created or lost inside.
 *
 * A day of a trade fair: staff from 7 h; most visitors come between 9 and 11 h, by metro in waves;
 * hall peaks at 10–11 and 14–15 h; lunch from 11:45 to 13:15 in the food court and on the plaza;
 * sessions in the forum; shows on the stages; one celebrity a day who fills half a hall in minutes;
 * from 16 h most leave, at 18 h the halls close. How popular each hall is changes by seed and day.
 * Nobody acts on alerts: red halls go on filling, as they would in the worst case.
 *
 *     struct truth *truth = truth_new(&site, seed);
 *     truth_step(truth);                the next second, from 7 h of day 0
 *     truth->count[area], truth->passed[link][SITE_IN]
 */
#ifndef CROWDTIDE_TESTS_QUALITY_TRUTH_H
#define CROWDTIDE_TESTS_QUALITY_TRUTH_H

#include "tests/quality/site.h"

enum {
    TRUTH_DAY_S = 86400,
    TRUTH_OPEN_S = 7 * 3600,   /* the first people come; a simulated day begins */
    TRUTH_END_S = 20 * 3600,   /* the last have gone */
    TRUTH_EVENTS_MAX = 48,
    TRUTH_WHEEL_S = 1 << 17, /* more than a day ahead */
};

enum { TRUTH_IN, TRUTH_OUT };
enum { TRUTH_NO_WAY = 0xff };

struct truth_event { /* draws people to an area */
    int area;
    int32_t start_s, end_s; /* of the day */
    double pull;            /* weight beside an ordinary hall part's 1 */
};

struct truth_person {
    uint32_t next; /* in the second's list */
    int32_t leave_s;
    uint8_t area, goal;
    bool used;
};

struct truth {
    const struct site *site;
    uint64_t seed, random;
    int32_t now_s; /* since midnight of day 0: the second that is over */
    int32_t count[SITE_AREAS_MAX];      /* people; of the world: not kept */
    int32_t passed[SITE_LINKS_MAX][2];  /* in the last second */
    struct truth_event event[TRUTH_EVENTS_MAX];
    uint32_t events;
    double popularity[SITE_AREAS_MAX];
    double weight_sum[SITE_AREAS_MAX]; /* cumulated, of this minute */
    uint8_t links_to[SITE_AREAS_MAX][SITE_AREAS_MAX]; /* from an area to a goal */
    int64_t gate_free_ms[SITE_LINKS_MAX];
    struct truth_person *person;
    uint32_t people, people_cap, free_list;
    uint32_t *wheel; /* first person of each second, TRUTH_WHEEL_S of them */
};

struct truth *truth_new(const struct site *site, uint64_t seed);
void truth_free(struct truth *truth);
void truth_step(struct truth *truth);
/* People in a zone and in all that is inside it. */
void truth_zones(const struct truth *truth, int32_t ret_people[SITE_ZONES_MAX]);

#endif
