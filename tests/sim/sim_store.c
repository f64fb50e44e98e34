#include "tests/sim/sim_store.h"

#include <stdlib.h>
#include <string.h>

#include "processors/net/http_poster.h"
#include "tests/sim/sim_durable.h"

enum {
    NS_PER_MS = 1000000,
    ANSWER_NS_MAX = 40000000,
    CUT_ONE_IN = 20,
    CUT_STEPS = 30,
    POINTS_AT_MOST = 40, /* a larger request may be "too large" */
    STAY_AWAY_MS = 400,
};

/* ---- points ---- */

struct parts {
    struct str series, fields, time;
};

/* measurement,tags fields time. Blanks in names are escaped, those in strings stand between quotes.
 */
static struct parts split(const char *line, size_t len)
{
    size_t first = 0, last = len;
    while (first < len && (line[first] != ' ' || line[first - 1] == '\\'))
        first++;
    while (last > first + 1 && line[last - 1] != ' ')
        last--;
    return (struct parts){.series = {line, (uint32_t)first},
                          .fields = {line + first + 1, (uint32_t)(last - first - 2)},
                          .time = {line + last, (uint32_t)(len - last)}};
}

static uint64_t hash_more(uint64_t h, struct str s)
{
    for (uint32_t i = 0; i < s.len; i++)
        h = (h ^ (uint8_t)s.at[i]) * UINT64_C(0x100000001b3);
    return h;
}

static uint64_t hash_of(const struct parts *p)
{
    return hash_more(hash_more(UINT64_C(0xcbf29ce484222325), p->series), p->time);
}

static bool is(const struct sim_point *point, uint64_t hash, const struct parts *p)
{
    return point->hash == hash && strlen(point->identity) == p->series.len + 1u + p->time.len &&
           memcmp(point->identity, p->series.at, p->series.len) == 0 &&
           memcmp(point->identity + p->series.len + 1, p->time.at, p->time.len) == 0;
}

/* Where the point is in the table, or would be. */
static uint32_t *slot_of(struct sim_store *s, uint64_t hash, const struct parts *p)
{
    size_t i = hash % s->slots;
    while (s->table[i] && !is(&s->points[s->table[i] - 1], hash, p))
        i = (i + 1) % s->slots;
    return &s->table[i];
}

static void grow(struct sim_store *s)
{
    s->cap = s->cap ? s->cap * 2 : 4096;
    s->points = sim_keep_more(s->points, s->cap * sizeof *s->points);
    sim_keep_free(s->table);
    s->slots = s->cap * 2;
    s->table = sim_keep(s->slots * sizeof *s->table);
    for (size_t i = 0; i < s->count; i++) {
        size_t at = s->points[i].hash % s->slots;
        while (s->table[at])
            at = (at + 1) % s->slots;
        s->table[at] = (uint32_t)i + 1;
    }
}

static char *text_of(struct str a, struct str b, bool both)
{
    char *out = sim_keep((size_t)a.len + b.len + 2);
    (void)snprintf(out, (size_t)a.len + b.len + 2, "%.*s%s%.*s", (int)a.len, a.at, both ? " " : "",
                   (int)b.len, b.at);
    return out;
}

static void store(const char *line, size_t len, uint64_t durable_seq)
{
    struct sim_store *s = sim->store;
    struct parts p = split(line, len);
    uint64_t hash = hash_of(&p);
    if (s->count == s->cap)
        grow(s);
    uint32_t *slot = slot_of(s, hash, &p);
    if (!*slot) {
        s->points[s->count++] = (struct sim_point){
            .identity = text_of(p.series, p.time, true), .hash = hash, .durable_seq = durable_seq};
        *slot = (uint32_t)s->count;
    }
    struct sim_point *point = &s->points[*slot - 1];
    struct str none = {"", 0};
    sim_keep_free(point->fields);
    point->fields = text_of(p.fields, none, false);
    point->written++;
}

struct sim_point *sim_store_find(const char *line, size_t len)
{
    struct parts p = split(line, len);
    if (!sim->store->count)
        return NULL;
    uint32_t *slot = slot_of(sim->store, hash_of(&p), &p);
    return *slot ? &sim->store->points[*slot - 1] : NULL;
}

bool sim_store_same(const struct sim_point *point, const char *line, size_t len)
{
    struct parts p = split(line, len);
    return strlen(point->fields) == p.fields.len &&
           memcmp(point->fields, p.fields.at, p.fields.len) == 0;
}

bool sim_store_refuses(const char *line, size_t len)
{
    struct parts p = split(line, len);
    return sim->store->refuses_one_in && (hash_of(&p) >> 20) % sim->store->refuses_one_in == 0;
}

/* The first lines of a body; returns how many of them are refused. */
static size_t store_lines(const char *body, size_t len, size_t lines)
{
    size_t refused = 0;
    const uint64_t durable_seq = sim_durable_seq();
    for (size_t at = 0; at < len && lines > 0; lines--) {
        const char *end = memchr(body + at, '\n', len - at);
        size_t n = end ? (size_t)(end - body) - at : len - at;
        if (sim_store_refuses(body + at, n))
            refused++;
        else
            store(body + at, n, durable_seq);
        at += n + 1;
    }
    return refused;
}

