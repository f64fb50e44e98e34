#include "deploy/cli/cli.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "schemas/venue/venue.h"

/* The one place with state at file scope: what a signal handler may touch. */
static volatile int stop_requested;
static volatile int reload_requested;
static volatile int pause_requested;
static const struct termios *screen_before;
static const char *screen_leave;

static void on_stop(int sig)
{
    (void)sig;
    stop_requested = 1;
}

static void on_reload(int sig)
{
    (void)sig;
    reload_requested = 1;
}

void cli_signals(void)
{
    struct sigaction stop = {.sa_handler = on_stop};
    struct sigaction reload = {.sa_handler = on_reload, .sa_flags = SA_RESTART};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGHUP, &reload, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

static void on_pause(int sig)
{
    (void)sig;
    pause_requested = 1;
}

static void on_resize(int sig)
{
    (void)sig; /* the wait has ended, and that is all */
}

/* Only what a signal handler may call. The signal then does what it always does. */
static void on_crash(int sig)
{
    if (write(STDOUT_FILENO, screen_leave, strlen(screen_leave)) < 0)
        return;
    if (screen_before)
        (void)tcsetattr(STDIN_FILENO, TCSANOW, screen_before);
    (void)raise(sig);
}

void cli_signals_screen(const struct termios *before, const char *leave)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    struct sigaction stop = {.sa_handler = on_stop};
    struct sigaction paused = {.sa_handler = on_pause};
    struct sigaction resize = {.sa_handler = on_resize};
    struct sigaction crash = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND};
    screen_before = before;
    screen_leave = leave;
    cli_signals();
    sigaction(SIGHUP, &stop, NULL);
    sigaction(SIGQUIT, &stop, NULL);
    sigaction(SIGTSTP, &paused, NULL);
    sigaction(SIGWINCH, &resize, NULL);
    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++)
        sigaction(crashes[i], &crash, NULL);
}

volatile int *cli_pause(void)
{
    return &pause_requested;
}

const volatile int *cli_stop(void)
{
    return &stop_requested;
}

volatile int *cli_reload(void)
{
    return &reload_requested;
}

void cli_print_problems(const char *file, const struct problems *problems)
{
    for (uint32_t i = 0; i < problems_listed(problems); i++) {
        const struct problem *p = &problems->problem[i];
        char place[32] = "";
        if (p->line)
            (void)snprintf(place, sizeof place, p->column ? ":%u:%u" : ":%u", p->line, p->column);
        (void)fprintf(stderr, "%s%s: %s: %s\n", problem_file(p, file), place,
                      p->warning ? "warning" : "error", p->text);
    }
    if (problems->count > PROBLEMS_MAX)
        (void)fprintf(stderr, "%s: and %u more\n", file, problems->count - PROBLEMS_MAX);
}

bool cli_load_config(const char *path, struct config *ret_config)
{
    struct problems problems = {0};
    bool ok = config_load(path, ret_config, &problems);
    cli_print_problems(path ? path : "environment", &problems);
    return ok;
}

bool cli_load_venue(const struct config *config, struct venue **ret_venue, char **ret_source)
{
    struct error err = {0};
    struct problems problems = {0};
    char *source = NULL;
    size_t len = 0;
    if (!config_read_venue(config, &source, &len, &err)) {
        char text[512];
        fprintf(stderr, "%s\n", error_describe(&err, text, sizeof text));
        return false;
    }
    bool ok = venue_parse((struct str){source, (uint32_t)len}, ret_venue, &problems);
    cli_print_problems(config->venue_file, &problems);
    if (ok && ret_source)
        *ret_source = source;
    else
        free(source);
    return ok;
}
