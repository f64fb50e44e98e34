/* The subscriber against a broker made by hand: the bytes it sends, every SUBACK code, every way to
   lose a connection, and that no acknowledgement leaves before the handler has returned. */
#include "ingest/mqtt_client.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ingest/mqtt_probe.h"
#include "schemas/base/clock.h"
#include "tests/support/support.h"

enum {
    CONNECT = 1,
    CONNACK = 2,
    PUBLISH = 3,
    PUBACK = 4,
    SUBSCRIBE = 8,
    UNSUBSCRIBE = 10,
    SUBACK = 9,
    DISCONNECT = 14
};
enum { WAIT_MS = 8000, STEP_MS = 5, PACKET_BYTES = 2048 };

struct packet {
    int type; /* 0: none came; -1: the peer closed */
    size_t len;
    uint8_t body[PACKET_BYTES];
};

struct bench {
    int listener, fd;
    char url[64], names[64];
    struct config config;
    struct mqtt_settings settings;
    struct mqtt_filters filters;
    struct mqtt_client *client;
    pthread_mutex_t lock;
    char events[1024]; /* what the handler was told */
    struct record {
        uint8_t topic[64], payload[64];
        uint32_t topic_len, payload_len, qos;
        bool retained, dup;
    } last;
    atomic_uint messages;
    atomic_bool hold; /* the handler does not return while set */
    bool die;         /* the handler ends the process */
};

/* The client's clock runs ahead of the machine's by this much. */
static atomic_llong ahead_ns;

static int64_t clock_ahead_ns(void)
{
    return clock_boot_ns() + atomic_load(&ahead_ns);
}

static void note(struct bench *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(struct bench *b, const char *format, ...)
{
    char text[128];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args); // NOLINT(clang-analyzer-valist.Uninitialized)
    va_end(args);
    pthread_mutex_lock(&b->lock);
    strncat(b->events, text, sizeof b->events - strlen(b->events) - 1);
    pthread_mutex_unlock(&b->lock);
}

static bool told(struct bench *b, const char *words)
{
    pthread_mutex_lock(&b->lock);
    bool found = strstr(b->events, words) != NULL;
    pthread_mutex_unlock(&b->lock);
    return found;
}

static void on_message(void *arg, const struct mqtt_message *message)
{
    struct bench *b = arg;
    if (b->die)
        _exit(7);
    b->last = (struct record){.topic_len = message->topic.len,
                              .payload_len = message->payload.len,
                              .qos = message->qos,
                              .retained = message->retained,
                              .dup = message->dup};
    memcpy(b->last.topic, message->topic.at, message->topic.len < 64 ? message->topic.len : 64);
    if (message->payload.len)
        memcpy(b->last.payload, message->payload.at,
               message->payload.len < 64 ? message->payload.len : 64);
    atomic_fetch_add(&b->messages, 1);
    while (atomic_load(&b->hold))
        (void)usleep(1000);
}

static void on_connected(void *arg, bool session_present, const char *address)
{
    assert_int_equal(strncmp(address, "tcp://127.0.0.1:", 16), 0);
    note(arg, "connected %d;", session_present);
}

static void on_subscribed(void *arg, const char *filter, bool optional, int code)
{
    (void)optional;
    note(arg, "subscribed %s %d;", filter, code);
}

static void on_disconnected(void *arg, int code, const char *reason)
{
    assert_true(reason[0] != '\0');
    note(arg, "disconnected %d;", code);
}

