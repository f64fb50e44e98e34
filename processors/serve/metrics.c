#include "processors/serve/metrics.h"

#include <string.h>

#include "processors/core/path.h"

struct page {
    const struct metrics_view *view;
    enum metrics_format format;
    struct text *out;
};

enum family_type { FAMILY_COUNTER, FAMILY_GAUGE, FAMILY_HISTOGRAM, FAMILY_INFO };

struct family {
    char name[96];
    enum family_type type;
    const char *unit; /* as OpenMetrics wants it: the name ends in it; "" none */
    const char *help;
};

const char *metrics_content_type(enum metrics_format format)
{
    return format == METRICS_OPENMETRICS
               ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
               : "text/plain; version=0.0.4; charset=utf-8";
}

/* The three lines above a family's samples. Prometheus names a counter with its _total, and has
 * neither units nor the type info. */
static void header(struct page *page, const struct family *f)
{
    static const char *const types[] = {"counter", "gauge", "histogram", "info"};
    const bool open = page->format == METRICS_OPENMETRICS;
    const char *suffix = open ? "" : f->type == FAMILY_COUNTER ? "_total" : "";
    const char *type = !open && f->type == FAMILY_INFO ? "gauge" : types[f->type];
    if (!open && f->type == FAMILY_INFO)
        suffix = "_info";
    const char *const lines[][2] = {{"# TYPE ", type}, {"# UNIT ", f->unit}, {"# HELP ", f->help}};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (i == 1 && (!open || !f->unit[0]))
            continue;
        text_add(page->out, lines[i][0]);
        text_add(page->out, f->name);
        text_add(page->out, suffix);
        text_add_char(page->out, ' ');
        text_add(page->out, lines[i][1]);
        text_add_char(page->out, '\n');
    }
}

/* name{label="value"} up to the blank. label NULL: none. */
static void sample(struct page *page, const struct family *f, const char *suffix, const char *label,
                   const char *value)
{
    text_add(page->out, f->name);
    text_add(page->out, suffix);
    if (label) {
        text_add_char(page->out, '{');
        text_add(page->out, label);
        text_add_char(page->out, '=');
        text_add_json(page->out, str_of(value));
        text_add_char(page->out, '}');
    }
    text_add_char(page->out, ' ');
}

static void number(struct page *page, double value)
{
    text_add_f64(page->out, value);
    text_add_char(page->out, '\n');
}

static void whole(struct page *page, uint64_t value)
{
    text_add_u64(page->out, value);
    text_add_char(page->out, '\n');
}

static void family_begin(struct family *f, const char *first, const char *second)
{
    struct text name = text_over(f->name, sizeof f->name - 1);
    text_add(&name, "crowdtide_");
    text_add(&name, first);
    if (second[0])
        text_add_char(&name, '_');
    text_add(&name, second);
    name.at[name.len] = '\0';
    for (char *c = f->name; *c; c++)
        *c = *c == '-' ? '_' : *c;
}

static bool ends_in(const char *text, const char *end)
{
    size_t a = strlen(text), b = strlen(end);
    return a >= b && strcmp(text + a - b, end) == 0;
}

/* ---- counters and histograms ------------------------------------------------------------------
 */

static void add_counter(struct page *page, enum counter c)
{
    const struct counter_info *info = counter_info_of(c);
    char name[COUNTER_NAME_BYTES + 8];
    struct family f = {
        .type = info->gauge ? FAMILY_GAUGE : FAMILY_COUNTER, .unit = "", .help = info->help};
    const bool seconds = strcmp(info->unit, "ns") == 0;
    (void)counter_name(c, name);
    if (seconds) {
        memcpy(name + strlen(name) - 2, "seconds", sizeof "seconds"); /* …_ns */
        f.unit = "seconds";
    } else if (strcmp(info->unit, "B") == 0) {
        f.unit = "bytes";
    }
    family_begin(&f, program_name(info->program), name);
    if (f.unit[0] && !ends_in(f.name, f.unit))
        f.unit = "";
    header(page, &f);
    sample(page, &f, info->gauge ? "" : "_total", NULL, NULL);
    uint64_t value = page->view->figures->value[c];
    if (seconds)
        number(page, (double)(int64_t)value / 1e9);
    else
        whole(page, value);
}

