/*
 * config: the settings of all programs, from one YAML file, one table. The table gives the C field,
 * its place in the file, its type, limits, default and description;
 * --help, deploy/OPERATIONS.md and validation are generated from it.
 *
 *     struct config config;
 *     if (!config_load("crowdtide.yaml", &config, &problems)) …each problem has line, column,
 * reason config_free(&config);
 *
 * Order of precedence: environment variable of the setting (where it has one), file, default.
 * `${NAME}` in a file's scalar takes the environment; unset is a problem.
 */
#ifndef CROWDTIDE_SCHEMAS_CONFIG_CONFIG_H
#define CROWDTIDE_SCHEMAS_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schemas/base/error.h"
#include "schemas/base/problems.h"
#include "schemas/base/str.h"

/* kind, C name, key in the file, environment ("" none), min, max, default, unit, description.
   TEXT: min and max are lengths; where the default is empty, an empty value asks for it. INT. BOOL:
   default 0 or 1. CHOICE: min lists the words, with | between. URL: min lists the schemes, the rest
   is host[:port][/path]. PATH: in the file relative to it, ~/ is the home directory. SECRET: a file
   (PATH) whose first line is the value, default always "". LIST: one text or a list of texts, kept
   as one string with newlines between. */
/* clang-format off */
#define SETTINGS(S)                                                                                \
    S(PATH, state_dir, "state_dir", "CROWDTIDE_STATE", 1, 4000, "", "", "where logs, cursors, snapshots and counters live; empty: what systemd gives, else ~/.local/state/crowdtide") \
    S(PATH, venue_file, "venue", "", 0, 4000, "", "", "the venue model (YAML); relative to this file") \
    S(PATH, payload_dir, "payload_dir", "CROWDTIDE_PAYLOADS", 0, 4000, "", "", "where payload maps that a venue names without .yaml are; empty: share/crowdtide/payloads beside the program's folder, in a source tree deploy/payloads") \
    S(URL, mqtt_url, "mqtt.url", "CROWDTIDE_MQTT_URL", "mqtt|mqtts", "", "mqtt://127.0.0.1:1883", "", "the broker: mqtt://host:port or mqtts://host:port") \
    S(TEXT, mqtt_client_id, "mqtt.client_id", "", 0, 64, "", "", "fixed client id: names the persistent session; empty: crowdtide-{venue}") \
    S(CHOICE, mqtt_version, "mqtt.version", "", "5|3.1.1", "", "5", "", "protocol version; 5 keeps the session for good, 3.1.1 as long as the broker likes") \
    S(TEXT, mqtt_username, "mqtt.username", "", 0, 255, "", "", "user name") \
    S(SECRET, mqtt_password, "mqtt.password_file", "", 0, 4000, "", "", "file with the password") \
    S(PATH, mqtt_ca_file, "mqtt.ca_file", "", 0, 4000, "", "", "PEM file of trusted authorities for mqtts; empty: the system's") \
    S(PATH, mqtt_cert_file, "mqtt.cert_file", "", 0, 4000, "", "", "PEM client certificate for mqtts") \
    S(PATH, mqtt_key_file, "mqtt.key_file", "", 0, 4000, "", "", "PEM key of the client certificate") \
    S(LIST, mqtt_filters, "mqtt.filters", "", 0, 65536, "", "", "topic filters to subscribe; empty: crowdtide/{venue}/# and drill/{venue}/#") \
    S(INT, mqtt_keepalive_s, "mqtt.keepalive_s", "", 5, 3600, 20, "s", "MQTT keep-alive") \
    S(INT, mqtt_receive_maximum, "mqtt.receive_maximum", "", 1, 65535, 1000, "messages", "unacknowledged QoS 1 messages the broker may have in flight (v5)") \
    S(INT, mqtt_reconnect_max_s, "mqtt.reconnect_max_s", "", 1, 600, 30, "s", "longest pause between connection attempts; they start at 0.2 s and are jittered") \
    S(BOOL, mqtt_watch_drops, "mqtt.watch_drops", "", 0, 1, 1, "", "beside, subscribe the broker's own count of messages that it dropped, which alarms; brokers without one are none the worse") \
    S(BOOL, mqtt_probe, "mqtt.probe", "", 0, 1, 1, "", "send a small message through the broker to ourselves every second (crowdtide/{venue}/probe/{client_id}); once they have come back, their absence for 10 s makes everything unknown. no: only the connection tells") \
    S(INT, max_message_bytes, "mqtt.max_message_bytes", "", 1024, 8388608, 524288, "B", "longer messages: length, SHA-256 and first 4 KiB are kept, dead-lettered") \
    S(SECRET, privacy_key, "privacy.key_file", "", 0, 4000, "", "", "file with the secret, at least 16 bytes, under which payload maps hash what is personal") \
    S(INT, privacy_rotate_h, "privacy.rotate_h", "", 1, 8760, 24, "h", "how long one key holds, counted in the venue's local time: then the same card or person has another hash") \
    S(PATH, command_socket, "command_socket", "", 0, 107, "", "", "Unix socket for operators' commands; empty: {state_dir}/command.sock") \
    S(INT, log_segment_mb, "log.segment_mb", "", 1, 1024, 64, "MiB", "size of a log segment") \
    S(CHOICE, log_sync, "log.sync", "", "timer|every", "", "timer", "", "timer: every sync_ms; every: fdatasync before each MQTT acknowledgement, so that a power cut loses nothing") \
    S(INT, log_sync_ms, "log.sync_ms", "", 1, 10000, 50, "ms", "sync timer: what a power cut may lose") \
    S(INT, log_readings_max_mb, "log.readings_max_mb", "", 128, 67108864, 10240, "MiB", "disk cap of the readings log") \
    S(INT, log_bulk_max_mb, "log.bulk_max_mb", "", 128, 67108864, 10240, "MiB", "disk cap of the bulk log") \
    S(INT, log_alerts_max_mb, "log.alerts_max_mb", "", 128, 67108864, 10240, "MiB", "disk cap of the alerts log") \
    S(BOOL, log_cap_forces, "log.cap_forces", "", 0, 1, 1, "", "at the cap delete what a cursor still needs (counted as lost, alarmed); no: stop instead") \
    S(INT, log_keep_mb, "log.keep_mb", "", 0, 67108864, 2048, "MiB", "kept of each log although every cursor has passed it, for replay and review") \
    S(INT, snapshot_s, "process.snapshot_s", "", 1, 3600, 30, "s", "time between snapshots of the state: what a restart runs again") \
    S(INT, late_s, "process.late_s", "", 1, 86400, 60, "s", "source time older than this is late: it repairs history, never rates or dwell") \
    S(BOOL, kafka_enabled, "kafka.enabled", "", 0, 1, 1, "", "run starts publish kafka") \
    S(TEXT, kafka_brokers, "kafka.brokers", "CROWDTIDE_KAFKA_BROKERS", 1, 4000, "127.0.0.1:9092", "", "bootstrap servers") \
    S(LIST, kafka_options, "kafka.options", "", 0, 65536, "", "", "librdkafka settings passed through, name=value (security.protocol, sasl.*, ssl.* …)") \
    S(SECRET, kafka_sasl_password, "kafka.sasl_password_file", "", 0, 4000, "", "", "file with sasl.password") \
    S(INT, kafka_alerts_ms, "kafka.alerts_ms", "", 1, 1000, 20, "ms", "transactions of the alerts log: at most this far apart while there is something to send") \
    S(INT, kafka_bulk_ms, "kafka.bulk_ms", "", 10, 60000, 1000, "ms", "transactions of the bulk log: at most this far apart …") \
    S(INT, kafka_bulk_bytes, "kafka.bulk_bytes", "", 65536, 67108864, 4194304, "B", "… or this large") \
    S(INT, kafka_partitions, "kafka.partitions", "", 1, 1000, 6, "", "partitions of topics that are created") \
    S(INT, kafka_replication, "kafka.replication", "", -1, 10, -1, "", "replicas of topics that are created; -1: the broker's default") \
    S(BOOL, series_enabled, "series.enabled", "", 0, 1, 1, "", "run starts publish series") \
    S(URL, series_url, "series.url", "CROWDTIDE_SERIES_URL", "http|https", "", "http://127.0.0.1:8086", "", "InfluxDB 1.x or 2.x, VictoriaMetrics: base address") \
    S(CHOICE, series_api, "series.api", "", "v1|v2", "", "v1", "", "v1: /write?db=…; v2: /api/v2/write?org=…&bucket=…") \
    S(TEXT, series_database, "series.database", "", 1, 255, "crowdtide", "", "v1 database or v2 bucket; a missing v1 database is created") \
    S(TEXT, series_org, "series.org", "", 0, 255, "", "", "v2 organisation") \
    S(TEXT, series_username, "series.username", "", 0, 255, "", "", "v1 user name") \
    S(SECRET, series_password, "series.password_file", "", 0, 4000, "", "", "file with the v1 password") \
    S(SECRET, series_token, "series.token_file", "", 0, 4000, "", "", "file with the v2 token") \
    S(PATH, series_ca_file, "series.ca_file", "", 0, 4000, "", "", "PEM file of trusted authorities for https; empty: the system's") \
    S(CHOICE, series_gzip, "series.gzip", "", "auto|on|off", "", "auto", "", "compress requests; auto: not on loopback") \
    S(INT, series_batch_points, "series.batch_points", "", 1, 100000, 5000, "points", "points per request, at most") \
    S(INT, series_batch_ms, "series.batch_ms", "", 1, 60000, 1000, "ms", "bulk points wait at most this long for company; alerts do not wait") \
    S(INT, series_timeout_s, "series.timeout_s", "", 1, 600, 30, "s", "whole request") \
    S(BOOL, serve_enabled, "serve.enabled", "", 0, 1, 1, "", "run starts serve: /metrics, /healthz, /readyz") \
    S(TEXT, serve_listen, "serve.listen", "CROWDTIDE_SERVE_LISTEN", 1, 120, "127.0.0.1:9570", "", "numeric address and port it answers on; [::1]:9570 for IPv6. It has no password: keep it on loopback or behind a proxy") \
    S(INT, serve_ready_lag, "serve.ready_lag_records", "", 1, 1000000000, 100000, "records", "further behind than this is not ready") \
    S(URL, watch_ping_url, "watch.ping_url", "", "http|https", "", "", "", "a dead-man's switch outside this machine: serve asks this address (GET) every ping_s for as long as results hold and the pager lives; whoever is there tells when it misses it. Empty: none") \
    S(SECRET, watch_ping_secret_url, "watch.ping_url_file", "", 0, 4000, "", "", "file with that address, where it is a secret") \
    S(PATH, watch_ping_ca_file, "watch.ping_ca_file", "", 0, 4000, "", "", "PEM file of trusted authorities for it; empty: the system's") \
    S(INT, watch_ping_s, "watch.ping_s", "", 1, 3600, 60, "s", "how often it is asked") \
    S(INT, watch_blind_s, "watch.blind_s", "", 20, 3600, 60, "s", "the venue counts as blind, and the pager says so (venue-blind), so long after it was known last that all is heard") \
    S(PATH, page_file, "page.file", "", 0, 4000, "", "", "who is paged for what (YAML: targets, teams with shifts, routes); relative to this file; empty: no pager") \
    S(INT, page_late_s, "page.late_s", "", 1, 3600, 60, "s", "older pages do not ring one by one but come in one digest; and whoever can't be told for so long is an alarm of its own") \
    S(INT, page_hold_s, "page.hold_s", "", 1, 300, 60, "s", "an Alertmanager is told again so often what is still so: it forgets what it does not hear of for 10 min") \
    S(INT, page_timeout_s, "page.timeout_s", "", 1, 60, 10, "s", "whole request to a target")