static void bench_open(struct bench *b, const char *version, const char *filters,
                       bool want_retained)
{
    static char none[] = "", id[] = "me";
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    struct error err = {0};
    *b = (struct bench){.fd = -1};
    atomic_store(&ahead_ns, 0);
    pthread_mutex_init(&b->lock, NULL);
    b->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(b->listener >= 0);
    assert_int_equal(bind(b->listener, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(b->listener, 4), 0);
    assert_int_equal(getsockname(b->listener, (struct sockaddr *)&address, &len), 0);
    (void)snprintf(b->url, sizeof b->url, "mqtt://127.0.0.1:%u", ntohs(address.sin_port));
    (void)snprintf(b->names, sizeof b->names, "%s", filters);
    static char words[8];
    (void)snprintf(words, sizeof words, "%s", version);
    b->config = (struct config){.mqtt_url = b->url,
                                .mqtt_client_id = id,
                                .mqtt_version = words,
                                .mqtt_username = none,
                                .mqtt_password = none,
                                .mqtt_ca_file = none,
                                .mqtt_cert_file = none,
                                .mqtt_key_file = none,
                                .mqtt_filters = b->names,
                                .mqtt_keepalive_s = 20,
                                .mqtt_receive_maximum = 1000,
                                .mqtt_reconnect_max_s = 1};
    if (!mqtt_settings_from(&b->config, STR_LIT("v"), "", &b->settings, &err) ||
        !mqtt_filters_from(&b->config, STR_LIT("v"), &b->filters, &err))
        fail_msg("%s", err.where);
    b->settings.reconnect_max_ms = 200;
    if (!mqtt_client_open(
            &(struct mqtt_client_options){
                .settings = &b->settings,
                .filters = &b->filters,
                .handler = {b, on_message, on_connected, on_subscribed, on_disconnected, NULL},
                .want_retained = want_retained,
                .seed = 1,
                .boot_ns = clock_ahead_ns},
            &b->client, &err))
        fail_msg("%s", err.where);
}

static void bench_close(struct bench *b)
{
    atomic_store(&b->hold, false);
    if (b->fd >= 0)
        close(b->fd); /* so that the client need not wait for its goodbye to be read */
    mqtt_client_close(b->client);
    close(b->listener);
    mqtt_filters_free(&b->filters);
}

static void turn(struct bench *b)
{
    struct error err = {0};
    if (b->client && !mqtt_client_poll(b->client, &err))
        fail_msg("%s", err.where);
    (void)usleep(STEP_MS * 1000);
}

static bool readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 0) > 0;
}

static void hear_client(struct bench *b)
{
    for (int ms = 0; !readable(b->listener); ms += STEP_MS) {
        assert_in_range(ms, 0, WAIT_MS);
        turn(b);
    }
    if (b->fd >= 0)
        close(b->fd);
    b->fd = accept4(b->listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(b->fd >= 0);
}

static void read_exactly(int fd, uint8_t *to, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t got = read(fd, to + at, n - at);
        assert_true(got > 0);
        at += (size_t)got;
    }
}

/* The next packet within wait_ms (bodies here are below 128 bytes, so the length is one byte). */
static struct packet hear(struct bench *b, int wait_ms)
{
    struct packet packet = {0};
    for (int ms = 0; !readable(b->fd); ms += STEP_MS) {
        if (ms >= wait_ms)
            return packet;
        turn(b);
    }
    uint8_t head[2];
    if (read(b->fd, head, 1) <= 0) {
        packet.type = -1;
        return packet;
    }
    read_exactly(b->fd, head + 1, 1);
    assert_in_range(head[1], 0, 127);
    packet.type = head[0] >> 4;
    packet.len = head[1];
    read_exactly(b->fd, packet.body, packet.len);
    return packet;
}

static struct packet expect(struct bench *b, int type)
{
    struct packet packet = hear(b, WAIT_MS);
    assert_int_equal(packet.type, type);
    return packet;
}

static void say(struct bench *b, const void *bytes, size_t n)
{
    assert_int_equal(write(b->fd, bytes, n), (ssize_t)n);
}

static void connack(struct bench *b, uint8_t session_present, uint8_t code)
{
    uint8_t v5[] = {0x20, 3, session_present, code, 0}, v311[] = {0x20, 2, session_present, code};
    if (b->settings.version == MQTT_V5)
        say(b, v5, sizeof v5);
    else
        say(b, v311, sizeof v311);
}

/* Answers one SUBSCRIBE; returns its options byte. */
static uint8_t suback(struct bench *b, uint8_t code)
{
    struct packet packet = expect(b, SUBSCRIBE);
    uint8_t v5[] = {0x90, 4, packet.body[0], packet.body[1], 0, code};
    uint8_t v311[] = {0x90, 3, packet.body[0], packet.body[1], code};
    if (b->settings.version == MQTT_V5)
        say(b, v5, sizeof v5);
    else
        say(b, v311, sizeof v311);
    return packet.body[packet.len - 1];
}

static void wait_state(struct bench *b, enum mqtt_state state)
{
    for (int ms = 0; mqtt_client_state(b->client) != state; ms += STEP_MS) {
        if (ms > WAIT_MS)
            fail_msg("state %d, not %d; events: %s", mqtt_client_state(b->client), state,
                     b->events);
        turn(b);
    }
}