static void add_histogram(struct page *page, enum histogram h)
{
    static const int64_t bounds_ms[HISTOGRAM_BOUNDS] = HISTOGRAM_BOUNDS_MS;
    const struct histogram_info *info = histogram_info_of(h);
    const uint64_t *value = &page->view->figures->value[info->first];
    struct family f = {.type = FAMILY_HISTOGRAM, .unit = "seconds", .help = info->help};
    char name[COUNTER_NAME_BYTES + 16];
    struct text lower = text_over(name, sizeof name - 1);
    for (const char *c = info->name; *c; c++)
        text_add_char(&lower, (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c));
    text_add(&lower, "_seconds");
    name[lower.len] = '\0';
    family_begin(&f, program_name(info->program), name);
    header(page, &f);
    uint64_t below = 0;
    for (int b = 0; b <= HISTOGRAM_BOUNDS; b++) {
        below += value[b];
        text_add(page->out, f.name);
        text_add(page->out, "_bucket{le=\"");
        if (b < HISTOGRAM_BOUNDS)
            text_add_f64(page->out, (double)bounds_ms[b] / 1000);
        else
            text_add(page->out, "+Inf");
        text_add(page->out, "\"} ");
        whole(page, below);
    }
    sample(page, &f, "_sum", NULL, NULL);
    number(page, (double)value[HISTOGRAM_BOUNDS + 1] / 1e6);
    sample(page, &f, "_count", NULL, NULL);
    whole(page, below);
}

/* ---- programs ---------------------------------------------------------------------------------
 */

static void add_programs(struct page *page)
{
    const struct watch_figures *now = page->view->figures;
    struct family running = {
        .type = FAMILY_GAUGE, .unit = "", .help = "1: the program's process exists"};
    struct family age = {.type = FAMILY_GAUGE,
                         .unit = "seconds",
                         .help =
                             "since the program last said that it is alive; it does so at least "
                             "once a second"};
    family_begin(&running, "program_running", "");
    family_begin(&age, "program_silent_seconds", "");
    header(page, &running);
    for (int p = 0; p < PROGRAM_COUNT; p++) {
        sample(page, &running, "", "program", program_name((enum program)p));
        whole(page, now->program[p].running);
    }
    header(page, &age);
    for (int p = 0; p < PROGRAM_COUNT; p++) {
        if (!now->program[p].pid)
            continue;
        sample(page, &age, "", "program", program_name((enum program)p));
        int64_t alive_ms = now->program[p].alive_wall_ns / 1000000;
        number(page, (double)(page->view->now_ms - alive_ms) / 1e3);
    }
}

/* ---- the books --------------------------------------------------------------------------------
 */

static void add_books(struct page *page)
{
    struct account account[ACCOUNTS_MAX];
    uint32_t n = watch_books(page->view->figures, account);
    struct family part = {.type = FAMILY_GAUGE,
                          .unit = "",
                          .help =
                              "what became of messages and results: the parts of an account add "
                              "up to its total"};
    struct family off = {.type = FAMILY_GAUGE,
                         .unit = "",
                         .help = "parts less total: not 0 for longer than a look means that "
                                 "something was lost or counted twice"};
    family_begin(&part, "books", "");
    family_begin(&off, "books_difference", "");
    header(page, &part);
    for (uint32_t i = 0; i < n; i++) {
        for (size_t p = 0; p <= ACCOUNT_PARTS; p++) {
            const bool total = p == ACCOUNT_PARTS;
            if (!total && !account[i].part[p].name)
                continue;
            text_add(page->out, part.name);
            text_add(page->out, "{account=");
            text_add_json(page->out, str_of(account[i].name));
            text_add(page->out, ",part=");
            text_add_json(page->out, str_of(total ? "total" : account[i].part[p].name));
            text_add(page->out, "} ");
            whole(page, total ? account[i].total : account[i].part[p].value);
        }
    }
    header(page, &off);
    for (uint32_t i = 0; i < n; i++) {
        sample(page, &off, "", "account", account[i].name);
        number(page, (double)account_sum(&account[i]) - (double)account[i].total);
    }
}

/* ---- levels -----------------------------------------------------------------------------------
 */

