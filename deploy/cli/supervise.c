#include "deploy/cli/supervise.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "schemas/base/report.h"

enum { TICK_MS = 500, EXEC_FAILED = 127, REASON_BYTES = 96 };

enum child_state { CHILD_WAITING, CHILD_RUNNING, CHILD_ENDED };

struct child {
    enum child_state state;
    pid_t pid;
    int64_t started_ms;
    int64_t start_ms; /* CHILD_WAITING: when to start */
    uint32_t backoff_ms;
    int64_t remind_ms; /* CHILD_ENDED: when to say so again */
    uint64_t pulse;
    int64_t pulse_ms; /* when it last changed */
    char reason[REASON_BYTES];
};

struct supervisor {
    const struct supervise_options *options;
    struct child child[SUPERVISE_PROGRAMS_MAX];
    sigset_t signals, signals_before;
    uint64_t random;
    uint32_t stops_asked; /* SIGTERM and SIGINT so far */
    bool killed;          /* a program had to be killed */
    bool given_up;        /* a program ended for good */
};

static const char program[] = "run";

/* Not CLOCK_BOOTTIME: a machine that slept did not let its programs hang. */
static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Up to a half more, so that programs that fell together don't rise together. */
static uint32_t jittered(struct supervisor *s, uint32_t ms)
{
    s->random = s->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ms + (uint32_t)((s->random >> 33) % (ms / 2 + 1));
}

static void become(const struct supervisor *s, const struct supervise_program *p, pid_t parent)
{
    (void)setpgid(0, 0); /* the terminal's Ctrl-C is for us; we stop them in order */
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
        _exit(EXEC_FAILED);
    if (sigprocmask(SIG_SETMASK, &s->signals_before, NULL) != 0)
        _exit(EXEC_FAILED);
    /* execv takes char *const *; it does not write to the strings. */
    char *argv[32];
    size_t n = 0;
    for (; p->argv[n] && n + 1 < sizeof argv / sizeof argv[0]; n++)
        memcpy(&argv[n], &p->argv[n], sizeof argv[n]);
    argv[n] = NULL;
    execv(p->path, argv);
    _exit(EXEC_FAILED);
}

static void start(struct supervisor *s, uint32_t i)
{
    const struct supervise_program *p = &s->options->programs[i];
    struct child *child = &s->child[i];
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0)
        become(s, p, parent);
    child->started_ms = child->pulse_ms = now_ms();
    if (pid < 0) {
        report(REPORT_ERROR, program, "start_failed", "name=%s errno=%d", p->name, errno);
        child->start_ms = child->started_ms + jittered(s, s->options->backoff_max_ms);
        return;
    }
    child->state = CHILD_RUNNING;
    child->pid = pid;
    report(REPORT_INFO, program, "started", "name=%s pid=%d", p->name, (int)pid);
}

static void describe(int status, char out[REASON_BYTES])
{
    if (WIFSIGNALED(status))
        (void)snprintf(out, REASON_BYTES, "killed by signal %d, %s", WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) == EXEC_FAILED)
        (void)snprintf(out, REASON_BYTES, "the program could not be started");
    else
        (void)snprintf(out, REASON_BYTES, "exit code %d%s", WEXITSTATUS(status),
                       WEXITSTATUS(status) == 2   ? ", bad configuration"
                       : WEXITSTATUS(status) == 3 ? ", another instance took over"
                                                  : "");
}

static void ended(struct supervisor *s, uint32_t i, int status)
{
    const struct supervise_program *p = &s->options->programs[i];
    struct child *child = &s->child[i];
    int64_t now = now_ms();
    describe(status, child->reason);
    int pid = (int)child->pid;
    child->pid = 0;
    if (s->stops_asked) {
        child->state = CHILD_ENDED;
        report(REPORT_INFO, program, "ended", "name=%s pid=%d reason=\"%s\"", p->name, pid,
               child->reason);
        return;
    }
    bool final = WIFEXITED(status) && WEXITSTATUS(status) < 32 &&
                 (p->final_codes >> WEXITSTATUS(status) & 1) != 0;
    if (final) {
        child->state = CHILD_ENDED;
        s->given_up = true;
        child->remind_ms = now + s->options->reminder_ms;
        report(REPORT_ERROR, program, "given_up",
               "name=%s pid=%d reason=\"%s\" text=\"starting it again would not help: put it right "
               "and restart\"",
               p->name, pid, child->reason);
        return;
    }
    bool healthy = now - child->started_ms >= s->options->healthy_ms;
    uint32_t first = s->options->backoff_first_ms, max = s->options->backoff_max_ms;
    uint32_t doubled = child->backoff_ms * 2 < max ? child->backoff_ms * 2 : max;
    child->backoff_ms = healthy || child->backoff_ms == 0 ? first : doubled;
    uint32_t pause = jittered(s, child->backoff_ms);
    child->state = CHILD_WAITING;
    child->start_ms = now + pause;
    report(REPORT_WARN, program, "ended",
           "name=%s pid=%d reason=\"%s\" lived_ms=%lld restart_in_ms=%u", p->name, pid,
           child->reason, (long long)(now - child->started_ms), pause);
    if (s->options->restarting)
        s->options->restarting(s->options->arg);
}

static void reap(struct supervisor *s)
{
    for (uint32_t i = 0; i < s->options->count; i++) {
        int status = 0;
        if (s->child[i].state == CHILD_RUNNING &&
            waitpid(s->child[i].pid, &status, WNOHANG) == s->child[i].pid)
            ended(s, i, status);
    }
}

