#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deploy/cli/arguments.h"
#include "deploy/cli/check_payload.h"
#include "deploy/cli/cli.h"
#include "deploy/cli/payload_shown.h"
#include "ingest/mqtt_client.h"
#include "ingest/path_probe.h"
#include "ingest/privacy.h"
#include "schemas/base/clock.h"

enum { POLL_MS = 100, SECONDS_MAX = 86400, SUFFIX_BYTES = 32 };

struct listen {
    const struct venue *venue;
    const struct config *config;
    struct payload_shown *shown;
    struct privacy *privacy; /* what ingest would not write is not shown either */
    bool json, quiet;
    char *page;   /* SHOWN_BYTES_MAX, and as much again for JSON */
    char *padded; /* PAYLOAD_DOCUMENT_BYTES_MAX and the padding */
    uint64_t messages, fates[SHOWN_UNKNOWN + 1];
    volatile int refused; /* set in the library's thread */
    volatile int ending;
};

static void head_add(struct text *out, const struct intake_message *message, int64_t now_ms)
{
    bool utf8 = utf8_valid((const uint8_t *)message->topic.at, message->topic.len);
    text_add_time_ms(out, now_ms);
    text_add_char(out, ' ');
    text_add_plain(out, utf8 ? message->topic : STR_LIT("(topic not UTF-8)"));
    text_add(out, "  (");
    text_add_u64(out, message->payload.len);
    text_add(out, message->retained ? " bytes, retained" : " bytes");
    text_add(out, message->personal || message->topic_redacted ? ", redacted)\n" : ")\n");
}

/* What it becomes, after what ingest does to it: *message is then as it is written. */
static enum shown_fate message_show(struct listen *l, struct intake_message *message,
                                    int64_t now_ms, struct text *out)
{
    int32_t utc_offset_s = check_payload_utc_offset_s(l->venue, now_ms);
    struct record_withheld withheld;
    privacy_clock(l->privacy, now_ms * 1000000, utc_offset_s);
    enum privacy_taken taken = privacy_take(l->privacy, l->venue, message, &withheld);
    if (!l->json)
        head_add(out, message, now_ms);
    if (taken == PRIVACY_WITHHELD) {
        text_add(out, "  refused  personal data, of which nothing would be kept: ");
        text_add(out, record_withheld_text(withheld.reason));
        text_add_char(out, '\n');
        return SHOWN_REFUSED;
    }
    if (message->payload.len > PAYLOAD_DOCUMENT_BYTES_MAX) {
        text_add(out, "  refused  oversized\n");
        return SHOWN_REFUSED;
    }
    if (message->payload.len)
        memcpy(l->padded, message->payload.at, message->payload.len);
    return payload_shown_message(
        l->shown,
        &(struct payload_message){.topic = message->topic,
                                  .payload = {l->padded, message->payload.len},
                                  .content_type = message->content_type,
                                  .received_ms = now_ms,
                                  .utc_offset_s = utc_offset_s,
                                  .retained = message->retained},
        out);
}

/* In the library's thread, one call at a time. */
static void on_message(void *arg, const struct mqtt_message *message)
{
    struct listen *l = arg;
    struct text out = text_over(l->page, SHOWN_BYTES_MAX);
    int64_t now_ms = clock_wall_ns() / 1000000;
    struct intake_message kept = {.topic = message->topic,
                                  .payload = message->payload,
                                  .retained = message->retained,
                                  .content_type = message->content_type};
    if ((message->topic.len && message->topic.at[0] == '$') ||
        path_probe_is(message->topic, message->payload)) /* the system's own */
        return;
    enum shown_fate fate = message_show(l, &kept, now_ms, &out);
    l->messages++;
    l->fates[fate]++;
    if (l->json) {
        struct text line = text_over(l->page + SHOWN_BYTES_MAX, SHOWN_BYTES_MAX);
        payload_shown_json(kept.topic, kept.retained, now_ms, fate,
                           (struct str){out.at, (uint32_t)out.len}, &line);
        out = line;
    }
    if (!l->quiet)
        (void)fwrite(out.at, 1, out.len, stdout);
}

static void on_connected(void *arg, bool session_present, const char *address)
{
    (void)arg, (void)session_present;
    (void)fprintf(stderr, "listening at %s; Ctrl-C ends, and says what to bind\n", address);
}

static void on_subscribed(void *arg, const char *filter, bool optional, int code)
{
    struct listen *l = arg;
    (void)optional;
    if (code < 0x80)
        return;
    (void)fprintf(stderr, "crowdtide listen: the broker refuses %s (code %d)\n", filter, code);
    l->refused = 1;
}

static void on_disconnected(void *arg, int code, const char *reason)
{
    const struct listen *l = arg;
    (void)code;
    if (!l->ending)
        (void)fprintf(stderr, "crowdtide listen: no connection: %s\n", reason);
}

static void summary(const struct listen *l)
{
    struct text out = text_over(l->page, SHOWN_BYTES_MAX);
    (void)printf("\n%llu messages: %llu count, %llu with something unbound, %llu refused, %llu of "
                 "unknown topics\n\n",
                 (unsigned long long)l->messages, (unsigned long long)l->fates[SHOWN_COUNTS],
                 (unsigned long long)l->fates[SHOWN_UNBOUND],
                 (unsigned long long)l->fates[SHOWN_REFUSED],
                 (unsigned long long)l->fates[SHOWN_UNKNOWN]);
    payload_shown_advice(l->shown, l->config->venue_file, &out);
    (void)fwrite(out.at, 1, out.len, stdout);
}

