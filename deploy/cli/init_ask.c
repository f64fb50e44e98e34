#include "deploy/cli/init_ask.h"

#include <stdlib.h>

/* A line without its end, malloc'ed; NULL: the input ended, or the line is no text. */
static char *line_read(FILE *in)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t len = getline(&line, &cap, in);
    if (len < 0 || strlen(line) != (size_t)len) {
        free(line);
        return NULL;
    }
    line[strcspn(line, "\r\n")] = '\0';
    return line;
}

static bool blank(const char *line)
{
    return line[strspn(line, " \t")] == '\0';
}

static bool ask_one(struct init_answers *answers, enum init_question question, FILE *in, FILE *out)
{
    const struct init_question_info *q = init_question_info_of(question);
    const char *usual = answers->text[question];
    char reason[INIT_REASON_BYTES];
    for (;;) {
        (void)fprintf(out, "%s%s%s%s: ", q->text, usual[0] ? " [" : "", usual, usual[0] ? "]" : "");
        (void)fflush(out);
        char *line = line_read(in);
        if (!line)
            return false;
        bool ok = blank(line) || init_answers_set(answers, question, line, reason, sizeof reason);
        free(line);
        if (ok)
            return true;
        (void)fprintf(out, "  %s.\n", reason);
    }
}

/* Adds rows to one another while each fits those before it. */
static bool ask_rows(struct init_answers *answers, enum init_question question, FILE *in, FILE *out)
{
    const struct init_question_info *q = init_question_info_of(question);
    bool halls = q->kind == INIT_KIND_HALLS;
    char rows[INIT_ANSWER_BYTES * 2] = "", reason[INIT_REASON_BYTES];
    (void)fprintf(out, "%s.\n", q->text);
    (void)fprintf(out, halls ? "  One a line, as: North hall, 1200, 2500, level   (level: how many "
                               "are seen; delta, daily, total: doors that count in and out)\n"
                             : "  One a line, as: South gate, 8\n");
    for (unsigned n = 1;; n++) {
        (void)fprintf(out, "%s %u (empty: no more%s%s): ", halls ? "Hall" : "Gate", n,
                      halls && n == 1 ? "; then the placeholder " : "",
                      halls && n == 1 ? answers->text[question] : "");
        (void)fflush(out);
        char *line = line_read(in);
        if (!line)
            return false;
        if (blank(line)) {
            free(line);
            return true;
        }
        size_t before = strlen(rows);
        int len = snprintf(rows + before, sizeof rows - before, "%s%s", before ? "; " : "", line);
        bool fits = len >= 0 && (size_t)len < sizeof rows - before;
        bool one = !strchr(line, ';');
        free(line);
        if (one && fits && init_answers_set(answers, question, rows, reason, sizeof reason))
            continue;
        rows[before] = '\0';
        n--;
        (void)fprintf(out, "  %s.\n",
                      !one    ? "one a line is expected"
                      : !fits ? "that is too much"
                              : reason);
    }
}

bool init_ask(struct init_answers *answers, FILE *in, FILE *out)
{
    for (int i = 0; i < INIT_QUESTION_COUNT; i++) {
        enum init_question question = (enum init_question)i;
        enum init_kind kind = init_question_info_of(question)->kind;
        if (answers->given[i] || !init_answers_wanted(answers, question))
            continue;
        bool rows = kind == INIT_KIND_HALLS || kind == INIT_KIND_GATES;
        if (!(rows ? ask_rows : ask_one)(answers, question, in, out))
            return false;
    }
    return true;
}
