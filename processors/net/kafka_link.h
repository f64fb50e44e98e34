/*
 * kafka_link: how to reach Kafka, and one trial of it. The files kafka_*.c are the only ones that
 * include librdkafka.
 *
 *     struct kafka_link link = {.brokers = "127.0.0.1:9092", .options = "compression.type=lz4"};
 *     kafka_probe(&link, 5000, &found, &err);
 */
#ifndef CROWDTIDE_PROCESSORS_NET_KAFKA_LINK_H
#define CROWDTIDE_PROCESSORS_NET_KAFKA_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schemas/base/error.h"

struct rd_kafka_conf_s;
struct rd_kafka_s;
struct rd_kafka_metadata;

struct kafka_link {            /* borrowed texts */
    const char *brokers;       /* bootstrap servers */
    const char *options;       /* librdkafka settings, name=value, one a line; NULL or "": none */
    const char *sasl_password; /* NULL or "": none */
    const char *client_id;     /* NULL: crowdtide */
};

enum { KAFKA_NAME_BYTES = 128, KAFKA_VALUE_BYTES = 4096 };

struct kafka_setting {
    const char *name;
    const char *value;
};

/* A librdkafka configuration: `defaults` first, then the link's own settings, then `fixed`, which
   nobody overrides. Both lists end with a NULL name and may be NULL. The caller hands the result to
   rd_kafka_new or destroys it. CONFIG names the setting librdkafka refuses. */
bool kafka_link_conf(const struct kafka_link *link, const struct kafka_setting *defaults,
                     const struct kafka_setting *fixed, struct rd_kafka_conf_s **ret_conf,
                     struct error *err);

/* rd_kafka_new, which takes conf in any case; type is rd_kafka_type_t. CONFIG: librdkafka refuses
   the configuration. FATAL: the machine was at fault (no thread, or the wall clock stepped while
   the library waited for its threads), so that another start may do. */
struct rd_kafka_s *kafka_link_open(int type, struct rd_kafka_conf_s *conf, struct error *err);

/* Whether librdkafka takes the link's settings; no connection. CONFIG. */
bool kafka_link_check(const struct kafka_link *link, struct error *err);

/* What the library's own threads complain of: why a connection fails, which its calls do not say.
 */
enum { KAFKA_COMPLAINT_BYTES = 288 };
struct kafka_complaint {
    char text[KAFKA_COMPLAINT_BYTES]; /* "": none. Without the library's running figures, so that
                                         the same trouble has the same words */
    bool denied;                      /* the broker refuses user or password */
    bool all_down;                    /* no broker can be reached */
};
/* To be called by a handle's error callback, with its arguments; one thread. */
void kafka_complaint_take(struct kafka_complaint *complaint, int code, const char *reason);

/* Lets a configuration fill a complaint, which must outlive the handle and becomes its opaque.
 * Calls of rd_kafka_poll bring it up to date. */
void kafka_complaint_attach(struct kafka_complaint *complaint, struct rd_kafka_conf_s *conf);

/* Asks rk, to which the complaint is attached, for all its topics. NULL, with the reason in err
   (NETWORK, REMOTE_DENIED), after timeout_ms or as soon as it is clear that no answer will come.
   The caller hands the answer to rd_kafka_metadata_destroy. */
const struct rd_kafka_metadata *kafka_link_ask(struct rd_kafka_s *rk,
                                               const struct kafka_complaint *complaint,
                                               int timeout_ms, struct error *err);

struct kafka_found {
    uint32_t brokers;
    uint32_t topics;           /* that this user may see */
    uint32_t crowdtide_topics; /* of them, those named crowdtide.… */
    char broker[256];          /* host:port of the one that answered */
};

/* Connects and asks for metadata. NETWORK, REMOTE_DENIED, CONFIG. Blocks up to timeout_ms, less
 * when it is clear that no answer will come. Any thread. */
bool kafka_probe(const struct kafka_link *link, int timeout_ms, struct kafka_found *ret_found,
                 struct error *err);

/* Version of librdkafka in use. */
const char *kafka_library_version(void);

#endif
