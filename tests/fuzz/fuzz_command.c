/*
 * What a peer writes to the command socket. The first byte says in what pieces it comes. Each whole
 * line reaches the handler once, in order, as it was; each has one line for a reply; the requests
 * in them are read by the core's tables.
 */
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ingest/command_socket.h"
#include "processors/core/command_request.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/scratch.h"

enum { REPLIES_BYTES = COMMAND_REPLY_BYTES_MAX * 4, ROUNDS_MAX = 400 };

static struct {
    struct command_socket *socket;
    struct json_parser *json;
    const char *left; /* of the input, from where the next line is expected */
    const char *end;
    uint32_t lines;
    int64_t now_ns;
} world;

static bool peer_of(int fd, struct command_peer *ret)
{
    (void)fd;
    *ret = (struct command_peer){.uid = geteuid(), .pid = 1};
    return true;
}

static int64_t now_ns(void)
{
    return world.now_ns;
}

static bool text_within(struct str s, uint32_t max)
{
    return s.len <= max && (s.len == 0 || utf8_valid((const uint8_t *)s.at, s.len));
}

static void handle(void *arg, const struct command_peer *peer, struct str line, struct text *reply)
{
    struct command_request q;
    struct refusal refusal = {0};
    (void)arg;
    FUZZ_MUST(peer->pid == 1 && world.left);
    const char *end = memchr(world.left, '\n', (size_t)(world.end - world.left));
    FUZZ_MUST(end && str_equal(line, (struct str){world.left, (uint32_t)(end - world.left)}));
    world.left = end + 1;
    world.lines++;
    bool ok = command_request_parse(world.json, line, &q, &refusal);
    FUZZ_MUST(!ok || (unsigned)q.command < VENUE_COMMAND_COUNT);
    FUZZ_MUST(text_within(q.operator_id, ID_BYTES_MAX) && text_within(q.nonce, 64) &&
              text_within(q.zone, ID_BYTES_MAX) && text_within(q.sensor, ID_BYTES_MAX));
    FUZZ_MUST(ok || (refusal.detail[0] && memchr(refusal.detail, '\0', sizeof refusal.detail)));
    text_add(reply, ok ? "done " : "refused ");
    text_add_json(reply, str_of(ok ? "" : refusal.detail));
}

static void begin(void)
{
    char path[SCRATCH_PATH_BYTES];
    struct error err = {0};
    scratch_path("c.sock", path);
    world.json = json_parser_new(COMMAND_LINE_BYTES_MAX);
    FUZZ_MUST(world.json);
    FUZZ_MUST(command_socket_open(
        &(struct command_socket_options){
            .path = path, .handle = handle, .peer_of = peer_of, .now_ns = now_ns},
        &world.socket, &err));
}

static int dial(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[SCRATCH_PATH_BYTES];
    scratch_path("c.sock", path);
    FUZZ_MUST(strlen(path) < sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    FUZZ_MUST(fd >= 0);
    FUZZ_MUST(connect(fd, (const struct sockaddr *)&address, sizeof address) == 0);
    return fd;
}

static void serve(void)
{
    struct pollfd fds[COMMAND_SOCKET_FDS_MAX];
    uint32_t n = command_socket_fds(world.socket, fds);
    FUZZ_MUST(n >= 1 && n <= COMMAND_SOCKET_FDS_MAX && poll(fds, n, 0) >= 0);
    command_socket_serve(world.socket, fds, n);
}

/* Lines among what came back; false when the peer is cut off. */
static bool replies(int fd, uint32_t *lines)
{
    char bytes[REPLIES_BYTES];
    ssize_t n;
    while ((n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        for (ssize_t i = 0; i < n; i++)
            *lines += bytes[i] == '\n';
    return n != 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > COMMAND_LINE_BYTES_MAX)
        return 0;
    uint32_t lines = 0, answered = 0;
    for (size_t i = 1; i < size; i++)
        lines += data[i] == '\n';
    if (lines > COMMAND_BURST)
        return 0;
    if (!world.socket)
        begin();
    size_t piece = data[0] ? data[0] : COMMAND_LINE_BYTES_MAX;
    const char *sent = world.left = (const char *)data + 1;
    world.end = (const char *)data + size;
    world.lines = 0;
    world.now_ns +=
        (int64_t)COMMAND_BURST * COMMAND_REFILL_MS * 1000000; /* the whole burst again */
    int fd = dial();
    serve();
    bool alive = true;
    while (alive && sent < world.end) {
        size_t left = (size_t)(world.end - sent);
        ssize_t n = send(fd, sent, left < piece ? left : piece, MSG_NOSIGNAL);
        sent += n > 0 ? n : 0;
        serve();
        alive = replies(fd, &answered);
    }
    FUZZ_MUST(alive && shutdown(fd, SHUT_WR) == 0);
    for (int i = 0; alive && i < ROUNDS_MAX; i++) {
        serve();
        alive = replies(fd, &answered);
    }
    FUZZ_MUST(!alive); /* whoever said all it had to say is let go */
    FUZZ_MUST(world.lines == lines && answered == lines);
    (void)close(fd);
    return 0;
}
