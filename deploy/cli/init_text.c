#include "deploy/cli/init_text.h"

#include "schemas/yaml/tree.h"

/* A text as YAML takes it whatever is in it. "${" is a variable to YAML files of ours, so it is
 * doubled. */
static void add_quoted(struct text *out, struct str s)
{
    char doubled[INIT_ANSWER_BYTES * 2];
    struct text t = text_over(doubled, sizeof doubled);
    for (uint32_t i = 0; i < s.len; i++) {
        if (s.at[i] == '$' && i + 1 < s.len && s.at[i + 1] == '{')
            text_add_char(&t, '$');
        text_add_char(&t, s.at[i]);
    }
    text_add_json(out, (struct str){doubled, (uint32_t)t.len});
}

static void add_setting(struct text *out, const char *key, const char *value)
{
    text_add(out, "  ");
    text_add(out, key);
    text_add(out, ": ");
    add_quoted(out, str_of(value));
    text_add_char(out, '\n');
}

/* ---- crowdtide.yaml ----------------------------------------------------------------------------
 */

static void config_mqtt(const struct init_answers *a, struct text *out)
{
    text_add(out, "mqtt:\n");
    add_setting(out, "url", a->text[INIT_mqtt_url]);
    if (a->text[INIT_mqtt_username][0])
        add_setting(out, "username", a->text[INIT_mqtt_username]);
    else
        text_add(out, "  # username: crowdtide\n");
    if (a->text[INIT_mqtt_username][0] && a->text[INIT_mqtt_password][0])
        add_setting(out, "password_file", a->text[INIT_mqtt_password]);
    else
        text_add(out, "  # password_file: /etc/crowdtide/mqtt.password   # its first line\n");
    text_add(
        out,
        "  # ca_file: /etc/crowdtide/ca.pem     # mqtts: without it the system's authorities\n\n");
}

static void config_kafka(const struct init_answers *a, struct text *out)
{
    bool on = a->text[INIT_kafka_brokers][0];
    text_add(out, "# Every result exactly once, for consumers with "
                  "isolation.level=read_committed.\nkafka:\n");
    text_add(out, on ? "  enabled: yes\n" : "  enabled: no\n");
    if (on)
        add_setting(out, "brokers", a->text[INIT_kafka_brokers]);
    else
        text_add(out, "  # brokers: kafka-1:9092, kafka-2:9092\n");
    text_add(out, "  # options: [security.protocol=SASL_SSL, sasl.mechanism=SCRAM-SHA-512, "
                  "sasl.username=crowdtide]\n"
                  "  # sasl_password_file: /etc/crowdtide/kafka.password\n\n");
}

static void config_series(const struct init_answers *a, struct text *out)
{
    bool on = a->text[INIT_series_url][0], v2 = on && a->text[INIT_series_org][0];
    text_add(out, "# Figures for dashboards: InfluxDB 1 (api v1, the database is made), InfluxDB 2 "
                  "(v2, the bucket "
                  "must exist), VictoriaMetrics (v1).\nseries:\n");
    text_add(out, on ? "  enabled: yes\n" : "  enabled: no\n");
    if (on)
        add_setting(out, "url", a->text[INIT_series_url]);
    else
        text_add(out, "  # url: http://127.0.0.1:8086\n");
    text_add(out, v2 ? "  api: v2\n" : "  api: v1\n");
    text_add(out, "  database: crowdtide\n");
    if (v2)
        add_setting(out, "org", a->text[INIT_series_org]);
    if (v2 && a->text[INIT_series_token][0])
        add_setting(out, "token_file", a->text[INIT_series_token]);
    else if (v2)
        text_add(out, "  # token_file: /etc/crowdtide/influx.token\n");
    text_add_char(out, '\n');
}

