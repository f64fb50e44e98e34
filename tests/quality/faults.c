#include "tests/quality/faults.h"

#include <assert.h>
#include <stdlib.h>

#include "tests/quality/random.h"

const char *const fault_text[FAULT_COUNT_OF_KINDS] = {
#define FAULT_TEXT(name, text, what) text,
    FAULTS(FAULT_TEXT)
#undef FAULT_TEXT
};
const char *const fault_what[FAULT_COUNT_OF_KINDS] = {
#define FAULT_WHAT(name, text, what) what,
    FAULTS(FAULT_WHAT)
#undef FAULT_WHAT
};

enum {
    MS_PER_S = 1000,
    NETWORK_MS_MIN = 40,
    NETWORK_MS_MORE = 400,
    BACKFILL_GAP_MS = 15, /* between kept messages when they are sent at last */
    WHEEL_S = 8192,       /* longer than anything is kept */
    COUNT_ERROR_PPM = 50000,
    LEVEL_DRIFT_PPM = 100000,
    DOOR_DRIFT_PPM = 30000,
    DRIFT_S = TRUTH_END_S - TRUTH_OPEN_S,
};

/* ---- spells: faults that come, last and go ------------------------------------------------- */

struct spell_kind {
    uint32_t every_s, least_s, most_s;
};

enum spell_name { SPELL_DROPOUT, SPELL_BURST, SPELL_LATE, SPELL_RESTART, SPELL_JUMP, SPELLS };

static const struct spell_kind spell_kinds[SPELLS] = {
    [SPELL_DROPOUT] = {6 * 3600, 20, 15 * 60},    [SPELL_BURST] = {5 * 3600, 60, 8 * 60},
    [SPELL_LATE] = {24 * 3600, 15 * 60, 50 * 60}, [SPELL_RESTART] = {6 * 3600, 20, 40},
    [SPELL_JUMP] = {5 * 24 * 3600, 10, 30},
};
static const uint32_t spell_faults[SPELLS] = {
    [SPELL_DROPOUT] = FAULT_BIT(DROPOUT), [SPELL_BURST] = FAULT_BIT(BURST),
    [SPELL_LATE] = FAULT_BIT(LATE),       [SPELL_RESTART] = FAULT_BIT(RESET),
    [SPELL_JUMP] = FAULT_BIT(JUMP),
};

struct spell {
    uint64_t random;
    int32_t start_s, end_s;
};

static void spell_plan(struct spell *spell, enum spell_name name, int32_t now_s)
{
    const struct spell_kind *kind = &spell_kinds[name];
    spell->start_s = now_s + 1 + (int32_t)random_exponential(&spell->random, kind->every_s);
    double u = random_unit(&spell->random); /* short ones are more frequent */
    spell->end_s =
        spell->start_s + (int32_t)(kind->least_s + (kind->most_s - kind->least_s) * u * u);
}

/* ---- sensors ------------------------------------------------------------------------------- */

struct device {
    uint64_t random;
    double wrong[2]; /* doors: share of passages missed (< 0) or counted twice, by direction */
    double drift[2]; /* what it becomes more over the day */
    double gain, gain_drift;
    int64_t clock_ms;     /* its clock beside the true time */
    bool stamps, numbers; /* it sends ts, seq */
    int64_t seq;
    int64_t shown[2]; /* since the last message, midnight or ever, by its kind */
    int64_t jump;     /* what it shows too much */
    struct spell spell[SPELLS];
};

struct slot { /* messages that arrive in one second */
    struct faults_message *message;
    uint32_t count, cap, read;
    bool sorted;
};

struct faults {
    const struct site *site;
    struct faults_options options;
    struct device device[SITE_SENSORS_MAX];
    struct spell held[SITE_HALLS + 2]; /* by network switch */
    int64_t reading_s;                 /* slot being read, s since the epoch */
    uint32_t order;
    struct slot slot[WHEEL_S];
};

