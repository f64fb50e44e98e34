#include "tests/sim/sim_kafka.h"

#include <stdlib.h>
#include <string.h>

#include "processors/net/kafka_last.h"
#include "processors/net/kafka_topics.h"

enum {
    NS_PER_MS = 1000000,
    CALL_NS_MAX = 6000000,
    FENCED_ONE_IN = 6, /* of the errors */
    DROPPED_ONE_IN = 50,
    CUT_ONE_IN = 12, /* commits soon after which the power may go */
    CUT_STEPS = 30,
    SLICE_MS = 200,
};

static int topic_at(const char *name)
{
    struct sim_kafka *k = sim->kafka;
    for (int i = 0; i < k->topic_count; i++)
        if (strcmp(k->topics[i], name) == 0)
            return i;
    if (k->topic_count == SIM_TOPICS_MAX)
        abort();
    (void)snprintf(k->topics[k->topic_count], sizeof k->topics[0], "%s", name);
    return k->topic_count++;
}

static int id_at(const char *name)
{
    struct sim_kafka *k = sim->kafka;
    for (int i = 0; i < k->id_count; i++)
        if (strcmp(k->ids[i].name, name) == 0)
            return i;
    if (k->id_count == SIM_IDS_MAX)
        abort();
    (void)snprintf(k->ids[k->id_count].name, sizeof k->ids[0].name, "%s", name);
    return k->id_count++;
}

/* The open transaction of an id ends. */
static void finish(int id, enum sim_fate_of fate)
{
    struct sim_kafka *k = sim->kafka;
    for (size_t i = k->count; i > 0 && k->ids[id].open; i--) {
        struct sim_record *r = &k->records[i - 1];
        if (r->id == id && r->fate != SIM_OPEN)
            break;
        if (r->id == id)
            r->fate = fate;
    }
    k->ids[id].open = false;
    sim_wake(k);
}

void sim_kafka_down(bool down)
{
    sim->kafka->down = down;
    sim_wake(sim->kafka);
}

void sim_kafka_turn(void)
{
    struct sim_kafka *k = sim->kafka;
    for (int i = 0; i < k->id_count; i++) {
        if (k->ids[i].open && !k->down &&
            sim->now_ns - k->ids[i].open_since_ns > (int64_t)KAFKA_TRANSACTION_MS * NS_PER_MS) {
            sim_trace("Kafka gives up a transaction of %s", k->ids[i].name);
            finish(i, SIM_ABORTED);
            k->ids[i].epoch++;
        }
    }
}

bool sim_kafka_refuses(const char *ce_id)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *c = ce_id; *c; c++)
        hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
    return sim->kafka->refuses_one_in && ce_id[0] && (hash >> 20) % sim->kafka->refuses_one_in == 0;
}

static void ce_id_of(const struct kafka_message *m, char out[SIM_CE_ID_BYTES])
{
    out[0] = '\0';
    for (uint32_t h = 0; h < m->header_count; h++)
        if (strcmp(m->header[h].name, "ce_id") == 0)
            (void)snprintf(out, SIM_CE_ID_BYTES, "%.*s", (int)m->header[h].value.len,
                           m->header[h].value.at);
}

static char *copy(struct str s)
{
    char *out = sim_keep(s.len + 1u);
    if (s.len)
        memcpy(out, s.at, s.len);
    return out;
}

static void append(int id, int topic, const struct kafka_message *m, enum sim_fate_of fate)
{
    struct sim_kafka *k = sim->kafka;
    if (k->count == k->cap) {
        k->cap = k->cap ? k->cap * 2 : 4096;
        k->records = sim_keep_more(k->records, k->cap * sizeof *k->records);
    }
    struct sim_record *r = &k->records[k->count++];
    *r = (struct sim_record){.topic = topic,
                             .id = id,
                             .fate = fate,
                             .key = copy(m->key),
                             .value = copy(m->value),
                             .key_len = m->key.len,
                             .value_len = m->value.len};
    ce_id_of(m, r->ce_id);
}

void sim_kafka_new(struct sim *s)
{
    s->kafka = sim_keep(sizeof *s->kafka);
}

void sim_kafka_free(struct sim *s)
{
    for (size_t i = 0; i < s->kafka->count; i++) {
        sim_keep_free(s->kafka->records[i].key);
        sim_keep_free(s->kafka->records[i].value);
    }
    sim_keep_free(s->kafka->records);
    sim_keep_free(s->kafka);
    s->kafka = NULL;
}

/* ---- kafka_producer.h ---- */

struct kafka_producer {
    int id;
    uint32_t epoch;
    int topics[KAFKA_TOPICS_MAX];
    int topic_count;
    bool lost, fenced; /* fatal from here on */
    bool failing;      /* a message of this transaction was not stored */
    bool committed;    /* it is, though the call said otherwise */
    uint32_t refused;  /* messages of this transaction, for what they are */
};

