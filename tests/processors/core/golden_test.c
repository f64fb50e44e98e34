/*
 * golden: scripts a domain engineer can read (in golden/), run against the core on a virtual
 * clock. One line a thing:
 *
 *     venue … end                                   the venue file (first, or after a time: a new
 * model then) 10:00:00 sensor c1 occupancy 812              a message of that sensor; words:
 * retained, dup, drill; ts 09:59:50 10:00:00 every 5 until 10:01:00 sensor c1 …   the same message
 * again and again, seconds apart 10:00:00 publish TOPIC PAYLOAD                any bytes 10:00:00
 * gap                                  ingest did not run from the last record to here expect
 * hall-8 yellow by 10:00:20              reached by then, and still so then expect hall-8 yellow at
 * 10:00:20              reached in the second that ends then, not before expect hall-8 stays yellow
 * until 10:00:20 10:00:20 expect zone hall-8 occupancy 812 known true       members of the last
 * result of that kind 10:00:20 expect alert v/hall-8/full state clearing n 2     (its id up to the
 * start) 10:00:20 expect books received 5 decoded 5                 members of the last heartbeat
 *     10:00:20 expect nothing v/hall-8/full                      never announced
 *
 * Ticks come every second. '#' begins a comment. A failure names file and line.
 */
#include "tests/support/core_feed.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/json/json.h"
#include "schemas/venue/venue.h"
#include "tests/support/support.h"

enum { WORDS_MAX = 64, KEPT_MAX = 256, KEY_BYTES = 200, JSON_BYTES = 2048, REPEATS_MAX = 32 };

static const int64_t day_ms = INT64_C(1795392000000); /* 2026-11-23T00:00:00Z */

struct kept { /* the last result of a kind and key */
    char key[KEY_BYTES];
    char json[JSON_BYTES];
    int level; /* zones: as last shown */
    int64_t level_since_ms;
};

struct repeat { /* `every` lines in force */
    int64_t next_ms, until_ms, step_ms;
    char line[512];
};

struct script {
    const char *file;
    int line;
    struct core_feed feed;
    bool begun;
    struct venue *venue;
    struct kept kept[KEPT_MAX];
    uint32_t kept_count;
    struct repeat repeat[REPEATS_MAX];
    uint32_t repeat_count;
};

_Noreturn static void wrong(const struct script *s, const char *what, const char *detail)
{
    fprintf(stderr, "%s:%d: %s: %s\n", s->file, s->line, what, detail);
    fail();
    abort(); /* not reached */
}

/* ---- results ----------------------------------------------------------------------------------
 */

static struct kept *kept_find(struct script *s, const char *key)
{
    for (uint32_t i = 0; i < s->kept_count; i++) {
        if (strcmp(s->kept[i].key, key) == 0)
            return &s->kept[i];
    }
    return NULL;
}

static struct kept *kept_for(struct script *s, const char *key)
{
    struct kept *k = kept_find(s, key);
    if (k)
        return k;
    if (s->kept_count == KEPT_MAX)
        wrong(s, "too many keys for this test", key);
    k = &s->kept[s->kept_count++];
    memset(k, 0, sizeof *k);
    k->level = LEVEL_UNKNOWN;
    snprintf(k->key, sizeof k->key, "%s", key);
    return k;
}

static void key_of(unsigned type, const union result_any *r, char *key, size_t cap)
{
    switch (type) {
    case RECORD_ZONE:
        snprintf(key, cap, "zone " STR_FMT, STR_ARG(r->zone.zone));
        break;
    case RECORD_GATE:
        snprintf(key, cap, "gate " STR_FMT " " STR_FMT, STR_ARG(r->gate.gate),
                 STR_ARG(r->gate.direction));
        break;
    case RECORD_LIGHT:
        snprintf(key, cap, "light " STR_FMT, STR_ARG(r->light.light));
        break;
    case RECORD_READING:
        snprintf(key, cap, "reading " STR_FMT, STR_ARG(r->reading.sensor));
        break;
    case RECORD_ALERT: {
        uint32_t len = r->alert.id.len;
        while (len && r->alert.id.at[len - 1] != '/')
            len--;
        snprintf(key, cap, "alert %.*s", (int)len - 1, r->alert.id.at);
        break;
    }
    case RECORD_DEADLETTER:
        snprintf(key, cap, "deadletter");
        break;
    case RECORD_HEARTBEAT:
        snprintf(key, cap, "books");
        break;
    default:
        snprintf(key, cap, "other");
    }
}

