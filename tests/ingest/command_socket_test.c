/* The command socket: lines and replies, pieces, pipelines, who may, limits, and that nothing
 * blocks its owner. */
#include "ingest/command_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/support.h"

struct fixture {
    char dir[80], path[100];
    struct command_socket *socket;
    uint32_t lines;
    uint32_t longest;
    uint32_t operator_uid; /* the one user beside root and us who may */
};

enum { NOBODY = 2000000000 };

/* What the socket is told about its peers and the time. */
static struct {
    bool unknown; /* the kernel does not tell who it is */
    uint32_t uid;
    int64_t now_ns;
} world;

static bool told_peer(int fd, struct command_peer *ret)
{
    (void)fd;
    *ret = (struct command_peer){.uid = world.uid, .pid = (uint32_t)getpid()};
    return !world.unknown;
}

static int64_t told_time(void)
{
    return world.now_ns;
}

static bool may(void *arg, uint32_t uid)
{
    const struct fixture *f = arg;
    return uid == f->operator_uid;
}

static void echo(void *arg, const struct command_peer *peer, struct str line, struct text *reply)
{
    struct fixture *f = arg;
    assert_int_equal(peer->pid, getpid());
    f->lines++;
    if (line.len > f->longest)
        f->longest = line.len;
    text_add(reply, "got ");
    text_add_bytes(reply, line.at, line.len < 100 ? line.len : 100);
}

static int setup(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.operator_uid = NOBODY};
    world.unknown = false;
    world.uid = geteuid();
    world.now_ns = 1000000000000;
    struct fixture *f = *state = &fixture;
    struct error err = {0};
    support_temp_dir(f->dir, sizeof f->dir);
    assert_in_range(snprintf(f->path, sizeof f->path, "%s/c.sock", f->dir), 1, sizeof f->path - 1);
    return command_socket_open(&(struct command_socket_options){.path = f->path,
                                                                .handle = echo,
                                                                .arg = f,
                                                                .may = may,
                                                                .peer_of = told_peer,
                                                                .now_ns = told_time},
                               &f->socket, &err)
               ? 0
               : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    command_socket_close(f->socket);
    support_remove_tree(f->dir);
    return 0;
}

static int dial(const struct fixture *f)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, f->path, strlen(f->path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void serve(struct fixture *f, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        struct pollfd fds[COMMAND_SOCKET_FDS_MAX];
        uint32_t n = command_socket_fds(f->socket, fds);
        assert_in_range(n, 1, COMMAND_SOCKET_FDS_MAX);
        assert_true(poll(fds, n, 0) >= 0);
        command_socket_serve(f->socket, fds, n);
    }
}

