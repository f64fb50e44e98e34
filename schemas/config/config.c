#include "schemas/config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "schemas/config/config_file.h"
#include "schemas/config/settings.h"
#include "schemas/yaml/tree.h"

/* The loading of one configuration: what is filled in, and where each value came from. */
struct loader {
    struct config config;
    struct problems *problems;
    const char *path; /* "" none */
    struct place {
        uint32_t line, column; /* 0: default or environment */
        bool given;
        bool in_file;
    } place[SETTING_COUNT];
};

static bool set_text(struct loader *l, uint32_t i, struct str text)
{
    char *copy = strndup(text.len ? text.at : "", text.len);
    if (!copy) {
        problems_add(l->problems, 0, 0, "out of memory");
        return false;
    }
    char **field = setting_text(&l->config, &settings[i]);
    free(*field);
    *field = copy;
    return true;
}

/* Takes one text for a setting of a text kind, or for one item of a list. */
static bool text_checked(struct loader *l, uint32_t i, struct str text, uint32_t line,
                         uint32_t column)
{
    char reason[200];
    if (setting_text_valid(&settings[i], text, reason, sizeof reason))
        return true;
    const struct setting_info *info = &settings[i].info;
    problems_add(l->problems, line, column, "%s: \"%.*s\" is not possible here; %s",
                 line ? info->key : info->env, (int)(text.len < 64 ? text.len : 64),
                 text.len ? text.at : "", reason);
    return false;
}

static bool defaults_set(struct loader *l)
{
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *s = &settings[i];
        if (s->kind == SETTING_INT)
            *setting_int(&l->config, s) = s->int_def;
        else if (s->kind == SETTING_BOOL)
            *setting_bool(&l->config, s) = s->int_def != 0;
        else if (!set_text(l, i, str_of(s->info.def)))
            return false;
    }
    l->config.path = strdup(l->path);
    if (!l->config.path)
        problems_add(l->problems, 0, 0, "out of memory");
    return l->config.path != NULL;
}

/* A path of the file: ~/ is the home directory, other relative ones start at the file's directory.
 */
static bool set_path(struct loader *l, uint32_t i, struct str text, uint32_t line, uint32_t column)
{
    char full[8192];
    if (!config_file_path(l->path, text, full, sizeof full)) {
        problems_add(l->problems, line, column, "%s: the path is too long", settings[i].info.key);
        return false;
    }
    return set_text(l, i, str_of(full));
}

static void read_list(struct loader *l, uint32_t i, const struct tree_node *node)
{
    const struct setting_info *info = &settings[i].info;
    char *joined = calloc(1, (size_t)info->max + 1);
    if (!joined) {
        problems_add(l->problems, node->line, node->column, "out of memory");
        return;
    }
    struct text out = text_over(joined, (size_t)info->max);
    uint32_t count = node->kind == TREE_LIST ? node->count : 1;
    bool ok = node->kind != TREE_MAP || tree_expect(node, TREE_LIST, info->key, l->problems);
    for (uint32_t k = 0; ok && k < count; k++) {
        const struct tree_node *item = node->kind == TREE_LIST ? node->item[k] : node;
        struct str text;
        if (!tree_text(item, info->key, 1, (uint32_t)info->max, &text, l->problems)) {
            ok = false;
            break;
        }
        text_add(&out, k ? "\n" : "");
        text_add_str(&out, text);
    }
    if (ok && out.overflow)
        problems_add(l->problems, node->line, node->column, "%s: longer than %lld bytes in all",
                     info->key, (long long)info->max);
    else if (ok)
        (void)set_text(l, i, (struct str){joined, (uint32_t)out.len});
    free(joined);
}

static void read_setting(struct loader *l, uint32_t i, const struct tree_node *node)
{
    const struct setting *s = &settings[i];
    struct str text;
    l->place[i] = (struct place){node->line, node->column, true, true};
    switch (s->kind) {
    case SETTING_INT:
        (void)tree_int(node, s->info.key, s->info.min, s->info.max, setting_int(&l->config, s),
                       l->problems);
        return;
    case SETTING_BOOL:
        (void)tree_bool(node, s->info.key, setting_bool(&l->config, s), l->problems);
        return;
    case SETTING_LIST:
        read_list(l, i, node);
        return;
    default:
        break;
    }
    if (!tree_expect(node, TREE_SCALAR, s->info.key, l->problems) ||
        !text_checked(l, i, node->text, node->line, node->column))
        return;
    text = node->text;
    if (s->kind == SETTING_PATH || s->kind == SETTING_SECRET)
        (void)set_path(l, i, text, node->line, node->column);
    else
        (void)set_text(l, i, text);
}

/* The keys a map may have: sections and settings without one (section empty), or the settings of
 * one section. */