static void level_seen(struct script *s, struct str zone, int level, int64_t at_ms, bool raises)
{
    char key[KEY_BYTES];
    snprintf(key, sizeof key, "zone " STR_FMT, STR_ARG(zone));
    struct kept *k = kept_for(s, key);
    if (level == k->level || (raises && level <= k->level))
        return;
    k->level = level;
    k->level_since_ms = at_ms;
}

static void seen(void *arg, unsigned type, const union result_any *r)
{
    struct script *s = arg;
    char key[KEY_BYTES];
    if (result_is_exercise(type, r) && type != RECORD_READING)
        return; /* drill_test.c */
    key_of(type, r, key, sizeof key);
    struct kept *k = kept_for(s, key);
    struct text t = text_over(k->json, sizeof k->json - 1);
    result_json(type, r, &t);
    k->json[t.len] = '\0';
    if (type == RECORD_ZONE)
        level_seen(s, r->zone.zone, r->zone.level, r->zone.at, false);
    if (type == RECORD_ALERT) /* between two seconds */
        level_seen(s, r->alert.zone, r->alert.level, r->alert.at, true);
}

/* ---- time -------------------------------------------------------------------------------------
 */

static bool time_of(const char *word, int64_t *ret_ms)
{
    int h, m, sec, ms = 0, used = 0;
    if (sscanf(word, "%2d:%2d:%2d%n", &h, &m, &sec, &used) != 3)
        return false;
    if (word[used] == '.' && sscanf(word + used, ".%3d%n", &ms, &used) != 1)
        return false;
    *ret_ms = day_ms + ((h * 60 + m) * 60 + sec) * INT64_C(1000) + ms;
    return true;
}

static int64_t time_need(const struct script *s, const char *word)
{
    int64_t t = 0;
    if (!word || !time_of(word, &t))
        wrong(s, "a time hh:mm:ss is expected", word ? word : "(end of line)");
    return t;
}

static void sensor_line(struct script *s, int64_t t_ms, char *line);

static void go_to(struct script *s, int64_t t_ms)
{
    if (t_ms < s->feed.t_ms)
        wrong(s, "time runs forward", "this line is earlier than the last");
    for (;;) {
        struct repeat *first = NULL;
        for (uint32_t i = 0; i < s->repeat_count; i++) {
            struct repeat *r = &s->repeat[i];
            if (r->next_ms <= r->until_ms && r->next_ms <= t_ms &&
                (!first || r->next_ms < first->next_ms))
                first = r;
        }
        if (!first)
            break;
        char line[sizeof first->line];
        memcpy(line, first->line, sizeof line);
        int64_t at_ms = first->next_ms;
        first->next_ms += first->step_ms;
        core_feed_until(&s->feed, at_ms);
        sensor_line(s, at_ms, line);
    }
    core_feed_until(&s->feed, t_ms);
}

/* ---- messages ----------------------------------------------------------------------------------
 */

static uint32_t words_of(char *line, char *words[WORDS_MAX])
{
    uint32_t n = 0;
    char *save;
    for (char *w = strtok_r(line, " \t", &save); w && n < WORDS_MAX;
         w = strtok_r(NULL, " \t", &save))
        words[n++] = w;
    return n;
}

static void member_add(struct text *t, const char *name, const char *value)
{
    double number;
    bool bare = (json_number_parse(str_of(value), &number) && strcmp(name, "lane") != 0) ||
                strcmp(value, "true") == 0 || strcmp(value, "false") == 0 ||
                strcmp(value, "null") == 0;
    text_add(t, t->len > 1 ? "," : "");
    text_add_json(t, str_of(name));
    text_add_char(t, ':');
    if (bare)
        text_add(t, value);
    else
        text_add_json(t, str_of(value));
}