/* clang-format on */

#define CONFIG_C_TEXT char *
#define CONFIG_C_PATH char *
#define CONFIG_C_URL char *
#define CONFIG_C_CHOICE char *
#define CONFIG_C_LIST char *
#define CONFIG_C_SECRET char *
#define CONFIG_C_INT int64_t
#define CONFIG_C_BOOL bool
struct config {
#define CONFIG_MEMBER(kind, name, key, env, min, max, def, unit, description) CONFIG_C_##kind name;
    SETTINGS(CONFIG_MEMBER)
#undef CONFIG_MEMBER
    char *path; /* of the file; "" when there was none */
};

enum { CONFIG_BYTES_MAX = 1024 * 1024 };

/* path NULL: defaults and environment only. Problems carry line and column in the file (0 for the
   environment). Secrets are read (a file that everyone may read: a warning), state_dir and
   command_socket are filled in when empty. False, with *ret_config untouched, when there is a
   problem that is not a warning. */
bool config_load(const char *path, struct config *ret_config, struct problems *problems);
/* The same without reading the secrets, which are then empty: for the commands of people who may
 * not read them. */
bool config_load_public(const char *path, struct config *ret_config, struct problems *problems);
void config_free(struct config *config);

/* One row of the table, for --help and documentation. */
struct setting_info {
    const char *key;   /* "mqtt.url" */
    const char *kind;  /* "text", "path", "url", "choice", "int", "bool", "secret", "list" */
    const char *env;   /* "" none */
    const char *def;   /* as one would write it; "yes" and "no" for booleans */
    const char *words; /* choices, or schemes of a url, with | between; else "" */
    int64_t min, max;  /* int: the number; text, path, secret, list: its length in bytes */
    const char *unit;
    const char *description;
};
uint32_t config_setting_count(void);
const struct setting_info *config_setting_info(uint32_t i); /* i < config_setting_count() */
/* Whether a text would be accepted for the setting of that key, which exists; else reason (cap
 * bytes) says what is expected. Files are not looked at. */