static void wait_told(struct bench *b, const char *words)
{
    for (int ms = 0; !told(b, words); ms += STEP_MS) {
        if (ms > WAIT_MS)
            fail_msg("not told \"%s\"; events: %s", words, b->events);
        turn(b);
    }
}

static void get_ready(struct bench *b)
{
    hear_client(b);
    (void)expect(b, CONNECT);
    connack(b, 0, 0);
    for (uint32_t i = 0; i < b->filters.count; i++)
        (void)suback(b, 1);
    wait_state(b, MQTT_READY);
}

static void publish(struct bench *b, const char *topic, size_t topic_len, const char *payload,
                    uint8_t flags, uint8_t id)
{
    uint8_t packet[128] = {(uint8_t)(0x30 | flags)};
    size_t n = 2;
    packet[n++] = 0;
    packet[n++] = (uint8_t)topic_len;
    memcpy(packet + n, topic, topic_len);
    n += topic_len;
    packet[n++] = 0;
    packet[n++] = id;
    if (b->settings.version == MQTT_V5)
        packet[n++] = 0; /* no properties */
    memcpy(packet + n, payload, strlen(payload));
    n += strlen(payload);
    packet[1] = (uint8_t)(n - 2);
    say(b, packet, n);
}

static void the_session_persists_v5(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "5", "a/#", false);
    hear_client(&b);
    struct packet packet = expect(&b, CONNECT);
    static const uint8_t want[] = {
        0,    4,    'M',  'Q',  'T',  'T', 5, /* version */
        0,                                    /* flags: no clean start */
        0,    20,                             /* keep-alive */
        8,                                    /* properties */
        0x11, 0x7f, 0xff, 0xff, 0xff,         /* session expiry: 68 years; see mqtt_paho.h */
        0x21, 0x03, 0xe8,                     /* receive maximum 1000; no maximum packet size */
        0,    2,    'm',  'e'};
    assert_int_equal(packet.len, sizeof want);
    assert_memory_equal(packet.body, want, sizeof want);
    bench_close(&b);
}

static void the_session_persists_v311(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "3.1.1", "a/#", false);
    hear_client(&b);
    struct packet packet = expect(&b, CONNECT);
    static const uint8_t want[] = {0, 4, 'M', 'Q', 'T', 'T', 4, 0, 0, 20, 0, 2, 'm', 'e'};
    assert_int_equal(packet.len, sizeof want);
    assert_memory_equal(packet.body, want, sizeof want);
    connack(&b, 1, 0);
    assert_int_equal(suback(&b, 0x80), 1);
    wait_state(&b, MQTT_REFUSED);
    assert_true(told(&b, "connected 1;subscribed a/# 128;"));
    assert_int_equal(suback(&b, 1), 1); /* asked again */
    wait_state(&b, MQTT_READY);
    bench_close(&b);
}

/* One filter of three refused, one granted with QoS 0 (messages could be lost): not ready, and only
 * these two are asked again. */
static void every_suback_code_counts(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "5", "a\nb\nc", false);
    hear_client(&b);
    (void)expect(&b, CONNECT);
    connack(&b, 0, 0);
    (void)suback(&b, 1);
    (void)suback(&b, 0x87);
    assert_int_not_equal(mqtt_client_state(b.client), MQTT_READY);
    (void)suback(&b, 0);
    wait_state(&b, MQTT_REFUSED);
    assert_true(told(&b, "connected 0;subscribed a 1;subscribed b 135;subscribed c 0;"));
    struct packet again = expect(&b, SUBSCRIBE);
    assert_int_equal(again.body[again.len - 2], 'b');
    uint8_t answer[] = {0x90, 4, again.body[0], again.body[1], 0, 1};
    say(&b, answer, sizeof answer);
    (void)suback(&b, 1);
    wait_state(&b, MQTT_READY);
    bench_close(&b);
}

/* Retained state is asked for by an empty log once; a reconnect does not repeat it, and subscribes
 * again all the same. */
static void a_reconnect_subscribes_again_without_retained(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "5", "a", true);
    for (int round = 0; round < 2; round++) {
        hear_client(&b);
        (void)expect(&b, CONNECT);
        connack(&b, 1, 0);
        uint8_t retain_handling = round == 0 ? 0 : 1;
        assert_int_equal(suback(&b, 1), 1 | retain_handling << 4);
        wait_state(&b, MQTT_READY);
        close(b.fd);
        b.fd = -1;
        wait_told(&b, "disconnected 0;");
    }
    bench_close(&b);
}

