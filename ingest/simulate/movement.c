#include "ingest/simulate/movement.h"

#include <math.h>
#include <stdlib.h>

#include "ingest/random.h"
#include "ingest/simulate/links.h"

enum {
    DAY_S = 86400,
    WALK_S = 40,          /* through one zone on the way, on average */
    STAY_S = 240,         /* between two decisions, on average */
    LANE_PER_MIN = 20,    /* ticket-only entry, people/min/lane */
    VEHICLES_PER_MIN = 6, /* at a vehicle gate at the busiest time */
};

#define REJECT_SHARE 0.008 /* of people at a gate, whom entry verification refuses */
#define WANDER_SHARE 0.15  /* of decisions inside a goal that look for another goal without need */
#define STROLL_SHARE                                                                               \
    0.43 /* of decisions in a goal that go to one of its parts: about 30 % of its people are in    \
            them */
#define MAIN_EVENT_FILL 1.03

enum { GOAL_LEAVE = 0 }; /* index in links: the way out; the others are zones */

struct person {
    uint32_t node; /* zone, or the outside */
    uint16_t goal; /* index of the goal in links */
    bool staying;  /* has reached the goal */
    double next_s; /* when the person does something next */
};

struct movement {
    const struct venue *venue;
    struct links *links;
    uint64_t random;
    double now_s;            /* since the midnight before the start; never falls */
    uint32_t main_goal;      /* the morning's event */
    uint32_t afternoon_goal; /* GOAL_LEAVE: none */
    struct person *person;
    uint32_t people;
    int64_t *inside;    /* [zone]: in it and in the zones in it */
    int64_t *committed; /* [goal]: there or on the way */
    double *target;     /* [goal]: now */
    double *fill;       /* [goal]: people at the ordinary peak */
    int64_t outside;
    int64_t *vehicles; /* [sensor]: inside a vehicle gate */
    struct movement_passages *passages;
    double arrivals_due;   /* people who may pass the gates now */
    uint32_t next_outside; /* where to look for somebody outside */
};

static double exponential(struct movement *m, double mean_s)
{
    return -mean_s * log(1.0 - random_unit(&m->random));
}

/* Piecewise linear through (hour, share) pairs that end with hour 24. */
static double profile(const double (*points)[2], double hour)
{
    for (size_t i = 1;; i++) {
        if (hour <= points[i][0]) {
            double span = points[i][0] - points[i - 1][0];
            double part = span > 0 ? (hour - points[i - 1][0]) / span : 1;
            return points[i - 1][1] + part * (points[i][1] - points[i - 1][1]);
        }
    }
}

static const double hall_day[][2] = {{0, 0},    {8.5, 0},     {9, 0.15},    {10, 0.80}, {10.3, 1.0},
                                     {11, 1.0}, {11.7, 0.65}, {13.3, 0.6},  {14, 0.95}, {15, 1.0},
                                     {16, 0.7}, {16.8, 0.15}, {17.5, 0.01}, {18, 0},    {24, 0}};
/* Fills for the event of the morning and empties fast when it is over. */
static const double morning_event[][2] = {{0, 0},      {8.5, 0},    {9, 0.12},    {9.6, 0.4},
                                          {9.85, 1.0}, {10.9, 1.0}, {11.15, 0.3}, {14, 0.4},
                                          {15, 0.4},   {16.5, 0.1}, {17.5, 0},    {24, 0}};
/* The same in another hall in the afternoon. */
static const double afternoon_event[][2] = {{0, 0},      {8.5, 0},    {10.3, 0.4}, {11, 0.4},
                                            {13.5, 0.3}, {13.9, 1.0}, {14.9, 1.0}, {15.2, 0.3},
                                            {16.5, 0.1}, {17.5, 0},   {24, 0}};

static double hour_of(const struct movement *m)
{
    return fmod(m->now_s, DAY_S) / 3600.0;
}

static double zone_room(const struct venue_zone *zone)
{
    if (zone->capacity > 0)
        return (double)zone->capacity;
    return zone->area_m2 > 0 ? zone->area_m2 * 0.5 : 100;
}

