#include "tests/quality/truth.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/quality/random.h"

enum {
    HOUR_S = 3600,
    VISITORS = 45000,
    STAFF = 900,
    EVENT_BEFORE_S = 10 * 60, /* people make for it so early … */
    EVENT_AFTER_S = 4 * 60,   /* … until so long after its beginning */
    CLOSE_S = 18 * HOUR_S,
};

static const uint32_t NOBODY = UINT32_MAX;

static int32_t clock_s(int32_t hour, int32_t minute)
{
    return hour * HOUR_S + minute * 60;
}

static int32_t day_of(int32_t t_s)
{
    return t_s / TRUTH_DAY_S;
}

/* ---- ways --------------------------------------------------------------------------------- */

/* Whether a way to `goal` may lead from `from` through `at`: nobody leaves the venue or enters a
 * hall to cut a corner. */
static bool passable(const struct site *site, int from, int at, int goal)
{
    const struct site_area *area = &site->area[at];
    bool dead_end = at == SITE_OUTSIDE || area->use == SITE_SHOW || area->use == SITE_FRONT;
    bool same_hall = area->hall != SITE_NONE &&
                     (area->hall == site->area[goal].hall || area->hall == site->area[from].hall);
    return at == goal || !dead_end || same_hall;
}

/* Where a link leads from an area, and which way that is; false: it does not begin there. */
static bool link_leads(const struct site_link *link, int from, int *ret_to, int *ret_way)
{
    bool in = link->from == from, out = link->to == from && !link->one_way;
    *ret_to = in ? link->to : link->from;
    *ret_way = in ? TRUTH_IN : TRUTH_OUT;
    return in || out;
}

/* Breadth-first from every goal backwards: how many links each area is away. */
static void ways_find(struct truth *truth)
{
    const struct site *site = truth->site;
    memset(truth->links_to, TRUTH_NO_WAY, sizeof truth->links_to);
    for (int goal = 0; goal < site->areas; goal++) {
        int queue[SITE_AREAS_MAX], head = 0, tail = 0;
        queue[tail++] = goal;
        truth->links_to[goal][goal] = 0;
        while (head < tail) {
            int at = queue[head++], to, way;
            for (int l = 0; l < 2 * site->links; l++) {
                const struct site_link *link = &site->link[l / 2];
                int from = l % 2 ? link->to : link->from;
                if (!link_leads(link, from, &to, &way) || to != at ||
                    truth->links_to[from][goal] != TRUTH_NO_WAY || !passable(site, from, at, goal))
                    continue;
                truth->links_to[from][goal] = (uint8_t)(truth->links_to[at][goal] + 1);
                queue[tail++] = from;
            }
        }
    }
}

/* The next link on a shortest way, by weight; of the queues people prefer the shorter one. */
static int link_choose(struct truth *truth, int from, int goal, int *ret_way)
{
    const struct site *site = truth->site;
    uint32_t sum = 0;
    int chosen = -1, to, way;
    for (int l = 0; l < site->links; l++) {
        const struct site_link *link = &site->link[l];
        if (!link_leads(link, from, &to, &way) || !passable(site, from, to, goal) ||
            truth->links_to[to][goal] + 1 != truth->links_to[from][goal])
            continue;
        uint32_t weight = link->weight * 100;
        if (site->area[to].use == SITE_QUEUE)
            weight = 10000 / (100 + (uint32_t)truth->count[to]);
        sum += weight;
        if (random_below(&truth->random, sum) < weight) {
            chosen = l;
            *ret_way = way;
        }
    }
    assert(chosen >= 0);
    return chosen;
}

/* ---- people ------------------------------------------------------------------------------- */

static void wake_at(struct truth *truth, uint32_t p, int32_t t_s)
{
    if (t_s <= truth->now_s)
        t_s = truth->now_s + 1;
    uint32_t *head = &truth->wheel[t_s % TRUTH_WHEEL_S];
    truth->person[p].next = *head;
    *head = p;
}