/* The broker forgot the session (a restart without persistence): its retained messages come again
 * for subscriptions that are new to it, with the retain flag; live messages come without it, and
 * our own are not kept from us. */
static void a_lost_session_brings_retained_messages_again(void **state)
{
    (void)state;
    enum { OPTION_NO_LOCAL = 4, OPTION_RETAIN_AS_PUBLISHED = 8, RETAIN_HANDLING_SHIFT = 4 };
    struct bench b;
    bench_open(&b, "5", "a", false);
    for (uint8_t present = 0; present < 3; present++) {
        hear_client(&b);
        (void)expect(&b, CONNECT);
        connack(&b, present == 1, 0);
        int options = suback(&b, 1);
        assert_int_equal(options >> RETAIN_HANDLING_SHIFT, 1); /* 1: if the subscription is new */
        assert_int_equal(options & (OPTION_NO_LOCAL | OPTION_RETAIN_AS_PUBLISHED), 0);
        wait_state(&b, MQTT_READY);
        close(b.fd);
        b.fd = -1;
        wait_told(&b, present == 0   ? "connected 0;subscribed a 1;disconnected 0;"
                      : present == 1 ? "connected 1;subscribed a 1;disconnected 0;"
                                     : "disconnected 0;connected 0;subscribed a 1;disconnected 0;");
    }
    bench_close(&b);
}

/* A subscription that nobody answers ends the connection, and the next one asks again. */
static void a_subscription_never_answered_is_asked_again(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "5", "a", false);
    hear_client(&b);
    (void)expect(&b, CONNECT);
    connack(&b, 0, 0);
    (void)expect(&b, SUBSCRIBE);
    wait_state(&b, MQTT_SUBSCRIBING);
    atomic_fetch_add(&ahead_ns, (MQTT_SUBACK_TIMEOUT_S - 2) * 1000000000LL);
    turn(&b);
    assert_int_equal(mqtt_client_state(b.client), MQTT_SUBSCRIBING);
    atomic_fetch_add(&ahead_ns, 3 * 1000000000LL);
    turn(&b);
    (void)expect(&b, DISCONNECT);
    get_ready(&b);
    bench_close(&b);
}

/* A library that does not answer any more is given up; before that, waiting is right. */
static void a_library_that_is_stuck_ends_the_program(void **state)
{
    (void)state;
    struct bench b;
    struct error err = {0};
    bench_open(&b, "5", "a", false);
    hear_client(&b);
    (void)expect(&b, CONNECT); /* and no answer */
    assert_int_equal(mqtt_client_state(b.client), MQTT_CONNECTING);
    atomic_fetch_add(&ahead_ns, (MQTT_STUCK_S - 2) * 1000000000LL);
    assert_true(mqtt_client_poll(b.client, &err));
    atomic_fetch_add(&ahead_ns, 3 * 1000000000LL);
    assert_false(mqtt_client_poll(b.client, &err));
    assert_int_equal(err.code, ERROR_FATAL);
    bench_close(&b);
}

/* The library tells a broker's DISCONNECT apart from a lost connection, and only here. */
static void a_disconnect_packet_is_a_loss_too(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "5", "a", false);
    get_ready(&b);
    static const uint8_t taken_over[] = {0xe0, 2, 0x8e, 0};
    say(&b, taken_over, sizeof taken_over);
    wait_told(&b, "disconnected 142;");
    get_ready(&b);
    bench_close(&b);
}

static void a_refused_connection_is_tried_again(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "5", "a", false);
    hear_client(&b);
    (void)expect(&b, CONNECT);
    connack(&b, 0, 0x87);
    wait_told(&b, "disconnected 135;");
    assert_int_not_equal(mqtt_client_state(b.client), MQTT_READY);
    get_ready(&b);
    bench_close(&b);
}

static void nobody_there_is_tried_again(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "5", "a", false);
    int port = dup(b.listener);
    close(b.listener);
    (void)shutdown(port, SHUT_RD); /* no listener: connections are refused */
    wait_told(&b, "disconnected -1;");
    assert_int_not_equal(mqtt_client_state(b.client), MQTT_READY);
    assert_false(told(&b, "disconnected -1;disconnected -1;disconnected -1;disconnected -1;"));
    b.listener = port;
    bench_close(&b);
}

