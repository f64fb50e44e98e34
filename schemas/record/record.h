/* clang-format off */
/*
 * record: what the logs hold. Record types of the readings log with their bodies, and the prefix every result body begins with.
 * Bodies are explicit little-endian; offsets stand beside the codec in record.c.
 */
#ifndef CROWDTIDE_SCHEMAS_RECORD_RECORD_H
#define CROWDTIDE_SCHEMAS_RECORD_RECORD_H

#include "schemas/base/error.h"
#include "schemas/base/str.h"

/* number, name: never renumbered, never reused */
#define RECORD_TYPES(R)                                                                            \
    /* readings log */                                                                             \
    R(1, MQTT, "mqtt")                 /* one MQTT message, byte for byte */                       \
    R(2, OVERSIZED, "oversized")       /* over max_message_bytes: length, SHA-256, first 4 KiB */   \
    R(3, TICK, "tick")                 /* every second, also under load */                         \
    R(4, CONNECTED, "connected")       /* broker connection made */                                \
    R(5, DISCONNECTED, "disconnected") /* broker connection lost or refused */                     \
    R(6, SUBSCRIBED, "subscribed")     /* one SUBACK result */                                     \
    R(7, GAP, "gap")                   /* ingest did not run: from the last record to this one */  \
    R(8, MODEL, "model")               /* the venue file in force from here on */                  \
    R(9, COMMAND, "command")           /* an operator's command, and who asked */          \
    R(10, WITHHELD, "withheld")        /* a personal message that could not be redacted: all but its payload */ \
    /* bulk log */                                                                                 \
    R(32, READING, "reading")                                                                      \
    R(33, ZONE, "zone")                                                                            \
    R(34, GATE, "gate")                                                                            \
    R(35, LIGHT, "light")                                                                          \
    R(36, LANE, "lane")                                                                            \
    R(37, REJECT, "reject")                                                                        \
    R(38, LIGHT_GROUP, "light_group")                                                              \
    R(39, SENSOR, "sensor")            /* health of a sensor */                                    \
    R(40, HISTORY, "history")          /* a zone's minute, repaired by late data */                \
    /* alerts log */                                                                               \
    R(64, ALERT, "alert")                                                                          \
    R(65, REPLY, "reply")                                                                          \
    R(66, HEARTBEAT, "heartbeat")                                                                  \
    R(67, DEADLETTER, "deadletter")                                                                \
    R(68, SKIPPED, "skipped")          /* poison: an input that crashed process three times */     \
    R(69, ERA, "era")                  /* core version and model from here on */                   \
    R(70, FIGURES, "figures")          /* alarm-management figures */

enum record_type {
#define RECORD_ENUM(number, name, text) RECORD_##name = number,
    RECORD_TYPES(RECORD_ENUM)
#undef RECORD_ENUM
};

/* "mqtt" …; "unknown" for others. */
const char *record_type_name(unsigned type);

enum {
    RECORD_TOPIC_BYTES_MAX = 65535,
    RECORD_HEAD_BYTES_MAX = 4096, /* of an oversized message */
};

/* Record flag bits (log record header). */
enum {
    RECORD_FLAG_TRANSFORMED = 1, /* privacy rules changed the payload, or the topic, before it was written */
    RECORD_FLAG_REPLAYED = 2,    /* a replayed log: publishers and pager refuse it */
};

enum {
    RECORD_MQTT_RETAIN = 1,
    RECORD_MQTT_DUP = 2,
    RECORD_MQTT_PROPERTIES = 4, /* the encoder's to set and the decoder's to read */
    RECORD_MQTT_PERSONAL = 8,   /* privacy rules are for this topic, and payload is what they left */
};

enum {
    RECORD_CONTENT_TYPE_BYTES_MAX = 255,
    RECORD_KEYED_HASH_BYTES = 16, /* of HMAC-SHA-256 */
};

struct record_mqtt {
    struct str topic;   /* as received; may be malformed UTF-8 */
    struct str payload; /* as received; simdjson needs 64 readable bytes after it: see json.h */
    uint8_t qos;
    uint8_t bits; /* RECORD_MQTT_… */
    struct str content_type; /* MQTT 5: what the sender says the payload is; len 0: it says nothing. A longer one than RECORD_CONTENT_TYPE_BYTES_MAX is cut */
    struct str keyed_hash;   /* PERSONAL: of the payload as it was received, RECORD_KEYED_HASH_BYTES of it; len 0: there was no key */
};

/* Why nothing of the payload was kept. name, text; never reordered */
#define RECORD_WITHHELD_REASONS(R)                                                                 \
    R(MALFORMED, "not JSON")                                                                       \
    R(UTF8, "not UTF-8")                                                                           \
    R(OVERSIZED, "too large")                                                                      \
    R(KEY, "there is no key to hash with")                                                         \
    R(FAILED, "redaction failed")
enum record_withheld_reason {
#define RECORD_WITHHELD_ENUM(name, text) RECORD_WITHHELD_##name,
    RECORD_WITHHELD_REASONS(RECORD_WITHHELD_ENUM)
#undef RECORD_WITHHELD_ENUM
    RECORD_WITHHELD_REASON_COUNT
};
const char *record_withheld_text(enum record_withheld_reason reason);

struct record_withheld {
    struct str topic;
    uint64_t payload_len;
    struct str keyed_hash; /* as in record_mqtt; len 0: no key */
    enum record_withheld_reason reason;
    uint8_t qos;
    uint8_t bits;
};