void init_text_config(const struct init_answers *a, struct text *out)
{
    text_add(out,
             "# crowdtide's settings. `crowdtide check -c FILE` names each mistake with its line; "
             "`crowdtide check --settings` lists\n"
             "# every setting with its limits and default. What is not here has its default. Paths "
             "are relative to this file.\n"
             "# Secrets are never written here: the …_file settings name files, which only "
             "crowdtide's user should be able to read.\n\n"
             "venue: venue.yaml\n\n"
             "# Logs, cursors, snapshots and counters: a local disk with room. Readings and "
             "results stay here while a store is down.\n");
    text_add(out, "state_dir: ");
    add_quoted(out, str_of(a->text[INIT_state_dir]));
    text_add(out,
             "\n\n# Where sensors publish. Give the broker the settings of "
             "deploy/mosquitto/crowdtide.conf: with its own it drops messages without a word.\n");
    config_mqtt(a, out);
    text_add(
        out,
        "log:\n"
        "  sync: timer          # every: not even a power cut loses what was acknowledged; slower\n"
        "  readings_max_mb: 10240   # caps: beyond them the oldest goes, counted as lost\n"
        "  alerts_max_mb: 10240\n"
        "  bulk_max_mb: 10240\n\n");
    config_kafka(a, out);
    config_series(a, out);
    text_add(out,
             "# /metrics for Prometheus, /healthz and /readyz. Without a password: keep it on "
             "loopback.\n"
             "serve:\n"
             "  listen: 127.0.0.1:9570\n\n"
             "# NOBODY IS PAGED YET. Who is to be, and where, goes into paging.yaml; then take "
             "away these two #.\n"
             "# page:\n"
             "#   file: paging.yaml\n");
}

/* ---- venue.yaml --------------------------------------------------------------------------------
 */

static void venue_head(const struct init_answers *a, struct text *out)
{
    const char *name = a->text[INIT_name];
    text_add(
        out,
        "# The venue: its zones, the sensors that watch them, the rules that raise alerts, and who "
        "may "
        "command.\n"
        "# `crowdtide check` explains each rule in a sentence. All keys: deploy/venues/README.md "
        "(share/crowdtide/venues).\n"
        "# After a change: crowdtide check, then kill -HUP the running crowdtide (systemctl "
        "reload).\n"
        "venue:\n");
    add_setting(out, "id", a->text[INIT_id]);
    add_setting(out, "name", name[0] ? name : a->text[INIT_id]);
    add_setting(out, "time_zone", a->text[INIT_time_zone]);
    if (a->text[INIT_capacity][0]) {
        text_add(out, "  capacity: ");
        text_add(out, a->text[INIT_capacity]);
        text_add(out, "   # approved headcount of the whole site\n");
    } else {
        text_add(out, "  # capacity: 5000   # approved headcount of the whole site\n");
    }
    text_add(
        out,
        "  # empty_at: \"04:00\"  # when guards have walked through all of it: what doors counted "
        "wrong ends there\n\n");
}

static void venue_zones(const struct init_answers *a, const struct init_plan *plan,
                        struct text *out)
{
    text_add(out, "# Rules judge the approved headcount (capacity): yellow at 80 %, orange at 90, "
                  "red at 100, as long "
                  "as there are none of your own below.\n");
    if (!a->given[INIT_halls])
        text_add(
            out,
            "# THIS HALL IS A PLACEHOLDER: put yours in its place, with the headcounts that were "
            "approved.\n");
    text_add(out, "# A part of a hall whose density is watched is a cell: {id: stage, kind: cell, "
                  "parent: hall-1, "
                  "polygon: [[0, 0], [8, 0], [8, 5], [0, 5]]}\n"
                  "zones:\n");
    for (uint32_t i = 0; i < plan->halls; i++) {
        const struct init_hall *hall = &plan->hall[i];
        text_add(out, "  - {id: ");
        add_quoted(out, str_of(hall->id));
        text_add(out, ", kind: hall, name: ");
        add_quoted(out, hall->name);
        text_add(out, ", capacity: ");
        text_add_i64(out, hall->capacity);
        if (hall->area_m2.len) {
            text_add(out, ", area_m2: ");
            text_add_str(out, hall->area_m2);
        }
        text_add(out, "}\n");
    }
    text_add_char(out, '\n');
}