/* Shares the people out: the main event gets its fill, the others a part of their room such that
 * all find a place at the ordinary peak. */
static void plan_fill(struct movement *m)
{
    const struct links *links = m->links;
    double rest = 0, people = (double)m->people;
    for (uint32_t g = 1; g < links->goal_count; g++) {
        const struct venue_zone *zone = &m->venue->zones[links->goal_node[g]];
        if (links->distance[(size_t)g * links->node_count + links->outside] == LINKS_NO_WAY)
            continue; /* nobody can get there */
        double appeal = zone->kind == ZONE_HALL ? 0.55 : zone->kind == ZONE_FORUM ? 0.5 : 0.1;
        m->fill[g] = zone_room(zone) * appeal;
        if (g == m->main_goal || g == m->afternoon_goal)
            m->fill[g] = fmin(zone_room(zone) * MAIN_EVENT_FILL, people * 0.9);
        else
            rest += m->fill[g];
    }
    double left = people * 0.97 - m->fill[m->main_goal];
    double scale = rest > left ? fmax(left, 0) / rest : 1;
    for (uint32_t g = 1; g < links->goal_count; g++) {
        if (g != m->main_goal && g != m->afternoon_goal)
            m->fill[g] *= scale;
    }
}

/* A hall for an event, other than `taken`, such that the people suffice to fill it; GOAL_LEAVE when
 * there is none. */
static uint32_t choose_hall(struct movement *m, uint32_t taken)
{
    const struct links *links = m->links;
    uint32_t halls = 0, chosen = GOAL_LEAVE;
    for (uint32_t g = 1; g < links->goal_count; g++) {
        const struct venue_zone *zone = &m->venue->zones[links->goal_node[g]];
        if (g != taken && zone->kind == ZONE_HALL && zone_room(zone) < 0.6 * (double)m->people &&
            random_below(&m->random, ++halls) == 0)
            chosen = g;
    }
    return chosen;
}

static void choose_events(struct movement *m, uint32_t main_zone)
{
    for (uint32_t g = 1; g < m->links->goal_count && main_zone != VENUE_NO_ZONE; g++) {
        if (m->links->goal_node[g] == main_zone)
            m->main_goal = g;
    }
    if (m->main_goal == GOAL_LEAVE)
        m->main_goal = choose_hall(m, GOAL_LEAVE);
    if (m->main_goal == GOAL_LEAVE)
        m->main_goal = 1;
    m->afternoon_goal = choose_hall(m, m->main_goal);
}

static void count_inside(struct movement *m, uint32_t node, int64_t change)
{
    if (node == m->links->outside) {
        m->outside += change;
        return;
    }
    for (uint32_t z = node; z != VENUE_NO_ZONE; z = m->venue->zones[z].parent)
        m->inside[z] += change;
}

static void set_goal(struct movement *m, struct person *person, uint32_t goal)
{
    m->committed[person->goal]--;
    m->committed[goal]++;
    person->goal = (uint16_t)goal;
    person->staying = false;
}

/* Takes the link; false when entry verification turned the person away. */
static bool pass(struct movement *m, struct person *person, const struct link *link)
{
    if (link->sensor != LINK_UNCOUNTED) {
        struct movement_passages *passages = &m->passages[link->sensor];
        const struct venue_sensor *sensor = &m->venue->sensors[link->sensor];
        if (link->inward && sensor->verifies && random_unit(&m->random) < REJECT_SHARE) {
            passages->rejects++;
            return false;
        }
        if (link->inward)
            passages->in++;
        else
            passages->out++;
    }
    count_inside(m, person->node, -1);
    count_inside(m, link->to, +1);
    person->node = link->to;
    return true;
}

/* A goal that has room, by how much; GOAL_LEAVE when all are full. */
static uint32_t choose_goal(struct movement *m)
{
    double sum = 0;
    uint32_t chosen = GOAL_LEAVE;
    for (uint32_t g = 1; g < m->links->goal_count; g++) {
        double room = m->target[g] - (double)m->committed[g];
        if (room <= 0)
            continue;
        sum += room;
        if (random_unit(&m->random) * sum < room)
            chosen = g;
    }
    return chosen;
}