static void messages_come_whole_and_are_acknowledged_after(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "5", "#", false);
    get_ready(&b);
    atomic_store(&b.hold, true);
    publish(&b, "a\0b", 3, "{\"occupancy\":1}", 2 | 1 | 8, 42); /* QoS 1, retained, repeated */
    for (int i = 0; i < 20; i++)
        turn(&b);
    assert_int_equal(atomic_load(&b.messages), 1);
    assert_false(readable(b.fd)); /* the handler has not returned: no PUBACK */
    atomic_store(&b.hold, false);
    struct packet packet = expect(&b, PUBACK);
    assert_int_equal(packet.body[0] << 8 | packet.body[1], 42);
    assert_int_equal(b.last.topic_len, 3);
    assert_memory_equal(b.last.topic, "a\0b", 3);
    assert_int_equal(b.last.payload_len, 15);
    assert_memory_equal(b.last.payload, "{\"occupancy\":1}", 15);
    assert_true(b.last.retained);
    assert_true(b.last.dup);
    assert_int_equal(b.last.qos, 1);
    publish(&b, "t", 1, "", 2, 43);
    (void)expect(&b, PUBACK);
    assert_int_equal(b.last.payload_len, 0);
    assert_int_equal(b.last.topic_len, 1);
    assert_false(b.last.retained);
    assert_false(b.last.dup);
    bench_close(&b);
}

/* What ingest does when its log takes nothing more: the broker must see the end of the connection
 * and no acknowledgement. */
/* The topic filter of the next packet, which must be of this type; v5 has a byte of properties
 * before. */
static const char *filter_of(struct bench *b, int type)
{
    static char filter[64];
    struct packet packet = expect(b, type);
    const uint8_t *at = packet.body + 2 + (b->settings.version == MQTT_V5);
    (void)snprintf(filter, sizeof filter, "%.*s", at[0] << 8 | at[1], (const char *)at + 2);
    uint8_t v5[] = {(uint8_t)((type + 1) << 4), 4, packet.body[0], packet.body[1], 0,
                    type == SUBSCRIBE ? 1 : 0};
    uint8_t v311[] = {(uint8_t)((type + 1) << 4), type == SUBSCRIBE ? 3 : 2, packet.body[0],
                      packet.body[1], 1};
    if (b->settings.version == MQTT_V5)
        say(b, v5, sizeof v5);
    else
        say(b, v311, 2 + (size_t)v311[1]);
    return filter;
}

static void filters_change(struct bench *b, const char *filters)
{
    struct error err = {0};
    char text[64];
    struct config config = b->config;
    struct mqtt_filters wanted;
    (void)snprintf(text, sizeof text, "%s", filters);
    config.mqtt_filters = text;
    assert_true(mqtt_filters_from(&config, STR_LIT("v"), &wanted, &err));
    assert_true(mqtt_client_filters(b->client, &wanted, &err));
    mqtt_filters_free(&wanted);
}

/* What is new is asked for, what is gone is given up, and what stays is left alone. */
static void other_filters_may_be_wanted(void **state)
{
    (void)state;
    static const char *const versions[] = {"5", "3.1.1"};
    for (size_t i = 0; i < 2; i++) {
        struct bench b;
        bench_open(&b, versions[i], "a/#\nb", false);
        get_ready(&b);
        filters_change(&b, "c\na/#");
        assert_int_equal(mqtt_client_state(b.client), MQTT_SUBSCRIBING);
        assert_string_equal(filter_of(&b, UNSUBSCRIBE), "b");
        assert_string_equal(filter_of(&b, SUBSCRIBE), "c");
        wait_state(&b, MQTT_READY);
        filters_change(&b, "c\na/#"); /* nothing new */
        assert_int_equal(mqtt_client_state(b.client), MQTT_READY);
        /* After a loss all that is wanted now is asked for, and only that. */
        close(b.fd);
        b.fd = -1;
        hear_client(&b);
        (void)expect(&b, CONNECT);
        connack(&b, 1, 0);
        assert_string_equal(filter_of(&b, SUBSCRIBE), "a/#");
        assert_string_equal(filter_of(&b, SUBSCRIBE), "c");
        wait_state(&b, MQTT_READY);
        filters_change(&b, "b"); /* wanted again */
        assert_string_equal(filter_of(&b, UNSUBSCRIBE), "a/#");
        assert_string_equal(filter_of(&b, UNSUBSCRIBE), "c");
        assert_string_equal(filter_of(&b, SUBSCRIBE), "b");
        wait_state(&b, MQTT_READY);
        bench_close(&b);
    }
}