static void put(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* What the peer can read now, NUL-terminated; "EOF" when it was cut off and had nothing more. */
static const char *got(int fd, char *out, size_t cap)
{
    ssize_t n = read(fd, out, cap - 1);
    if (n == 0)
        return "EOF";
    out[n > 0 ? n : 0] = '\0';
    return out;
}

static void lines_get_replies(void **state)
{
    struct fixture *f = *state;
    char out[4096];
    int fd = dial(f);
    put(fd, "{\"a\":1}\n");
    serve(f, 2);
    assert_string_equal(got(fd, out, sizeof out), "got {\"a\":1}\n");
    put(fd, "one\ntwo\n\nfo");
    serve(f, 2);
    assert_string_equal(got(fd, out, sizeof out), "got one\ngot two\ngot \n");
    put(fd, "ur\n");
    serve(f, 1);
    assert_string_equal(got(fd, out, sizeof out), "got four\n");
    assert_int_equal(f->lines, 5);
    close(fd);
    serve(f, 2);
    struct pollfd fds[COMMAND_SOCKET_FDS_MAX];
    assert_int_equal(command_socket_fds(f->socket, fds), 1);
}

static void a_line_and_goodbye_is_answered(void **state)
{
    struct fixture *f = *state;
    char out[64];
    int fd = dial(f);
    put(fd, "last\n");
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    serve(f, 4);
    assert_string_equal(got(fd, out, sizeof out), "got last\n");
    assert_string_equal(got(fd, out, sizeof out), "EOF");
    close(fd);
}

static void a_line_too_long_is_cut_off(void **state)
{
    struct fixture *f = *state;
    static char big[COMMAND_LINE_BYTES_MAX + 2];
    char out[128];
    memset(big, 'x', sizeof big);
    for (int fits = 0; fits < 2; fits++) {
        size_t len = (size_t)COMMAND_LINE_BYTES_MAX - (fits ? 1 : 0);
        int fd = dial(f);
        serve(f, 1);
        for (size_t at = 0; at < len;) {
            ssize_t n = write(fd, big, len - at);
            assert_true(n > 0 || errno == EAGAIN);
            at += n > 0 ? (size_t)n : 0;
            serve(f, 2);
        }
        if (fits)
            put(fd, "\n");
        serve(f, 3);
        const char *reply = got(fd, out, sizeof out);
        assert_int_equal(strncmp(reply, "got xxx", 7) == 0, fits);
        assert_int_equal(strstr(reply, "line too long") != NULL, !fits);
        if (!fits)
            assert_string_equal(got(fd, out, sizeof out), "EOF");
        close(fd);
        serve(f, 1);
    }
    assert_int_equal(f->longest, COMMAND_LINE_BYTES_MAX - 1);
}

static void one_client_too_many_is_refused(void **state)
{
    struct fixture *f = *state;
    int fd[COMMAND_CLIENTS_MAX + 1];
    char out[128];
    f->operator_uid = 500;
    for (int i = 0; i <= COMMAND_CLIENTS_MAX; i++) {
        world.uid = i % 2 ? 0 : 500;
        fd[i] = dial(f);
        serve(f, 1);
    }
    assert_non_null(strstr(got(fd[COMMAND_CLIENTS_MAX], out, sizeof out), "too many"));
    assert_string_equal(got(fd[COMMAND_CLIENTS_MAX], out, sizeof out), "EOF");
    close(fd[0]);
    serve(f, 1);
    int again = dial(f);
    put(again, "x\n");
    serve(f, 2);
    assert_string_equal(got(again, out, sizeof out), "got x\n");
    for (int i = 1; i <= COMMAND_CLIENTS_MAX; i++)
        close(fd[i]);
    close(again);
}

/* A client that asks and never reads fills its own pipe only; the others go on. */
static void a_deaf_client_blocks_nobody(void **state)
{
    struct fixture *f = *state;
    int deaf = dial(f);
    char many[2000], out[128];
    for (size_t i = 0; i < sizeof many; i++)
        many[i] = "ab\n"[i % 3];
    for (int i = 0; i < 2000; i++) {
        ssize_t n = write(deaf, many, sizeof many - 2);
        (void)n;
        serve(f, 1);
    }
    uint32_t before = f->lines;
    serve(f, 100);
    assert_int_equal(f->lines, before); /* its replies wait, so nothing more of it is handled */
    struct pollfd fds[COMMAND_SOCKET_FDS_MAX];
    uint32_t n = command_socket_fds(f->socket, fds);
    assert_int_equal(poll(fds, n, 50), 0); /* and its owner sleeps meanwhile */
    f->operator_uid = world.uid = 500;
    int other = dial(f);
    put(other, "here\n");
    serve(f, 2);
    assert_string_equal(got(other, out, sizeof out), "got here\n");
    close(deaf);
    close(other);
}

/* A whole round's worth and more in one write: every line is answered in its order. */
static void pipelines_are_answered_in_order(void **state)
{
    struct fixture *f = *state;
    char in[2048] = "", want[4096] = "", out[8192];
    struct text lines = text_over(in, sizeof in - 1), replies = text_over(want, sizeof want - 1);
    for (int i = 0; i < COMMAND_LINES_PER_ROUND * 3; i++) {
        text_add(&lines, "n");
        text_add_i64(&lines, i);
        text_add(&lines, "\n");
        text_add(&replies, "got n");
        text_add_i64(&replies, i);
        text_add(&replies, "\n");
    }
    int fd = dial(f);
    put(fd, in);
    for (int i = 0; i < 8; i++) { /* as the owner does: only what poll reports */
        struct pollfd fds[COMMAND_SOCKET_FDS_MAX];
        uint32_t n = command_socket_fds(f->socket, fds);
        if (poll(fds, n, 0) > 0)
            command_socket_serve(f->socket, fds, n);
    }
    assert_string_equal(got(fd, out, sizeof out), want);
    close(fd);
}

static void anybody_may_knock_and_the_file_goes_away(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0666);
    command_socket_close(f->socket);
    f->socket = NULL;
    assert_int_equal(stat(f->path, &st), -1);
}

