#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "deploy/cli/arguments.h"
#include "deploy/cli/cli.h"
#include "deploy/cli/top_screen.h"
#include "deploy/cli/top_terminal.h"
#include "schemas/base/clock.h"

enum { REFRESH_MS = 1000, COLUMNS_MAX = 512, TROUBLE_BYTES = 512, KEYS_BYTES = 64 };

struct top {
    struct watch_state *state;
    const char *state_dir;
    struct watch_figures figures[2]; /* the last two looks */
    unsigned looks;
    char trouble[TROUBLE_BYTES];
    char *bytes; /* TOP_SCREEN_BYTES_MAX */
};

static int64_t now_ms(void)
{
    return clock_wall_ns() / 1000000;
}

/* Reads counters and logs; what can't be read is said on the screen. */
static struct top_view look(struct top *top)
{
    struct error err = {0};
    struct watch_figures *now = &top->figures[top->looks % 2];
    bool figures = watch_figures_read(top->state_dir, now_ms(), now, &err);
    bool results = figures && watch_state_follow(top->state, &err);
    if (!figures || !results)
        error_describe(&err, top->trouble, sizeof top->trouble);
    return (struct top_view){
        .state_dir = top->state_dir,
        .state = top->state,
        .now = now,
        .before = top->looks++ ? &top->figures[top->looks % 2] : NULL,
        .trouble = figures && results ? NULL : top->trouble,
        .columns = COLUMNS_MAX,
    };
}

static bool print(const struct text *out)
{
    return fwrite(out->at, 1, out->len, stdout) == out->len && fflush(stdout) == 0;
}

/* https://no-color.org: set and not empty, it asks for none. */
static enum top_paint paint(void)
{
    const char *no = getenv("NO_COLOR");
    return !top_terminal_usable() ? TOP_PAINT_TEXT
           : no && no[0]          ? TOP_PAINT_MARKS
                                  : TOP_PAINT_COLOUR;
}

/* Two looks, so that there are rates. */
static bool once(struct top *top, bool json)
{
    struct text out = text_over(top->bytes, TOP_SCREEN_BYTES_MAX);
    struct top_view view = look(top);
    if (json) {
        top_screen_json(&view, &out);
        return print(&out);
    }
    if (view.now->present) {
        (void)poll(NULL, 0, REFRESH_MS);
        view = look(top);
    }
    if (isatty(STDOUT_FILENO)) {
        uint32_t rows;
        top_terminal_size(&view.columns, &rows);
        view.paint = paint();
        view.ascii = !top_terminal_utf8();
    }
    top_screen_draw(&view, &out);
    return print(&out);
}

/* False: nobody looks any more. */
static bool draw(struct top *top, struct top_view view, struct top_choice *choice)
{
    struct text out = text_over(top->bytes, TOP_SCREEN_BYTES_MAX);
    top_terminal_size(&view.columns, &view.rows);
    view.columns = view.columns < COLUMNS_MAX ? view.columns : COLUMNS_MAX;
    view.paint = paint();
    view.ascii = !top_terminal_utf8();
    view.choice = choice;
    text_add(&out, "\033[H");
    top_screen_draw(&view, &out);
    while (out.len && out.at[out.len - 1] == '\n')
        out.len--; /* on the last row it would scroll the picture */
    text_add(&out, "\033[J");
    return top_terminal_show(&out);
}

/* Draws at once after a key, a signal or a change of size, and looks anew once a second. */
static bool live(struct top *top)
{
    struct top_terminal terminal;
    struct top_choice choice = {0};
    char keys[KEYS_BYTES];
    struct top_view view = look(top);
    int64_t next_ms = now_ms() + REFRESH_MS;
    top_terminal_enter(&terminal);
    while (!choice.quit && !*cli_stop() && draw(top, view, &choice)) {
        int64_t left_ms = next_ms - now_ms();
        bool due = left_ms <= 0 || left_ms > REFRESH_MS; /* the clock may be set */
        int got = top_terminal_keys(&terminal, due ? 0 : (int)left_ms, keys, sizeof keys);
        if (got < 0)
            break;
        top_choice_key(&choice, keys, (size_t)got);
        if (due || now_ms() >= next_ms) {
            view = look(top);
            next_ms = now_ms() + REFRESH_MS;
        }
    }
    top_terminal_leave(&terminal);
    return true;
}

int cmd_top(int argc, char **argv)
{
    const char *config_path = NULL;
    bool once_only = false, json = false;
    const struct arguments_option options[] = {
        ARGUMENTS_CONFIG(&config_path),
        {.name = "once", .help = "print one picture and end", .flag = &once_only},
        {.name = "json", .help = "print one JSON object and end, for programs", .flag = &json},
        {0},
    };
    const struct arguments spec = {
        .command = "top",
        .operands = "",
        .about =
            "Shows zones by level, the active alerts, gates, the programs with their rates and\n"
            "lags, and whether the books balance; the worst first. Reads only. A heartbeat older\n"
            "than 10 s by this machine's clock makes every level unknown.",
        .options = options,
        .more = "q ends it, h lists the keys: pages, scrolling, order, filter. NO_COLOR is heeded; "
                "without a UTF-8\nlocale only ASCII is shown.",
    };
    int code = EXIT_OK;
    if (!arguments_parse(argc, argv, &spec, NULL, &code))
        return code;
    struct config config;
    if (!cli_load_config(config_path, &config))
        return EXIT_USAGE;
    struct top *top = calloc(1, sizeof *top);
    bool ok = false;
    if (top) {
        top->state_dir = config.state_dir;
        top->state = watch_state_new(config.state_dir);
        top->bytes = malloc(TOP_SCREEN_BYTES_MAX);
    }
    if (!top || !top->state || !top->bytes)
        (void)fprintf(stderr, "crowdtide top: out of memory\n");
    else
        ok = once_only || json || !top_terminal_usable() ? once(top, json) : live(top);
    if (top) {
        watch_state_free(top->state);
        free(top->bytes);
    }
    free(top);
    config_free(&config);
    return ok ? EXIT_OK : EXIT_FAILED;
}