static void person_add(struct truth *truth, int32_t arrive_s, int32_t leave_s)
{
    uint32_t p = truth->free_list;
    if (p != NOBODY) {
        truth->free_list = truth->person[p].next;
    } else {
        if (truth->people == truth->people_cap) {
            truth->people_cap = truth->people_cap ? truth->people_cap * 2 : 65536;
            truth->person = realloc(truth->person, truth->people_cap * sizeof *truth->person);
            if (!truth->person)
                abort();
        }
        p = truth->people++;
    }
    truth->person[p] = (struct truth_person){
        .leave_s = leave_s, .area = SITE_OUTSIDE, .goal = SITE_OUTSIDE, .used = true};
    wake_at(truth, p, arrive_s);
}

static int32_t within(double t_s, int32_t low_s, int32_t high_s)
{
    return t_s < low_s ? low_s : t_s > high_s ? high_s : (int32_t)t_s;
}

/* Most come in the morning, some over the day, some after lunch; by metro in waves of 3 minutes. */
static int32_t arrival(uint64_t *random)
{
    double u = random_unit(random), t;
    if (u < 0.66)
        t = random_normal(random, clock_s(9, 50), 38 * 60);
    else if (u < 0.86)
        t = random_between(random, clock_s(10, 30), clock_s(14, 0));
    else
        t = random_normal(random, clock_s(13, 40), 35 * 60);
    int32_t at = within(t, clock_s(8, 20), clock_s(16, 0));
    if (random_unit(random) < 0.55)
        at += 180 - at % 180 + (int32_t)random_below(random, 45);
    return at;
}

static int32_t departure(uint64_t *random, int32_t arrive_s)
{
    int32_t stay_s = within(random_normal(random, 4.6 * HOUR_S, 1.6 * HOUR_S), HOUR_S, 9 * HOUR_S);
    int32_t at = arrive_s + stay_s;
    if (at > clock_s(16, 0))
        at = clock_s(16, 0) + (int32_t)random_exponential(random, 40 * 60);
    return within(at, arrive_s + 1800, CLOSE_S);
}

static void day_people(struct truth *truth, int32_t midnight_s)
{
    uint64_t random = random_of(truth->seed, 1000 + (uint64_t)day_of(midnight_s));
    uint32_t visitors = (uint32_t)(VISITORS * random_between(&random, 0.88, 1.08));
    for (uint32_t i = 0; i < visitors; i++) {
        int32_t at = arrival(&random);
        person_add(truth, midnight_s + at, midnight_s + departure(&random, at));
    }
    for (int i = 0; i < STAFF; i++) {
        int32_t at = within(random_between(&random, clock_s(7, 0), clock_s(8, 15)), 0, CLOSE_S);
        double leave_s = random_between(&random, CLOSE_S, clock_s(19, 15));
        person_add(truth, midnight_s + at, midnight_s + (int32_t)leave_s);
    }
}

static void event_add(struct truth *truth, int area, int32_t start_s, int32_t length_s, double pull)
{
    assert(truth->events < TRUTH_EVENTS_MAX);
    truth->event[truth->events++] = (struct truth_event){area, start_s, start_s + length_s, pull};
}

static void day_programme(struct truth *truth, int32_t midnight_s)
{
    const struct site *site = truth->site;
    uint64_t random = random_of(truth->seed, 2000 + (uint64_t)day_of(midnight_s));
    double hall[SITE_HALLS];
    for (int h = 0; h < SITE_HALLS; h++)
        hall[h] = random_between(&random, 0.55, 1.25);
    hall[random_below(&random, SITE_HALLS)] *= 1.6;
    hall[random_below(&random, SITE_HALLS)] *= 1.4;
    truth->events = 0;
    for (int a = 0; a < site->areas; a++) {
        const struct site_area *area = &site->area[a];
        truth->popularity[a] = area->use == SITE_SHOW    ? hall[area->hall]
                               : area->use == SITE_FRONT ? 0.03
                                                         : 0;
        if (area->use == SITE_FRONT) /* three shows a day on each stage, big and small */
            for (int i = 0; i < 3; i++)
                event_add(truth, a,
                          (int32_t)random_between(&random, clock_s(10 + 2 * i, 0),
                                                  clock_s(11 + 2 * i, 30)),
                          (int32_t)random_between(&random, 15 * 60, 40 * 60),
                          random_between(&random, 0.1, 0.9));
    }
    for (int i = 0; i < 5; i++) /* sessions in the forum */
        event_add(truth, site->forum, clock_s(10 + i + (i > 1), 15), 50 * 60,
                  random_between(&random, 0.3, 1.6));
    int star; /* one celebrity, in half a hall */
    do
        star = (int)random_below(&random, (uint32_t)site->areas);
    while (site->area[star].use != SITE_SHOW);
    event_add(truth, star, (int32_t)random_between(&random, clock_s(10, 30), clock_s(15, 0)),
              25 * 60, 1.2);
}

