/* The command socket: lines and replies, pieces, pipelines, limits, and that nothing blocks its
 * owner. */
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
};

static void echo(void *arg, const struct command_peer *peer, struct str line, struct text *reply)
{
    struct fixture *f = arg;
    assert_int_equal(peer->uid, geteuid());
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
    fixture = (struct fixture){0};
    struct fixture *f = *state = &fixture;
    struct error err = {0};
    support_temp_dir(f->dir, sizeof f->dir);
    assert_in_range(snprintf(f->path, sizeof f->path, "%s/c.sock", f->dir), 1, sizeof f->path - 1);
    return command_socket_open(
               &(struct command_socket_options){.path = f->path, .handle = echo, .arg = f},
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
    for (int i = 0; i <= COMMAND_CLIENTS_MAX; i++) {
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

static void the_file_is_private_and_goes_away(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
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

/* Another user's process is told so and cut off. Only root can try it. */
static void other_users_are_refused(void **state)
{
    struct fixture *f = *state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(f->dir, 0755), 0);
    assert_int_equal(chmod(f->path, 0666), 0);
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
        _exit(strstr(got(fd, out, sizeof out), "only the owner") ? 0 : 1);
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
        cmocka_unit_test_setup_teardown(the_file_is_private_and_goes_away, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stale_socket_is_replaced_and_a_file_is_not, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(other_users_are_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
