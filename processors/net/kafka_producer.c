#include "processors/net/kafka_producer.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "schemas/base/clock.h"

enum {
    AGAIN_PAUSE_MS = 20, /* between two calls of which the first gave up at once */
    FULL_WAIT_MS = 10,   /* room in the queue comes with the brokers' answers */
    WORDS_BYTES = 256,
};

struct kafka_producer {
    rd_kafka_t *rk;
    rd_kafka_topic_t *topic[KAFKA_TOPICS_MAX];
    int topic_count;
    uint32_t refusals;
    bool essential_refused;
    char refusal[WORDS_BYTES];
    char failure[WORDS_BYTES]; /* why messages of this transaction failed, other than refusals */
    struct kafka_complaint complaint;
};

const char *kafka_outcome_text(enum kafka_outcome outcome)
{
    static const char *const texts[] = {"ok", "again", "abort", "recreate", "fenced", "refused"};
    return texts[outcome];
}

/* Refused for what the message is; everything else is the state of brokers, topics or rights, which
 * may change. */
static bool message_to_blame(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || code == RD_KAFKA_RESP_ERR_INVALID_MSG ||
           code == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE ||
           code == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE ||
           code == RD_KAFKA_RESP_ERR_INVALID_RECORD || code == RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP;
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    struct kafka_producer *p = opaque;
    if (!message->err || message->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
        message->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
        return;
    bool refused = message_to_blame(message->err), essential = message->_private != NULL;
    bool blamed = refused && !essential;
    p->essential_refused |= refused && essential;
    p->refusals += blamed;
    (void)snprintf(blamed ? p->refusal : p->failure, WORDS_BYTES, "%s: %s",
                   message->rkt ? rd_kafka_topic_name(message->rkt) : "?",
                   rd_kafka_err2str(message->err));
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
    (void)rk;
    struct kafka_producer *p = opaque;
    kafka_complaint_take(&p->complaint, code, reason);
}

bool kafka_producer_new(const struct kafka_producer_options *options, struct kafka_producer **ret,
                        struct error *err)
{
    char linger[16], transaction_ms[16];
    (void)snprintf(linger, sizeof linger, "%u", options->linger_ms);
    (void)snprintf(transaction_ms, sizeof transaction_ms, "%d", KAFKA_TRANSACTION_MS);
    const struct kafka_setting defaults[] = {
        {"linger.ms", linger},
        {"transaction.timeout.ms", transaction_ms},
        {"partitioner", "murmur2_random"}, /* as Kafka's Java clients place keys */
        {"reconnect.backoff.max.ms", "2000"},
        {"retry.backoff.ms", "50"},
        {"socket.nagle.disable", "true"},
        {NULL, NULL},
    };
    const struct kafka_setting fixed[] = {
        {"transactional.id", options->transactional_id},
        {"enable.idempotence", "true"},
        /* The commit is the delivery report. But before a commit the library waits for what is
           under way in steps of 10 ms, which only a report cuts short. */
        {"delivery.report.only.error", options->prompt ? "false" : "true"},
        {NULL, NULL},
    };
    rd_kafka_conf_t *conf;
    if (!kafka_link_conf(options->link, defaults, fixed, &conf, err))
        return false;
    struct kafka_producer *p = calloc(1, sizeof *p);
    if (!p) {
        rd_kafka_conf_destroy(conf);
        return error_set(err, ERROR_NO_MEMORY, 0, "Kafka producer");
    }
    rd_kafka_conf_set_opaque(conf, p);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_error_cb(conf, on_error);
    p->rk = kafka_link_open(RD_KAFKA_PRODUCER, conf, err);
    if (!p->rk) {
        free(p);
        return false;
    }
    *ret = p;
    return true;
}

void kafka_producer_free(struct kafka_producer *p)
{
    if (!p)
        return;
    rd_kafka_purge(p->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_poll(p->rk, 0);
    for (int i = 0; i < p->topic_count; i++)
        rd_kafka_topic_destroy(p->topic[i]);
    rd_kafka_destroy(p->rk);
    free(p);
}

const char *kafka_producer_complaint(struct kafka_producer *p)
{
    rd_kafka_poll(p->rk, 0);
    return p->complaint.text;
}

static bool fencing(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
           code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

/* The producer's fatal state, when it is in one. */
static bool fatal_outcome(struct kafka_producer *p, const char *what, enum kafka_outcome *ret,
                          struct error *err)
{
    char why[WORDS_BYTES];
    rd_kafka_resp_err_t code = rd_kafka_fatal_error(p->rk, why, sizeof why);
    if (!code)
        return false;
    *ret = fencing(code) ? KAFKA_FENCED : KAFKA_RECREATE;
    error_set(err, fencing(code) ? ERROR_FENCED : ERROR_FATAL, 0, "Kafka, %s: %s: %s", what,
              rd_kafka_err2str(code), why);
    return true;
}

/* What a call of the transactional interface means; destroys `error`. */
static enum kafka_outcome outcome_of(struct kafka_producer *p, rd_kafka_error_t *error,
                                     const char *what, struct error *err)
{
    if (!error) {
        p->complaint = (struct kafka_complaint){0};
        return KAFKA_OK;
    }
    enum kafka_outcome outcome;
    rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    rd_kafka_poll(p->rk, 0);
    if (fencing(code) || rd_kafka_error_is_fatal(error) ||
        rd_kafka_fatal_error(p->rk, NULL, 0) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (!fatal_outcome(p, what, &outcome, err)) {
            outcome = fencing(code) ? KAFKA_FENCED : KAFKA_RECREATE;
            error_set(err, fencing(code) ? ERROR_FENCED : ERROR_FATAL, 0, "Kafka, %s: %s", what,
                      rd_kafka_error_string(error));
        }
    } else {
        const char *more = p->failure[0] ? p->failure : p->complaint.text;
        outcome = rd_kafka_error_txn_requires_abort(error) ? KAFKA_ABORT
                  : rd_kafka_error_is_retriable(error)     ? KAFKA_AGAIN
                                                           : KAFKA_RECREATE;
        error_set(err, outcome == KAFKA_RECREATE ? ERROR_FATAL : ERROR_NETWORK, 0,
                  "Kafka, %s: %s%s%s", what, rd_kafka_error_string(error), more[0] ? "; " : "",
                  more);
    }
    rd_kafka_error_destroy(error);
    return outcome;
}

/* A retriable error may come back at once (no coordinator yet): pause, so that loops around these
 * calls do not spin. */
static enum kafka_outcome paced(enum kafka_outcome outcome, int64_t began_ns)
{
    if (outcome == KAFKA_AGAIN && clock_boot_ns() - began_ns < (int64_t)AGAIN_PAUSE_MS * 1000000) {
        const struct timespec pause = {.tv_nsec = AGAIN_PAUSE_MS * 1000000L};
        (void)nanosleep(&pause, NULL);
    }
    return outcome;
}

enum kafka_outcome kafka_producer_init(struct kafka_producer *p, int timeout_ms, struct error *err)
{
    int64_t began_ns = clock_boot_ns();
    const struct rd_kafka_metadata *meta = NULL;
    /* Wait for a connection first: without one the library looks for a coordinator only every half
     * second. */
    if (rd_kafka_metadata(p->rk, 0, NULL, &meta, timeout_ms) == RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_metadata_destroy(meta);
    rd_kafka_error_t *error = rd_kafka_init_transactions(p->rk, timeout_ms);
    return paced(outcome_of(p, error, "taking over the transactional id", err), began_ns);
}

int kafka_producer_topic(struct kafka_producer *p, const char *name, struct error *err)
{
    for (int i = 0; i < p->topic_count; i++) {
        if (strcmp(rd_kafka_topic_name(p->topic[i]), name) == 0)
            return i;
    }
    rd_kafka_topic_t *topic =
        p->topic_count < KAFKA_TOPICS_MAX ? rd_kafka_topic_new(p->rk, name, NULL) : NULL;
    if (!topic) {
        error_set(err, ERROR_TOO_LARGE, 0, "Kafka topic %s: no handle", name);
        return -1;
    }
    p->topic[p->topic_count] = topic;
    return p->topic_count++;
}

enum kafka_outcome kafka_producer_begin(struct kafka_producer *p, struct error *err)
{
    p->refusals = 0;
    p->essential_refused = false;
    p->failure[0] = '\0';
    return outcome_of(p, rd_kafka_begin_transaction(p->rk), "beginning a transaction", err);
}

enum kafka_outcome kafka_producer_send(struct kafka_producer *p,
                                       const struct kafka_message *message, struct error *err)
{
    rd_kafka_vu_t vu[6 + KAFKA_HEADERS_MAX];
    size_t n = 0;
    vu[n].vtype = RD_KAFKA_VTYPE_RKT;
    vu[n++].u.rkt = p->topic[message->topic];
    vu[n].vtype = RD_KAFKA_VTYPE_PARTITION;
    vu[n++].u.i32 = RD_KAFKA_PARTITION_UA;
    vu[n].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    vu[n++].u.i = RD_KAFKA_MSG_F_COPY;
    vu[n].vtype = RD_KAFKA_VTYPE_OPAQUE;
    vu[n++].u.ptr = message->essential ? p : NULL;
    vu[n].vtype = RD_KAFKA_VTYPE_KEY;
    vu[n].u.mem.ptr = (void *)(uintptr_t)message->key.at;
    vu[n++].u.mem.size = message->key.len;
    vu[n].vtype = RD_KAFKA_VTYPE_VALUE;
    vu[n].u.mem.ptr = (void *)(uintptr_t)message->value.at;
    vu[n++].u.mem.size = message->value.len;
    for (uint32_t i = 0; i < message->header_count; i++) {
        vu[n].vtype = RD_KAFKA_VTYPE_HEADER;
        vu[n].u.header.name = message->header[i].name;
        vu[n].u.header.val = message->header[i].value.at;
        vu[n++].u.header.size = (ssize_t)message->header[i].value.len;
    }
    rd_kafka_error_t *error = rd_kafka_produceva(p->rk, vu, n);
    if (!error)
        return KAFKA_OK;
    rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        rd_kafka_poll(p->rk, FULL_WAIT_MS);
        error_set(err, ERROR_REMOTE_BUSY, 0, "Kafka: the send queue is full");
        return KAFKA_AGAIN;
    }
    if (message_to_blame(code)) {
        error_set(err, ERROR_REMOTE_REJECT, 0, "Kafka: %s", rd_kafka_err2str(code));
        return KAFKA_REFUSED;
    }
    enum kafka_outcome outcome;
    if (fatal_outcome(p, "sending", &outcome, err))
        return outcome;
    rd_kafka_poll(p->rk, 0);
    error_set(err, ERROR_NETWORK, 0, "Kafka, sending: %s%s%s", rd_kafka_err2str(code),
              p->failure[0] ? "; " : "", p->failure);
    return KAFKA_ABORT;
}

enum kafka_outcome kafka_producer_commit(struct kafka_producer *p, int timeout_ms,
                                         struct error *err)
{
    int64_t began_ns = clock_boot_ns();
    rd_kafka_error_t *error = rd_kafka_commit_transaction(p->rk, timeout_ms);
    return paced(outcome_of(p, error, "committing", err), began_ns);
}

enum kafka_outcome kafka_producer_abort(struct kafka_producer *p, int timeout_ms, struct error *err)
{
    int64_t began_ns = clock_boot_ns();
    rd_kafka_error_t *error = rd_kafka_abort_transaction(p->rk, timeout_ms);
    enum kafka_outcome outcome = outcome_of(p, error, "aborting", err);
    return paced(outcome == KAFKA_ABORT ? KAFKA_RECREATE : outcome, began_ns);
}

uint32_t kafka_producer_refusals(const struct kafka_producer *p, struct error *err)
{
    if (p->refusals == 0 || p->essential_refused)
        return 0;
    error_set(err, ERROR_REMOTE_REJECT, 0, "Kafka: %s", p->refusal);
    return p->refusals;
}