static uint32_t keys_of(struct str section, const char *keys[SETTING_COUNT],
                        char names[SETTING_COUNT][32])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        struct str own = setting_section(&settings[i]);
        const char *key = settings[i].info.key;
        if (section.len) {
            if (str_equal(section, own))
                keys[count++] = key + own.len + 1;
            continue;
        }
        bool again = false;
        if (own.len)
            (void)snprintf(names[i], sizeof names[i], STR_FMT, STR_ARG(own));
        for (uint32_t k = 0; own.len && k < count; k++)
            again = again || strcmp(keys[k], names[i]) == 0;
        if (!again)
            keys[count++] = own.len ? names[i] : key;
    }
    return count;
}

static void check_keys(struct loader *l, const struct tree_node *map, struct str section)
{
    const char *keys[SETTING_COUNT];
    char names[SETTING_COUNT][32];
    char what[64] = "the configuration";
    uint32_t count = keys_of(section, keys, names);
    if (section.len)
        (void)snprintf(what, sizeof what, "section " STR_FMT, STR_ARG(section));
    tree_keys(map, what, keys, count, l->problems);
}

static void read_tree(struct loader *l, const struct tree_node *root)
{
    if (!tree_expect(root, TREE_MAP, "the configuration", l->problems))
        return;
    check_keys(l, root, (struct str){0});
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        struct str section = setting_section(&settings[i]);
        const struct tree_node *map = root;
        if (section.len) {
            char name[32];
            (void)snprintf(name, sizeof name, STR_FMT, STR_ARG(section));
            map = tree_find(root, name);
            bool first = i == 0 || !str_equal(section, setting_section(&settings[i - 1]));
            if (map && first && tree_expect(map, TREE_MAP, name, l->problems))
                check_keys(l, map, section);
        }
        const char *key = settings[i].info.key + (section.len ? section.len + 1 : 0);
        const struct tree_node *node = map ? tree_find(map, key) : NULL;
        if (node)
            read_setting(l, i, node);
    }
}

static void read_environment(struct loader *l)
{
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *s = &settings[i];
        const char *value = s->info.env[0] ? getenv(s->info.env) : NULL;
        if (!value || !value[0])
            continue;
        struct str text = str_of(value);
        l->place[i] = (struct place){.given = true};
        if (setting_is_text(s) && text_checked(l, i, text, 0, 0))
            (void)set_text(l, i, text);
    }
}

static void read_file(struct loader *l)
{
    char *source = NULL;
    size_t len = 0;
    struct tree *tree = NULL;
    struct error err = {0};
    if (!config_file_read(l->path, CONFIG_BYTES_MAX, &source, &len, &err)) {
        problems_add(l->problems, 0, 0, "%s%s%s", error_text(err.code), err.sys_errno ? ": " : "",
                     err.sys_errno ? strerrordesc_np(err.sys_errno) : "");
        return;
    }
    if (tree_parse((struct str){source, (uint32_t)len}, &tree_env_process, &tree, l->problems))
        read_tree(l, tree_root(tree));
    tree_free(tree);
    free(source);
}

static void secret_take(struct loader *l, uint32_t i, char **text)
{
    char *secret;
    if (!config_file_secret(settings[i].info.key, *text, l->place[i].line, l->place[i].column,
                            &secret, l->problems))
        return;
    free(*text);
    *text = secret;
}

/* not wanted: the files' names are forgotten, so that nobody takes one for the secret. */
static void read_secrets(struct loader *l, bool wanted)
{
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        char **text = setting_text(&l->config, &settings[i]);
        if (settings[i].kind != SETTING_SECRET || !(*text)[0])
            continue;
        if (!wanted)
            (*text)[0] = '\0';
        else
            secret_take(l, i, text);
    }
}

/* What empty means where it means "derived". */
static void derive(struct loader *l)
{
    struct config *c = &l->config;
    char path[8192];
    const char *systemd = getenv("STATE_DIRECTORY"), *home = getenv("HOME");
    int n = 0;
    if (!c->state_dir[0] && systemd && systemd[0])
        n = snprintf(path, sizeof path, "%.*s", (int)(strchrnul(systemd, ':') - systemd), systemd);
    else if (!c->state_dir[0] && home && home[0])
        n = snprintf(path, sizeof path, "%s/.local/state/crowdtide", home);
    if (n > 0 && (size_t)n < sizeof path)
        (void)set_text(l, SETTING_AT_state_dir, str_of(path));
    if (!c->state_dir[0]) {
        problems_add(l->problems, 0, 0,
                     "state_dir is not set and there is no HOME to derive it from");
        return;
    }
    if (!c->command_socket[0]) {
        n = snprintf(path, sizeof path, "%s/command.sock", c->state_dir);
        if (n > 0 && (size_t)n < sizeof path)
            (void)set_text(l, SETTING_AT_command_socket, str_of(path));
    }
    if (strlen(c->command_socket) >= sizeof(((struct sockaddr_un *)0)->sun_path))
        problems_add(l->problems, l->place[SETTING_AT_command_socket].line, 0,
                     "command_socket: %s is longer than a Unix socket's path may be (%zu bytes); "
                     "set a shorter one",
                     c->command_socket, sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
}

/* A key is as secret as a password, but only the libraries read it. */
static void check_key_file(struct loader *l, uint32_t i, const char *what, const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0 && (st.st_mode & S_IROTH))
        problems_warn(l->problems, l->place[i].line, l->place[i].column,
                      "%s: everybody on this machine may read %s", what, path);
}