/* `line`: sensor ID member value … */
static void sensor_line(struct script *s, int64_t t_ms, char *line)
{
    char *words[WORDS_MAX] = {NULL}, topic[128], payload[1024];
    uint32_t n = words_of(line, words);
    if (n < 2)
        wrong(s, "a sensor is expected", "sensor ID member value …");
    uint32_t at = venue_sensor_find(s->venue, str_of(words[1]));
    if (at == UINT32_MAX)
        wrong(s, "the venue has no such sensor", words[1]);
    enum sensor_class class = s->venue->sensors[at].class;
    const char *root = "crowdtide", *word = class == SENSOR_CROWD   ? "crowd"
                                            : class == SENSOR_LIGHT ? "light"
                                                                    : "gate";
    unsigned bits = 0;
    struct text t = text_over(payload, sizeof payload - 1);
    text_add_char(&t, '{');
    bool status = false;
    for (uint32_t i = 2; i < n; i++) {
        char number[32];
        if (strcmp(words[i], "retained") == 0) {
            bits |= RECORD_MQTT_RETAIN;
        } else if (strcmp(words[i], "dup") == 0) {
            bits |= RECORD_MQTT_DUP;
        } else if (strcmp(words[i], "drill") == 0) {
            root = "drill";
        } else if (strcmp(words[i], "online") == 0 || strcmp(words[i], "offline") == 0) {
            status = true;
            word = "status";
            t.len = 0;
            text_add(&t, words[i]);
        } else if (i + 1 == n) {
            wrong(s, "a value is expected after", words[i]);
        } else if (strcmp(words[i], "ts") == 0) {
            snprintf(number, sizeof number, "%" PRId64, time_need(s, words[++i]));
            member_add(&t, "ts", number);
        } else {
            member_add(&t, words[i], words[i + 1]);
            i++;
        }
    }
    if (!status)
        text_add_char(&t, '}');
    payload[t.len] = '\0';
    snprintf(topic, sizeof topic, "%s/" STR_FMT "/%s/%s", root, STR_ARG(s->venue->id), word,
             words[1]);
    core_feed_publish(&s->feed, t_ms, topic, payload, bits);
}

/* ---- expectations -------------------------------------------------------------------------------
 */

static int level_need(const struct script *s, const char *word)
{
    enum level level = LEVEL_NONE;
    if (!word || !level_parse(str_of(word), &level))
        wrong(s, "a level is expected", word ? word : "(end of line)");
    return level;
}

/* expect ZONE LEVEL by|at TIME, expect ZONE stays LEVEL until TIME */
static void expect_level(struct script *s, char **words, uint32_t n)
{
    char key[KEY_BYTES];
    bool stays = n == 6 && strcmp(words[2], "stays") == 0;
    if (n != 5 && !stays)
        wrong(s, "expect ZONE LEVEL by TIME", "is the form");
    int level = level_need(s, words[stays ? 3 : 2]);
    int64_t at_ms = time_need(s, words[stays ? 5 : 4]), from_ms = s->feed.t_ms;
    snprintf(key, sizeof key, "zone %s", words[1]);
    go_to(s, at_ms);
    struct kept *k = kept_for(s, key);
    if (k->level != level)
        wrong(s, words[1], level_text(k->level));
    if (stays && k->level_since_ms > from_ms)
        wrong(s, words[1], "changed in between");
    if (!stays && strcmp(words[3], "at") == 0 &&
        (k->level_since_ms <= at_ms - 1000 || k->level_since_ms > at_ms)) {
        char when[40];
        snprintf(when, sizeof when, "%+.1f s from then",
                 (double)(k->level_since_ms - at_ms) / 1000);
        wrong(s, "reached at another time", when);
    }
}

static void expect_members(struct script *s, char **words, uint32_t n)
{
    /* expect KIND KEY… member value …: the key is as long as makes an even rest and names something
     */
    uint32_t keys = strcmp(words[1], "books") == 0 || strcmp(words[1], "deadletter") == 0 ? 1
                    : strcmp(words[1], "gate") == 0                                       ? 3
                                                                                          : 2;
    char key[KEY_BYTES] = "";
    struct text t = text_over(key, sizeof key - 1);
    for (uint32_t i = 1; i <= keys && i < n; i++) {
        text_add(&t, i > 1 ? " " : "");
        text_add(&t, words[i]);
    }
    key[t.len] = '\0';
    const struct kept *k = kept_find(s, key);
    if (!k || !k->json[0])
        wrong(s, "there was no result for", key);
    for (uint32_t i = keys + 1; i + 1 < n; i += 2) {
        char want[2][256];
        snprintf(want[0], sizeof want[0], "\"%s\":%s", words[i], words[i + 1]);
        snprintf(want[1], sizeof want[1], "\"%s\":\"%s\"", words[i], words[i + 1]);
        bool found = false;
        for (int w = 0; w < 2; w++) {
            const char *at = strstr(k->json, want[w]);
            found = found || (at && strchr(",}", at[strlen(want[w])]));
        }
        bool absent = strcmp(words[i + 1], "absent") == 0;
        if (absent) {
            snprintf(want[0], sizeof want[0], "\"%s\":", words[i]);
            found = !strstr(k->json, want[0]);
        }
        if (!found)
            wrong(s, want[absent ? 0 : 1], k->json);
    }
}

/* ---- lines --------------------------------------------------------------------------------------
 */

