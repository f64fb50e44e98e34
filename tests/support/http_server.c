#include "tests/support/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

enum {
    CONNECTIONS_MAX = 16,
    REQUEST_BYTES = 4 << 20,
    LINES_MAX = 1 << 16,
    LOOK_MS = 5,
};

struct connection {
    int fd;
    char *bytes;
    size_t len;
};

struct http_server {
    int fd;
    char url[64];
    pthread_t thread;
    pthread_mutex_t lock;
    bool stop, relent;
    struct http_rule rules[HTTP_SERVER_RULES_MAX];
    uint32_t rule_count, used[HTTP_SERVER_RULES_MAX], requests, connections;
    struct connection connection[CONNECTIONS_MAX];
    char *path[HTTP_SERVER_KEPT_MAX];
    char *headers[HTTP_SERVER_KEPT_MAX];
    char *line[LINES_MAX]; /* distinct, stored */
    uint32_t line_count;
};

static void keep_lines(struct http_server *s, const char *body, size_t len)
{
    while (len) {
        const char *end = memchr(body, '\n', len);
        size_t n = end ? (size_t)(end - body) : len;
        bool known = n == 0;
        for (uint32_t i = s->line_count; i > 0 && !known; i--)
            known = strlen(s->line[i - 1]) == n && memcmp(s->line[i - 1], body, n) == 0;
        if (!known && s->line_count < LINES_MAX)
            s->line[s->line_count++] = strndup(body, n);
        body += n + (end != NULL);
        len -= n + (end != NULL);
    }
}

static char *unpack(const char *body, size_t *len)
{
    char *out = malloc(REQUEST_BYTES);
    z_stream z = {0};
    if (!out || inflateInit2(&z, 15 + 16) != Z_OK)
        abort();
    z.next_in = (Bytef *)(uintptr_t)body;
    z.avail_in = (uInt)*len;
    z.next_out = (Bytef *)out;
    z.avail_out = REQUEST_BYTES;
    if (inflate(&z, Z_FINISH) != Z_STREAM_END)
        abort();
    *len = z.total_out;
    (void)inflateEnd(&z);
    return out;
}

static int find_rule(struct http_server *s, const char *path, const char *body, size_t len)
{
    for (uint32_t i = 0; i < s->rule_count && !s->relent; i++) {
        const struct http_rule *rule = &s->rules[i];
        if ((rule->times && s->used[i] >= rule->times) ||
            (rule->path && strncmp(path, rule->path, strlen(rule->path)) != 0) ||
            (rule->contains && !memmem(body, len, rule->contains, strlen(rule->contains))) ||
            (rule->longer && len <= rule->longer))
            continue;
        return (int)i;
    }
    return -1;
}

static void answer(struct http_server *s, struct connection *c, const char *path, const char *body,
                   size_t len)
{
    static const struct http_rule fine = {.status = 204};
    pthread_mutex_lock(&s->lock);
    int at = find_rule(s, path, body, len);
    const struct http_rule *rule = at < 0 ? &fine : &s->rules[at];
    if (at >= 0)
        s->used[at]++;
    if (rule->status / 100 == 2)
        keep_lines(s, body, len);
    pthread_mutex_unlock(&s->lock);
    const struct timespec delay = {.tv_sec = rule->delay_ms / 1000,
                                   .tv_nsec = (long)(rule->delay_ms % 1000) * 1000000};
    (void)nanosleep(&delay, NULL);
    if (rule->status == 0) {
        (void)close(c->fd);
        c->fd = -1;
        return;
    }
    char head[512];
    const char *text = rule->body ? rule->body : "";
    int n = snprintf(head, sizeof head, "HTTP/1.1 %d x\r\nContent-Length: %zu\r\n%s\r\n",
                     rule->status, strlen(text), rule->header ? rule->header : "");
    (void)send(c->fd, head, (size_t)n, MSG_NOSIGNAL);
    (void)send(c->fd, text, strlen(text), MSG_NOSIGNAL);
}

/* Deals with one complete request in the buffer, if there is one. */
static bool take_request(struct http_server *s, struct connection *c)
{
    c->bytes[c->len] = '\0';
    char *end = strstr(c->bytes, "\r\n\r\n");
    if (!end)
        return false;
    size_t head = (size_t)(end - c->bytes) + 4, length = 0;
    char *field = strcasestr(c->bytes, "\r\nContent-Length:");
    if (field && field < end)
        length = strtoul(field + 17, NULL, 10);
    if (c->len < head + length)
        return false;
    char *path = strchr(c->bytes, ' ') + 1;
    char *headers = strndup(c->bytes, head), *plain = NULL;
    path = strndup(path, strcspn(path, " "));
    const char *body = c->bytes + head;
    size_t body_len = length;
    if (strcasestr(headers, "Content-Encoding: gzip"))
        body = plain = unpack(body, &body_len);
    pthread_mutex_lock(&s->lock);
    if (s->requests < HTTP_SERVER_KEPT_MAX) {
        s->path[s->requests] = strdup(path);
        s->headers[s->requests] = strdup(headers);
    }
    s->requests++;
    pthread_mutex_unlock(&s->lock);
    answer(s, c, path, body, body_len);
    free(plain);
    free(path);
    free(headers);
    memmove(c->bytes, c->bytes + head + length, c->len - head - length);
    c->len -= head + length;
    return c->fd >= 0;
}

