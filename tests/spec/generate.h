/*
 * generate: the published specifications that tables give, so that they cannot disagree with what
 * the programs write and take. One function a file or folder below DIRECTORY (in the repository
 * schemas/spec). False after a message on stderr.
 */
#ifndef CROWDTIDE_TESTS_SPEC_GENERATE_H
#define CROWDTIDE_TESTS_SPEC_GENERATE_H

#include "processors/publish/kafka_message.h"
#include "schemas/result/result.h"

bool generate_kafka(const char *directory);    /* kafka/{topic}.json */
bool generate_metrics(const char *directory);  /* metrics.json */
bool generate_series(const char *directory);   /* series.json */
bool generate_log(const char *directory);      /* log/types.json, log/results.json */
bool generate_mqtt(const char *directory);     /* mqtt/{crowd,gate,light,status}.json */
bool generate_command(const char *directory);  /* command/line.json */
bool generate_counters(const char *directory); /* output/counters.json */
bool generate_asyncapi(const char *directory); /* the parts of asyncapi.yaml between its marks, the
                                                  rest stays; event-headers.json */

/* ---- what every topic has ---- */

struct topic {
    const char *suffix;
    const char *channel;  /* title of the channel */
    const char *title;    /* of one value */
    const char *required; /* fields that every value has, with spaces between */
};
extern const struct topic topics[]; /* of results; ended by one without suffix */

/* Its plan; NULL: there is no such topic. */
const struct kafka_topic_plan *topic_plan(const char *name);
/* "{venue}/{zone}"; of an exercise, too, "" when there is none of the type. */
void topic_key(const struct result_type *type, bool exercise, struct text *out);
const struct result_type *type_of_topic(const char *suffix);

/* ---- text ---- */

enum { GENERATE_BYTES_MAX = 256 * 1024, GENERATE_WORDS_MAX = 40 };

#define GENERATE_ID "[A-Za-z0-9][A-Za-z0-9._:-]{0,47}"
/* text_add_time_ms: UTC with milliseconds. "format" alone is a remark that validators may ignore.
 */
#define GENERATE_TIME "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$"

void add_quoted(struct text *out, const char *s);
/* "key": "value" */
void add_member(struct text *out, const char *key, const char *value);
/* "enum": […] of words up to NULL; empty ones are left out. */
void add_words(struct text *out, const char *const *word);
/* "$schema" and "$id" urn:crowdtide:{id}:v1, and the brace before them. */
void add_head(struct text *out, const char *id);
/* The JSON Schema of a field, in braces. */
void add_field(struct text *out, const char *topic, const struct result_field *field);
/* The members "properties" and "required" of a result type. False when a required field is not in
 * its table. */
bool add_result(struct text *out, const struct result_type *type, const char *topic,
                const char *required, const char *indent);

/* A buffer for one file; write_file frees nothing. */
bool write_file(const char *directory, const char *name, const struct text *content);

#endif