static int run(struct listen *l, char **filters, uint32_t count, int64_t seconds)
{
    static char all[] = "#";
    struct mqtt_filter filter[MQTT_FILTERS_OWN_MAX] = {{.text = all}};
    const struct mqtt_filters wanted = {.filter = filter, .count = count ? count : 1};
    struct mqtt_settings settings;
    struct mqtt_client *client = NULL;
    struct error err = {0};
    char suffix[SUFFIX_BYTES], words[ERROR_WHERE_BYTES + 128];
    for (uint32_t i = 0; i < count; i++)
        filter[i].text = filters[i];
    (void)snprintf(suffix, sizeof suffix, "-listen-%ld", (long)getpid());
    const struct mqtt_client_options options = {
        .settings = &settings,
        .filters = &wanted,
        .handler = {l, on_message, on_connected, on_subscribed, on_disconnected, NULL},
        .want_retained = true,
        .trial = true};
    bool ok = mqtt_settings_from(l->config, l->venue->id, suffix, &settings, &err) &&
              mqtt_settings_files(&settings, &err) && mqtt_client_open(&options, &client, &err);
    int64_t until_ns = clock_boot_ns() + seconds * 1000000000;
    while (ok && !*cli_stop() && !l->refused && (!seconds || clock_boot_ns() < until_ns)) {
        ok = mqtt_client_poll(client, &err);
        (void)fflush(stdout);
        (void)poll(NULL, 0, POLL_MS);
    }
    l->ending = 1;
    mqtt_client_close(client);
    if (!ok)
        (void)fprintf(stderr, "crowdtide listen: %s\n", error_describe(&err, words, sizeof words));
    else if (!l->json)
        summary(l);
    return ok && !l->refused ? EXIT_OK : err.code == ERROR_CONFIG ? EXIT_USAGE : EXIT_FAILED;
}

static int listen_to(const struct config *config, struct listen *l, char **filters, uint32_t count,
                     int64_t seconds)
{
    struct venue *venue = NULL;
    struct error err = {0};
    int code = EXIT_USAGE;
    if (!cli_load_venue(config, &venue, NULL))
        return code;
    l->config = config;
    l->venue = venue;
    l->page = malloc((size_t)2 * SHOWN_BYTES_MAX);
    l->padded = calloc(1, PAYLOAD_DOCUMENT_BYTES_MAX + JSON_PADDING_BYTES);
    const struct privacy_options privacy = {.secret = config->privacy_key,
                                            .rotate_h = (uint32_t)config->privacy_rotate_h,
                                            .max_message_bytes = PAYLOAD_DOCUMENT_BYTES_MAX};
    if (l->page && l->padded && privacy_open(&privacy, &l->privacy, &err) &&
        payload_shown_new(venue, config->payload_dir, &l->shown, &err)) {
        cli_signals();
        code = run(l, filters, count, seconds);
    } else {
        (void)fprintf(stderr, "crowdtide listen: out of memory\n");
        code = EXIT_FAILED;
    }
    payload_shown_free(l->shown);
    privacy_close(l->privacy);
    free(l->page);
    free(l->padded);
    venue_free(venue);
    return code;
}

int cmd_listen(int argc, char **argv)
{
    const char *config_path = NULL, *seconds_text = NULL;
    struct listen listen = {0};
    const struct arguments_option options[] = {
        ARGUMENTS_CONFIG(&config_path),
        {.name = "for",
         .value = "SECONDS",
         .help = "end by itself after so long",
         .text = &seconds_text},
        {.name = "quiet",
         .letter = 'q',
         .help = "only what to bind, at the end",
         .flag = &listen.quiet},
        {.name = "json", .help = "for programs: one JSON object a message", .flag = &listen.json},
        {0},
    };
    const struct arguments spec = {
        "listen", "[FILTER…]",
        "Subscribes beside the running system and shows what each message becomes: its payload "
        "map, its\nreadings with sensor and zone, what nothing looks at, and why it is refused. At "
        "the end it lists topics\nthat nothing reads, with a draft of a map for each kind, and "
        "sensors that are not bound, as YAML to paste\ninto the venue file. FILTER: an MQTT topic "
        "filter; without one everything (#).",
        options,
        "It takes nothing from the running system: a session of its own that ends with it. Exit "
        "code: "
        "0,\n1 no connection or a filter refused, 2 bad use or configuration."};
    int code = EXIT_OK, first = argc;
    char *end = NULL;
    if (!arguments_parse(argc, argv, &spec, &first, &code))
        return code;
    long seconds = seconds_text ? strtol(seconds_text, &end, 10) : 0;
    if (seconds_text && (*end || end == seconds_text || seconds < 1 || seconds > SECONDS_MAX)) {
        (void)fprintf(stderr, "crowdtide listen: --for: 1 to %d seconds\n", SECONDS_MAX);
        return EXIT_USAGE;
    }
    if (argc - first > (int)MQTT_FILTERS_OWN_MAX) {
        (void)fprintf(stderr, "crowdtide listen: at most %d filters\n", MQTT_FILTERS_OWN_MAX);
        return EXIT_USAGE;
    }
    for (int i = first; i < argc; i++) {
        const char *fault = mqtt_filter_fault(argv[i]);
        if (!fault)
            continue;
        (void)fprintf(stderr, "crowdtide listen: filter \"%s\" %s\n", argv[i], fault);
        return EXIT_USAGE;
    }
    struct config config;
    if (!cli_load_config(config_path, &config))
        return EXIT_USAGE;
    code = listen_to(&config, &listen, argv + first, (uint32_t)(argc - first), seconds);
    config_free(&config);
    return code;
}
