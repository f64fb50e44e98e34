#include "processors/net/web_server.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HOST_BYTES = 128, PORT_BYTES = 8, BACKLOG = 64 };

struct web_server {
    struct web_server_options options;
    struct MHD_Daemon *daemon;
    char *body; /* of the answer in hand */
    unsigned port;
};

/* "host:port" and "[host]:port" into its two parts. */
static bool split(const char *listen, char host[HOST_BYTES], char port[PORT_BYTES])
{
    const char *colon = strrchr(listen, ':');
    if (!colon || strlen(colon + 1) == 0 || strlen(colon + 1) >= PORT_BYTES ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1) || strtol(colon + 1, NULL, 10) > 65535)
        return false;
    size_t len = (size_t)(colon - listen);
    const bool bracketed = len >= 2 && listen[0] == '[' && listen[len - 1] == ']';
    const char *from = bracketed ? listen + 1 : listen;
    len -= bracketed ? 2 : 0;
    if (len == 0 || len >= HOST_BYTES || (!bracketed && memchr(from, ':', len)))
        return false;
    memcpy(host, from, len);
    host[len] = '\0';
    (void)snprintf(port, PORT_BYTES, "%s", colon + 1);
    return true;
}

static struct addrinfo *resolve(const char *listen)
{
    char host[HOST_BYTES], port[PORT_BYTES];
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (!split(listen, host, port) || getaddrinfo(host, port, &hints, &found) != 0)
        return NULL;
    return found;
}

bool web_address_valid(const char *listen)
{
    struct addrinfo *found = resolve(listen);
    if (found)
        freeaddrinfo(found);
    return found != NULL;
}

/* Our own socket rather than the library's: its errors then have a reason. */
static bool open_socket(const char *listen_on, int *ret_fd, struct error *err)
{
    struct addrinfo *found = resolve(listen_on);
    if (!found)
        return error_set(err, ERROR_CONFIG, 0, "\"%s\" is not a numeric address and a port",
                         listen_on);
    const int one = 1;
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
              bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0;
    if (!ok) {
        (void)error_set(err, ERROR_NETWORK, errno, "listening on %s", listen_on);
        if (fd >= 0)
            close(fd);
    }
    freeaddrinfo(found);
    *ret_fd = fd;
    return ok;
}

static enum MHD_Result respond(struct MHD_Connection *connection, const struct web_answer *answer)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(answer->body.len, answer->body.at, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    bool ok =
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type) ==
            MHD_YES &&
        MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") == MHD_YES &&
        (answer->status != MHD_HTTP_METHOD_NOT_ALLOWED ||
         MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD") == MHD_YES);
    enum MHD_Result queued =
        ok ? MHD_queue_response(connection, (unsigned)answer->status, response) : MHD_NO;
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_len, void **connection_state)
{
    struct web_server *server = context;
    (void)version;
    (void)upload;
    if (!*connection_state) { /* the header is there; the library calls again when all of it is */
        *connection_state = server;
        return MHD_YES;
    }
    if (*upload_len) {
        *upload_len = 0; /* a body nobody asked for: read and dropped */
        return MHD_YES;
    }
    struct web_answer answer = {.status = MHD_HTTP_OK,
                                .content_type = "text/plain; charset=utf-8",
                                .body = text_over(server->body, server->options.answer_bytes_max)};
    const char *accept =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
    const struct web_request request = {.path = url, .accept = accept ? accept : ""};
    if (strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0) {
        server->options.answer(server->options.context, &request, &answer);
    } else {
        answer.status = MHD_HTTP_METHOD_NOT_ALLOWED;
        text_add(&answer.body, "only GET and HEAD\n");
    }
    return respond(connection, &answer);
}

bool web_server_open(const struct web_server_options *options, struct web_server **ret_server,
                     struct error *err)
{
    int fd = -1;
    struct web_server *server = calloc(1, sizeof *server);
    char *body = malloc(options->answer_bytes_max);
    if (!server || !body) {
        free(server);
        free(body);
        return error_set(err, ERROR_NO_MEMORY, 0, "web server");
    }
    server->options = *options;
    server->body = body;
    if (!open_socket(options->listen, &fd, err)) {
        web_server_close(server);
        return false;
    }
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET,
        fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)WEB_CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)WEB_IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)WEB_REQUEST_MEMORY_BYTES, MHD_OPTION_END);
    if (!server->daemon) {
        close(fd);
        web_server_close(server);
        return error_set(err, ERROR_NETWORK, errno, "answering on %s", options->listen);
    }
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    server->port = info ? info->port : 0;
    *ret_server = server;
    return true;
}

unsigned web_server_port(const struct web_server *server)
{
    return server->port;
}

void web_server_close(struct web_server *server)
{
    if (!server)
        return;
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    free(server->body);
    free(server);
}