static bool has(const struct faults *f, uint32_t bit)
{
    return f->options.kinds & bit;
}

/* Whether a spell goes on, and its kind of fault is wanted. */
static bool spell_on(const struct faults *f, struct spell *spell, enum spell_name name,
                     int32_t now_s)
{
    if (now_s >= spell->end_s)
        spell_plan(spell, name, now_s);
    return now_s >= spell->start_s && has(f, spell_faults[name]);
}

static int64_t wrap_of(enum site_sense sense)
{
    return sense == SITE_TOTAL_16 ? 65536 : sense == SITE_TOTAL_32 ? INT64_C(4294967296) : 0;
}

static void device_init(struct faults *f, int s)
{
    static const int64_t clocks_ms[] = {8 * 3600 * 1000, -8 * 3600 * 1000, -4 * 60 * 1000};
    struct device *d = &f->device[s];
    const struct site_sensor *sensor = &f->site->sensor[s];
    uint64_t random = random_of(f->options.seed, 10000 + (uint64_t)s);
    d->random = random_of(f->options.seed, 20000 + (uint64_t)s);
    /* All chance is drawn whatever faults are on, so that a fault alone is the same as among all.
     */
    for (int way = 0; way < 2; way++) {
        double wrong = random_between(&random, -1, 1), drift = random_between(&random, -1, 1);
        d->wrong[way] = has(f, FAULT_BIT(COUNT)) ? wrong * COUNT_ERROR_PPM / 1e6 : 0;
        d->drift[way] = has(f, FAULT_BIT(DRIFT)) ? drift * DOOR_DRIFT_PPM / 1e6 : 0;
    }
    double gain = random_between(&random, -1, 1), gain_drift = random_between(&random, -1, 1);
    d->gain = 1 + (has(f, FAULT_BIT(COUNT)) ? gain * COUNT_ERROR_PPM / 1e6 : 0);
    d->gain_drift = has(f, FAULT_BIT(DRIFT)) ? gain_drift * LEVEL_DRIFT_PPM / 1e6 : 0;
    d->stamps = s % 5 != 4;
    d->numbers = s % 7 != 6;
    if (has(f, FAULT_BIT(CLOCK)) && s % 10 == 3)
        d->clock_ms = clocks_ms[s / 10 % 3];
    int64_t start = (int64_t)random_below(&random, 6000);
    if (sensor->sense == SITE_TOTAL_16 || sensor->sense == SITE_TOTAL_32)
        d->shown[0] = d->shown[1] = start;
    if (has(f, FAULT_BIT(RESET)) && sensor->sense == SITE_TOTAL_16)
        d->shown[0] = 65536 - 200 - start / 6; /* wraps before noon */
    for (int i = 0; i < SPELLS; i++) {
        d->spell[i].random = random_of(f->options.seed, 30000 + (uint64_t)(s * SPELLS + i));
        spell_plan(&d->spell[i], (enum spell_name)i, TRUTH_OPEN_S);
    }
}

struct faults *faults_new(const struct site *site, const struct faults_options *options)
{
    struct faults *f = calloc(1, sizeof *f);
    if (!f)
        abort();
    f->site = site;
    f->options = *options;
    f->reading_s = TRUTH_OPEN_S;
    for (int s = 0; s < site->sensors; s++)
        device_init(f, s);
    for (int i = 0; i < SITE_HALLS + 2; i++) {
        f->held[i].random = random_of(options->seed, 40000 + (uint64_t)i);
        spell_plan(&f->held[i], SPELL_BURST, TRUTH_OPEN_S);
    }
    return f;
}

void faults_free(struct faults *f)
{
    if (!f)
        return;
    for (int i = 0; i < WHEEL_S; i++)
        free(f->slot[i].message);
    free(f);
}

/* ---- messages ------------------------------------------------------------------------------ */