const char *kafka_outcome_text(enum kafka_outcome outcome)
{
    static const char *const texts[] = {"ok", "again", "abort", "recreate", "fenced", "refused"};
    return texts[outcome];
}

bool kafka_producer_new(const struct kafka_producer_options *options, struct kafka_producer **ret,
                        struct error *err)
{
    struct kafka_producer *p = calloc(1, sizeof *p);
    if (!p)
        return error_set(err, ERROR_NO_MEMORY, 0, "producer");
    p->id = id_at(options->transactional_id);
    *ret = p;
    return true;
}

void kafka_producer_free(struct kafka_producer *p)
{
    free(p);
}

const char *kafka_producer_complaint(struct kafka_producer *p)
{
    (void)p;
    return "";
}

static bool out_of_reach(int timeout_ms, struct error *err)
{
    struct sim_kafka *k = sim->kafka;
    if (!k->down)
        return false;
    sim_wait(k, (int64_t)timeout_ms * NS_PER_MS);
    error_set(err, ERROR_NETWORK, 0, "Kafka is away");
    return true;
}

static enum kafka_outcome fatal(struct kafka_producer *p, struct error *err)
{
    error_set(err, p->fenced ? ERROR_FENCED : ERROR_FATAL, 0, "simulated");
    return p->fenced ? KAFKA_FENCED : KAFKA_RECREATE;
}

/* The brokers know a newer owner. */
static bool overtaken(struct kafka_producer *p)
{
    if (p->epoch != sim->kafka->ids[p->id].epoch)
        p->lost = p->fenced = true;
    return p->lost;
}

static bool goes_wrong(void)
{
    if (sim->calm || !sim_one_in(sim->kafka->error_one_in))
        return false;
    sim_count(SIM_FAULT_KAFKA);
    return true;
}

static void call(const char *name)
{
    int unused;
    sim_sleep((int64_t)sim_random(CALL_NS_MAX));
    (void)sim_begin(SIM_NET, name, &unused);
}

enum kafka_outcome kafka_producer_init(struct kafka_producer *p, int timeout_ms, struct error *err)
{
    if (out_of_reach(timeout_ms, err))
        return KAFKA_AGAIN;
    call("init_transactions");
    struct sim_id *id = &sim->kafka->ids[p->id];
    finish(p->id, SIM_ABORTED);
    p->epoch = ++id->epoch;
    bool wrong = goes_wrong();
    sim_end();
    if (!wrong)
        return KAFKA_OK;
    error_set(err, ERROR_NETWORK, 0, "simulated");
    return sim_random(2) ? KAFKA_AGAIN : KAFKA_RECREATE;
}

int kafka_producer_topic(struct kafka_producer *p, const char *name, struct error *err)
{
    (void)err;
    int topic = topic_at(name);
    for (int i = 0; i < p->topic_count; i++)
        if (p->topics[i] == topic)
            return i;
    p->topics[p->topic_count] = topic;
    return p->topic_count++;
}

enum kafka_outcome kafka_producer_begin(struct kafka_producer *p, struct error *err)
{
    if (p->lost)
        return fatal(p, err);
    p->failing = p->committed = false;
    p->refused = 0;
    return KAFKA_OK;
}

static bool is_position(const struct kafka_message *message)
{
    return message->essential;
}

enum kafka_outcome kafka_producer_send(struct kafka_producer *p,
                                       const struct kafka_message *message, struct error *err)
{
    struct sim_kafka *k = sim->kafka;
    if (p->lost || overtaken(p))
        return fatal(p, err);
    if (k->down) { /* it waits in the library until it is too old */
        p->failing = true;
        return KAFKA_OK;
    }
    if (sim->options.broken == SIM_DROPPED_REPORT && sim_one_in(DROPPED_ONE_IN) &&
        !is_position(message))
        return KAFKA_OK;
    if (!k->ids[p->id].open) {
        k->ids[p->id].open = true;
        k->ids[p->id].open_since_ns = sim->now_ns;
    }
    char ce_id[SIM_CE_ID_BYTES];
    ce_id_of(message, ce_id);
    if (sim_kafka_refuses(ce_id)) {
        sim_count(SIM_FAULT_REFUSED);
        if (strlen(ce_id) % 2) { /* the library knows by itself; the others the brokers refuse */
            error_set(err, ERROR_REMOTE_REJECT, 0, "simulated: too large");
            return KAFKA_REFUSED;
        }
        p->failing = true;
        p->refused++;
        return KAFKA_OK;
    }
    bool apart = sim->options.broken == SIM_POSITION_APART && is_position(message);
    if (goes_wrong()) {
        if (sim_random(2)) {
            p->failing = true; /* the report comes with the commit */
            return KAFKA_OK;
        }
        error_set(err, ERROR_REMOTE_BUSY, 0, "simulated: the queue is full");
        sim_sleep(NS_PER_MS);
        return KAFKA_AGAIN;
    }
    append(apart ? -1 : p->id, p->topics[message->topic], message,
           apart ? SIM_COMMITTED : SIM_OPEN);
    return KAFKA_OK;
}

