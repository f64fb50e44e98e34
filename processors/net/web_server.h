/*
 * web_server: answers HTTP GET on one address, from a thread of its own. The only file that includes libmicrohttpd.
 *
 *     web_server_open(&(struct web_server_options){.listen = "127.0.0.1:9570", .answer = answer, .context = me, .answer_bytes_max = …}, &server, &err);
 *     web_server_close(server);
 *
 * Other methods than GET and HEAD are refused with 405, a connection more than WEB_CONNECTIONS_MAX at once is turned away, and one that says nothing for
 * WEB_IDLE_S is closed: nobody outside can hold the program up.
 */
#ifndef CROWDTIDE_PROCESSORS_NET_WEB_SERVER_H
#define CROWDTIDE_PROCESSORS_NET_WEB_SERVER_H

#include "schemas/base/error.h"
#include "schemas/base/str.h"

enum { WEB_CONNECTIONS_MAX = 64, WEB_IDLE_S = 30, WEB_REQUEST_MEMORY_BYTES = 16 * 1024 };

struct web_request { /* borrowed for the call */
    const char *path;   /* without the query */
    const char *accept; /* header; "" when there is none */
};

struct web_answer {
    int status; /* 200 unless set */
    const char *content_type;
    struct text body; /* empty, with answer_bytes_max of room */
};

struct web_server_options { /* listen is copied */
    const char *listen; /* host:port, a numeric address; [::1]:9570 for IPv6; port 0: any (web_server_port tells) */
    /* In the server's thread, one call at a time. */
    void (*answer)(void *context, const struct web_request *request, struct web_answer *answer);
    void *context;
    size_t answer_bytes_max;
};

struct web_server; /* opaque */

/* CONFIG: not an address; NETWORK: it can't be listened on (taken, or not ours); NO_MEMORY. */
bool web_server_open(const struct web_server_options *options, struct web_server **ret_server,
                     struct error *err);
unsigned web_server_port(const struct web_server *server);
/* Answers in hand are finished. NULL is allowed. */
void web_server_close(struct web_server *server);

/* As struct web_server_options.listen wants it; for checks. */
bool web_address_valid(const char *listen);

#endif
