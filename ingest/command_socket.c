#include "ingest/command_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "schemas/base/clock.h"

#define REFUSED_PEER "{\"ok\":false,\"reason\":\"your user is no operator of this venue\"}\n"
#define REFUSED_FULL "{\"ok\":false,\"reason\":\"too many connections\"}\n"
#define REFUSED_USER "{\"ok\":false,\"reason\":\"too many connections of your user\"}\n"
#define REFUSED_PACE "{\"ok\":false,\"reason\":\"too many commands at once: wait a moment\"}"
#define REFUSED_LINE "{\"ok\":false,\"reason\":\"line too long\"}\n"

struct command_client {
    int fd; /* -1: free */
    struct command_peer peer;
    int64_t since_ns; /* boot time of the last whole line */
    size_t in_len;
    size_t out_at, out_len;
    char in[COMMAND_LINE_BYTES_MAX + COMMAND_PADDING_BYTES];
    char out[COMMAND_REPLY_BYTES_MAX + 1];
};

/* How many lines a user may still send. One who has not for long has the whole burst again, as has
   one who is not in the table. */
struct command_pace {
    uint32_t uid;
    bool used;
    int64_t spent_until_ns; /* when the burst would be whole again */
};

struct command_socket {
    struct command_socket_options options;
    int fd;
    bool bound;
    struct sockaddr_un address;
    struct command_client client[COMMAND_CLIENTS_MAX];
    struct command_pace pace[COMMAND_USERS_MAX];
};

static void client_cut(struct command_client *client)
{
    close(client->fd);
    client->fd = -1;
}

/* Sends what it takes without waiting; a peer that does not read its refusal loses it. */
static void refuse(int fd, const char *text)
{
    ssize_t sent = send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)sent;
}

static bool peer_of(int fd, struct command_peer *ret)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
        return false;
    *ret = (struct command_peer){.uid = peer.uid, .pid = (uint32_t)peer.pid};
    return true;
}

static bool user_may(const struct command_socket *sock, uint32_t uid)
{
    const struct command_socket_options *options = &sock->options;
    return uid == geteuid() || uid == 0 || (options->may && options->may(options->arg, uid));
}

/* Takes one line from the user's burst; false when it is spent. */
static bool pace_allows(struct command_socket *sock, uint32_t uid)
{
    const int64_t refill_ns = COMMAND_REFILL_MS * 1000000LL;
    int64_t now_ns = sock->options.now_ns();
    struct command_pace *pace = NULL, *unused = NULL;
    for (int i = 0; i < COMMAND_USERS_MAX && !pace; i++) {
        struct command_pace *p = &sock->pace[i];
        p->used = p->used && p->spent_until_ns > now_ns;
        if (p->used && p->uid == uid)
            pace = p;
        else if (!p->used && !unused)
            unused = p;
    }
    if (!pace && !unused)
        return false;
    if (!pace) {
        pace = unused;
        *pace = (struct command_pace){.uid = uid, .used = true, .spent_until_ns = now_ns};
    }
    if (pace->spent_until_ns + refill_ns - now_ns > COMMAND_BURST * refill_ns)
        return false;
    pace->spent_until_ns += refill_ns;
    return true;
}

/* Why a peer can't have a place, or NULL with the place. */
static const char *place_for(struct command_socket *sock, const struct command_peer *peer,
                             struct command_client **ret_place)
{
    struct command_client *place = NULL;
    uint32_t same = 0;
    if (!user_may(sock, peer->uid))
        return REFUSED_PEER;
    for (int i = 0; i < COMMAND_CLIENTS_MAX; i++) {
        struct command_client *client = &sock->client[i];
        same += client->fd >= 0 && client->peer.uid == peer->uid;
        place = place || client->fd >= 0 ? place : client;
    }
    if (!place)
        return REFUSED_FULL;
    if (same >= COMMAND_CLIENTS_PER_USER_MAX)
        return REFUSED_USER;
    *ret_place = place;
    return NULL;
}

