#include "deploy/cli/init_answers.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/base/time_zone.h"
#include "schemas/config/config.h"
#include "schemas/yaml/tree.h"

enum { PATH_BYTES = 4096, CAPACITY_MAX = 100000000 };

static const struct init_question_info questions[INIT_QUESTION_COUNT] = {
#define INIT_ROW(kind, name, flag, value, setting, needs, text, more)                              \
    [INIT_##name] = {INIT_KIND_##kind, flag, value, setting, needs, text, more},
    INIT_QUESTIONS(INIT_ROW)
#undef INIT_ROW
};

const struct init_question_info *init_question_info_of(enum init_question question)
{
    assert((unsigned)question < INIT_QUESTION_COUNT);
    return &questions[question];
}

/* ---- the defaults ---------------------------------------------------------------------------- */

/* What the clock of this machine is set to; "UTC" where that can't be told. */
static void own_time_zone(char *out, size_t cap)
{
    static const char below[] = "/zoneinfo/";
    char path[PATH_BYTES];
    const char *at = NULL;
    struct error err = {0};
    struct time_zone *zone = malloc(sizeof *zone);
    if (realpath("/etc/localtime", path))
        at = strstr(path, below);
    at = at ? at + sizeof below - 1 : "UTC";
    if (!zone || !time_zone_load(NULL, str_of(at), zone, &err) || strncmp(at, "Etc/", 4) == 0)
        at = "UTC";
    (void)snprintf(out, cap, "%s", at);
    free(zone);
}

static void own_name(char *out, size_t cap)
{
    const struct passwd *user = getpwuid(getuid());
    (void)snprintf(out, cap, "%s",
                   user && id_valid(str_of(user->pw_name)) ? user->pw_name : "operator");
}

/* The directory's own name where it can be an id. */
static void venue_id(const char *dir, char *out, size_t cap)
{
    char path[PATH_BYTES];
    const char *from = realpath(dir, path) ? path : dir;
    size_t len = strlen(from);
    while (len > 1 && from[len - 1] == '/')
        len--;
    size_t at = len;
    while (at > 0 && from[at - 1] != '/')
        at--;
    struct str name = {from + at, (uint32_t)(len - at)};
    (void)snprintf(out, cap, STR_FMT, STR_ARG(id_valid(name) ? name : STR_LIT("venue")));
}

struct init_answers *init_answers_new(const char *dir)
{
    struct init_answers *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    venue_id(dir, a->text[INIT_id], sizeof a->text[0]);
    own_time_zone(a->text[INIT_time_zone], sizeof a->text[0]);
    own_name(a->text[INIT_operator], sizeof a->text[0]);
    (void)snprintf(a->text[INIT_halls], sizeof a->text[0], "Hall 1, 500, 1000, level");
    (void)snprintf(a->text[INIT_mqtt_url], sizeof a->text[0], "mqtt://127.0.0.1:1883");
    (void)snprintf(a->text[INIT_state_dir], sizeof a->text[0], "%s",
                   strncmp(dir, "/etc/", 5) == 0 ? "/var/lib/crowdtide" : "state");
    return a;
}

/* ---- what is an answer ------------------------------------------------------------------------
 */

static bool refuse(char *reason, size_t cap, const char *why)
{
    (void)snprintf(reason, cap, "%s", why);
    return false;
}

static struct str trimmed(const char *text)
{
    struct str s = str_of(text);
    while (s.len && (s.at[0] == ' ' || s.at[0] == '\t'))
        s = (struct str){s.at + 1, s.len - 1};
    while (s.len && strchr(" \t\r\n", s.at[s.len - 1]))
        s.len--;
    return s;
}

/* One character of valid UTF-8. Returns its length. */
static uint32_t decode(const char *at, uint32_t *ret_code)
{
    const uint8_t *b = (const uint8_t *)at;
    uint32_t n = b[0] < 0x80 ? 1 : b[0] >= 0xf0 ? 4 : b[0] >= 0xe0 ? 3 : 2;
    uint32_t code = n == 1 ? b[0] : b[0] & (0x7fU >> n);
    for (uint32_t i = 1; i < n; i++)
        code = code << 6 | (b[i] & 0x3f);
    *ret_code = code;
    return n;
}

/* What a line of YAML, a terminal and a page can carry. */
static bool text_valid(struct str name, char *reason, size_t cap)
{
    if (!utf8_valid((const uint8_t *)name.at, name.len))
        return refuse(reason, cap, "UTF-8 is expected; is the terminal set to it?");
    for (uint32_t i = 0, code; i < name.len;) {
        i += decode(name.at + i, &code);
        if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
            code == 0xfeff || (code & 0xfffe) == 0xfffe)
            return refuse(reason, cap, "one line without control characters is expected");
    }
    return true;
}

bool init_name_valid(struct str name, char *reason, size_t cap)
{
    if (name.len <= INIT_NAME_BYTES_MAX)
        return text_valid(name, reason, cap);
    (void)snprintf(reason, cap, "at most %d bytes are expected", INIT_NAME_BYTES_MAX);
    return false;
}

