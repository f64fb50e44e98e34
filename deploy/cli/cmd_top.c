#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "deploy/cli/arguments.h"
#include "deploy/cli/cli.h"
#include "deploy/cli/top_screen.h"
#include "schemas/base/clock.h"

enum { REFRESH_MS = 1000, COLUMNS_DEFAULT = 100, COLUMNS_MAX = 512, TROUBLE_BYTES = 512 };

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

/* Two looks, so that there are rates. */
static bool once(struct top *top, bool json)
{
    struct winsize size;
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
    bool terminal = isatty(STDOUT_FILENO);
    view.colour = terminal;
    if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
        view.columns = size.ws_col;
    top_screen_draw(&view, &out);
    return print(&out);
}

static void draw(struct top *top, struct top_view view)
{
    struct winsize size = {.ws_col = COLUMNS_DEFAULT, .ws_row = 24};
    struct text out = text_over(top->bytes, TOP_SCREEN_BYTES_MAX);
    (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size); /* not said: the defaults */
    view.columns = size.ws_col ? size.ws_col : COLUMNS_DEFAULT;
    view.rows = size.ws_row > 1 ? size.ws_row - 1 : 0; /* the cursor rests on the last row */
    view.colour = view.keys = true;
    text_add(&out, "\033[H");
    top_screen_draw(&view, &out);
    text_add(&out, "\033[J");
    (void)print(&out);
}

/* Waits for the next look. True when a key asks to end, or nobody is at the other end any more. */
static bool quit_within(int ms)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    char key;
    int got = poll(&in, 1, ms);
    if (got <= 0)
        return false;
    return read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q' || key == '\004';
}

static bool live(struct top *top)
{
    struct termios before, raw;
    bool has_keys = tcgetattr(STDIN_FILENO, &before) == 0;
    cli_signals();
    if (has_keys) {
        raw = before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    /* The other screen of the terminal, without a cursor: afterwards all is as it was. */
    (void)fputs("\033[?1049h\033[?25l", stdout);
    bool quit = false;
    while (!quit && !*cli_stop()) {
        struct top_view view = look(top);
        int64_t next_ms = now_ms() + REFRESH_MS;
        draw(top, view);
        /* A resize interrupts poll, like any signal: draw again at once. */
        quit = has_keys ? quit_within((int)(next_ms - now_ms())) : poll(NULL, 0, REFRESH_MS) > 0;
    }
    (void)fputs("\033[?25h\033[?1049l", stdout);
    if (has_keys)
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
    return fflush(stdout) == 0;
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
            "Shows the programs, their rates and lags, whether the books balance, the active\n"
            "alerts, and zones and gates, worst first. Reads only. A heartbeat older than 10 s by\n"
            "this machine's clock makes every level unknown.",
        .options = options,
        .more = "q ends it.",
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
        ok = once_only || json || !isatty(STDOUT_FILENO) ? once(top, json) : live(top);
    if (top) {
        watch_state_free(top->state);
        free(top->bytes);
    }
    free(top);
    config_free(&config);
    return ok ? EXIT_OK : EXIT_FAILED;
}