/* At the goal: stay, stroll to another part of it, or go elsewhere. */
static void decide(struct movement *m, struct person *person)
{
    uint32_t goal = person->goal;
    double surplus = (double)m->committed[goal] - m->target[goal];
    double leave = surplus > 0 ? surplus / (double)m->committed[goal] * 1.5 : 0;
    if (random_unit(&m->random) < leave) {
        set_goal(m, person, choose_goal(m));
        person->next_s = m->now_s;
        return;
    }
    if (goal != m->main_goal && goal != m->afternoon_goal &&
        random_unit(&m->random) < WANDER_SHARE) {
        uint32_t other = choose_goal(m);
        if (other != GOAL_LEAVE) {
            set_goal(m, person, other);
            person->next_s = m->now_s;
            return;
        }
    }
    const struct link *stroll = links_stroll(m->links, goal, person->node, &m->random);
    bool home = person->node == m->links->goal_node[goal];
    if (stroll && (!home || random_unit(&m->random) < STROLL_SHARE))
        (void)pass(m, person, stroll); /* inside a goal there is no verification */
    person->next_s = m->now_s + exponential(m, STAY_S);
}

static void act(struct movement *m, struct person *person)
{
    if (person->staying) {
        decide(m, person);
        return;
    }
    const struct link *link = links_toward(m->links, person->goal, person->node, &m->random);
    if (!link) { /* there */
        person->staying = true;
        person->next_s = m->now_s + exponential(m, STAY_S) * 0.2;
        return;
    }
    if (!pass(m, person, link))
        set_goal(m, person, GOAL_LEAVE); /* back out, through the queue */
    if (person->node == m->links->outside)
        person->staying = true;
    person->next_s = m->now_s + exponential(m, WALK_S);
}

/* Lets people in while somewhere has room, no faster than the lanes take them. */
static void arrive(struct movement *m, double dt_s)
{
    double most = m->links->entry_lanes * (double)LANE_PER_MIN / 60.0;
    m->arrivals_due = fmin(m->arrivals_due + most * dt_s, most * MOVEMENT_STEP_S + 1);
    uint32_t looked = 0;
    while (m->arrivals_due >= 1 && m->outside > 0 && looked < m->people) {
        uint32_t goal = choose_goal(m);
        if (goal == GOAL_LEAVE)
            return;
        while (m->person[m->next_outside].node != m->links->outside ||
               m->person[m->next_outside].goal != GOAL_LEAVE) {
            m->next_outside = (m->next_outside + 1) % m->people;
            if (++looked >= m->people)
                return;
        }
        struct person *person = &m->person[m->next_outside];
        set_goal(m, person, goal);
        person->next_s = m->now_s;
        m->arrivals_due -= 1;
    }
}

static void drive(struct movement *m, double dt_s)
{
    double hour = hour_of(m);
    bool morning = hour >= 8 && hour < 13, evening = hour >= 14 && hour < 19;
    for (uint32_t s = 0; s < m->venue->sensor_count; s++) {
        if (m->venue->sensors[s].class != SENSOR_VEHICLE_GATE)
            continue;
        double busy = VEHICLES_PER_MIN / 60.0 * dt_s;
        if (random_unit(&m->random) < busy * (morning ? 1 : evening ? 0.2 : 0)) {
            m->passages[s].in++;
            m->vehicles[s]++;
        }
        if (m->vehicles[s] > 0 && random_unit(&m->random) < busy * (evening   ? 1.2
                                                                    : morning ? 0.2
                                                                              : 1)) {
            m->passages[s].out++;
            m->vehicles[s]--;
        }
    }
}

typedef const double day_points[2];

static day_points *day_of(const struct movement *m, uint32_t goal)
{
    return goal == m->main_goal        ? morning_event
           : goal == m->afternoon_goal ? afternoon_event
                                       : hall_day;
}

