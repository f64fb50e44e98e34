#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deploy/cli/arguments.h"
#include "deploy/cli/check.h"
#include "deploy/cli/cli.h"
#include "deploy/cli/init_answers.h"
#include "deploy/cli/init_ask.h"
#include "deploy/cli/init_files.h"
#include "deploy/cli/init_text.h"

#define CONFIG_NAME "crowdtide.yaml"
#define VENUE_NAME "venue.yaml"
#define PAGING_NAME "paging.yaml"
enum { OPTIONS = INIT_QUESTION_COUNT + 3, HELP_BYTES = 200, FILES = 3 };

static int failed(const struct error *err)
{
    char text[512];
    if (err->code == ERROR_INVALID) /* a file is in the way */
        (void)fprintf(stderr,
                      "crowdtide init: %s; nothing was written. --force keeps it as ….old\n",
                      err->where);
    else
        (void)fprintf(stderr, "crowdtide init: %s; nothing was written\n",
                      error_describe(err, text, sizeof text));
    return EXIT_FAILED;
}

/* What is written must pass `crowdtide check`; that it does is looked at before it is in its place.
 */
static bool paging_passes(const struct init_files *files, const char *dir,
                          const struct venue *venue)
{
    char path[INIT_PATH_BYTES + 80], place[INIT_PATH_BYTES + 80];
    struct paging *paging = NULL;
    struct problems problems = {0};
    (void)snprintf(path, sizeof path, "%s/" PAGING_NAME, files->draft);
    bool ok = paging_load(path, &paging, &problems) && paging_fit(paging, venue, &problems);
    paging_free(paging);
    if (!ok) {
        (void)snprintf(place, sizeof place, "%s/" PAGING_NAME, dir);
        cli_print_problems(place, &problems);
    }
    return ok;
}

static bool draft_passes(const struct init_files *files, const char *dir)
{
    char path[INIT_PATH_BYTES + 80], place[INIT_PATH_BYTES + 80];
    struct check *check = malloc(sizeof *check);
    if (!check)
        return false;
    (void)snprintf(path, sizeof path, "%s/" CONFIG_NAME, files->draft);
    check_open(check, path);
    bool ok = check_passed(check);
    if (!ok) {
        (void)snprintf(place, sizeof place, "%s/" CONFIG_NAME, dir);
        cli_print_problems(place, &check->problems);
    }
    (void)snprintf(place, sizeof place, "%s/" VENUE_NAME, dir);
    cli_print_problems(place, &check->venue_problems);
    ok = ok && paging_passes(files, dir, check->venue);
    check_close(check);
    free(check);
    return ok;
}

/* The texts lie in `bytes`, INIT_FILE_BYTES each. */
static bool draft_write(const struct init_answers *answers, const struct init_plan *plan,
                        char *bytes, struct init_files *files, struct error *err)
{
    struct text config = text_over(bytes, INIT_FILE_BYTES);
    struct text venue = text_over(bytes + INIT_FILE_BYTES, INIT_FILE_BYTES);
    struct text paging = text_over(bytes + (size_t)2 * INIT_FILE_BYTES, INIT_FILE_BYTES);
    init_text_config(answers, &config);
    init_text_venue(answers, plan, getuid(), &venue);
    init_text_paging(&paging);
    if (config.overflow || venue.overflow || paging.overflow)
        return error_set(err, ERROR_TOO_LARGE, 0, "the answers");
    return init_files_add(files, VENUE_NAME, (struct str){venue.at, (uint32_t)venue.len}, err) &&
           init_files_add(files, PAGING_NAME, (struct str){paging.at, (uint32_t)paging.len}, err) &&
           init_files_add(files, CONFIG_NAME, (struct str){config.at, (uint32_t)config.len}, err);
}

static int write_files(const struct init_answers *answers, const struct init_plan *plan,
                       const char *dir, bool force, char *bytes)
{
    struct init_files files;
    struct error err = {0};
    if (!init_files_begin(dir, &files, &err))
        return failed(&err);
    int code = EXIT_FAILED;
    bool written = draft_write(answers, plan, bytes, &files, &err);
    if (written && !draft_passes(&files, dir))
        (void)fprintf(stderr, "crowdtide init: such a configuration is refused; nothing was "
                              "written\n");
    else if (!written || !init_files_place(&files, force, &err))
        code = failed(&err);
    else
        code = EXIT_OK;
    init_files_end(&files);
    if (code != EXIT_OK)
        return code;
    struct text next = text_over(bytes, INIT_FILE_BYTES);
    init_text_next(answers, plan, dir, &next);
    (void)fwrite(next.at, 1, next.len, stdout);
    return fflush(stdout) == 0 ? EXIT_OK : EXIT_FAILED;
}