static void signal_all(struct supervisor *s, int sig, uint32_t up_to_stage, bool reloaders_only)
{
    for (uint32_t i = 0; i < s->options->count; i++) {
        const struct supervise_program *p = &s->options->programs[i];
        if (s->child[i].state == CHILD_RUNNING && p->stage <= up_to_stage &&
            (!reloaders_only || p->reloads))
            (void)kill(s->child[i].pid, sig); /* it may just have ended: reap will tell */
    }
}

/* Sleeps until a signal came or the time is over, and takes what came. */
static void wait_for(struct supervisor *s, int64_t until_ms)
{
    int64_t left = until_ms - now_ms();
    left = left < 0 ? 0 : left > TICK_MS ? TICK_MS : left;
    struct timespec timeout = {.tv_sec = left / 1000, .tv_nsec = (long)(left % 1000) * 1000000};
    int sig = sigtimedwait(&s->signals, NULL, &timeout);
    if (sig == SIGTERM || sig == SIGINT)
        s->stops_asked++;
    else if (sig == SIGHUP)
        signal_all(s, SIGHUP, SUPERVISE_STAGES, true);
    reap(s);
    if (s->options->tick)
        s->options->tick(s->options->arg);
}

/* Returns when the next program is due. */
static int64_t start_due(struct supervisor *s)
{
    int64_t now = now_ms(), next = now + TICK_MS;
    for (uint32_t i = 0; i < s->options->count; i++) {
        struct child *child = &s->child[i];
        if (child->state == CHILD_WAITING && child->start_ms <= now)
            start(s, i);
        else if (child->state == CHILD_WAITING && child->start_ms < next)
            next = child->start_ms;
        if (child->state == CHILD_ENDED && child->remind_ms <= now) {
            child->remind_ms = now + s->options->reminder_ms;
            report(REPORT_ERROR, program, "given_up", "name=%s reason=\"%s\" text=\"still down\"",
                   s->options->programs[i].name, child->reason);
        }
    }
    return next;
}

static void abort_hung(struct supervisor *s)
{
    int64_t now = now_ms();
    for (uint32_t i = 0; i < s->options->count; i++) {
        struct child *child = &s->child[i];
        if (!s->options->hung_ms || !s->options->programs[i].watched ||
            child->state != CHILD_RUNNING)
            continue;
        uint64_t pulse = s->options->pulse(s->options->arg, i);
        if (pulse != child->pulse) {
            child->pulse = pulse;
            child->pulse_ms = now;
        } else if (now - child->pulse_ms >= s->options->hung_ms) {
            report(REPORT_ERROR, program, "hung", "name=%s pid=%d silent_ms=%lld",
                   s->options->programs[i].name, (int)child->pid,
                   (long long)(now - child->pulse_ms));
            child->pulse_ms = now;
            (void)kill(child->pid, SIGABRT);
        }
    }
}

static bool any(const struct supervisor *s, enum child_state state, uint32_t up_to_stage)
{
    for (uint32_t i = 0; i < s->options->count; i++) {
        if (s->child[i].state == state && s->options->programs[i].stage <= up_to_stage)
            return true;
    }
    return false;
}

static void stop_stage(struct supervisor *s, uint32_t stage)
{
    uint32_t asked = s->stops_asked;
    int64_t until = now_ms() + s->options->stop_ms;
    signal_all(s, SIGTERM, asked > 1 ? SUPERVISE_STAGES : stage, false);
    while (any(s, CHILD_RUNNING, stage)) {
        wait_for(s, until);
        if (s->stops_asked == 2 && asked == 1)
            signal_all(s, SIGTERM, SUPERVISE_STAGES, false);
        asked = s->stops_asked;
        if ((asked > 2 || now_ms() >= until) && any(s, CHILD_RUNNING, stage)) {
            report(REPORT_ERROR, program, "killing", "stage=%u text=\"did not end in time\"",
                   stage);
            signal_all(s, SIGKILL, stage, false);
            s->killed = true;
            until = now_ms() + s->options->stop_ms;
        }
    }
}

int supervise_run(const struct supervise_options *options)
{
    assert(options->count >= 1 && options->count <= SUPERVISE_PROGRAMS_MAX);
    struct supervisor s = {.options = options};
    if (getrandom(&s.random, sizeof s.random, 0) != sizeof s.random)
        s.random = (uint64_t)now_ms() ^ (uint64_t)getpid() << 32;
    const int taken[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP};
    sigemptyset(&s.signals);
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        sigaddset(&s.signals, taken[i]);
    if (sigprocmask(SIG_BLOCK, &s.signals, &s.signals_before) != 0)
        return 1;
    while (!s.stops_asked) {
        int64_t next = start_due(&s);
        if (!any(&s, CHILD_RUNNING, SUPERVISE_STAGES) &&
            !any(&s, CHILD_WAITING, SUPERVISE_STAGES)) {
            report(REPORT_ERROR, program, "stopped", "text=\"no program is left\"");
            break;
        }
        wait_for(&s, next);
        abort_hung(&s);
    }
    for (uint32_t i = 0; i < options->count; i++) {
        if (s.child[i].state == CHILD_WAITING)
            s.child[i].state = CHILD_ENDED;
    }
    for (uint32_t stage = 0; stage < SUPERVISE_STAGES; stage++)
        stop_stage(&s, stage);
    (void)sigprocmask(SIG_SETMASK, &s.signals_before, NULL);
    return s.killed || s.given_up ? 1 : 0;
}
