/*
 * command_socket: a Unix stream socket for operators' commands on this machine: one line of JSON in, one line of JSON out, any number a
 * connection. Nothing here blocks: it is served from its owner's poll loop.
 *
 *     command_socket_open(&options, &sock, &err);
 *     n = command_socket_fds(sock, fds, COMMAND_SOCKET_FDS_MAX);
 *     poll(fds, n, timeout_ms);
 *     command_socket_serve(sock, fds, n);
 *     command_socket_close(sock);
 *
 * Who may: the user id of this process, root, and whom `may` names; told by SO_PEERCRED, asked when a peer connects and again for each line, so that one who
 * has lost the right in between is cut off, too. Others get one refusal and are cut off. The file has mode 0666: the kernel's word about the peer decides, and
 * the directory it lies in.
 * Limits: COMMAND_CLIENTS_MAX connections, COMMAND_CLIENTS_PER_USER_MAX of one user (one more is refused, so that one user's hanging scripts shut nobody out),
 * COMMAND_LINE_BYTES_MAX a line (longer: refused and cut off), COMMAND_IDLE_S without a whole line (cut off), COMMAND_LINES_PER_ROUND lines of one client a
 * call, so that no client keeps the owner from its ticks; COMMAND_BURST lines of one user at once, then one each COMMAND_REFILL_MS over all its connections
 * (what is over is refused, not handled).
 *
 * One thread.
 */
#ifndef CROWDTIDE_INGEST_COMMAND_SOCKET_H
#define CROWDTIDE_INGEST_COMMAND_SOCKET_H

#include <poll.h>

#include "schemas/base/error.h"
#include "schemas/base/str.h"

enum {
    COMMAND_CLIENTS_MAX = 16,
    COMMAND_CLIENTS_PER_USER_MAX = 8,
    COMMAND_LINE_BYTES_MAX = 65536, /* with its newline */
    COMMAND_PADDING_BYTES = 64,     /* readable after a line given to the handler */
    COMMAND_REPLY_BYTES_MAX = 4096,
    COMMAND_IDLE_S = 60,
    COMMAND_LINES_PER_ROUND = 4, /* each may cost a sync of the disk */
    COMMAND_BURST = 60,
    COMMAND_REFILL_MS = 1000,
    COMMAND_USERS_MAX = 300, /* whose pace is kept; more than a venue has operators */
    COMMAND_SOCKET_FDS_MAX = COMMAND_CLIENTS_MAX + 1,
};

struct command_peer { /* as the kernel told when it connected */
    uint32_t uid, pid;
};

struct command_socket_options {
    const char *path; /* a stale file there is replaced: the caller holds the log's lock, so no other ingest lives */
    /* One line without its newline; writes one reply without newline (COMMAND_REPLY_BYTES_MAX). */
    void (*handle)(void *arg, const struct command_peer *peer, struct str line,
                   struct text *reply);
    /* Whether that user may give commands, beside root and the user of this process. NULL: nobody else. */
    bool (*may)(void *arg, uint32_t uid);
    void *arg;
    /* Who is at the other end; NULL: SO_PEERCRED. And the clock of COMMAND_IDLE_S and COMMAND_REFILL_MS; NULL: CLOCK_BOOTTIME. For tests. */
    bool (*peer_of)(int fd, struct command_peer *ret);
    int64_t (*now_ns)(void);
};

struct command_socket;

/* Errors: CONFIG (the path is too long for a socket), IO, NO_MEMORY. */
bool command_socket_open(const struct command_socket_options *options,
                         struct command_socket **ret_socket, struct error *err);

/* What to poll; returns the count, at most COMMAND_SOCKET_FDS_MAX. */
uint32_t command_socket_fds(const struct command_socket *sock,
                            struct pollfd fds[COMMAND_SOCKET_FDS_MAX]);

/* Accepts, reads, answers, cuts off. fds: as filled above, after poll. */
void command_socket_serve(struct command_socket *sock, const struct pollfd *fds, uint32_t count);

/* Removes the file. NULL is allowed. */
void command_socket_close(struct command_socket *sock);

#endif
