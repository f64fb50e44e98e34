/*
 * http_lines: a GET whose answer is read line by line as it comes, however long it is.
 *
 *     http_lines(&options, url, visit, arg, &status, &err);
 */
#ifndef CROWDTIDE_PROCESSORS_NET_HTTP_LINES_H
#define CROWDTIDE_PROCESSORS_NET_HTTP_LINES_H

#include "processors/net/http_poster.h"

enum {
    HTTP_LINE_BYTES_MAX = 32 * 1024 * 1024, /* a longer line is TOO_LARGE */
    HTTP_LINE_PADDING_BYTES = 64,           /* readable behind a line */
};

/* `visit` gets each line without its newline (the last one may lack it); false stops, with *err set
   by the callee. options->timeout_s bounds the time to connect, and then any time without a byte.
   NETWORK, TOO_LARGE, NO_MEMORY, CONFIG. *ret_status is the HTTP status of the answer, whatever it
   is. One thread. */
bool http_lines(const struct http_poster_options *options, const char *url,
                bool (*visit)(void *arg, const char *line, size_t len, struct error *err),
                void *arg, int *ret_status, struct error *err);

#endif
