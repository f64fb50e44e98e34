/*
 * http_server: a scripted HTTP/1.1 server on loopback, in a thread of this process, for tests of clients. It answers requests by the first rule that fits and keeps what it got.
 *
 *     struct http_rule rules[] = {{.times = 2, .status = 503}, {.contains = "bad", .status = 400, .body = "unable to parse"}, {.status = 204}};
 *     struct http_server *server = http_server_start(rules, 3);
 *     http_server_url(server) …
 *     http_server_stop(server);
 */
#ifndef CROWDTIDE_TESTS_SUPPORT_HTTP_SERVER_H
#define CROWDTIDE_TESTS_SUPPORT_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_SERVER_RULES_MAX = 16, HTTP_SERVER_KEPT_MAX = 4096 };

struct http_rule {
    uint32_t times;       /* used up after so many answers; 0: never */
    const char *path;     /* the request's address begins with this; NULL: any */
    const char *contains; /* the body contains this; NULL: any */
    size_t longer;        /* the body is longer than this; 0: any */
    int status;           /* 0: close the connection without an answer */
    const char *body;     /* of the answer */
    const char *header;   /* one more header line of the answer, with its end; NULL: none */
    uint32_t delay_ms;    /* before the answer */
};

struct http_server;

struct http_server *http_server_start(const struct http_rule *rules, uint32_t count);
const char *http_server_url(const struct http_server *server);

/* Requests so far that were answered by rule `rule`; all of them for -1. */
uint32_t http_server_count(struct http_server *server, int rule);
uint32_t http_server_connections(struct http_server *server);
/* Distinct lines of bodies answered with 2xx. */
uint32_t http_server_stored(struct http_server *server);
/* True when a body answered with 2xx had a line that contains the text. */
bool http_server_has(struct http_server *server, const char *text);
/* The address of the n-th request, "" when there was none. */
const char *http_server_path(struct http_server *server, uint32_t n);
/* The headers of the n-th request. */
const char *http_server_headers(struct http_server *server, uint32_t n);
/* Gives up the rules: everything is answered with 204 from now on. */
void http_server_relent(struct http_server *server);
void http_server_stop(struct http_server *server);

#endif