/* ---- wishes ------------------------------------------------------------------------------- */

static const struct truth_event *event_drawing(const struct truth *truth, int area, int32_t time_s)
{
    for (uint32_t i = 0; i < truth->events; i++) {
        const struct truth_event *e = &truth->event[i];
        if (e->area == area && time_s >= e->start_s - EVENT_BEFORE_S &&
            time_s < e->start_s + EVENT_AFTER_S)
            return e;
    }
    return NULL;
}

/* What draws people, each minute anew. */
static void wishes(struct truth *truth, int32_t time_s)
{
    const struct site *site = truth->site;
    bool lunch = time_s >= clock_s(11, 45) && time_s < clock_s(13, 15);
    double sum = 0;
    for (int a = 0; a < site->areas; a++) {
        double weight = truth->popularity[a];
        const struct truth_event *event = event_drawing(truth, a, time_s);
        if (event)
            weight += event->pull;
        if (a == site->food)
            weight += lunch ? 1.3 : 0.35;
        if (site->area[a].use == SITE_PLAZA)
            weight += lunch ? 0.3 : 0.05;
        if (site->area[a].use == SITE_SEATS && !event)
            weight = 0;
        sum += weight;
        truth->weight_sum[a] = sum;
    }
}

static int wish(struct truth *truth, int from)
{
    const struct site *site = truth->site;
    for (int attempt = 0; attempt < 8; attempt++) {
        double u = random_unit(&truth->random) * truth->weight_sum[site->areas - 1];
        int a = 0;
        while (truth->weight_sum[a] <= u)
            a++;
        uint32_t room = site->area[a].room;
        if (a != from && (room == 0 || (uint32_t)truth->count[a] < room))
            return a;
    }
    return site->area[from].use == SITE_SHOW ? from : site->food;
}

/* How long somebody stays where they wanted to be. */
static int32_t stay(struct truth *truth, int area, int32_t time_s)
{
    for (uint32_t i = 0; i < truth->events; i++) {
        const struct truth_event *e = &truth->event[i];
        if (e->area == area && time_s >= e->start_s - EVENT_BEFORE_S && time_s < e->end_s &&
            random_unit(&truth->random) < 0.85) /* until the end, then all at once */
            return e->end_s - time_s + (int32_t)random_exponential(&truth->random, 75);
    }
    double mean_s = area == truth->site->food ? 24 * 60 : 11 * 60;
    return 60 + (int32_t)random_exponential(&truth->random, mean_s);
}

/* How long it takes to walk through. At a gate people wait their turn. */
static int32_t walk(struct truth *truth, int area)
{
    static const struct {
        int32_t least_s, more_s;
    } paces[] = {
        [SITE_WORLD] = {0, 1},  [SITE_PLAZA] = {60, 90}, [SITE_QUEUE] = {12, 15},
        [SITE_WALK] = {30, 80}, [SITE_SHOW] = {25, 60},  [SITE_FRONT] = {10, 20},
        [SITE_FOOD] = {20, 40}, [SITE_SEATS] = {10, 20},
    };
    enum site_use use = truth->site->area[area].use;
    return paces[use].least_s + (int32_t)random_below(&truth->random, (uint32_t)paces[use].more_s);
}