/* Options that librdkafka takes as they are, but that a person should know of. */
static void check_kafka_option(struct loader *l, const char *name, const char *value)
{
    static const struct {
        const char *name;
        const char *value; /* "": any */
        const char *warning;
    } rows[] = {
        {"sasl.password", "", "belongs into kafka.sasl_password_file, not into this file"},
        {"enable.ssl.certificate.verification", "false", "turns the check of certificates off"},
        {"ssl.endpoint.identification.algorithm", "none",
         "turns the check of the host's name in certificates off"},
    };
    const uint32_t at = SETTING_AT_kafka_options;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(name, rows[i].name) == 0 &&
            (!rows[i].value[0] || strcmp(value, rows[i].value) == 0))
            problems_warn(l->problems, l->place[at].line, l->place[at].column,
                          "kafka.options: %s %s", name, rows[i].warning);
    if (strcmp(name, "ssl.key.location") == 0 || strcmp(name, "ssl.keystore.location") == 0)
        check_key_file(l, at, "kafka.options", value);
}

static void check_kafka_options(struct loader *l)
{
    const uint32_t at = SETTING_AT_kafka_options;
    char *copy = strdup(l->config.kafka_options), *save = NULL;
    if (!copy) {
        problems_add(l->problems, 0, 0, "out of memory");
        return;
    }
    for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *equals = strchr(line, '=');
        if (!equals || equals == line) {
            problems_add(l->problems, l->place[at].line, l->place[at].column,
                         "kafka.options: \"%s\" is not name=value", line);
            continue;
        }
        *equals = '\0';
        check_kafka_option(l, line, equals + 1);
    }
    explicit_bzero(copy, strlen(l->config.kafka_options));
    free(copy);
}

/* What no single setting shows. */
static void check_together(struct loader *l)
{
    const struct config *c = &l->config;
    const struct place *place = l->place;
    if (!c->mqtt_cert_file[0] != !c->mqtt_key_file[0]) {
        uint32_t at = c->mqtt_cert_file[0] ? SETTING_AT_mqtt_cert_file : SETTING_AT_mqtt_key_file;
        problems_add(l->problems, place[at].line, place[at].column,
                     "mqtt.cert_file and mqtt.key_file belong together; one of them is missing");
    }
    if (c->mqtt_password[0] && !c->mqtt_username[0])
        problems_add(l->problems, place[SETTING_AT_mqtt_password].line,
                     place[SETTING_AT_mqtt_password].column,
                     "mqtt.password_file is given, but mqtt.username is not");
    if (c->mqtt_key_file[0])
        check_key_file(l, SETTING_AT_mqtt_key_file, "mqtt.key_file", c->mqtt_key_file);
    check_kafka_options(l);
    if (strcmp(c->series_api, "v2") == 0 && !c->series_org[0])
        problems_warn(l->problems, place[SETTING_AT_series_api].line,
                      place[SETTING_AT_series_api].column,
                      "series.api is v2 without series.org; InfluxDB 2 wants one");
}

static bool load(const char *path, bool secrets, struct config *ret_config,
                 struct problems *problems)
{
    uint32_t refused_before = problems->count - problems->warnings;
    struct loader *l = calloc(1, sizeof *l);
    if (!l) {
        problems_add(problems, 0, 0, "out of memory");
        return false;
    }
    l->problems = problems;
    l->path = path ? path : "";
    if (defaults_set(l)) {
        if (path)
            read_file(l);
        read_environment(l);
        derive(l);
        read_secrets(l, secrets);
        check_together(l);
    }
    problems_sort(problems);
    bool ok = problems->count - problems->warnings == refused_before;
    if (ok)
        *ret_config = l->config;
    else
        config_free(&l->config);
    free(l);
    return ok;
}

bool config_load(const char *path, struct config *ret_config, struct problems *problems)
{
    return load(path, true, ret_config, problems);
}

bool config_load_public(const char *path, struct config *ret_config, struct problems *problems)
{
    return load(path, false, ret_config, problems);
}

void config_free(struct config *config)
{
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        if (!setting_is_text(&settings[i]))
            continue;
        char **text = setting_text(config, &settings[i]);
        if (*text && settings[i].kind == SETTING_SECRET)
            explicit_bzero(*text, strlen(*text));
        free(*text);
        *text = NULL;
    }
    free(config->path);
    config->path = NULL;
}
