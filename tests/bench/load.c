/*
 * load: readings at a steady rate for next to no CPU time, so that on a small machine the programs
 * measured have it to themselves. MQTT 3.1.1 over plain sockets, QoS 1, shares no code with
 * anything it loads.
 *
 *     load --port 1883 --topic crowdtide/bench/crowd/s- --sensors 10000 --rate 20000 --seconds 8
 * [--connections 8]
 *
 * Message i goes to sensor i mod --sensors, whose topic is --topic and its number; its payload has
 * `ts`, a rising `seq` and an `occupancy` below OCCUPANCY_MAX. At most WINDOW messages of a
 * connection are without acknowledgement. One JSON line at the end: sent, acknowledged, messages
 * per second. Exit code 1 when the broker left some unacknowledged.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECTIONS_MAX = 64,
    WINDOW = 1000,
    BUFFER_BYTES = 1 << 20,
    PACKET_BYTES_MAX = 1024,
    BATCH_NS = 1000000, /* messages that fall due within this time leave together */
    DRAIN_NS_MAX = 2000000000,
    OCCUPANCY_MAX = 5,
    /* MQTT 3.1.1, section 2.2.1: packet type and flags of the first byte */
    MQTT_CONNECT = 0x10,
    MQTT_CONNACK = 0x20,
    MQTT_PUBLISH_QOS1 = 0x32,
    MQTT_PUBACK = 0x40,
    PUBACK_BYTES = 4,
};

struct connection {
    int fd;
    uint8_t out[BUFFER_BYTES];
    size_t out_len;
    uint8_t in[4096];
    size_t in_len;
    uint16_t packet_id;
    uint32_t pending;
};

struct load {
    uint16_t port;
    const char *topic;
    uint64_t sensors, rate, seconds, seq_from;
    unsigned connection_count;
    struct connection *connection;
    uint64_t sent, acknowledged;
};

static void die(const char *what)
{
    (void)fprintf(stderr, "load: %s: %s\n", what, errno ? strerror(errno) : "refused");
    exit(EXIT_FAILURE);
}

static int64_t clock_of(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static size_t put_text(uint8_t *out, const char *text)
{
    size_t len = strlen(text);
    out[0] = (uint8_t)(len >> 8);
    out[1] = (uint8_t)len;
    memcpy(out + 2, text, len); /* NOLINT(bugprone-not-null-terminated-result): length first */
    return len + 2;
}

static void connect_to(struct connection *connection, uint16_t port, unsigned number)
{
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connection->fd < 0 ||
        connect(connection->fd, (struct sockaddr *)&address, sizeof address) != 0)
        die("connect");
    int one = 1;
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    char client[64];
    (void)snprintf(client, sizeof client, "bench-load-%d-%u", (int)getpid(), number);
    /* protocol "MQTT", level 4, clean session, keep-alive 0 */
    uint8_t packet[128] = {MQTT_CONNECT, 0, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0};
    size_t len = 12 + put_text(packet + 12, client);
    packet[1] = (uint8_t)(len - 2);
    uint8_t reply[4];
    if (write(connection->fd, packet, len) != (ssize_t)len ||
        recv(connection->fd, reply, sizeof reply, MSG_WAITALL) != sizeof reply ||
        reply[0] != MQTT_CONNACK || reply[3] != 0)
        die("MQTT connect");
    fcntl(connection->fd, F_SETFL, O_NONBLOCK);
}

static void stage(struct load *load, struct connection *connection, int64_t ts_ms)
{
    char topic[256], payload[256];
    (void)snprintf(topic, sizeof topic, "%s%" PRIu64, load->topic, load->sent % load->sensors);
    uint64_t seq = load->seq_from + load->sent / load->sensors;
    size_t payload_len =
        (size_t)snprintf(payload, sizeof payload,
                         "{\"ts\":%" PRId64 ",\"seq\":%" PRIu64 ",\"occupancy\":%" PRIu64 "}",
                         ts_ms, seq, (load->sent * 7 + seq) % OCCUPANCY_MAX);
    uint8_t *out = connection->out + connection->out_len;
    size_t rest = 2 + strlen(topic) + 2 + payload_len, at = 0;
    out[at++] = MQTT_PUBLISH_QOS1;
    for (; rest > 127; rest >>= 7) /* remaining length, seven bits a byte */
        out[at++] = (uint8_t)(rest | 0x80);
    out[at++] = (uint8_t)rest;
    at += put_text(out + at, topic);
    connection->packet_id = (uint16_t)(connection->packet_id % 65535 + 1);
    out[at++] = (uint8_t)(connection->packet_id >> 8);
    out[at++] = (uint8_t)connection->packet_id;
    memcpy(out + at, payload, payload_len);
    connection->out_len += at + payload_len;
    connection->pending++;
    load->sent++;
}

static void flush_out(struct connection *connection)
{
    ssize_t done = write(connection->fd, connection->out, connection->out_len);
    if (done < 0 && errno != EAGAIN)
        die("write");
    if (done > 0) {
        connection->out_len -= (size_t)done;
        memmove(connection->out, connection->out + done, connection->out_len);
    }
}

