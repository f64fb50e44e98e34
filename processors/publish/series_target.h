/*
 * series_target: where and how the time-series store is written, and what its answers mean.
 * InfluxDB 1.x, 2.x and what speaks their write interfaces.
 */
#ifndef CROWDTIDE_PROCESSORS_PUBLISH_SERIES_TARGET_H
#define CROWDTIDE_PROCESSORS_PUBLISH_SERIES_TARGET_H

#include "processors/net/http_poster.h"
#include "schemas/base/str.h"
#include "schemas/config/config.h"

struct series_target {
    char write_url[HTTP_URL_BYTES];
    char create_url[HTTP_URL_BYTES]; /* v1: makes the database; "" in v2 */
    bool gzip;
    struct http_poster_options http; /* texts borrowed from the configuration */
};

/* CONFIG: the settings series.* do not fit together. */
bool series_target_init(const struct config *config, struct series_target *ret, struct error *err);

/* Where an InfluxQL query is asked for the database, with times in nanoseconds and the answer in
   lines: InfluxDB 1.x, and 2.x, which knows the bucket as a database. url has HTTP_URL_BYTES.
   CONFIG: too long. */
bool series_target_query(const struct config *config, const char *statement, char *url,
                         struct error *err);

/* Another address of the same server: its base, then path. */
bool series_target_url(const struct config *config, const char *path, char *url,
                       struct error *err);

/* What to do after an answer. */
enum series_verdict {
    SERIES_STORED,      /* 2xx */
    SERIES_LATER,       /* no answer, 429, 5xx: the same again after a pause */
    SERIES_BLOCKED,     /* 401, 403, 404, a certificate that is not trusted and anything unknown: as
                           LATER, and somebody must look */
    SERIES_NO_DATABASE, /* v1: create it, then the same again */
    SERIES_TOO_LARGE,   /* 413: the same in smaller parts */
    SERIES_REFUSED,     /* 400, 422: find the line that is refused */
};
enum series_verdict series_judge(const struct series_target *target,
                                 const struct http_response *response);

/* True when the words of a refusal speak of the data. Without such words a refused line is only
   laid at the line's door while the store takes others: a wrong address or bucket refuses
   everything, and then nothing may be given up. */
bool series_blames_data(const char *words);

#endif