/* arrive_ms counts from midnight of day 0 here. */
static void post(struct faults *f, const struct faults_message *message)
{
    int64_t second = message->arrive_ms / MS_PER_S;
    assert(second >= f->reading_s && second < f->reading_s + WHEEL_S);
    struct slot *slot = &f->slot[second % WHEEL_S];
    if (slot->count == slot->cap) {
        slot->cap = slot->cap ? slot->cap * 2 : 64;
        slot->message = realloc(slot->message, slot->cap * sizeof *slot->message);
        if (!slot->message)
            abort();
    }
    slot->message[slot->count] = *message;
    slot->message[slot->count++].order = f->order++;
    slot->sorted = false;
}

/* Over the network: what is lost, held, kept, repeated, overtaken. */
static void send(struct faults *f, int s, int64_t now_ms, struct faults_message *m)
{
    struct device *d = &f->device[s];
    int32_t now_s = (int32_t)(now_ms / MS_PER_S);
    struct spell *held = &f->held[f->site->sensor[s].switch_group];
    bool lost = spell_on(f, &d->spell[SPELL_DROPOUT], SPELL_DROPOUT, now_s);
    bool late = spell_on(f, &d->spell[SPELL_LATE], SPELL_LATE, now_s);
    bool hold = spell_on(f, held, SPELL_BURST, now_s);
    int64_t lag_ms = NETWORK_MS_MIN + (int64_t)random_below(&d->random, NETWORK_MS_MORE);
    uint32_t chance = random_below(&d->random, 100);
    if (lost)
        return;
    int64_t end_ms = 0, start_ms = now_ms;
    if (late) {
        end_ms = d->spell[SPELL_LATE].end_s * (int64_t)MS_PER_S;
        start_ms = d->spell[SPELL_LATE].start_s * (int64_t)MS_PER_S;
    }
    if (hold && held->end_s * (int64_t)MS_PER_S > end_ms) {
        end_ms = held->end_s * (int64_t)MS_PER_S;
        start_ms = held->start_s * (int64_t)MS_PER_S;
    }
    if (end_ms)
        m->arrive_ms = end_ms + (now_ms - start_ms) / (f->site->sensor[s].interval_s * MS_PER_S) *
                                    BACKFILL_GAP_MS;
    else
        m->arrive_ms = now_ms + lag_ms;
    if (has(f, FAULT_BIT(REPEAT)) && chance == 99)
        m->arrive_ms += 2000 + (int64_t)random_below(&d->random, 13000);
    post(f, m);
    if (has(f, FAULT_BIT(REPEAT)) && chance < 2) {
        m->repeat = true;
        m->arrive_ms += 200 + (int64_t)random_below(&d->random, 5000);
        post(f, m);
    }
}

/* How often one of `passed` people is counted, one by one. */
static int64_t counted(struct device *d, int way, int32_t passed, double day_share)
{
    double wrong = d->wrong[way] + d->drift[way] * day_share;
    int64_t sum = 0;
    for (int32_t i = 0; i < passed; i++)
        sum += random_unit(&d->random) >= (wrong < 0 ? -wrong : wrong) ? 1 : wrong < 0 ? 0 : 2;
    return sum;
}

static int64_t level_shown(struct faults *f, int s, int32_t people, double day_share, bool jumps,
                           bool restarting)
{
    struct device *d = &f->device[s];
    const struct site_options options = {.saturating = has(f, FAULT_BIT(SATURATION))};
    int64_t limit = site_saturates_at(&f->site->sensor[s], &options);
    double shown = people * (d->gain + d->gain_drift * day_share);
    if (has(f, FAULT_BIT(COUNT)))
        shown += random_normal(&d->random, 0, 0.02 * people + 0.3);
    int64_t value = shown > 0 ? (int64_t)(shown + 0.5) : 0;
    if (jumps)
        value += d->jump;
    if (restarting)
        value = 0;
    return limit && value > limit ? limit : value;
}

