/*
 * init_answers: what `crowdtide init` wants to know of a venue: one table of questions, whose
 * answers come from flags, from a person at the terminal, or are the defaults. Private to init_*.c
 * and cmd_init.c; one thread.
 *
 *     struct init_answers *answers = init_answers_new(dir);               the defaults
 *     if (!init_answers_set(answers, INIT_id, "fair", reason, sizeof reason)) …reason says what is
 * expected if (!init_plan_make(answers, &plan, reason, sizeof reason)) …the halls and gates as rows
 */
#ifndef CROWDTIDE_DEPLOY_CLI_INIT_ANSWERS_H
#define CROWDTIDE_DEPLOY_CLI_INIT_ANSWERS_H

#include "schemas/base/str.h"
#include "schemas/venue/venue.h"

/* kind, name, flag, what stands for the value in --help, the setting it becomes ("" none of the
   configuration's), the answer it is only asked for when that is not empty (or -1), the question,
   what more --help says. WORD: an id. NAME: text for people. ZONE: an IANA time zone. SETTING: what
   the setting's row of the table accepts; OPTIONAL: that, or nothing. BROKER, KAFKA: what a
   connection can be made to, besides. FILE: a file that can be read. COUNT: people, or nothing.
   HALLS, GATES: rows with ; between them. */
/* clang-format off */
#define INIT_QUESTIONS(Q)                                                                          \
    Q(WORD, id, "id", "ID", "", -1, "Id of the venue, part of every topic and key", "") \
    Q(NAME, name, "name", "TEXT", "", -1, "Its name, for people (empty: the id)", "") \
    Q(ZONE, time_zone, "time-zone", "ZONE", "", -1, "Its time zone", ", as Europe/Berlin") \
    Q(COUNT, capacity, "capacity", "PEOPLE", "", -1, "Approved headcount of the whole site (empty: there is none)", "") \
    Q(HALLS, halls, "halls", "ROWS", "", -1, "Halls: name, approved headcount, area in m2, how people are counted", "") \
    Q(GATES, gates, "gates", "ROWS", "", -1, "Gates of the site that count who passes: name, lanes", "") \
    Q(WORD, operator, "operator", "ID", "", -1, "Who acknowledges alerts, under the user id you have now", "") \
    Q(BROKER, mqtt_url, "broker", "URL", "mqtt.url", -1, "MQTT broker (mqtt://host:port or mqtts://host:port)", "") \
    Q(OPTIONAL, mqtt_username, "user", "NAME", "mqtt.username", -1, "User name at the broker (empty: none)", "") \
    Q(FILE, mqtt_password, "password-file", "FILE", "mqtt.password_file", INIT_mqtt_username, "File whose first line is the password (empty: none)", "") \
    Q(KAFKA, kafka_brokers, "kafka", "HOSTS", "kafka.brokers", -1, "Kafka, host:port (empty: without Kafka)", "") \
    Q(OPTIONAL, series_url, "series", "URL", "series.url", -1, "InfluxDB or VictoriaMetrics, http://host:port (empty: without)", "") \
    Q(OPTIONAL, series_org, "org", "NAME", "series.org", INIT_series_url, "Organisation, if it is InfluxDB 2 (empty: InfluxDB 1, VictoriaMetrics)", "") \
    Q(FILE, series_token, "token-file", "FILE", "series.token_file", INIT_series_org, "File whose first line is the token (empty: none)", "") \
    Q(SETTING, state_dir, "state", "DIR", "state_dir", -1, "Directory for logs and state, with room; seen from the configuration", "")
/* clang-format on */

enum init_question {
#define INIT_ENUM(kind, name, ...) INIT_##name,
    INIT_QUESTIONS(INIT_ENUM)
#undef INIT_ENUM
        INIT_QUESTION_COUNT
};

enum init_kind {
    INIT_KIND_WORD,
    INIT_KIND_NAME,
    INIT_KIND_ZONE,
    INIT_KIND_SETTING,
    INIT_KIND_OPTIONAL,
    INIT_KIND_BROKER,
    INIT_KIND_KAFKA,
    INIT_KIND_FILE,
    INIT_KIND_COUNT,
    INIT_KIND_HALLS,
    INIT_KIND_GATES,
};

struct init_question_info {
    enum init_kind kind;
    const char *flag, *value, *setting;
    int needs; /* enum init_question, or -1 */
    const char *text, *more;
};
const struct init_question_info *init_question_info_of(enum init_question question);

enum {
    INIT_ANSWER_BYTES = 8192,
    INIT_ROWS_MAX = 64,
    INIT_REASON_BYTES = 400,
    INIT_NAME_BYTES_MAX = 120
};

struct init_answers {
    char text[INIT_QUESTION_COUNT][INIT_ANSWER_BYTES];
    bool given[INIT_QUESTION_COUNT]; /* by a flag or a person: no default any more */
};

/* The defaults for a configuration in that directory, from this machine: its time zone, the
 * caller's name. malloc'ed; NULL: out of memory. */
struct init_answers *init_answers_new(const char *dir);

/* Takes an answer when it is one; else the old one stays and reason says what is expected. Blanks
 * around it do not count. A file's path becomes an absolute one. */
bool init_answers_set(struct init_answers *answers, enum init_question question, const char *text,
                      char *reason, size_t cap);

/* False where another answer makes the question pointless. */
bool init_answers_wanted(const struct init_answers *answers, enum init_question question);

/* ---- halls and gates (init_plan.c) ----------------------------------------------------------- */

struct init_hall {
    char id[ID_BYTES_MAX + 1];
    struct str name; /* borrowed from the answers */
    int64_t capacity;
    struct str area_m2; /* as it was written, likewise; empty: not said */
    enum counter_kind counter;
};

struct init_gate {
    char id[ID_BYTES_MAX + 1];
    struct str name;
    int64_t lanes;
};

struct init_plan {
    struct init_hall hall[INIT_ROWS_MAX];
    struct init_gate gate[INIT_ROWS_MAX];
    uint32_t halls, gates;
};

/* One row, or several with ; between them; at least one hall, each name once. False: *ret_plan is
 * untouched and reason says what is expected. */
bool init_plan_halls(struct str venue_id, struct str rows, struct init_plan *ret_plan, char *reason,
                     size_t cap);
bool init_plan_gates(struct str rows, struct init_plan *ret_plan, char *reason, size_t cap);
bool init_plan_make(const struct init_answers *answers, struct init_plan *ret_plan, char *reason,
                    size_t cap);

/* The id of the sensor that counts a hall's people. Returns out. */
enum { INIT_COUNTER_BYTES = ID_BYTES_MAX + 16 };
const char *init_hall_counter(const struct init_hall *hall, char out[INIT_COUNTER_BYTES]);

/* Text for people that YAML, terminals and pages can carry: UTF-8, no control or line-breaking
 * characters, at most INIT_NAME_BYTES_MAX bytes. */
bool init_name_valid(struct str name, char *reason, size_t cap);

#endif
