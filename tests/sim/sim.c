/* Programs, tasks and virtual time. */
#include "tests/sim/sim.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim_os.h"

struct sim *sim;

const char *const sim_program_names[SIM_PROGRAMS] = {"ingest", "process", "kafka", "series",
                                                     "page"};

enum {
    OPERATION_NS_MAX = 40000,
    SYNC_NS_MAX = 400000,
    STALL_ONE_IN = 4000, /* operations that take much longer */
    STALL_NS_MAX = 30000000,
    FILLED_BYTES = 256 * 1024, /* of a stack: what may be used of it */
    /* Each fault of an operation is drawn for every one of them. */
};

const char *sim_fault_name(enum sim_fault fault)
{
    static const char *const names[] = {
#define SIM_FAULT_TEXT(name, text) text,
        SIM_FAULTS(SIM_FAULT_TEXT)
#undef SIM_FAULT_TEXT
    };
    return names[fault];
}

uint64_t sim_random(uint64_t below)
{
    sim->random ^= sim->random << 13;
    sim->random ^= sim->random >> 7;
    sim->random ^= sim->random << 17;
    return below ? (sim->random * UINT64_C(0x2545f4914f6cdd1d) >> 16) % below : 0;
}

void sim_count(enum sim_fault fault)
{
    sim->report.faults[fault]++;
    sim_trace("fault: %s", sim_fault_name(fault));
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

void sim_course(const void *bytes, size_t n)
{
    uint64_t hash = mix(sim->report.course, n), word = 0;
    size_t at = 0;
    for (; at + sizeof word <= n; at += sizeof word) {
        memcpy(&word, (const uint8_t *)bytes + at, sizeof word);
        hash = mix(hash, word);
    }
    word = 0;
    memcpy(&word, (const uint8_t *)bytes + at, n - at);
    sim->report.course = mix(hash, word);
}

void sim_trace(const char *format, ...)
{
    if (!sim->options.trace)
        return;
    va_list args;
    va_start(args, format);
    (void)printf("%12.6f %8llu %-8s ", (double)sim->now_ns / 1e9,
                 (unsigned long long)sim->report.steps,
                 sim->task ? sim_program_names[sim->task->program] : "");
    (void)vprintf(format, args);
    (void)printf("\n");
    va_end(args);
}

void sim_fail(const char *format, ...)
{
    va_list args;
    if (!sim->report.ok)
        return;
    sim->report.ok = false;
    sim->named |= strstr(format, "corrupt") || strstr(format, "log verify");
    va_start(args, format);
    (void)vsnprintf(sim->report.why, sizeof sim->report.why, format, args);
    va_end(args);
    sim_trace("FAILED: %s", sim->report.why);
}

/* ---- tasks ---- */

static void task_main(void)
{
    struct sim_task *t = sim->task;
    (void)t->fn(t->arg);
    t->ended = true;
    t->wake_ns = SIM_NEVER;
    sim_wake(t);
    _longjmp(sim->scheduler, 1);
}

struct sim_task *sim_task_new(enum sim_program program, void *(*fn)(void *arg), void *arg)
{
    for (int i = 0; i < SIM_TASKS_MAX; i++) {
        struct sim_task *t = &sim->tasks[i];
        if (t->used)
            continue;
        if (!t->stack) {
            t->stack = __real_mmap(NULL, SIM_TASK_STACK_BYTES, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
            if (t->stack == MAP_FAILED)
                abort();
        }
        if (sim->options.filler)
            memset((uint8_t *)t->stack + SIM_TASK_STACK_BYTES - FILLED_BYTES, sim->options.filler,
                   FILLED_BYTES);
        t->used = true;
        t->started = t->ended = false;
        t->fn = fn;
        t->arg = arg;
        t->program = program;
        t->waits_on = NULL;
        t->wake_ns = sim->now_ns + (int64_t)sim_random(OPERATION_NS_MAX);
        (void)getcontext(&t->entry);
        t->entry.uc_stack.ss_sp = t->stack;
        t->entry.uc_stack.ss_size = SIM_TASK_STACK_BYTES;
        t->entry.uc_link = NULL;
        makecontext(&t->entry, task_main, 0);
        return t;
    }
    abort();
}

void sim_task_free(struct sim_task *task)
{
    if (task->stack)
        (void)__real_munmap(task->stack, SIM_TASK_STACK_BYTES);
}

static void give_way(void)
{
    if (_setjmp(sim->task->at) == 0)
        _longjmp(sim->scheduler, 1);
}

void sim_sleep(int64_t ns)
{
    if (!sim->task)
        return;
    sim->task->wake_ns = sim->now_ns + (ns > 0 ? ns : 0);
    give_way();
}

void sim_wait(const void *on, int64_t ns)
{
    if (!sim->task)
        abort(); /* the world never waits */
    sim->task->waits_on = on;
    sim->task->wake_ns = ns == SIM_NEVER ? SIM_NEVER : sim->now_ns + ns;
    give_way();
    sim->task->waits_on = NULL;
}

void sim_wake(const void *on)
{
    for (int i = 0; i < SIM_TASKS_MAX; i++) {
        struct sim_task *t = &sim->tasks[i];
        if (t->used && t->waits_on == on) {
            t->waits_on = NULL;
            t->wake_ns = sim->now_ns + (int64_t)sim_random(OPERATION_NS_MAX);
        }
    }
}

static void run_task(struct sim_task *t)
{
    sim->task = t;
    if (_setjmp(sim->scheduler) == 0) {
        if (t->started)
            _longjmp(t->at, 1);
        t->started = true;
        (void)setcontext(&t->entry);
    }
    sim->task = NULL;
}

/* ---- programs ---- */

void sim_start(enum sim_program program, void *(*fn)(void *arg), void *arg)
{
    struct sim_process *p = &sim->process[program];
    p->running = true;
    p->stop = p->reload = 0;
    p->frozen_ns = 0;
    p->began_ns = sim->now_ns;
    p->pid++;
    p->last_error[0] = '\0';
    (void)sim_task_new(program, fn, arg);
    sim_trace("%s starts", sim_program_names[program]);
}

static void forget(enum sim_program program)
{
    for (int i = 0; i < SIM_TASKS_MAX; i++) {
        if (sim->tasks[i].used && sim->tasks[i].program == program)
            sim->tasks[i].used = false;
    }
    sim_disk_forget(program);
    sim_memory_clear(program);
    sim->process[program].running = false;
}

void sim_kill(enum sim_program program)
{
    struct sim_task *own = sim->task && sim->task->program == program ? sim->task : NULL;
    if (!sim->process[program].running)
        return;
    sim_trace("%s is killed", sim_program_names[program]);
    forget(program);
    sim_world_died(program);
    if (own)
        _longjmp(sim->scheduler, 1);
}

void sim_exit(int code)
{
    enum sim_program program = sim->task->program;
    sim_trace("%s ends with %d", sim_program_names[program], code);
    forget(program);
    sim_world_ended(program, code);
    _longjmp(sim->scheduler, 1);
}

/* When a task goes on; one of a frozen program later. */
static int64_t wake_of(const struct sim_task *t)
{
    int64_t frozen_ns = sim->process[t->program].frozen_ns;
    return t->wake_ns < frozen_ns ? frozen_ns : t->wake_ns;
}

static struct sim_task *next_task(struct sim *s)
{
    struct sim_task *next = NULL;
    for (int i = 0; i < SIM_TASKS_MAX; i++) {
        struct sim_task *t = &s->tasks[i];
        if (t->used && !t->ended && (!next || wake_of(t) < wake_of(next)))
            next = t;
    }
    return next;
}

void sim_loop(struct sim *s)
{
    while (!sim_world_over()) {
        struct sim_task *next = next_task(s);
        if (s->cut_now) {
            s->cut_now = false;
            s->cut_at_step = 0;
            sim_count(SIM_FAULT_CUT);
            for (int p = 0; p < SIM_PROGRAMS; p++)
                sim_kill((enum sim_program)p);
            sim_disk_power_cut();
            sim_world_power_cut();
            continue;
        }
        if (!next || s->world_ns <= wake_of(next)) {
            if (s->world_ns > s->now_ns)
                s->now_ns = s->world_ns;
            sim_world_turn();
            continue;
        }
        if (wake_of(next) > s->now_ns)
            s->now_ns = wake_of(next);
        run_task(next);
    }
}

/* ---- operations ---- */

enum { DIE_NOT, DIE_AFTER };

static int64_t duration(unsigned kind)
{
    if (sim_one_in(STALL_ONE_IN))
        return (int64_t)sim_random(STALL_NS_MAX);
    return (int64_t)sim_random(kind & SIM_SYNC ? SYNC_NS_MAX : OPERATION_NS_MAX);
}

enum sim_fate sim_begin(unsigned kind, const char *name, int *ret_errno)
{
    struct sim *s = sim;
    *ret_errno = EIO;
    if (!s->task)
        return SIM_GO;
    s->report.steps++;
    sim_sleep(duration(kind));
    s->report.course = mix(mix(mix(s->report.course, (uint64_t)s->now_ns), s->random),
                           (uint64_t)s->task->program << 8 | kind);
    if (s->options.trace > 1)
        sim_trace("%s", name);
    if (s->cut_at_step && s->report.steps >= s->cut_at_step) {
        s->cut_now = true;
        bool done = sim_one_in(2); /* the operation under way may have happened */
        if (!done) {
            s->task->wake_ns = SIM_NEVER;
            give_way();
        }
        s->die = DIE_AFTER;
        return SIM_GO;
    }
    if (s->calm)
        return SIM_GO;
    if (sim_one_in(s->crash_one_in)) {
        sim_count(SIM_FAULT_CRASH);
        sim_trace("dies at %s", name);
        uint64_t how = sim_random(3);
        if (how == 0)
            sim_kill(s->task->program);
        s->die = DIE_AFTER;
        return how == 1 ? SIM_GO : SIM_PART;
    }
    if (kind & (SIM_READ | SIM_WRITE | SIM_SPACE | SIM_SYNC) && sim_one_in(s->eio_one_in)) {
        sim_count(SIM_FAULT_EIO);
        sim_trace("EIO at %s", name);
        return SIM_ERROR;
    }
    if (kind & SIM_BYTES) {
        if (sim_one_in(s->short_one_in)) {
            sim_count(SIM_FAULT_SHORT);
            return SIM_PART;
        }
        if (sim_one_in(s->eintr_one_in)) {
            sim_count(SIM_FAULT_EINTR);
            *ret_errno = EINTR;
            return SIM_ERROR;
        }
    }
    return SIM_GO;
}

void sim_cut_soon(uint32_t one_in, uint32_t steps)
{
    if (!sim->calm && sim->cuts && !sim->cut_at_step && sim_one_in(one_in))
        sim->cut_at_step = sim->report.steps + 1 + sim_random(steps);
}

void sim_end(void)
{
    if (!sim->task || sim->die == DIE_NOT)
        return;
    sim->die = DIE_NOT;
    if (sim->cut_now) {
        sim->task->wake_ns = SIM_NEVER; /* the machine goes with it */
        give_way();
    }
    sim_kill(sim->task->program);
}
