/* Why a broker can't be reached: each step that can fail without a real broker. Certificates and
 * their refusal are tested end to end. */
#include "ingest/mqtt_diagnose.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/support.h"

/* A port of loopback: listened on, or known to be free of listeners once closed. */
static int listener_open(unsigned *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static struct mqtt_settings settings_for(const char *scheme, const char *host, unsigned port)
{
    struct mqtt_settings settings = {
        .tls = strcmp(scheme, "ssl") == 0, .ca_file = "", .cert_file = "", .key_file = ""};
    (void)snprintf(settings.address, sizeof settings.address, "%s://%s:%u", scheme, host, port);
    return settings;
}

static void expect(const struct mqtt_settings *settings, const char *words)
{
    char why[MQTT_DIAGNOSIS_BYTES] = "untouched";
    bool found = mqtt_diagnose(settings, why);
    if (found != (words != NULL) || !strstr(why, words ? words : "untouched"))
        fail_msg("%s: \"%s\", expected \"%s\"", settings->address, why, words ? words : "nothing");
}

static void tcp(void **state)
{
    (void)state;
    unsigned port = 0;
    int fd = listener_open(&port);
    struct mqtt_settings settings = settings_for("tcp", "127.0.0.1", port);
    expect(&settings, NULL);
    settings = settings_for("tcp", "localhost", port);
    expect(&settings, NULL); /* also where localhost is ::1 first */
    (void)close(fd);
    settings = settings_for("tcp", "127.0.0.1", port);
    expect(&settings, "127.0.0.1 port ");
    expect(&settings, "Connection refused");
    settings = settings_for("ssl", "127.0.0.1", port);
    expect(&settings, "Connection refused");
    settings = settings_for("tcp", "[::1]", port);
    expect(&settings, "::1 port ");
    settings = settings_for("tcp", "no-such-host.invalid", port);
    expect(&settings, "the host no-such-host.invalid is not known");
}

static void *answer_without_tls(void *arg)
{
    const int *listener = arg;
    int fd = accept(*listener, NULL, NULL);
    if (fd >= 0) {
        (void)send(fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28, MSG_NOSIGNAL);
        (void)close(fd);
    }
    return NULL;
}

static void no_tls_there(void **state)
{
    (void)state;
    unsigned port = 0;
    int fd = listener_open(&port);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, answer_without_tls, &fd), 0);
    struct mqtt_settings settings = settings_for("ssl", "127.0.0.1", port);
    expect(&settings, "is it a TLS port?");
    assert_int_equal(pthread_join(thread, NULL), 0);
    /* Now nobody answers at all: the wait has an end. */
    expect(&settings, "closed the connection or is silent; is it a TLS port?");
    (void)close(fd);
}

static void files(void **state)
{
    (void)state;
    struct mqtt_settings settings = settings_for("ssl", "127.0.0.1", 1);
    settings.ca_file = "/dev/null";
    expect(&settings, "mqtt.ca_file /dev/null is not usable: ");
    settings.ca_file = "";
    settings.cert_file = "/dev/null";
    settings.key_file = "/dev/null";
    expect(&settings, "mqtt.cert_file /dev/null is not usable: ");
    settings.cert_file = "";
    expect(&settings, "mqtt.key_file /dev/null is not usable: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp),
        cmocka_unit_test(no_tls_there),
        cmocka_unit_test(files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