static void add_topic(const struct init_answers *a, const char *word, const char *sensor,
                      struct text *out)
{
    text_add(out, "crowdtide/");
    text_add(out, a->text[INIT_id]);
    text_add_char(out, '/');
    text_add(out, word);
    text_add_char(out, '/');
    text_add(out, sensor);
}

/* What is published for a counter of that kind. */
static void add_payload(const struct init_hall *hall, struct text *out)
{
    if (hall->counter != COUNTER_LEVEL) {
        text_add(out, hall->counter == COUNTER_DELTA ? "{\"in\":12,\"out\":3}"
                                                     : "{\"in\":120,\"out\":30}");
        return;
    }
    text_add(out, "{\"occupancy\":");
    text_add_i64(out, hall->capacity / 10 + 1);
    text_add_char(out, '}');
}

/* With gates, a hall's doors lead out into the site, not out of it: else whoever passes both is
 * counted twice. */
static void venue_sensors(const struct init_answers *a, const struct init_plan *plan,
                          struct text *out)
{
    char counter[INIT_COUNTER_BYTES];
    text_add(
        out,
        "# Sensors publish to crowdtide/VENUE/crowd/SENSOR or …/gate/SENSOR, QoS 1. Devices with "
        "words of "
        "their own: `crowdtide listen`\n"
        "# shows what they send and what to write here. Without a message for silence_s a sensor "
        "is silent, and its zone may be unknown.\n"
        "sensors:\n");
    for (uint32_t i = 0; i < plan->halls; i++) {
        const struct init_hall *hall = &plan->hall[i];
        bool doors = hall->counter != COUNTER_LEVEL;
        (void)init_hall_counter(hall, counter);
        text_add(out, "  - {id: ");
        add_quoted(out, str_of(counter));
        text_add(out, ", class: crowd, counter: ");
        text_add(out, counter_kind_text(hall->counter));
        text_add(out, ", zone: ");
        add_quoted(out, str_of(hall->id));
        if (doors && plan->gates) {
            text_add(out, ", outside: ");
            add_quoted(out, str_of(a->text[INIT_id]));
        }
        text_add(out, "}   # ");
        add_topic(a, "crowd", counter, out);
        text_add_char(out, ' ');
        add_payload(hall, out);
        text_add_char(out, '\n');
    }
    for (uint32_t i = 0; i < plan->gates; i++) {
        const struct init_gate *gate = &plan->gate[i];
        text_add(out, "  - {id: ");
        add_quoted(out, str_of(gate->id));
        text_add(out, ", class: gate, name: ");
        add_quoted(out, gate->name);
        text_add(out, ", zone: ");
        add_quoted(out, str_of(a->text[INIT_id]));
        text_add(out, ", lanes: ");
        text_add_i64(out, gate->lanes);
        text_add(out, "}   # ");
        add_topic(a, "gate", gate->id, out);
        text_add(out, " {\"in\":5,\"out\":0,\"state\":\"open\"}\n");
    }
    text_add_char(out, '\n');
}

static void venue_people(const struct init_answers *a, uid_t uid, struct text *out)
{
    text_add(
        out,
        "# Rules of your own stand beside the built-in ones, or in the place of the one with the "
        "same id.\n"
        "# rules:\n"
        "#   - id: hall-capacity\n"
        "#     metric: percent_capacity\n"
        "#     kinds: hall\n"
        "#     levels:\n"
        "#       yellow: {enter: 75, action: \"Meter entry at the doors.\"}\n"
        "#       red: {enter: 95, action: \"Stop entry; call command.\", plan: [\"Stewards to all "
        "doors.\"]}\n"
        "# builtin_rules: yes\n\n"
        "# Who may command (`crowdtide command ack …`), by the user id on this machine. A drill is "
        "started by "
        "two people with\n"
        "# user ids of their own: add the second, and `drill` to the commands.\n"
        "roles:\n"
        "  - id: duty\n"
        "    supervisor: yes\n"
        "    commands: [ack, assign, note, step, shelve, unshelve, anchor, service, capacity, "
        "close, "
        "open, evacuation]\n"
        "operators:\n"
        "  - {id: ");
    add_quoted(out, str_of(a->text[INIT_operator]));
    text_add(out, ", uid: ");
    text_add_u64(out, uid);
    text_add(out, ", roles: duty}\n\n"
                  "# Handovers, local time: what is shelved comes back for the next shift to see.\n"
                  "# shifts: [\"07:00\", \"15:00\", \"23:00\"]\n");
}