static void step(struct movement *m, double dt_s)
{
    m->now_s += dt_s;
    double hour = hour_of(m);
    for (uint32_t g = 1; g < m->links->goal_count; g++)
        m->target[g] = m->fill[g] * profile(day_of(m, g), hour);
    arrive(m, dt_s);
    for (uint32_t i = 0; i < m->people; i++) {
        struct person *person = &m->person[i];
        bool at_home = person->node == m->links->outside && person->goal == GOAL_LEAVE;
        if (!at_home && person->next_s <= m->now_s)
            act(m, person);
    }
    drive(m, dt_s);
    if (fmod(m->now_s, DAY_S) >= MOVEMENT_CLOSE_S) /* nothing happens at night */
        m->now_s += DAY_S - MOVEMENT_CLOSE_S + MOVEMENT_OPEN_S;
}

void movement_step(struct movement *movement, double dt_s)
{
    while (dt_s > 0) {
        double part_s = dt_s < MOVEMENT_STEP_S ? dt_s : MOVEMENT_STEP_S;
        step(movement, part_s);
        dt_s -= part_s;
    }
}

int64_t movement_leave(struct movement *movement)
{
    const struct links *links = movement->links;
    for (uint32_t i = 0; i < movement->people; i++) {
        struct person *person = &movement->person[i];
        set_goal(movement, person, GOAL_LEAVE);
        const struct link *link = links_toward(links, GOAL_LEAVE, person->node, &movement->random);
        if (link)
            (void)pass(movement, person, link); /* who is refused on a way round tries again */
        person->staying = true;
    }
    return movement->inside[0];
}

bool movement_open(const struct movement_options *options, struct movement **ret_movement,
                   struct error *err)
{
    struct movement *m = calloc(1, sizeof *m);
    if (!m)
        return error_set(err, ERROR_NO_MEMORY, 0, "simulated venue");
    m->venue = options->venue;
    m->random = options->seed;
    m->now_s = options->start_s;
    m->people = options->people ? options->people : MOVEMENT_PEOPLE_DEFAULT;
    if (m->people > MOVEMENT_PEOPLE_MAX)
        m->people = MOVEMENT_PEOPLE_MAX;
    if (!links_open(m->venue, MOVEMENT_GOALS_MAX, &m->links, err))
        goto fail;
    m->person = calloc(m->people, sizeof *m->person);
    m->inside = calloc(m->venue->zone_count, sizeof *m->inside);
    m->committed = calloc(m->links->goal_count, sizeof *m->committed);
    m->target = calloc(m->links->goal_count, sizeof *m->target);
    m->fill = calloc(m->links->goal_count, sizeof *m->fill);
    m->vehicles = calloc(m->venue->sensor_count + 1u, sizeof *m->vehicles);
    m->passages = calloc(m->venue->sensor_count + 1u, sizeof *m->passages);
    if (!m->person || !m->inside || !m->committed || !m->target || !m->fill || !m->vehicles ||
        !m->passages) {
        (void)error_set(err, ERROR_NO_MEMORY, 0, "simulated venue of %u people", m->people);
        goto fail;
    }
    for (uint32_t i = 0; i < m->people; i++)
        m->person[i].node = m->links->outside; /* and goal GOAL_LEAVE */
    m->outside = m->people;
    m->committed[GOAL_LEAVE] = m->people;
    choose_events(m, options->main_zone);
    plan_fill(m);
    *ret_movement = m;
    return true;

fail:
    movement_close(m);
    return false;
}

void movement_close(struct movement *movement)
{
    if (!movement)
        return;
    links_close(movement->links);
    free(movement->person);
    free(movement->inside);
    free(movement->committed);
    free(movement->target);
    free(movement->fill);
    free(movement->vehicles);
    free(movement->passages);
    free(movement);
}

double movement_time_s(const struct movement *movement)
{
    return fmod(movement->now_s, DAY_S);
}

int64_t movement_inside(const struct movement *movement, uint32_t zone)
{
    return movement->inside[zone];
}

int64_t movement_outside(const struct movement *movement)
{
    return movement->outside;
}

struct movement_passages *movement_passages(struct movement *movement, uint32_t sensor)
{
    return &movement->passages[sensor];
}

uint32_t movement_main_zone(const struct movement *movement)
{
    return movement->links->goal_node[movement->main_goal];
}