static void a_handler_that_ends_the_process_acknowledges_nothing(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "5", "a", false);
    struct mqtt_client *client = b.client;
    pid_t child = fork(); /* the subscriber; its broker is here */
    if (child == 0) {
        b.die = true;
        for (;;)
            turn(&b);
    }
    b.client = NULL;
    hear_client(&b);
    (void)expect(&b, CONNECT);
    connack(&b, 0, 0);
    (void)suback(&b, 1);
    publish(&b, "a", 1, "x", 2, 1);
    publish(&b, "a", 1, "y", 2, 2);
    assert_int_equal(hear(&b, WAIT_MS).type, -1); /* the end, and no PUBACK before it */
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 7);
    b.client = client;
    bench_close(&b);
}

struct probing {
    struct config *config;
    struct error err;
    enum mqtt_probe_back back;
    bool ok;
};

static void *probe(void *arg)
{
    struct probing *p = arg;
    const struct venue venue = {.id = STR_LIT("v")};
    p->ok = mqtt_probe(p->config, &venue, 3, &p->back, &p->err);
    return NULL;
}

/* The trial connection: clean session, its own client id, no retained messages; the reason of a
 * refusal reaches the caller. */
static void the_probe_says_why_not(void **state)
{
    (void)state;
    static const struct {
        uint8_t connack, suback;
        bool ok;
        enum error_code code;
        const char *words;
    } rows[] = {{0, 1, true, ERROR_NONE, ""},
                {0, 0x87, false, ERROR_REMOTE_DENIED, "refused (code 135)"},
                {0, 0, false, ERROR_REMOTE_DENIED, "QoS 0 only"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        bench_open(&b, "5", "a", false);
        mqtt_client_close(b.client); /* only its settings are used */
        b.client = NULL;
        struct probing p = {.config = &b.config};
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, probe, &p), 0);
        struct pollfd listening = {.fd = b.listener, .events = POLLIN};
        assert_int_equal(poll(&listening, 1, WAIT_MS), 1);
        b.fd = accept4(b.listener, NULL, NULL, SOCK_CLOEXEC);
        uint8_t packet[256];
        assert_true(read(b.fd, packet, sizeof packet) > 20);
        assert_int_equal(packet[9], 2); /* clean start */
        assert_non_null(memmem(packet, 60, "me-check", 8));
        connack(&b, 0, rows[i].connack);
        ssize_t n = read(b.fd, packet, sizeof packet);
        assert_true(n > 4);
        assert_int_equal(packet[n - 1], 1 | 2 << 4); /* QoS 1, retained never */
        uint8_t answer[] = {0x90, 4, packet[2], packet[3], 0, rows[i].suback};
        say(&b, answer, sizeof answer);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(p.ok, rows[i].ok);
        if (!p.ok) {
            assert_int_equal(p.err.code, rows[i].code);
            assert_non_null(strstr(p.err.where, rows[i].words));
        }
        bench_close(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_handler_that_ends_the_process_acknowledges_nothing), /* first: it forks */
        cmocka_unit_test(other_filters_may_be_wanted),
        cmocka_unit_test(the_session_persists_v5),
        cmocka_unit_test(the_session_persists_v311),
        cmocka_unit_test(every_suback_code_counts),
        cmocka_unit_test(a_reconnect_subscribes_again_without_retained),
        cmocka_unit_test(a_lost_session_brings_retained_messages_again),
        cmocka_unit_test(a_subscription_never_answered_is_asked_again),
        cmocka_unit_test(a_library_that_is_stuck_ends_the_program),
        cmocka_unit_test(a_disconnect_packet_is_a_loss_too),
        cmocka_unit_test(a_refused_connection_is_tried_again),
        cmocka_unit_test(nobody_there_is_tried_again),
        cmocka_unit_test(messages_come_whole_and_are_acknowledged_after),
        cmocka_unit_test(the_probe_says_why_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
