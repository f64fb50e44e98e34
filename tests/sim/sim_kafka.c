#include "tests/sim/sim_kafka.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim_durable.h"

enum { NS_PER_MS = 1000000 };

int sim_kafka_topic_at(const char *name)
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

int sim_kafka_id_at(const char *name)
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
void sim_kafka_finish(int id, enum sim_fate_of fate)
{
    struct sim_kafka *k = sim->kafka;
    const uint64_t durable_seq = fate == SIM_COMMITTED ? sim_durable_seq() : 0;
    for (size_t i = k->count; i > 0 && k->ids[id].open; i--) {
        struct sim_record *r = &k->records[i - 1];
        if (r->id == id && r->fate != SIM_OPEN)
            break;
        if (r->id != id)
            continue;
        r->fate = fate;
        r->durable_seq = durable_seq;
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
            sim_kafka_finish(i, SIM_ABORTED);
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

void sim_kafka_ce_id_of(const struct kafka_message *m, char out[SIM_CE_ID_BYTES])
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

void sim_kafka_append(int id, int topic, const struct kafka_message *m, enum sim_fate_of fate)
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
    sim_kafka_ce_id_of(m, r->ce_id);
    sim_course(r->key, r->key_len);
    sim_course(r->value, r->value_len);
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