static void take_acknowledgements(struct load *load, struct connection *connection)
{
    for (;;) {
        ssize_t got = read(connection->fd, connection->in + connection->in_len,
                           sizeof connection->in - connection->in_len);
        if (got == 0 || (got < 0 && errno != EAGAIN))
            die("read");
        if (got < 0)
            return;
        connection->in_len += (size_t)got;
        size_t at = 0;
        for (; connection->in_len - at >= PUBACK_BYTES; at += PUBACK_BYTES) {
            if (connection->in[at] != MQTT_PUBACK)
                die("an answer that is no PUBACK");
            connection->pending--;
            load->acknowledged++;
        }
        connection->in_len -= at;
        memmove(connection->in, connection->in + at, connection->in_len);
    }
}

/* Moves bytes both ways until then, sleeping when there is nothing to do. */
static void serve_until(struct load *load, int64_t until_ns)
{
    for (unsigned i = 0; i < load->connection_count; i++) {
        if (load->connection[i].out_len > 0)
            flush_out(&load->connection[i]);
        take_acknowledgements(load, &load->connection[i]);
    }
    int64_t left_ns = until_ns - clock_of(CLOCK_MONOTONIC);
    if (left_ns > 0) {
        struct timespec left = {.tv_sec = left_ns / 1000000000, .tv_nsec = left_ns % 1000000000};
        nanosleep(&left, NULL);
    }
}

static void run(struct load *load)
{
    int64_t start_ns = clock_of(CLOCK_MONOTONIC),
            end_ns = start_ns + (int64_t)load->seconds * 1000000000;
    unsigned next = 0;
    for (int64_t now_ns = start_ns; now_ns < end_ns; now_ns = clock_of(CLOCK_MONOTONIC)) {
        uint64_t due = (uint64_t)((double)(now_ns - start_ns) * 1e-9 * (double)load->rate);
        int64_t ts_ms = clock_of(CLOCK_REALTIME) / 1000000;
        for (unsigned full = 0; load->sent < due && full < load->connection_count;) {
            struct connection *connection = &load->connection[next++ % load->connection_count];
            if (connection->pending >= WINDOW ||
                connection->out_len + PACKET_BYTES_MAX > BUFFER_BYTES) {
                full++;
                continue;
            }
            stage(load, connection, ts_ms);
        }
        serve_until(load, now_ns + BATCH_NS);
    }
    end_ns = clock_of(CLOCK_MONOTONIC) + DRAIN_NS_MAX;
    while (load->acknowledged < load->sent && clock_of(CLOCK_MONOTONIC) < end_ns)
        serve_until(load, clock_of(CLOCK_MONOTONIC) + BATCH_NS);
}

static void parse(struct load *load, int argc, char **argv)
{
    static const struct option options[] = {
        {"port", required_argument, NULL, 'p'},     {"topic", required_argument, NULL, 't'},
        {"sensors", required_argument, NULL, 'n'},  {"rate", required_argument, NULL, 'r'},
        {"seconds", required_argument, NULL, 's'},  {"connections", required_argument, NULL, 'k'},
        {"seq-from", required_argument, NULL, 'q'}, {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        uint64_t number = option == '?' ? 0 : strtoull(optarg, NULL, 10);
        switch (option) {
        case 'p':
            load->port = (uint16_t)number;
            break;
        case 't':
            load->topic = optarg;
            break;
        case 'n':
            load->sensors = number;
            break;
        case 'r':
            load->rate = number;
            break;
        case 's':
            load->seconds = number;
            break;
        case 'k':
            load->connection_count = (unsigned)number;
            break;
        case 'q':
            load->seq_from = number;
            break;
        default:
            exit(2);
        }
    }
    if (load->sensors == 0 || load->connection_count == 0 ||
        load->connection_count > CONNECTIONS_MAX || strlen(load->topic) > 200) {
        (void)fprintf(stderr, "load: see the head of load.c\n");
        exit(2);
    }
}

int main(int argc, char **argv)
{
    struct load load = {.port = 1883,
                        .topic = "crowdtide/bench/crowd/s-",
                        .sensors = 1000,
                        .rate = 1000,
                        .seconds = 10,
                        .connection_count = 8,
                        .seq_from = 1};
    parse(&load, argc, argv);
    load.connection = calloc(load.connection_count, sizeof *load.connection);
    if (load.connection == NULL)
        die("memory");
    for (unsigned i = 0; i < load.connection_count; i++)
        connect_to(&load.connection[i], load.port, i);
    int64_t start_ns = clock_of(CLOCK_MONOTONIC);
    run(&load);
    double took_s = (double)(clock_of(CLOCK_MONOTONIC) - start_ns) * 1e-9;
    printf("{\"sent\":%" PRIu64 ",\"acknowledged\":%" PRIu64 ",\"per_second\":%.0f}\n", load.sent,
           load.acknowledged, (double)load.sent / took_s);
    for (unsigned i = 0; i < load.connection_count; i++)
        close(load.connection[i].fd);
    free(load.connection);
    return load.acknowledged == load.sent ? EXIT_SUCCESS : EXIT_FAILURE;
}