static bool zone_valid(struct str name, char *reason, size_t cap)
{
    struct error err = {0};
    struct time_zone *zone = malloc(sizeof *zone);
    bool ok = zone && time_zone_load(NULL, name, zone, &err);
    free(zone);
    if (ok)
        return true;
    (void)snprintf(reason, cap,
                   "this machine knows no time zone \"" STR_FMT
                   "\"; a name like Asia/Shanghai or UTC is expected",
                   STR_ARG(name));
    return false;
}

/* A secret that can't be read now would stop the programs later. *out gets the whole path. */
static bool file_valid(struct str name, char out[PATH_BYTES], char *reason, size_t cap)
{
    char path[PATH_BYTES];
    struct stat st;
    out[0] = '\0';
    if (name.len == 0)
        return true;
    (void)snprintf(path, sizeof path, STR_FMT, STR_ARG(name));
    if (!realpath(path, out) || access(out, R_OK) != 0 || stat(out, &st) != 0) {
        (void)snprintf(reason, cap, "%s: %s. Write the secret into it first, readable by you only",
                       path, strerrordesc_np(errno));
        return false;
    }
    if (!S_ISREG(st.st_mode) || st.st_size == 0)
        return refuse(reason, cap, "a file with the secret on its first line is expected");
    return text_valid(str_of(out), reason, cap);
}

static bool broker_valid(struct str url, char *reason, size_t cap)
{
    const char *rest = (const char *)memmem(url.at, url.len, "://", 3) + 3;
    if (!memchr(rest, '/', url.len - (size_t)(rest - url.at)))
        return true;
    return refuse(reason, cap, "host:port is expected, without a path");
}

/* librdkafka would take any text, and never connect. */
static bool kafka_valid(struct str brokers, char *reason, size_t cap)
{
    bool host = false, ok = true;
    for (uint32_t i = 0; i < brokers.len && ok; i++) {
        char c = brokers.at[i];
        if (c == ',') {
            ok = host;
            host = false;
        } else if (c == ' ') { /* only after a comma */
            ok = !host;
        } else {
            ok = c != '/' && c != '@';
            host = true;
        }
    }
    if (brokers.len == 0 || (ok && host))
        return true;
    return refuse(reason, cap, "host:port is expected, or several with commas between them");
}

static bool count_valid(struct str text, char *reason, size_t cap)
{
    int64_t people = 0;
    if (text.len == 0 || (tree_parse_int(text, &people) && people >= 1 && people <= CAPACITY_MAX))
        return true;
    (void)snprintf(reason, cap, "a whole number of people, 1 to %d, is expected", CAPACITY_MAX);
    return false;
}

static bool answer_valid(const struct init_answers *answers, enum init_question question,
                         struct str text, char path[PATH_BYTES], char *reason, size_t cap)
{
    const struct init_question_info *q = &questions[question];
    struct init_plan *plan = NULL;
    bool ok = false;
    switch (q->kind) {
    case INIT_KIND_WORD:
        ok = id_valid(text);
        return ok || refuse(reason, cap,
                            "a letter or digit, then letters, digits or . _ : -, at most 48 "
                            "in all, are expected");
    case INIT_KIND_NAME:
        return init_name_valid(text, reason, cap);
    case INIT_KIND_ZONE:
        return zone_valid(text, reason, cap);
    case INIT_KIND_BROKER:
        return text_valid(text, reason, cap) &&
               config_setting_valid(q->setting, text, reason, cap) &&
               broker_valid(text, reason, cap);
    case INIT_KIND_KAFKA:
        return text_valid(text, reason, cap) && kafka_valid(text, reason, cap) &&
               (text.len == 0 || config_setting_valid(q->setting, text, reason, cap));
    case INIT_KIND_OPTIONAL:
    case INIT_KIND_SETTING:
        if (text.len == 0 && q->kind == INIT_KIND_OPTIONAL)
            return true;
        return text_valid(text, reason, cap) && config_setting_valid(q->setting, text, reason, cap);
    case INIT_KIND_FILE:
        return file_valid(text, path, reason, cap);
    case INIT_KIND_COUNT:
        return count_valid(text, reason, cap);
    case INIT_KIND_HALLS:
    case INIT_KIND_GATES:
        if (!(plan = calloc(1, sizeof *plan)))
            return refuse(reason, cap, "out of memory");
        ok = q->kind == INIT_KIND_GATES
                 ? init_plan_gates(text, plan, reason, cap)
                 : init_plan_halls(str_of(answers->text[INIT_id]), text, plan, reason, cap);
        free(plan);
        return ok;
    }
    return refuse(reason, cap, "no such question");
}

bool init_answers_set(struct init_answers *answers, enum init_question question, const char *text,
                      char *reason, size_t cap)
{
    struct str s = trimmed(text);
    char path[PATH_BYTES] = "";
    char *into = answers->text[question];
    if (s.len >= INIT_ANSWER_BYTES) {
        (void)snprintf(reason, cap, "at most %d bytes are expected", INIT_ANSWER_BYTES - 1);
        return false;
    }
    if (!answer_valid(answers, question, s, path, reason, cap))
        return false;
    if (questions[question].kind == INIT_KIND_FILE)
        s = str_of(path);
    memmove(into, s.at ? s.at : "", s.len);
    into[s.len] = '\0';
    answers->given[question] = true;
    return true;
}

bool init_answers_wanted(const struct init_answers *answers, enum init_question question)
{
    int needs = questions[question].needs;
    return needs < 0 || answers->text[needs][0];
}