static void receive(struct http_server *s, struct connection *c)
{
    ssize_t n = recv(c->fd, c->bytes + c->len, REQUEST_BYTES - c->len, 0);
    if (n <= 0) {
        (void)close(c->fd);
        c->fd = -1;
        return;
    }
    c->len += (size_t)n;
    while (c->fd >= 0 && take_request(s, c))
        ;
}

static void accept_one(struct http_server *s)
{
    int fd = accept(s->fd, NULL, NULL);
    for (int i = 0; i < CONNECTIONS_MAX && fd >= 0; i++) {
        struct connection *c = &s->connection[i];
        if (c->fd >= 0)
            continue;
        if (!c->bytes)
            c->bytes = malloc(REQUEST_BYTES + 1);
        c->len = 0;
        c->fd = fd;
        pthread_mutex_lock(&s->lock);
        s->connections++;
        pthread_mutex_unlock(&s->lock);
        return;
    }
    abort();
}

static bool stopping(struct http_server *s)
{
    pthread_mutex_lock(&s->lock);
    bool stop = s->stop;
    pthread_mutex_unlock(&s->lock);
    return stop;
}

static void *serve(void *arg)
{
    struct http_server *s = arg;
    while (!stopping(s)) {
        struct pollfd fds[CONNECTIONS_MAX + 1] = {{.fd = s->fd, .events = POLLIN}};
        for (int i = 0; i < CONNECTIONS_MAX; i++)
            fds[i + 1] = (struct pollfd){.fd = s->connection[i].fd, .events = POLLIN};
        if (poll(fds, CONNECTIONS_MAX + 1, LOOK_MS) <= 0)
            continue;
        if (fds[0].revents)
            accept_one(s);
        for (int i = 0; i < CONNECTIONS_MAX; i++) {
            if (fds[i + 1].fd >= 0 && fds[i + 1].revents)
                receive(s, &s->connection[i]);
        }
    }
    return NULL;
}

struct http_server *http_server_start(const struct http_rule *rules, uint32_t count)
{
    struct http_server *s = calloc(1, sizeof *s);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    if (!s || count > HTTP_SERVER_RULES_MAX)
        abort();
    if (count)
        memcpy(s->rules, rules, count * sizeof *rules);
    s->rule_count = count;
    for (int i = 0; i < CONNECTIONS_MAX; i++)
        s->connection[i].fd = -1;
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(s->fd, CONNECTIONS_MAX) != 0 ||
        getsockname(s->fd, (struct sockaddr *)&at, &len) != 0)
        abort();
    (void)snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d", ntohs(at.sin_port));
    pthread_mutex_init(&s->lock, NULL);
    if (pthread_create(&s->thread, NULL, serve, s) != 0)
        abort();
    return s;
}

const char *http_server_url(const struct http_server *server)
{
    return server->url;
}

uint32_t http_server_count(struct http_server *s, int rule)
{
    pthread_mutex_lock(&s->lock);
    uint32_t n = rule < 0 ? s->requests : s->used[rule];
    pthread_mutex_unlock(&s->lock);
    return n;
}

uint32_t http_server_connections(struct http_server *s)
{
    pthread_mutex_lock(&s->lock);
    uint32_t n = s->connections;
    pthread_mutex_unlock(&s->lock);
    return n;
}

uint32_t http_server_stored(struct http_server *s)
{
    pthread_mutex_lock(&s->lock);
    uint32_t n = s->line_count;
    pthread_mutex_unlock(&s->lock);
    return n;
}

bool http_server_has(struct http_server *s, const char *text)
{
    bool has = false;
    pthread_mutex_lock(&s->lock);
    for (uint32_t i = 0; i < s->line_count && !has; i++)
        has = strstr(s->line[i], text) != NULL;
    pthread_mutex_unlock(&s->lock);
    return has;
}

const char *http_server_path(struct http_server *s, uint32_t n)
{
    pthread_mutex_lock(&s->lock);
    const char *path = n < s->requests && n < HTTP_SERVER_KEPT_MAX ? s->path[n] : "";
    pthread_mutex_unlock(&s->lock);
    return path;
}

const char *http_server_headers(struct http_server *s, uint32_t n)
{
    pthread_mutex_lock(&s->lock);
    const char *headers = n < s->requests && n < HTTP_SERVER_KEPT_MAX ? s->headers[n] : "";
    pthread_mutex_unlock(&s->lock);
    return headers;
}

void http_server_relent(struct http_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->relent = true;
    pthread_mutex_unlock(&s->lock);
}

void http_server_stop(struct http_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_mutex_unlock(&s->lock);
    (void)pthread_join(s->thread, NULL);
    for (int i = 0; i < CONNECTIONS_MAX; i++) {
        if (s->connection[i].fd >= 0)
            (void)close(s->connection[i].fd);
        free(s->connection[i].bytes);
    }
    for (uint32_t i = 0; i < HTTP_SERVER_KEPT_MAX; i++) {
        free(s->path[i]);
        free(s->headers[i]);
    }
    for (uint32_t i = 0; i < s->line_count; i++)
        free(s->line[i]);
    (void)close(s->fd);
    pthread_mutex_destroy(&s->lock);
    free(s);
}