static void a_stale_socket_is_replaced_and_a_file_is_not(void **state)
{
    struct fixture *f = *state;
    struct command_socket *again = NULL;
    struct error err = {0};
    struct command_socket_options options = {.path = f->path, .handle = echo, .arg = f};
    assert_true(command_socket_open(&options, &again, &err)); /* the first is now a stale one */
    command_socket_close(again);
    int fd = open(f->path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_false(command_socket_open(&options, &again, &err));
    assert_int_equal(err.code, ERROR_IO);
    char deep[300];
    memset(deep, 'p', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    options.path = deep;
    assert_false(command_socket_open(&options, &again, &err));
    assert_int_equal(err.code, ERROR_CONFIG);
}

static void each_user(void **state)
{
    struct fixture *f = *state;
    static const struct {
        uint32_t uid;
        bool us, unknown, allowed;
    } cases[] = {
        {.us = true, .allowed = true}, {.uid = 0, .allowed = true},
        {.uid = 500, .allowed = true}, {.uid = 501},
        {.uid = 0, .unknown = true},
    };
    f->operator_uid = 500;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[128];
        world.uid = cases[i].us ? geteuid() : cases[i].uid;
        world.unknown = cases[i].unknown;
        int fd = dial(f);
        serve(f, 1);
        if (cases[i].allowed)
            put(fd, "x\n");
        serve(f, 2);
        assert_string_equal(got(fd, out, sizeof out),
                            cases[i].allowed
                                ? "got x\n"
                                : "{\"ok\":false,\"reason\":\"your user is no operator of this "
                                  "venue\"}\n");
        if (!cases[i].allowed)
            assert_string_equal(got(fd, out, sizeof out), "EOF");
        close(fd);
        serve(f, 1);
    }
}

/* A new venue file takes the right away: the open connection ends with its next line. */
static void a_right_that_ends(void **state)
{
    struct fixture *f = *state;
    char out[128];
    f->operator_uid = world.uid = 500;
    int fd = dial(f);
    serve(f, 1);
    put(fd, "before\n");
    serve(f, 1);
    assert_string_equal(got(fd, out, sizeof out), "got before\n");
    f->operator_uid = 501;
    put(fd, "after\n");
    serve(f, 1);
    assert_non_null(strstr(got(fd, out, sizeof out), "no operator"));
    assert_string_equal(got(fd, out, sizeof out), "EOF");
    assert_int_equal(f->lines, 1);
    close(fd);
}

/* Sends count lines in one connection of its own; returns how many of them were handled. */
static uint32_t lines_handled(struct fixture *f, uint32_t uid, int count)
{
    char out[8192];
    uint32_t before = f->lines, refused = 0;
    world.uid = uid;
    int fd = dial(f);
    serve(f, 1);
    for (int i = 0; i < count; i++)
        put(fd, "x\n");
    serve(f, count);
    const char *answers = got(fd, out, sizeof out);
    for (const char *at = answers; (at = strstr(at, "too many commands at once")); at++)
        refused++;
    assert_int_equal(f->lines - before + refused, count);
    close(fd);
    serve(f, 1);
    return f->lines - before;
}

static void a_user_in_a_hurry_is_slowed_down(void **state)
{
    struct fixture *f = *state;
    f->operator_uid = 500;
    assert_int_equal(lines_handled(f, 500, COMMAND_BURST - 10), COMMAND_BURST - 10);
    assert_int_equal(lines_handled(f, 500, 20), 10); /* over all its connections */
    assert_int_equal(lines_handled(f, 0, 5), 5);     /* nobody else is concerned */
    assert_int_equal(lines_handled(f, 500, 1), 0);
    world.now_ns += COMMAND_REFILL_MS * 1000000LL * 3;
    assert_int_equal(lines_handled(f, 500, 5), 3);
    world.now_ns += COMMAND_REFILL_MS * 1000000LL * (COMMAND_BURST + 100);
    assert_int_equal(lines_handled(f, 500, COMMAND_BURST + 5), COMMAND_BURST);
}

static void one_user_does_not_take_every_place(void **state)
{
    struct fixture *f = *state;
    int fd[COMMAND_CLIENTS_PER_USER_MAX + 2];
    char out[128];
    f->operator_uid = world.uid = 500;
    for (int i = 0; i <= COMMAND_CLIENTS_PER_USER_MAX; i++) {
        fd[i] = dial(f);
        serve(f, 1);
    }
    const char *answer = got(fd[COMMAND_CLIENTS_PER_USER_MAX], out, sizeof out);
    assert_non_null(strstr(answer, "too many connections of your user"));
    world.uid = 0;
    fd[COMMAND_CLIENTS_PER_USER_MAX + 1] = dial(f);
    serve(f, 1);
    put(fd[COMMAND_CLIENTS_PER_USER_MAX + 1], "x\n");
    serve(f, 1);
    assert_string_equal(got(fd[COMMAND_CLIENTS_PER_USER_MAX + 1], out, sizeof out), "got x\n");
    for (int i = 0; i < COMMAND_CLIENTS_PER_USER_MAX + 2; i++)
        close(fd[i]);
}

static void who_says_nothing_loses_the_place(void **state)
{
    struct fixture *f = *state;
    char out[128];
    int fd = dial(f);
    serve(f, 1);
    world.now_ns += (int64_t)COMMAND_IDLE_S * 1000000000;
    serve(f, 1);
    assert_string_equal(got(fd, out, sizeof out), "");
    world.now_ns++;
    serve(f, 1);
    assert_string_equal(got(fd, out, sizeof out), "EOF");
    close(fd);
}

/* The kernel's own word: another user's process is told so and cut off. Only root can try it. */
static void other_users_are_refused(void **state)
{
    struct fixture *f = *state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(f->dir, 0755), 0);
    command_socket_close(f->socket);
    assert_true(command_socket_open(
        &(struct command_socket_options){.path = f->path, .handle = echo, .arg = f}, &f->socket,
        NULL));
    /* The owner runs as somebody, the peer as somebody else (not root). */
    assert_int_equal(seteuid(12345), 0);
    pid_t child = fork();
    if (child == 0) {
        char out[128];
        (void)seteuid(0);
        if (setresuid(23456, 23456, 23456) != 0)
            _exit(9);
        int fd = dial(f);
        (void)fcntl(fd, F_SETFL, 0);
        _exit(strstr(got(fd, out, sizeof out), "no operator") ? 0 : 1);
    }
    int status = -1;
    for (int i = 0; i < 500; i++) {
        serve(f, 1);
        if (waitpid(child, &status, WNOHANG) == child)
            break;
        (void)usleep(10000);
    }
    assert_int_equal(seteuid(0), 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(f->lines, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_get_replies, setup, teardown),
        cmocka_unit_test_setup_teardown(a_line_and_goodbye_is_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(a_line_too_long_is_cut_off, setup, teardown),
        cmocka_unit_test_setup_teardown(one_client_too_many_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_deaf_client_blocks_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(pipelines_are_answered_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(anybody_may_knock_and_the_file_goes_away, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stale_socket_is_replaced_and_a_file_is_not, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(each_user, setup, teardown),
        cmocka_unit_test_setup_teardown(a_right_that_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(a_user_in_a_hurry_is_slowed_down, setup, teardown),
        cmocka_unit_test_setup_teardown(one_user_does_not_take_every_place, setup, teardown),
        cmocka_unit_test_setup_teardown(who_says_nothing_loses_the_place, setup, teardown),
        cmocka_unit_test_setup_teardown(other_users_are_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