static void add_levels(struct page *page, enum watch_kind kind, const char *name, const char *help)
{
    static const int levels[] = {LEVEL_NONE,   LEVEL_BLUE, LEVEL_YELLOW,
                                 LEVEL_ORANGE, LEVEL_RED,  LEVEL_UNKNOWN};
    uint64_t count[sizeof levels / sizeof levels[0]] = {0};
    const bool stale = watch_state_stale(page->view->state, page->view->now_ms);
    struct family f = {.type = FAMILY_GAUGE, .unit = "", .help = help};
    uint32_t n = watch_state_count(page->view->state, kind);
    for (uint32_t i = 0; i < n; i++) {
        union result_any any;
        watch_state_get(page->view->state, kind, i, &any);
        const bool zone = kind == WATCH_ZONES;
        if (result_is_exercise(zone ? RECORD_ZONE : RECORD_ALERT, &any))
            continue;
        int level = zone ? any.zone.level : any.alert.level;
        if (stale || (zone && !any.zone.known))
            level = LEVEL_UNKNOWN; /* silence is never green */
        for (size_t l = 0; l < sizeof levels / sizeof levels[0]; l++)
            count[l] += level == levels[l];
    }
    family_begin(&f, name, "");
    header(page, &f);
    for (size_t l = 0; l < sizeof levels / sizeof levels[0]; l++) {
        sample(page, &f, "", "level", level_text(levels[l]));
        whole(page, count[l]);
    }
}

static void add_heartbeat(struct page *page)
{
    struct result_heartbeat beat;
    struct family valid = {.type = FAMILY_GAUGE,
                           .unit = "",
                           .help = "1: the last heartbeat of the results is young enough for what "
                                   "they say to be so; 0: everything is unknown"};
    struct family age = {.type = FAMILY_GAUGE,
                         .unit = "seconds",
                         .help = "age of the last heartbeat by this machine's clock"};
    struct family probe = {.type = FAMILY_GAUGE,
                           .unit = "seconds",
                           .help = "as the last heartbeat says: since the newest probe was sent "
                                   "that came back through the broker"};
    struct family path = {.type = FAMILY_GAUGE,
                          .unit = "",
                          .help = "1: the last heartbeat says so of the way from the broker"};
    struct validity validity = watch_state_validity(page->view->state, page->view->now_ms);
    family_begin(&valid, "results_valid", "");
    family_begin(&age, "heartbeat_age_seconds", "");
    family_begin(&probe, "probe_age_seconds", "");
    family_begin(&path, "path", "");
    header(page, &valid);
    sample(page, &valid, "", NULL, NULL);
    whole(page, !validity.fault);
    if (!watch_state_heartbeat(page->view->state, &beat) || beat.at == RESULT_ABSENT)
        return;
    header(page, &age);
    sample(page, &age, "", NULL, NULL);
    number(page, (double)validity.age_ms / 1e3);
    if (beat.probe_ms != RESULT_ABSENT) {
        header(page, &probe);
        sample(page, &probe, "", NULL, NULL);
        number(page, (double)beat.probe_ms / 1e3);
    }
    header(page, &path);
    for (int p = 0; p < PATH_STATE_COUNT; p++) {
        const char *text = path_text((enum path_state)p);
        sample(page, &path, "", "state", text);
        whole(page, strcmp(text, validity.path) == 0);
    }
}

void metrics_write(const struct metrics_view *view, enum metrics_format format, struct text *out)
{
    struct page page = {.view = view, .format = format, .out = out};
    struct family build = {.type = FAMILY_INFO, .unit = "", .help = "the version that answers"};
    family_begin(&build, "build", "");
    header(&page, &build);
    sample(&page, &build, "_info", "version", CROWDTIDE_VERSION);
    whole(&page, 1);
    add_programs(&page);
    add_heartbeat(&page);
    add_levels(&page, WATCH_ZONES, "zones", "zones that have sensors, by their worst level");
    add_levels(&page, WATCH_ALERTS, "alerts", "open alerts by level");
    add_books(&page);
    for (int c = 0; c < COUNTER_COUNT; c++) {
        if (!counter_in_histogram((enum counter)c))
            add_counter(&page, (enum counter)c);
    }
    for (int h = 0; h < HISTOGRAM_COUNT; h++)
        add_histogram(&page, (enum histogram)h);
    if (format == METRICS_OPENMETRICS)
        text_add(out, "# EOF\n");
}