void sim_store_down(bool down)
{
    sim->store->down = down;
}

void sim_store_new(struct sim *s)
{
    s->store = sim_keep(sizeof *s->store);
    s->store->no_database = true;
}

void sim_store_free(struct sim *s)
{
    for (size_t i = 0; i < s->store->count; i++) {
        sim_keep_free(s->store->points[i].identity);
        sim_keep_free(s->store->points[i].fields);
    }
    sim_keep_free(s->store->points);
    sim_keep_free(s->store->table);
    sim_keep_free(s->store);
    s->store = NULL;
}

/* ---- http_poster.h ---- */

struct slot {
    bool busy, creates;
    const char *body;
    size_t len;
    int64_t due_ns, timeout_ns;
    char answer[128];
};

struct http_poster {
    struct slot slots[HTTP_SLOTS_MAX];
    uint32_t timeout_s;
};

bool http_poster_new(const struct http_poster_options *options, struct http_poster **ret,
                     struct error *err)
{
    struct http_poster *p = calloc(1, sizeof *p);
    if (!p)
        return error_set(err, ERROR_NO_MEMORY, 0, "poster");
    p->timeout_s = options->timeout_s;
    *ret = p;
    return true;
}

void http_poster_free(struct http_poster *poster)
{
    free(poster);
}

bool http_poster_start(struct http_poster *poster, uint32_t slot,
                       const struct http_request *request, struct error *err)
{
    int unused;
    (void)err;
    struct slot *s = &poster->slots[slot];
    (void)sim_begin(SIM_NET, "POST", &unused);
    *s = (struct slot){.busy = true,
                       .creates = strstr(request->url, "/query?") != NULL,
                       .body = request->body,
                       .len = request->len,
                       .due_ns = sim->now_ns + (int64_t)sim_random(ANSWER_NS_MAX)};
    sim_end();
    return true;
}

void http_poster_wait(struct http_poster *poster, int timeout_ms)
{
    int64_t until_ns = sim->now_ns + timeout_ms * (int64_t)NS_PER_MS;
    for (int i = 0; i < HTTP_SLOTS_MAX; i++)
        if (poster->slots[i].busy && poster->slots[i].due_ns < until_ns)
            until_ns = poster->slots[i].due_ns;
    sim_sleep(until_ns - sim->now_ns);
}

static size_t lines_in(const struct slot *s)
{
    size_t lines = 0;
    for (size_t i = 0; i < s->len; i++)
        lines += s->body[i] == '\n';
    return lines;
}

/* Answers that say no; some of what was sent may be stored all the same. */
static int refuse(struct slot *s, struct http_response *ret)
{
    size_t lines = lines_in(s);
    sim_count(SIM_FAULT_STORE);
    switch (sim_random(6)) {
    case 0:
        ret->retry_after_s = (uint32_t)sim_random(2);
        return 429;
    case 1:
        return 503;
    case 2: /* nothing was stored */
        ret->problem = "timed out";
        return 0;
    case 3: /* all of it was, and nobody heard */
        (void)store_lines(s->body, s->len, lines);
        ret->problem = "connection reset";
        return 0;
    case 4: /* a part was */
        (void)store_lines(s->body, s->len, sim_random(lines + 1));
        return 500;
    default:
        return lines > POINTS_AT_MOST ? 413 : 503;
    }
}

static int answer(struct slot *s, struct http_response *ret)
{
    sim_course(s->body, s->len);
    struct sim_store *store = sim->store;
    if (store->down) {
        ret->problem = "connection refused";
        return 0;
    }
    if (s->creates) {
        store->no_database = false;
        return 200;
    }
    if (store->no_database) {
        (void)snprintf(s->answer, sizeof s->answer,
                       "{\"error\":\"database not found: \\\"crowdtide\\\"\"}");
        return 404;
    }
    if (!sim->calm && sim_one_in(store->error_one_in))
        return refuse(s, ret);
    size_t refused = store_lines(s->body, s->len, lines_in(s));
    sim_cut_soon(CUT_ONE_IN, CUT_STEPS);
    if (!refused)
        return 204;
    sim_count(SIM_FAULT_REFUSED);
    (void)snprintf(s->answer, sizeof s->answer,
                   "{\"error\":\"partial write: field type conflict dropped=%zu\"}", refused);
    return 400;
}

bool http_poster_take(struct http_poster *poster, uint32_t slot, struct http_response *ret)
{
    struct slot *s = &poster->slots[slot];
    int unused;
    if (!s->busy || sim->now_ns < s->due_ns)
        return false;
    (void)sim_begin(SIM_NET, "answer", &unused);
    struct http_response response = {.body = s->answer, .problem = ""};
    s->busy = false;
    response.status = answer(s, &response);
    *ret = response;
    sim_end();
    return true;
}

bool http_url_loopback(const char *url)
{
    return strstr(url, "127.0.0.1") != NULL;
}

bool http_probe(const struct http_poster_options *options, const char *url, int *ret_status,
                char *out, size_t cap, struct error *err)
{
    (void)options;
    (void)url;
    (void)ret_status;
    (void)out;
    (void)cap;
    return error_set(err, ERROR_NETWORK, 0, "not simulated");
}

const char *http_library_version(void)
{
    return "simulated";
}
