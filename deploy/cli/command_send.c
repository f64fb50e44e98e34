#include "deploy/cli/command_send.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "schemas/json/json.h"

enum { ANSWER_BYTES_MAX = 4096, ANSWER_FIELDS_MAX = 16 };

static bool dial(const char *path, int *ret_fd, struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval patience = {.tv_sec = COMMAND_ANSWER_S};
    size_t len = strlen(path);
    if (len >= sizeof address.sun_path)
        return error_set(err, ERROR_CONFIG, 0, "%s is too long for a socket's path", path);
    memcpy(address.sun_path, path, len + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_set(err, ERROR_IO, errno, "socket");
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) {
        *ret_fd = fd;
        return true;
    }
    int failed = errno;
    close(fd);
    if (failed == EACCES || failed == EPERM)
        return error_set(err, ERROR_REMOTE_DENIED, failed, "%s", path);
    return error_set(err, ERROR_NOT_FOUND, failed, "nobody listens at %s", path);
}

/* Reads up to a newline or the end. False: an error, or the time is over. */
static bool read_line(int fd, char *into, size_t cap, size_t *ret_len)
{
    size_t len = 0;
    for (;;) {
        ssize_t n = recv(fd, into + len, cap - len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        char *end = n > 0 ? memchr(into + len, '\n', (size_t)n) : NULL;
        len += (size_t)n;
        if (n == 0 || end || len == cap) {
            *ret_len = end ? (size_t)(end - into) : len;
            return true;
        }
    }
}

static bool take_answer(const char *bytes, size_t len, struct command_answer *ret)
{
    struct json_parser *parser = json_parser_new(ANSWER_BYTES_MAX);
    struct json_field fields[ANSWER_FIELDS_MAX];
    struct command_answer answer = {0};
    bool said = false;
    size_t count = 0;
    if (parser && json_parse_flat(parser, (const uint8_t *)bytes, len, fields, ANSWER_FIELDS_MAX,
                                  &count) == JSON_OK) {
        for (size_t i = 0; i < count; i++) {
            const struct json_field *f = &fields[i];
            if (str_is(f->key, "ok") && f->kind == JSON_BOOL) {
                answer.ok = f->boolean;
                said = true;
            } else if (str_is(f->key, "seq") && f->kind == JSON_INT && f->integer > 0) {
                answer.seq = (uint64_t)f->integer;
            } else if (str_is(f->key, "reason") && f->kind == JSON_STRING) {
                (void)snprintf(answer.reason, sizeof answer.reason, STR_FMT, STR_ARG(f->text));
            }
        }
    }
    json_parser_free(parser);
    if (!said || (answer.ok && !answer.seq))
        return false;
    *ret = answer;
    return true;
}

bool command_send(const char *path, struct str line, struct command_answer *ret_answer,
                  struct error *err)
{
    char answer[ANSWER_BYTES_MAX + JSON_PADDING_BYTES] = {0};
    size_t sent = 0, len = 0;
    int fd;
    if (!dial(path, &fd, err))
        return false;
    /* A refused peer is answered and cut off, perhaps before the line is out: then the answer
     * counts. */
    while (sent < (size_t)line.len + 1) {
        bool end = sent == line.len;
        ssize_t n = send(fd, end ? "\n" : line.at + sent, end ? 1 : line.len - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            break;
        sent += n > 0 ? (size_t)n : 0;
    }
    bool got = read_line(fd, answer, ANSWER_BYTES_MAX, &len);
    int failed = errno;
    close(fd);
    if (!got || len == 0)
        return error_set(err, ERROR_NETWORK, got ? 0 : failed, "%s: ingest did not answer", path);
    return take_answer(answer, len, ret_answer) ||
           error_set(err, ERROR_MALFORMED, 0, "%s: an answer that is none: %.*s", path,
                     (int)(len < 80 ? len : 80), answer);
}