static void model_take(struct script *s, int64_t t_ms, const char *yaml)
{
    struct problems problems = {0};
    venue_free(s->venue);
    s->venue = NULL;
    if (!venue_parse(str_of(yaml), &s->venue, &problems))
        wrong(s, "venue", problems.problem[0].text);
    if (!s->begun) {
        s->begun = true;
        core_feed_init(&s->feed, yaml, t_ms);
        s->feed.seen = seen;
        s->feed.arg = s;
        return;
    }
    core_feed_until(&s->feed, t_ms);
    core_feed_model(&s->feed, t_ms, yaml);
}

static void timed_line(struct script *s, int64_t t_ms, char *rest)
{
    char copy[1024], *words[WORDS_MAX] = {NULL};
    snprintf(copy, sizeof copy, "%s", rest);
    uint32_t n = words_of(copy, words);
    if (n == 0)
        wrong(s, "nothing after the time", rest);
    if (strcmp(words[0], "gap") == 0) { /* no ticks on the way */
        core_feed_gap(&s->feed, t_ms);
        return;
    }
    if (strcmp(words[0], "pause") == 0) {
        core_feed_tick(&s->feed, t_ms);
        return;
    }
    go_to(s, t_ms);
    if (strcmp(words[0], "sensor") == 0) {
        sensor_line(s, t_ms, rest);
    } else if (strcmp(words[0], "every") == 0 && n > 5) {
        struct repeat *r = &s->repeat[s->repeat_count++];
        if (s->repeat_count > REPEATS_MAX)
            wrong(s, "too many", "every");
        *r = (struct repeat){.next_ms = t_ms,
                             .step_ms = (int64_t)(strtod(words[1], NULL) * 1000),
                             .until_ms = time_need(s, words[3])};
        snprintf(r->line, sizeof r->line, "%s", strstr(rest, "sensor "));
        go_to(s, t_ms);
    } else if (strcmp(words[0], "publish") == 0 && n > 1) {
        const char *payload = strstr(rest, words[1]) + strlen(words[1]);
        core_feed_publish(&s->feed, t_ms, words[1], payload + (*payload == ' '), 0);
    } else if (strcmp(words[0], "expect") == 0 && (n == 3 || n == 4) &&
               strcmp(words[1], "nothing") == 0) { /* an alert, or KIND KEY */
        char key[KEY_BYTES];
        snprintf(key, sizeof key, "%s %s", n == 3 ? "alert" : words[2], words[n - 1]);
        if (kept_find(s, key))
            wrong(s, "was announced", kept_find(s, key)->json);
    } else if (strcmp(words[0], "expect") == 0 && n > 3) {
        expect_members(s, words, n);
    } else {
        wrong(s, "not understood", rest);
    }
}

static void run_script(const char *path)
{
    static struct script script; /* large, and one at a time */
    static char yaml[16384];
    struct script *s = &script;
    memset(s, 0, sizeof *s);
    s->file = path;
    FILE *in = fopen(path, "r");
    if (!in)
        wrong(s, "cannot be read", path);
    char line[1024], *words[WORDS_MAX] = {NULL};
    bool in_venue = false;
    int64_t model_ms = day_ms + INT64_C(9) * 3600 * 1000;
    struct text t = text_over(yaml, sizeof yaml - 1);
    while (fgets(line, sizeof line, in)) {
        s->line++;
        if (in_venue && strcmp(line, "end\n") != 0) {
            text_add(&t, line);
            continue;
        }
        line[strcspn(line, "#\n")] = '\0';
        char *rest = line + strspn(line, " \t"), *space = strpbrk(rest, " \t");
        int64_t t_ms;
        if (!*rest)
            continue;
        if (in_venue) { /* end */
            in_venue = false;
            yaml[t.len] = '\0';
            model_take(s, model_ms, yaml);
        } else if (strcmp(rest, "venue") == 0 || (space && strcmp(space, " venue") == 0)) {
            in_venue = true;
            t.len = 0;
            if (time_of(rest, &t_ms))
                model_ms = t_ms;
        } else if (strncmp(rest, "expect ", 7) == 0) {
            uint32_t n = words_of(rest, words);
            expect_level(s, words, n);
        } else if (space) {
            timed_line(s, time_need(s, rest), space + 1);
        } else {
            wrong(s, "not understood", rest);
        }
    }
    (void)fclose(in);
    assert_true(s->begun);
    venue_free(s->venue);
    core_feed_free(&s->feed);
}

static int scripts_only(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && strcmp(dot, ".txt") == 0;
}

static void test_scripts(void **state)
{
    (void)state;
    static const char dir[] = CROWDTIDE_SOURCE_DIR "/tests/processors/core/golden";
    struct dirent **entries;
    int count = scandir(dir, &entries, scripts_only, alphasort);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
        run_script(path);
        free(entries[i]);
    }
    free(entries);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_scripts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