static void accept_clients(struct command_socket *sock)
{
    for (int tries = 0; tries < COMMAND_CLIENTS_MAX; tries++) {
        int fd = accept4(sock->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        struct command_client *place = NULL;
        struct command_peer peer = {0};
        const char *refusal =
            sock->options.peer_of(fd, &peer) ? place_for(sock, &peer, &place) : REFUSED_PEER;
        if (refusal) {
            refuse(fd, refusal);
            close(fd);
            continue;
        }
        place->fd = fd;
        place->peer = peer;
        place->since_ns = sock->options.now_ns();
        place->in_len = place->out_at = place->out_len = 0;
    }
}

/* False when the connection is gone. */
static bool client_flush(struct command_client *client)
{
    while (client->out_at < client->out_len) {
        ssize_t n = send(client->fd, client->out + client->out_at, client->out_len - client->out_at,
                         MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        client->out_at += (size_t)n;
    }
    client->out_at = client->out_len = 0;
    return true;
}

/* Handles whole lines while the client takes its replies; false when the connection is to be cut.
 */
static bool client_lines(struct command_socket *sock, struct command_client *client)
{
    for (int round = 0; round < COMMAND_LINES_PER_ROUND && client->out_len == 0; round++) {
        char *end = memchr(client->in, '\n', client->in_len);
        if (!end) {
            if (client->in_len < COMMAND_LINE_BYTES_MAX)
                return true;
            refuse(client->fd, REFUSED_LINE);
            return false;
        }
        if (!user_may(sock, client->peer.uid)) { /* no longer */
            refuse(client->fd, REFUSED_PEER);
            return false;
        }
        struct text reply = text_over(client->out, COMMAND_REPLY_BYTES_MAX);
        uint32_t len = (uint32_t)(end - client->in);
        if (pace_allows(sock, client->peer.uid))
            sock->options.handle(sock->options.arg, &client->peer, (struct str){client->in, len},
                                 &reply);
        else
            text_add(&reply, REFUSED_PACE);
        client->out[reply.len] = '\n';
        client->out_len = reply.len + 1;
        client->since_ns = sock->options.now_ns();
        client->in_len -= len + 1;
        memmove(client->in, end + 1, client->in_len);
        if (!client_flush(client))
            return false;
    }
    return true;
}

static bool client_read(struct command_client *client)
{
    size_t room = COMMAND_LINE_BYTES_MAX - client->in_len;
    if (room == 0)
        return true;
    ssize_t n = recv(client->fd, client->in + client->in_len, room, MSG_DONTWAIT);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    client->in_len += (size_t)n;
    return n > 0;
}

static void client_serve(struct command_socket *sock, struct command_client *client, short events)
{
    bool alive = client_flush(client);
    if (alive && (events & (POLLIN | POLLHUP | POLLERR)))
        alive = client_read(client) || memchr(client->in, '\n', client->in_len);
    if (alive)
        alive = client_lines(sock, client);
    if (alive && sock->options.now_ns() - client->since_ns > (int64_t)COMMAND_IDLE_S * 1000000000)
        alive = false;
    if (!alive)
        client_cut(client);
}

uint32_t command_socket_fds(const struct command_socket *sock,
                            struct pollfd fds[COMMAND_SOCKET_FDS_MAX])
{
    uint32_t n = 0;
    fds[n++] = (struct pollfd){.fd = sock->fd, .events = POLLIN};
    for (int i = 0; i < COMMAND_CLIENTS_MAX; i++) {
        const struct command_client *client = &sock->client[i];
        if (client->fd < 0)
            continue;
        /* A whole line left over from the last round wakes the owner at once. While a reply waits
           nothing more is read: a peer that only talks must not keep the owner awake. */
        bool left = memchr(client->in, '\n', client->in_len) != NULL;
        short events = client->out_len ? POLLOUT : left ? POLLIN | POLLOUT : POLLIN;
        fds[n++] = (struct pollfd){.fd = client->fd, .events = events};
    }
    return n;
}

void command_socket_serve(struct command_socket *sock, const struct pollfd *fds, uint32_t count)
{
    for (int i = 0; i < COMMAND_CLIENTS_MAX; i++) {
        struct command_client *client = &sock->client[i];
        if (client->fd < 0)
            continue;
        short events = 0;
        for (uint32_t f = 1; f < count; f++)
            events |= fds[f].fd == client->fd ? fds[f].revents : 0;
        client_serve(sock, client, events);
    }
    if (count && (fds[0].revents & POLLIN))
        accept_clients(sock); /* last, so that fds never means a client accepted just now */
}

bool command_socket_open(const struct command_socket_options *options,
                         struct command_socket **ret_socket, struct error *err)
{
    struct command_socket *sock = calloc(1, sizeof *sock);
    if (!sock)
        return error_set(err, ERROR_NO_MEMORY, 0, "command socket");
    sock->options = *options;
    if (!sock->options.peer_of)
        sock->options.peer_of = peer_of;
    if (!sock->options.now_ns)
        sock->options.now_ns = clock_boot_ns;
    sock->fd = -1;
    for (int i = 0; i < COMMAND_CLIENTS_MAX; i++)
        sock->client[i].fd = -1;
    sock->address.sun_family = AF_UNIX;
    size_t len = strlen(options->path);
    if (len == 0 || len >= sizeof sock->address.sun_path) {
        (void)error_set(err, ERROR_CONFIG, 0,
                        "command_socket \"%s\": a socket's path has 1 to %zu bytes", options->path,
                        sizeof sock->address.sun_path - 1);
        goto fail;
    }
    memcpy(sock->address.sun_path, options->path, len + 1);
    sock->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct stat there;
    if (lstat(options->path, &there) == 0 && S_ISSOCK(there.st_mode))
        (void)unlink(options->path);
    mode_t mask = umask(0111);
    bool bound = sock->fd >= 0 &&
                 bind(sock->fd, (const struct sockaddr *)&sock->address, sizeof sock->address) == 0;
    int saved = errno;
    (void)umask(mask);
    errno = saved;
    sock->bound = bound;
    if (!bound || listen(sock->fd, COMMAND_CLIENTS_MAX) != 0) {
        (void)error_set(err, ERROR_IO, errno, "command socket %s", options->path);
        goto fail;
    }
    *ret_socket = sock;
    return true;

fail:
    command_socket_close(sock);
    return false;
}

void command_socket_close(struct command_socket *sock)
{
    if (!sock)
        return;
    for (int i = 0; i < COMMAND_CLIENTS_MAX; i++) {
        if (sock->client[i].fd >= 0)
            client_cut(&sock->client[i]);
    }
    if (sock->bound)
        (void)unlink(sock->address.sun_path);
    if (sock->fd >= 0)
        close(sock->fd);
    free(sock);
}