/* An error on the way: whether it happened is not told. */
static enum kafka_outcome commit_unclear(struct kafka_producer *p, struct error *err)
{
    if (sim_random(2))
        finish(p->id, SIM_COMMITTED);
    p->committed = !sim->kafka->ids[p->id].open;
    error_set(err, ERROR_NETWORK, 0, "simulated: committing");
    if (sim_random(2))
        return KAFKA_AGAIN;
    p->lost = true;
    return KAFKA_RECREATE;
}

enum kafka_outcome kafka_producer_commit(struct kafka_producer *p, int timeout_ms,
                                         struct error *err)
{
    if (out_of_reach(timeout_ms, err))
        return KAFKA_AGAIN;
    call("commit_transaction");
    enum kafka_outcome outcome = KAFKA_OK;
    if (overtaken(p)) {
        outcome = fatal(p, err);
    } else if (p->committed) {
        outcome = KAFKA_OK; /* asked once more */
    } else if (p->failing) {
        outcome = KAFKA_ABORT;
        error_set(err, ERROR_NETWORK, 0, "simulated: a message timed out");
    } else if (goes_wrong()) {
        if (sim_one_in(FENCED_ONE_IN)) {
            sim_count(SIM_FAULT_FENCED); /* as when the brokers timed the transaction out */
            finish(p->id, SIM_ABORTED);
            sim->kafka->ids[p->id].epoch++;
            (void)overtaken(p);
            outcome = fatal(p, err);
        } else {
            outcome = commit_unclear(p, err);
        }
    } else {
        finish(p->id, SIM_COMMITTED);
        sim->kafka->commits++;
        sim_cut_soon(CUT_ONE_IN, CUT_STEPS);
    }
    sim_end();
    return outcome;
}

enum kafka_outcome kafka_producer_abort(struct kafka_producer *p, int timeout_ms, struct error *err)
{
    if (p->lost)
        return fatal(p, err);
    if (out_of_reach(timeout_ms, err))
        return KAFKA_AGAIN;
    call("abort_transaction");
    bool late = overtaken(p);
    if (!late)
        finish(p->id, SIM_ABORTED);
    sim_end();
    if (late)
        return fatal(p, err);
    if (!goes_wrong())
        return KAFKA_OK;
    p->lost = true;
    return fatal(p, err);
}

uint32_t kafka_producer_refusals(const struct kafka_producer *p, struct error *err)
{
    if (p->refused)
        error_set(err, ERROR_REMOTE_REJECT, 0, "simulated: the brokers refuse a record");
    return p->refused;
}

/* ---- kafka_topics.h, kafka_last.h ---- */

bool kafka_topics_ensure(const struct kafka_link *link, const struct kafka_topic_plan *plan,
                         uint32_t count, int replication, int timeout_ms, struct error *err)
{
    (void)link;
    (void)replication;
    if (out_of_reach(timeout_ms, err))
        return false;
    call("create_topics");
    for (uint32_t i = 0; i < count; i++)
        (void)topic_at(plan[i].name);
    sim_end();
    return true;
}

/* An open transaction hides what was committed behind it. */
static bool hidden(int topic, size_t end)
{
    const struct sim_kafka *k = sim->kafka;
    for (size_t i = 0; i < end; i++)
        if (k->records[i].topic == topic && k->records[i].fate == SIM_OPEN)
            return true;
    return false;
}

bool kafka_last(const struct kafka_link *link, const struct kafka_last_query *query, char *out,
                size_t cap, bool *ret_found, size_t *ret_len, struct error *err)
{
    (void)link;
    struct sim_kafka *k = sim->kafka;
    if (out_of_reach(SLICE_MS, err))
        return false;
    call("read the last record");
    sim_end();
    int topic = topic_at(query->topic);
    size_t end = k->count;
    for (int ms = 0; hidden(topic, end); ms += SLICE_MS) {
        if (ms > query->timeout_ms || (query->going && !query->going(query->arg)))
            return error_set(err, ERROR_NETWORK, 0, "an open transaction hides the end");
        sim_wait(k, SLICE_MS * (int64_t)NS_PER_MS);
    }
    if (goes_wrong())
        return error_set(err, ERROR_NETWORK, 0, "simulated");
    *ret_found = false;
    for (size_t i = end; i > 0; i--) {
        const struct sim_record *r = &k->records[i - 1];
        if (r->topic != topic || r->fate != SIM_COMMITTED || r->key_len != query->key.len ||
            memcmp(r->key, query->key.at, r->key_len) != 0)
            continue;
        if (r->value_len > cap)
            return error_set(err, ERROR_TOO_LARGE, 0, "value");
        memcpy(out, r->value, r->value_len);
        *ret_len = r->value_len;
        *ret_found = true;
        break;
    }
    return true;
}