/* Waits for the gate behind the queue; returns the second of passing. */
static int32_t gate_turn(struct truth *truth, int area, int32_t at_s)
{
    const struct site *site = truth->site;
    for (int l = 0; l < site->links; l++) {
        const struct site_link *link = &site->link[l];
        if (link->from != area || link->per_min == 0)
            continue;
        int64_t *free_ms = &truth->gate_free_ms[l];
        if (*free_ms < (int64_t)at_s * 1000)
            *free_ms = (int64_t)at_s * 1000;
        *free_ms += 60000 / link->per_min;
        return (int32_t)(*free_ms / 1000);
    }
    return at_s;
}

/* ---- the second --------------------------------------------------------------------------- */

static void move(struct truth *truth, struct truth_person *person)
{
    int from = person->area, way = 0, l = link_choose(truth, from, person->goal, &way);
    const struct site_link *link = &truth->site->link[l];
    int to = way == TRUTH_IN ? link->to : link->from;
    truth->passed[l][way]++;
    truth->count[from] -= from != SITE_OUTSIDE;
    truth->count[to] += to != SITE_OUTSIDE;
    person->area = (uint8_t)to;
}

static void act(struct truth *truth, uint32_t p)
{
    struct truth_person *person = &truth->person[p];
    int32_t now_s = truth->now_s, time_s = now_s % TRUTH_DAY_S;
    if (person->area == person->goal) {
        bool leave = now_s >= person->leave_s && person->area != SITE_OUTSIDE;
        person->goal = (uint8_t)(leave ? SITE_OUTSIDE : wish(truth, person->area));
        if (person->goal == person->area) {
            wake_at(truth, p, now_s + 120);
            return;
        }
    }
    move(truth, person);
    if (person->area != person->goal) {
        int32_t at_s = now_s + walk(truth, person->area);
        if (truth->site->area[person->area].use == SITE_QUEUE)
            at_s = gate_turn(truth, person->area, at_s);
        wake_at(truth, p, at_s);
    } else if (person->area == SITE_OUTSIDE) {
        person->used = false;
        person->next = truth->free_list;
        truth->free_list = p;
    } else {
        int32_t until_s = now_s + stay(truth, person->area, time_s);
        if (until_s > person->leave_s && now_s < person->leave_s)
            until_s = person->leave_s + (int32_t)random_below(&truth->random, 300);
        else if (now_s >= person->leave_s)
            until_s = now_s + 1;
        wake_at(truth, p, until_s);
    }
}

struct truth *truth_new(const struct site *site, uint64_t seed)
{
    struct truth *truth = calloc(1, sizeof *truth);
    if (!truth || !(truth->wheel = malloc(TRUTH_WHEEL_S * sizeof *truth->wheel)))
        abort();
    memset(truth->wheel, 0xff, TRUTH_WHEEL_S * sizeof *truth->wheel);
    truth->site = site;
    truth->seed = seed;
    truth->random = random_of(seed, 1);
    truth->free_list = NOBODY;
    truth->now_s = TRUTH_OPEN_S - 1;
    ways_find(truth);
    day_people(truth, 0);
    day_programme(truth, 0);
    wishes(truth, TRUTH_OPEN_S);
    return truth;
}

void truth_free(struct truth *truth)
{
    if (!truth)
        return;
    free(truth->person);
    free(truth->wheel);
    free(truth);
}

void truth_step(struct truth *truth)
{
    int32_t now_s = ++truth->now_s, time_s = now_s % TRUTH_DAY_S;
    memset(truth->passed, 0, sizeof truth->passed);
    if (time_s == 0) {
        day_people(truth, now_s);
        day_programme(truth, now_s);
    }
    if (time_s % 60 == 0)
        wishes(truth, time_s);
    uint32_t p = truth->wheel[now_s % TRUTH_WHEEL_S];
    truth->wheel[now_s % TRUTH_WHEEL_S] = NOBODY;
    while (p != NOBODY) {
        uint32_t next = truth->person[p].next;
        act(truth, p);
        p = next;
    }
}

void truth_zones(const struct truth *truth, int32_t ret_people[SITE_ZONES_MAX])
{
    const struct site *site = truth->site;
    memset(ret_people, 0, sizeof(int32_t) * SITE_ZONES_MAX);
    for (int a = 1; a < site->areas; a++)
        for (int z = site->area[a].zone; z != SITE_NONE; z = site->zone[z].parent)
            ret_people[z] += truth->count[a];
}
