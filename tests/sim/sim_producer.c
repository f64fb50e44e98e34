/* kafka_producer.h, kafka_topics.h and kafka_last.h over the simulated Kafka, with what can go
 * wrong. */
#include <stdlib.h>
#include <string.h>

#include "processors/net/kafka_last.h"
#include "processors/net/kafka_topics.h"
#include "tests/sim/sim_kafka.h"

enum {
    NS_PER_MS = 1000000,
    CALL_NS_MAX = 6000000,
    FENCED_ONE_IN = 6, /* of the errors */
    DROPPED_ONE_IN = 50,
    CUT_ONE_IN = 12, /* commits soon after which the power may go */
    CUT_STEPS = 30,
    SLICE_MS = 200,
};

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
    p->id = sim_kafka_id_at(options->transactional_id);
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
    sim_kafka_finish(p->id, SIM_ABORTED);
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
    int topic = sim_kafka_topic_at(name);
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
    sim_kafka_ce_id_of(message, ce_id);
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
    sim_kafka_append(apart ? -1 : p->id, p->topics[message->topic], message,
                     apart ? SIM_COMMITTED : SIM_OPEN);
    return KAFKA_OK;
}

/* An error on the way: whether it happened is not told. */
static enum kafka_outcome commit_unclear(struct kafka_producer *p, struct error *err)
{
    if (sim_random(2))
        sim_kafka_finish(p->id, SIM_COMMITTED);
    p->committed = !sim->kafka->ids[p->id].open;
    error_set(err, ERROR_NETWORK, 0, "simulated: committing");
    static const enum kafka_outcome outcomes[] = {KAFKA_AGAIN, KAFKA_RECREATE, KAFKA_ABORT};
    enum kafka_outcome outcome = outcomes[sim_random(3)];
    p->lost = outcome == KAFKA_RECREATE;
    return outcome;
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
            sim_kafka_finish(p->id, SIM_ABORTED);
            sim->kafka->ids[p->id].epoch++;
            (void)overtaken(p);
            outcome = fatal(p, err);
        } else {
            outcome = commit_unclear(p, err);
        }
    } else {
        sim_kafka_finish(p->id, SIM_COMMITTED);
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
        sim_kafka_finish(p->id, SIM_ABORTED);
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
        (void)sim_kafka_topic_at(plan[i].name);
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
    int topic = sim_kafka_topic_at(query->topic);
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
