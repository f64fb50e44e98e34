#include "ingest/mqtt_diagnose.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { HOST_BYTES = 256, PORT_BYTES = 8 };

struct attempt {
    const struct mqtt_settings *settings;
    char host[HOST_BYTES], port[PORT_BYTES];
    char *why; /* MQTT_DIAGNOSIS_BYTES */
    int fd;
    SSL_CTX *context;
    SSL *tls;
};

/* Always true: a reason was found. */
__attribute__((format(printf, 2, 3))) static bool found(struct attempt *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(a->why, MQTT_DIAGNOSIS_BYTES, format, args);
    va_end(args);
    return true;
}

/* What OpenSSL complained of first; later entries only say who passed it on. Empties its queue. */
static const char *tls_words(const char *otherwise)
{
    unsigned long code = ERR_get_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    ERR_clear_error();
    return reason ? reason : otherwise;
}

/* scheme://host:port, where host may be an address in brackets; mqtt_url_address has checked it. */
static void split_address(struct attempt *a)
{
    const char *host = strstr(a->settings->address, "://");
    host = host ? host + 3 : a->settings->address;
    const char *colon = strrchr(host, ':');
    size_t len = colon ? (size_t)(colon - host) : strlen(host);
    if (len > 1 && host[0] == '[') {
        host++;
        len -= 2;
    }
    (void)snprintf(a->host, sizeof a->host, "%.*s", (int)len, host);
    (void)snprintf(a->port, sizeof a->port, "%s", colon ? colon + 1 : "");
}

static void wait_at_most(int fd, int ms)
{
    const struct timeval limit = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

static bool tcp_fails(struct attempt *a)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    int rc = getaddrinfo(a->host, a->port, &hints, &list);
    if (rc != 0)
        return found(a, "the host %s is not known: %s", a->host, gai_strerror(rc));
    int saved = 0;
    for (const struct addrinfo *at = list; at && a->fd < 0; at = at->ai_next) {
        a->fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
        if (a->fd >= 0) {
            wait_at_most(a->fd, MQTT_DIAGNOSE_STEP_MS);
            if (connect(a->fd, at->ai_addr, at->ai_addrlen) == 0)
                break;
        }
        saved = errno == EINPROGRESS ? ETIMEDOUT : errno;
        if (a->fd >= 0)
            (void)close(a->fd);
        a->fd = -1;
    }
    freeaddrinfo(list);
    return a->fd < 0 && found(a, "%s port %s: %s", a->host, a->port, strerrordesc_np(saved));
}

/* A key with a passphrase is not usable; without this, OpenSSL would ask the terminal for it. */
static int no_passphrase(char *out, int size, int writing, void *arg)
{
    (void)out, (void)size, (void)writing, (void)arg;
    return -1;
}

static bool files_fail(struct attempt *a)
{
    const struct mqtt_settings *s = a->settings;
    a->context = SSL_CTX_new(TLS_client_method());
    if (!a->context)
        return found(a, "no TLS: %s", tls_words("out of memory"));
    SSL_CTX_set_default_passwd_cb(a->context, no_passphrase);
    SSL_CTX_set_verify(a->context, SSL_VERIFY_PEER, NULL);
    if (s->ca_file[0] ? SSL_CTX_load_verify_locations(a->context, s->ca_file, NULL) != 1
                      : SSL_CTX_set_default_verify_paths(a->context) != 1)
        return found(a, "mqtt.ca_file %s is not usable: %s", s->ca_file,
                     tls_words("no certificate"));
    if (s->cert_file[0] && SSL_CTX_use_certificate_chain_file(a->context, s->cert_file) != 1)
        return found(a, "mqtt.cert_file %s is not usable: %s", s->cert_file,
                     tls_words("no certificate"));
    if (s->key_file[0] &&
        SSL_CTX_use_PrivateKey_file(a->context, s->key_file, SSL_FILETYPE_PEM) != 1)
        return found(a, "mqtt.key_file %s is not usable: %s", s->key_file, tls_words("no key"));
    return false;
}

/* The broker's certificate must name the host, or the address when that is what we dial. */
static bool expect_host(struct attempt *a)
{
    unsigned char address[sizeof(struct in6_addr)];
    if (inet_pton(AF_INET, a->host, address) == 1 || inet_pton(AF_INET6, a->host, address) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(a->tls), a->host) == 1;
    return SSL_set1_host(a->tls, a->host) == 1 && SSL_set_tlsext_host_name(a->tls, a->host) == 1;
}

static bool handshake_fails(struct attempt *a)
{
    a->tls = SSL_new(a->context);
    if (!a->tls || SSL_set_fd(a->tls, a->fd) != 1 || !expect_host(a))
        return found(a, "no TLS: %s", tls_words("out of memory"));
    if (SSL_connect(a->tls) == 1)
        return false;
    long verdict = SSL_get_verify_result(a->tls);
    if (verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH)
        return found(a, "the broker's certificate does not name the host %s", a->host);
    if (verdict != X509_V_OK)
        return found(a, "the broker's certificate is not trusted (%s): %s",
                     a->settings->ca_file[0] ? "mqtt.ca_file" : "the system's authorities",
                     X509_verify_cert_error_string(verdict));
    return found(a, "no TLS with %s port %s: %s; is it a TLS port?", a->host, a->port,
                 tls_words("the other side closed the connection or is silent"));
}

/* With TLS 1.3 the broker looks at our certificate after our handshake is over. */
static bool broker_objects(struct attempt *a)
{
    char byte;
    wait_at_most(a->fd, MQTT_DIAGNOSE_ALERT_MS);
    ERR_clear_error();
    int n = SSL_read(a->tls, &byte, 1);
    if (n > 0 || SSL_get_error(a->tls, n) != SSL_ERROR_SSL)
        return false; /* silence is right: it waits for our CONNECT */
    return found(a, "the broker refuses %s: %s",
                 a->settings->cert_file[0] ? "mqtt.cert_file"
                                           : "to go on without a client certificate",
                 tls_words("no reason given"));
}

bool mqtt_diagnose(const struct mqtt_settings *settings, char ret_why[MQTT_DIAGNOSIS_BYTES])
{
    struct attempt a = {.settings = settings, .why = ret_why, .fd = -1};
    split_address(&a);
    ERR_clear_error();
    bool failed = (settings->tls && files_fail(&a)) || tcp_fails(&a) ||
                  (settings->tls && (handshake_fails(&a) || broker_objects(&a)));
    SSL_free(a.tls);
    SSL_CTX_free(a.context);
    if (a.fd >= 0)
        (void)close(a.fd);
    ERR_clear_error();
    return failed;
}
