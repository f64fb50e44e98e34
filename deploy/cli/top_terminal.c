#include "deploy/cli/top_terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "deploy/cli/cli.h"

enum { COLUMNS_DEFAULT = 80, ROWS_DEFAULT = 24 };

/* The other screen of the terminal, without a cursor. */
static const char enter_bytes[] = "\033[?1049h\033[?25l\033[2J";
static const char leave_bytes[] = "\033[0m\033[?25h\033[?1049l";

bool top_terminal_usable(void)
{
    const char *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && term && term[0] && strcmp(term, "dumb") != 0;
}

bool top_terminal_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        if (value && value[0]) /* the first that says something decides */
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return false;
}

void top_terminal_size(uint32_t *ret_columns, uint32_t *ret_rows)
{
    struct winsize size = {0};
    (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    *ret_columns = size.ws_col ? size.ws_col : COLUMNS_DEFAULT;
    *ret_rows = size.ws_row ? size.ws_row : ROWS_DEFAULT;
}

static bool write_all(const char *at, size_t len)
{
    while (len) {
        ssize_t wrote = write(STDOUT_FILENO, at, len);
        if (wrote < 0 && (errno != EINTR || *cli_stop()))
            return false;
        if (wrote > 0) {
            at += wrote;
            len -= (size_t)wrote;
        }
    }
    return true;
}

static void take(const struct top_terminal *terminal)
{
    struct termios raw = terminal->before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (terminal->has_keys)
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    (void)write_all(enter_bytes, sizeof enter_bytes - 1);
}

static void give_back(const struct top_terminal *terminal)
{
    (void)tcflow(STDOUT_FILENO, TCOON); /* held by Ctrl-S, it would never end */
    (void)!write(STDOUT_FILENO, leave_bytes, sizeof leave_bytes - 1);
    if (terminal->has_keys)
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &terminal->before);
}

void top_terminal_enter(struct top_terminal *terminal)
{
    terminal->has_keys = tcgetattr(STDIN_FILENO, &terminal->before) == 0;
    cli_signals_screen(terminal->has_keys ? &terminal->before : NULL, leave_bytes);
    take(terminal);
}

void top_terminal_leave(const struct top_terminal *terminal)
{
    give_back(terminal);
}

bool top_terminal_show(const struct text *text)
{
    return write_all(text->at, text->len);
}

/* Ctrl-Z: the terminal is the shell's until it lets us go on. */
static void pause_when_asked(const struct top_terminal *terminal)
{
    volatile int *pause = cli_pause();
    if (!*pause)
        return;
    *pause = 0;
    give_back(terminal);
    (void)raise(SIGSTOP);
    take(terminal);
}

int top_terminal_keys(const struct top_terminal *terminal, int ms, char *keys, size_t cap)
{
    struct pollfd in[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = STDOUT_FILENO}};
    if (!terminal->has_keys)
        in[0].fd = -1;
    int got = poll(in, 2, ms);
    pause_when_asked(terminal);
    if (got <= 0)
        return 0;
    if (in[1].revents & (POLLERR | POLLHUP | POLLNVAL))
        return -1;
    if (!(in[0].revents & (POLLIN | POLLHUP | POLLERR)))
        return 0;
    ssize_t len = read(STDIN_FILENO, keys, cap);
    return len > 0 ? (int)len : len < 0 && errno == EINTR ? 0 : -1;
}