bool config_setting_valid(const char *key, struct str text, char *reason, size_t cap);

/* Reads config->venue_file with ${NAME} replaced in its values (line numbers do not move), and the
   payload maps that it names, into one bundle (schemas/venue/bundle.h), which without maps is the
   file itself. *ret_source is malloc'ed, NUL-terminated. NOT_FOUND (no such file, or none
   configured), IO, TOO_LARGE, MALFORMED (not YAML, an unset variable, or a map that is nowhere;
   position = line, and the text begins with file:line:column). */
bool config_read_venue(const struct config *config, char **ret_source, size_t *ret_len,
                       struct error *err);
/* The same for a venue file that no configuration names. payload_dir: the setting; NULL: what the
 * environment says. */
bool config_read_venue_file(const char *path, const char *payload_dir, char **ret_source,
                            size_t *ret_len, struct error *err);
/* The same for a venue file whose text is at hand; path: where it would be. A text that is a bundle
 * with maps already stays as it is. */
bool config_bundle(struct str text, const char *path, const char *payload_dir, char **ret_source,
                   size_t *ret_len, struct error *err);

/* The folder with the payload maps that come with the program. payload_dir: the setting. False:
 * there is none. */
enum { CONFIG_PATH_BYTES = 4200 };
bool config_payload_dir(const char *payload_dir, char out[CONFIG_PATH_BYTES]);

/* Whether the configuration has what the privacy rules of the venue's payload maps need: a problem
 * when they hash and there is no privacy.key_file, or its secret is too short. */
struct venue;
bool config_privacy_fits(const struct config *config, const struct venue *venue,
                         struct problems *problems);

/* {state_dir}/{name} into out. TOO_LARGE when it does not fit. */
bool config_state_path(const struct config *config, const char *name, char *out, size_t cap,
                       struct error *err);

#endif