void init_text_venue(const struct init_answers *answers, const struct init_plan *plan, uid_t uid,
                     struct text *out)
{
    venue_head(answers, out);
    venue_zones(answers, plan, out);
    venue_sensors(answers, plan, out);
    venue_people(answers, uid, out);
}

/* ---- paging.yaml -------------------------------------------------------------------------------
 */

/* Every level of every rule of any venue is somebody's at any time: one team, and again at each
 * step of escalation, of which a rule has three at most. */
void init_text_paging(struct text *out)
{
    text_add(
        out,
        "# Who is paged for what. NOBODY IS, as long as crowdtide.yaml does not name this file: "
        "put "
        "an address of yours\n"
        "# below, take away the # of page: there, and see what `crowdtide check` says of it. "
        "`crowdtide page --test ZONE red`\n"
        "# sends a page marked as a test. All keys and kinds: deploy/venues/PAGING.md "
        "(share/crowdtide/venues).\n"
        "language: both   # zh, en or both\n\n"
        "# Where pages go. What is secret stands in files of its own.\n"
        "targets:\n"
        "  # THIS ADDRESS IS A PLACEHOLDER, and one of these may be put in its place:\n"
        "  - {id: on-call, kind: webhook, url: \"https://pager.example.org/crowdtide\"}\n"
        "  # - {id: on-call, kind: alertmanager, url: \"http://127.0.0.1:9093\"}\n"
        "  # - {id: on-call, kind: pagerduty, routing_key_file: pagerduty.key}\n"
        "  # - {id: on-call, kind: wecom, url_file: wecom.url}   # likewise dingtalk, feishu\n"
        "  # - {id: on-call, kind: email, url: \"smtp://127.0.0.1:25\", from: "
        "crowdtide@example.org, "
        "to: [duty@example.org]}\n"
        "  # Drills never page those above: they need a target of their own, in a team.\n"
        "  # - {id: drill, kind: webhook, status: Exercise, url: "
        "\"https://pager.example.org/drill\"}\n\n"
        "# Who is there when, by the venue's clocks. `check` refuses any minute at which nobody "
        "is.\n"
        "teams:\n"
        "  - {id: duty, targets: on-call}   # everybody, at any time\n"
        "  # - id: duty\n"
        "  #   shifts:\n"
        "  #     - {from: \"07:00\", to: \"23:00\", targets: [on-call, drill]}\n"
        "  #     - {from: \"23:00\", to: \"07:00\", targets: night-guard}\n\n"
        "# The first route that takes an alert decides. While nobody acknowledges it, `escalate` "
        "says who is told next, step by step.\n"
        "routes:\n"
        "  # - {zones: hall-1, levels: red, team: command, also: yes}   # and those below as well\n"
        "  - {team: duty, escalate: [duty, duty, duty]}\n");
}

/* ---- the next steps ----------------------------------------------------------------------------
 */

/* A word that the shell takes as it stands. */
static void add_shell(struct text *out, struct str s)
{
    bool plain = s.len > 0;
    for (uint32_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        plain = plain && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || strchr("/._:-,@%+=", c));
    }
    if (plain) {
        text_add_str(out, s);
        return;
    }
    text_add_char(out, '\'');
    for (uint32_t i = 0; i < s.len; i++) {
        if (s.at[i] == '\'')
            text_add(out, "'\\'");
        text_add_char(out, s.at[i]);
    }
    text_add_char(out, '\'');
}

enum { COMMAND_COLUMNS = 15 }; /* of the longest command, "check --connect" */