struct record_oversized {
    struct str topic;
    struct str head;      /* the first bytes, at most RECORD_HEAD_BYTES_MAX */
    uint64_t payload_len; /* of the whole message */
    uint8_t sha256[32];   /* of the whole payload */
    uint8_t qos;
    uint8_t bits;
};

/* What ingest knows of its own probes, which it sends through the broker to itself. */
enum record_probe {
    RECORD_PROBE_NONE,    /* it sends none (an older writer, or mqtt.probe: no) */
    RECORD_PROBE_SENT,    /* it sends them */
    RECORD_PROBE_REFUSED, /* it sends them, and the broker has said that it passes none on */
    RECORD_PROBE_COUNT
};

struct record_tick {
    bool connected;           /* to the broker, with all subscriptions granted */
    uint64_t messages;        /* messages in this log since ingest's start: lets process judge silence of the whole intake */
    int64_t clock_offset_ns;  /* wall - log time */
    int32_t utc_offset_s;     /* of the venue's time zone now; RECORD_NO_UTC_OFFSET: not known (an older writer) */
    uint64_t broker_dropped;  /* messages that the broker says it has dropped, of all its clients, since it started; RECORD_NO_COUNT: it has not said (yet) */
    uint8_t probe;            /* enum record_probe */
    uint32_t probe_ms;        /* since the newest probe was sent that has come back; RECORD_NO_PROBE: none has since ingest's start */
};
#define RECORD_NO_PROBE UINT32_MAX
#define RECORD_NO_COUNT UINT64_MAX
#define RECORD_NO_UTC_OFFSET INT32_MIN

struct record_connection { /* CONNECTED and DISCONNECTED */
    bool session_present;
    int32_t reason_code;
    struct str detail; /* broker URI or reason text */
};

struct record_subscribed {
    struct str filter;
    int32_t reason_code; /* the SUBACK code: granted QoS 0..2, or >= 0x80 refused */
};

struct record_gap {
    uint64_t last_seq; /* before the gap */
    int64_t from_ns;   /* log time of that record; the gap ends at this record's log time */
};

enum { RECORD_COMMAND_LOCAL = 1 }; /* through the socket of this machine */

struct record_command {
    uint8_t by;      /* RECORD_COMMAND_…: how it came, and so what the next two mean */
    uint32_t uid;    /* LOCAL: user id and process id of the peer, as the kernel told */
    uint32_t pid;
    struct str text; /* one line of JSON, as it came */
};

struct record_model {
    uint64_t hash;       /* str_hash of source */
    struct str source;   /* the venue YAML, whole, environment variables already replaced */
    struct str path;     /* where it was read from, for messages */
};

/* Encoders write into out (cap bytes) and return the length, or 0 when it does not fit. Decoders borrow from body and
   return false with MALFORMED when it is not such a record (a bug or corruption: the log's CRC has passed). */
uint32_t record_mqtt_encode(const struct record_mqtt *from, uint8_t *out, size_t cap);
bool record_mqtt_decode(const uint8_t *body, uint32_t len, struct record_mqtt *ret, struct error *err);
/* Bytes of a MQTT body before its topic and payload. */
enum { RECORD_MQTT_FIXED_BYTES = 8 };
/* What properties add at most. */
enum { RECORD_MQTT_PROPERTIES_BYTES_MAX = 2 + RECORD_CONTENT_TYPE_BYTES_MAX + 2 + RECORD_KEYED_HASH_BYTES };
uint32_t record_withheld_encode(const struct record_withheld *from, uint8_t *out, size_t cap);
bool record_withheld_decode(const uint8_t *body, uint32_t len, struct record_withheld *ret, struct error *err);
uint32_t record_oversized_encode(const struct record_oversized *from, uint8_t *out, size_t cap);
bool record_oversized_decode(const uint8_t *body, uint32_t len, struct record_oversized *ret, struct error *err);
uint32_t record_tick_encode(const struct record_tick *from, uint8_t *out, size_t cap);
bool record_tick_decode(const uint8_t *body, uint32_t len, struct record_tick *ret, struct error *err);
uint32_t record_connection_encode(const struct record_connection *from, uint8_t *out, size_t cap);
bool record_connection_decode(const uint8_t *body, uint32_t len, struct record_connection *ret, struct error *err);
uint32_t record_subscribed_encode(const struct record_subscribed *from, uint8_t *out, size_t cap);
bool record_subscribed_decode(const uint8_t *body, uint32_t len, struct record_subscribed *ret, struct error *err);
uint32_t record_gap_encode(const struct record_gap *from, uint8_t *out, size_t cap);
bool record_gap_decode(const uint8_t *body, uint32_t len, struct record_gap *ret, struct error *err);
uint32_t record_command_encode(const struct record_command *from, uint8_t *out, size_t cap);
bool record_command_decode(const uint8_t *body, uint32_t len, struct record_command *ret, struct error *err);
/* Bytes of a COMMAND body before its text. */
enum { RECORD_COMMAND_FIXED_BYTES = 16 };
uint32_t record_model_encode(const struct record_model *from, uint8_t *out, size_t cap);
bool record_model_decode(const uint8_t *body, uint32_t len, struct record_model *ret, struct error *err);

/* Every result body begins with its position: which input of the readings log it came from. */
struct result_origin {
    uint64_t input_seq;
    uint32_t input_epoch;
    uint32_t index; /* 0, 1, … over both results logs for one input */
};
enum { RESULT_ORIGIN_BYTES = 16 };
void result_origin_encode(const struct result_origin *from, uint8_t out[RESULT_ORIGIN_BYTES]);
struct result_origin result_origin_decode(const uint8_t from[RESULT_ORIGIN_BYTES]);

#endif