/* A restart forgets what a total has counted; a jump adds what nobody was. */
static void device_spells(struct faults *f, int s, int32_t now_s, bool *ret_restarting,
                          bool *ret_jumping)
{
    struct device *d = &f->device[s];
    enum site_sense sense = f->site->sensor[s].sense;
    bool level = sense == SITE_LEVEL;
    *ret_restarting = spell_on(f, &d->spell[SPELL_RESTART], SPELL_RESTART, now_s);
    *ret_jumping = spell_on(f, &d->spell[SPELL_JUMP], SPELL_JUMP, now_s);
    if (*ret_restarting && now_s == d->spell[SPELL_RESTART].start_s && sense != SITE_DELTA)
        d->shown[0] = d->shown[1] = 0;
    if (*ret_jumping && now_s == d->spell[SPELL_JUMP].start_s) {
        d->jump = level ? 500 + (int64_t)random_below(&d->random, 1500)
                        : 300 + (int64_t)random_below(&d->random, 2700);
        if (!level)
            d->shown[random_below(&d->random, 2)] += d->jump;
    }
}

static void device_second(struct faults *f, int s, const struct truth *truth)
{
    struct device *d = &f->device[s];
    const struct site_sensor *sensor = &f->site->sensor[s];
    int32_t now_s = truth->now_s, time_s = now_s % TRUTH_DAY_S;
    double day_share = time_s <= TRUTH_OPEN_S ? 0 : (double)(time_s - TRUTH_OPEN_S) / DRIFT_S;
    bool restarting, jumping;
    device_spells(f, s, now_s, &restarting, &jumping);
    if (time_s == 0 && sensor->sense == SITE_DAILY)
        d->shown[0] = d->shown[1] = 0;
    for (int way = 0; way < 2 && sensor->link != SITE_NONE; way++) {
        d->shown[way] += counted(d, way, truth->passed[sensor->link][way], day_share);
        if (wrap_of(sensor->sense))
            d->shown[way] %= wrap_of(sensor->sense);
    }
    if ((now_s + s) % (int32_t)sensor->interval_s)
        return;
    int64_t now_ms = (int64_t)(now_s + 1) * MS_PER_S;
    struct faults_message m = {.sensor = s, .ts_ms = -1, .seq = -1};
    if (d->stamps)
        m.ts_ms = f->options.epoch_ms + now_ms + d->clock_ms;
    if (d->numbers)
        m.seq = ++d->seq;
    m.in = sensor->sense == SITE_LEVEL
               ? level_shown(f, s, truth->count[sensor->area], day_share, jumping, restarting)
               : d->shown[0];
    m.out = d->shown[1];
    if (sensor->sense == SITE_DELTA || sensor->sense == SITE_GATE)
        d->shown[0] = d->shown[1] = 0;
    if (!restarting || sensor->sense == SITE_LEVEL || sensor->sense == SITE_DELTA)
        send(f, s, now_ms, &m);
}

void faults_second(struct faults *f, const struct truth *truth)
{
    for (int s = 0; s < f->site->sensors; s++)
        device_second(f, s, truth);
}

static int by_arrival(const void *a, const void *b)
{
    const struct faults_message *x = a, *y = b;
    if (x->arrive_ms != y->arrive_ms)
        return x->arrive_ms < y->arrive_ms ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

bool faults_next(struct faults *f, int64_t until_ms, struct faults_message *ret_message)
{
    int64_t until_s = (until_ms - f->options.epoch_ms) / MS_PER_S;
    for (; f->reading_s < until_s; f->reading_s++) {
        struct slot *slot = &f->slot[f->reading_s % WHEEL_S];
        if (!slot->sorted && slot->count) {
            qsort(slot->message, slot->count, sizeof *slot->message, by_arrival);
            slot->sorted = true;
        }
        if (slot->read < slot->count) {
            *ret_message = slot->message[slot->read++];
            ret_message->arrive_ms += f->options.epoch_ms;
            return true;
        }
        slot->count = slot->read = 0;
    }
    return false;
}
