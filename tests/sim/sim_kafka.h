/*
 * sim_kafka: Kafka, as far as the publishers see it: topics, transactions by transactional id with
 * epochs that fence, a time-out that ends transactions nobody goes on with, read_committed; and
 * kafka_producer.h, kafka_last.h, kafka_topics.h over it.
 */
#ifndef CROWDTIDE_TESTS_SIM_SIM_KAFKA_H
#define CROWDTIDE_TESTS_SIM_SIM_KAFKA_H

#include "processors/net/kafka_producer.h"
#include "tests/sim/sim.h"

enum { SIM_IDS_MAX = 64, SIM_TOPICS_MAX = 32, SIM_CE_ID_BYTES = 80 };

enum sim_fate_of { SIM_OPEN, SIM_COMMITTED, SIM_ABORTED };

struct sim_record {
    int topic;
    int id; /* its transactional id's place */
    enum sim_fate_of fate;
    char ce_id[SIM_CE_ID_BYTES];
    char *key, *value; /* NUL-terminated */
    uint32_t key_len, value_len;
    uint64_t durable_seq; /* of the readings, when it was committed */
};

struct sim_id {
    char name[96];
    uint32_t epoch;
    bool open; /* a transaction */
    int64_t open_since_ns;
};

struct sim_kafka {
    char topics[SIM_TOPICS_MAX][64];
    int topic_count;
    struct sim_id ids[SIM_IDS_MAX];
    int id_count;
    struct sim_record *records; /* in the order in which they came */
    size_t count, cap;
    bool down;
    uint32_t error_one_in;   /* calls that matter; 0: none fails */
    uint32_t refuses_one_in; /* results, by what they are: always the same ones; 0: none */
    uint64_t commits;
};

/* Whether brokers or library refuse the result of that name. */
bool sim_kafka_refuses(const char *ce_id);
/* For the producer's side (sim_producer.c): places of topics and transactional ids, made when new;
   the end of an id's open transaction; a record; a message's name. */
int sim_kafka_topic_at(const char *name);
int sim_kafka_id_at(const char *name);
void sim_kafka_finish(int id, enum sim_fate_of fate);
void sim_kafka_append(int id, int topic, const struct kafka_message *m, enum sim_fate_of fate);
void sim_kafka_ce_id_of(const struct kafka_message *m, char out[SIM_CE_ID_BYTES]);

void sim_kafka_down(bool down);
/* Ends transactions that are open for too long. */
void sim_kafka_turn(void);

#endif