static void add_command(struct text *out, const char *command, const char *dir, const char *remark)
{
    text_add(out, "  crowdtide ");
    text_add(out, command);
    text_add(out, " -c ");
    char path[INIT_ANSWER_BYTES];
    struct text t = text_over(path, sizeof path);
    text_add(&t, dir);
    text_add(&t, "/crowdtide.yaml");
    add_shell(out, (struct str){path, (uint32_t)t.len});
    for (size_t i = strlen(command); remark[0] && i < COMMAND_COLUMNS; i++)
        text_add_char(out, ' ');
    text_add(out, remark);
    text_add_char(out, '\n');
}

/* mosquitto_pub's words for the broker of the answers. */
static void add_broker(const struct init_answers *a, struct text *out)
{
    struct str url = str_of(a->text[INIT_mqtt_url]);
    bool tls = url.len > 8 && memcmp(url.at, "mqtts://", 8) == 0;
    uint32_t skip = tls ? 8 : 7;
    struct str host = {url.at + skip, url.len - skip}, port = {0};
    const char *slash = memchr(host.at, '/', host.len);
    host.len = slash ? (uint32_t)(slash - host.at) : host.len;
    const char *bracket = memchr(host.at, ']', host.len);
    const char *colon = memchr(bracket ? bracket : host.at, ':',
                               host.len - (bracket ? (uint32_t)(bracket - host.at) : 0));
    if (colon) {
        port = (struct str){colon + 1, (uint32_t)(host.at + host.len - colon - 1)};
        host.len = (uint32_t)(colon - host.at);
    }
    if (bracket) /* [::1] */
        host = (struct str){host.at + 1, (uint32_t)(bracket - host.at) - 1};
    text_add(out, "-h ");
    add_shell(out, host);
    text_add(out, " -p ");
    add_shell(out, port.len ? port : tls ? STR_LIT("8883") : STR_LIT("1883"));
    if (tls)
        text_add(out, " --tls-use-os-certs");
    if (a->text[INIT_mqtt_username][0]) {
        text_add(out, " -u ");
        add_shell(out, str_of(a->text[INIT_mqtt_username]));
    }
    if (a->text[INIT_mqtt_username][0] && a->text[INIT_mqtt_password][0]) {
        text_add(out, " -P \"$(head -n 1 ");
        add_shell(out, str_of(a->text[INIT_mqtt_password]));
        text_add(out, ")\"");
    }
}

void init_text_next(const struct init_answers *a, const struct init_plan *plan, const char *dir,
                    struct text *out)
{
    const struct init_hall *hall = &plan->hall[0];
    char counter[INIT_COUNTER_BYTES];
    text_add(out, "Wrote ");
    text_add(out, dir);
    text_add(out, "/crowdtide.yaml (addresses, settings), venue.yaml (zones, sensors, rules) and "
                  "paging.yaml (who is paged). All are commented.\n");
    if (!a->given[INIT_halls])
        text_add(out, "Its one hall is a placeholder: put your own in venue.yaml, with their "
                      "approved headcounts.\n");
    text_add(out, "Nobody is paged yet: paging.yaml says what to do first.\n");
    text_add(out, "\nNext:\n");
    add_command(out, "check --connect", dir,
                "   # mistakes, each rule in a sentence, whether the servers answer");
    add_command(out, "run", dir, "   # everything, until Ctrl-C");
    add_command(out, "top", dir, "   # in another window: zones, alerts, programs");
    text_add(out, "\nA first reading, by hand:\n  mosquitto_pub ");
    add_broker(a, out);
    text_add(out, " -q 1 -t ");
    struct text topic = text_over((char[INIT_COUNTER_BYTES * 3]){0}, INIT_COUNTER_BYTES * 3);
    add_topic(a, "crowd", init_hall_counter(hall, counter), &topic);
    add_shell(out, (struct str){topic.at, (uint32_t)topic.len});
    text_add(out, " -m '");
    add_payload(hall, out);
    text_add(out, "'\nIt counts for 30 s; then the sensor is silent and its zone unknown, for "
                  "silence is never calm.\n"
                  "No sensors yet? This plays a day of the venue:\n");
    add_command(out, "simulate", dir, "");
}