/* Flags first, so that only what they leave open is asked. */
static int flags_take(struct init_answers *answers, const char *const flag[INIT_QUESTION_COUNT])
{
    int code = EXIT_OK;
    char reason[INIT_REASON_BYTES];
    for (int i = 0; i < INIT_QUESTION_COUNT; i++) {
        if (!flag[i] ||
            init_answers_set(answers, (enum init_question)i, flag[i], reason, sizeof reason))
            continue;
        (void)fprintf(stderr, "crowdtide init: --%s: %s\n",
                      init_question_info_of((enum init_question)i)->flag, reason);
        code = EXIT_USAGE;
    }
    for (int i = 0; i < INIT_QUESTION_COUNT && code == EXIT_OK; i++) {
        if (!flag[i] || !flag[i][0] || init_answers_wanted(answers, (enum init_question)i) ||
            init_question_info_of((enum init_question)i)->needs < 0)
            continue;
        const struct init_question_info *q = init_question_info_of((enum init_question)i);
        (void)fprintf(stderr, "crowdtide init: --%s needs --%s\n", q->flag,
                      init_question_info_of((enum init_question)q->needs)->flag);
        code = EXIT_USAGE;
    }
    return code;
}

static int run(struct init_answers *answers, struct init_plan *plan, const char *dir, bool ask,
               bool force, char *bytes)
{
    char reason[INIT_REASON_BYTES];
    if (ask) {
        (void)printf("A new configuration in %s. Enter takes what is in brackets; Ctrl-C ends it, "
                     "and nothing is written.\n\n",
                     dir);
        if (!init_ask(answers, stdin, stdout)) {
            (void)fprintf(stderr, "\ncrowdtide init: the answers ended; nothing was written\n");
            return EXIT_FAILED;
        }
        (void)printf("\n");
    }
    if (!init_plan_make(answers, plan, reason, sizeof reason)) {
        (void)fprintf(stderr, "crowdtide init: %s\n", reason);
        return EXIT_USAGE;
    }
    return write_files(answers, plan, dir, force, bytes);
}

/* The table of questions as options; their helps are kept in `help`. */
static void options_make(struct arguments_option options[OPTIONS], char help[][HELP_BYTES],
                         const char *flag[INIT_QUESTION_COUNT], bool *yes, bool *force)
{
    for (int i = 0; i < INIT_QUESTION_COUNT; i++) {
        const struct init_question_info *q = init_question_info_of((enum init_question)i);
        (void)snprintf(help[i], HELP_BYTES, "%s%s", q->text, q->more);
        options[i] = (struct arguments_option){
            .name = q->flag, .value = q->value, .help = help[i], .text = &flag[i]};
    }
    options[INIT_QUESTION_COUNT] = (struct arguments_option){
        .name = "yes",
        .letter = 'y',
        .help = "ask nothing: what no flag says has its default, as without a terminal",
        .flag = yes};
    options[INIT_QUESTION_COUNT + 1] = (struct arguments_option){
        .name = "force", .help = "files that are there become NAME.old", .flag = force};
}

int cmd_init(int argc, char **argv)
{
    const char *flag[INIT_QUESTION_COUNT] = {NULL};
    char help[INIT_QUESTION_COUNT][HELP_BYTES];
    bool yes = false, force = false;
    struct arguments_option options[OPTIONS] = {{0}};
    options_make(options, help, flag, &yes, &force);
    const struct arguments spec = {
        .command = "init",
        .operands = "[DIR]",
        .about = "Asks a few questions and writes a small commented configuration for a venue of "
                 "your own into\nDIR (default: here): crowdtide.yaml, venue.yaml and paging.yaml, "
                 "which pass `crowdtide check`. All or none.",
        .options = options,
        .more = "Rows have ; between them: --halls 'North hall, 1200, 2500, level; Annex, 300' "
                "--gates 'South gate, 8'.\n"
                "level: how many are seen now (default); delta: in and out since the last message; "
                "daily, total:\nin and out since midnight, since ever.\n"
                "Secrets stay in files of their own. Exit codes: 0 written, 1 not, 2 bad use.",
    };
    int code = EXIT_OK, operand = argc;
    if (!arguments_parse(argc, argv, &spec, &operand, &code))
        return code;
    if (argc - operand > 1) {
        (void)fprintf(stderr, "crowdtide init: one directory is expected\n");
        return EXIT_USAGE;
    }
    const char *dir = operand < argc ? argv[operand] : ".";
    struct init_answers *answers = init_answers_new(dir);
    struct init_plan *plan = calloc(1, sizeof *plan);
    char *bytes = malloc(FILES * (size_t)INIT_FILE_BYTES);
    if (!answers || !plan || !bytes) {
        (void)fprintf(stderr, "crowdtide init: out of memory\n");
        code = EXIT_FAILED;
    } else if ((code = flags_take(answers, flag)) == EXIT_OK) {
        code = run(answers, plan, dir, !yes && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO), force,
                   bytes);
    }
    free(answers);
    free(plan);
    free(bytes);
    return code;
}
