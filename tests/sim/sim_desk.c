#include "tests/sim/sim_desk.h"

#include <stdlib.h>
#include <string.h>

#include "ingest/command_socket.h"

enum { ONE_IN = 300, REPLY_BYTES = COMMAND_REPLY_BYTES_MAX };

static const char *const wishes[] = {
    "\"command\":\"ack\",\"alert\":\"h1/full\"",
    "\"command\":\"ack\",\"alert\":\"h2/full\"",
    "\"command\":\"note\",\"alert\":\"h2/full\",\"text\":\"seen\"",
    "\"command\":\"anchor\",\"zone\":\"plaza\",\"people\":30,\"bound\":5",
    "\"command\":\"capacity\",\"zone\":\"h2\",\"people\":80",
    "\"command\":\"shelve\",\"alert\":\"h1/full\",\"minutes\":1,\"text\":\"known\"",
};

void sim_desk_turn(void)
{
    struct sim_desk *d = sim->desk;
    if (sim->calm || d->count == SIM_COMMANDS_MAX || !sim_one_in(ONE_IN))
        return;
    struct sim_command *c = &d->commands[d->count++];
    (void)snprintf(c->line, sizeof c->line,
                   "{%s,\"operator\":\"li\",\"nonce\":\"nonce-%08u\",\"issued\":%lld}",
                   wishes[sim_random(sizeof wishes / sizeof wishes[0])], d->count,
                   (long long)(INT64_C(1795424400000) + sim->now_ns / 1000000));
    sim_wake(d);
}

bool sim_desk_waits(void)
{
    return sim->desk->next < sim->desk->count;
}

void sim_desk_new(struct sim *s)
{
    s->desk = sim_keep(sizeof *s->desk);
}

void sim_desk_free(struct sim *s)
{
    sim_keep_free(s->desk);
    s->desk = NULL;
}

/* ---- command_socket.h ---- */

struct command_socket {
    struct command_socket_options options;
};

bool command_socket_open(const struct command_socket_options *options,
                         struct command_socket **ret_socket, struct error *err)
{
    struct command_socket *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(err, ERROR_NO_MEMORY, 0, "socket");
    s->options = *options;
    *ret_socket = s;
    return true;
}

uint32_t command_socket_fds(const struct command_socket *sock,
                            struct pollfd fds[COMMAND_SOCKET_FDS_MAX])
{
    (void)sock;
    fds[0] = (struct pollfd){.fd = -1};
    return 1;
}

void command_socket_serve(struct command_socket *sock, const struct pollfd *fds, uint32_t count)
{
    (void)fds;
    (void)count;
    struct sim_desk *d = sim->desk;
    char line[SIM_COMMAND_BYTES + COMMAND_PADDING_BYTES] = "", answer[REPLY_BYTES] = "";
    if (!sim_desk_waits())
        return;
    uint32_t at = d->next;
    memcpy(line, d->commands[at].line, SIM_COMMAND_BYTES);
    struct text reply = text_over(answer, sizeof answer - 1);
    const struct command_peer peer = {.uid = 0, .pid = 1};
    sock->options.handle(sock->options.arg, &peer, str_of(line), &reply);
    int unused;
    (void)sim_begin(SIM_NET, "answer to a command", &unused);
    answer[reply.len] = '\0';
    sim_trace("%s: %s", d->commands[at].line, answer);
    const char *seq = strstr(answer, "\"seq\":");
    d->commands[at].seq = seq ? strtoull(seq + 6, NULL, 10) : UINT64_MAX;
    d->commands[at].answered_ns = sim->now_ns;
    d->next++;
    sim_end();
}

void command_socket_close(struct command_socket *sock)
{
    free(sock);
}
