/* What a sink refused for good, and what it never got: rejected.h says how both are written. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "processors/audit/audit_private.h"
#include "schemas/json/json.h"

enum { LINE_BYTES = 1024 * 1024, FIELDS_MAX = 16 };

struct lines {
    struct json_parser *parser;
    char *line;
};

static uint64_t number(const struct json_field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (str_is(fields[i].key, name) && fields[i].kind == JSON_INT)
            return (uint64_t)fields[i].integer;
    }
    return 0;
}

typedef void visit_line(void *arg, const struct json_field *fields, size_t count);

static bool read_file(struct lines *l, const char *path, visit_line *visit, void *arg,
                      struct error *err)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return errno == ENOENT || error_set(err, ERROR_IO, errno, "%s", path);
    while (fgets(l->line, LINE_BYTES, file)) {
        struct json_field fields[FIELDS_MAX];
        size_t count = 0;
        /* A last line that is being written is none yet. */
        if (json_parse_flat(l->parser, (const uint8_t *)l->line, strlen(l->line), fields,
                            FIELDS_MAX, &count) != JSON_OK)
            continue;
        visit(arg, fields, count);
    }
    bool ok = !ferror(file) || error_set(err, ERROR_IO, errno, "%s", path);
    (void)fclose(file);
    return ok;
}

/* {name}.jsonl, and the one before it first. */
static bool read_both(const char *state_dir, const char *name, visit_line *visit, void *arg,
                      struct error *err)
{
    struct lines l = {.parser = json_parser_new(LINE_BYTES),
                      .line = calloc(1, LINE_BYTES + JSON_PADDING_BYTES)};
    char path[AUDIT_PATH_BYTES];
    bool ok = (l.parser && l.line) || error_set(err, ERROR_NO_MEMORY, 0, "rejected results");
    (void)snprintf(path, sizeof path, "%s/rejected/%s.jsonl.1", state_dir, name);
    ok = ok && read_file(&l, path, visit, arg, err);
    (void)snprintf(path, sizeof path, "%s/rejected/%s.jsonl", state_dir, name);
    ok = ok && read_file(&l, path, visit, arg, err);
    json_parser_free(l.parser);
    free(l.line);
    return ok;
}

struct rejections {
    void (*visit)(void *arg, const struct audit_rejection *rejection);
    void *arg;
};

static void take_rejection(void *arg, const struct json_field *fields, size_t count)
{
    const struct rejections *to = arg;
    const struct audit_rejection rejection = {number(fields, count, "result_seq"),
                                              number(fields, count, "input_seq"),
                                              (uint32_t)number(fields, count, "input_index")};
    to->visit(to->arg, &rejection);
}

bool audit_rejections(const char *state_dir, const char *name,
                      void (*visit)(void *arg, const struct audit_rejection *rejection), void *arg,
                      struct error *err)
{
    struct rejections to = {visit, arg};
    return read_both(state_dir, name, take_rejection, &to, err);
}

struct losses {
    struct audit *a;
    const char *sink, *log;
    uint64_t next_seq;           /* of the results log: what is before was noted */
    uint64_t first_seq, results; /* of the line before */
};

static void take_loss(void *arg, const struct json_field *fields, size_t count)
{
    struct losses *l = arg;
    char text[AUDIT_WHAT_BYTES];
    uint64_t first = number(fields, count, "first_result_seq");
    uint64_t last = number(fields, count, "last_result_seq");
    uint64_t results = number(fields, count, "results"); /* sequences have holes */
    /* Told again by a publisher that was killed before it moved on; meanwhile more may be gone. */
    uint64_t noted = first == l->first_seq ? l->results : 0;
    l->first_seq = first;
    l->results = results > noted ? results : noted;
    if (first < l->next_seq)
        first = l->next_seq;
    if (last < first)
        return;
    results -= noted < results ? noted : results;
    if (results > last - first + 1)
        results = last - first + 1;
    l->next_seq = last + 1;
    (void)snprintf(text, sizeof text,
                   "results %" PRIu64 " to %" PRIu64
                   " of the %s log were deleted at its disk cap before they were sent",
                   first, last, l->log);
    const struct audit_fault fault = {.where = l->sink,
                                      .what = "lost",
                                      .seq = number(fields, count, "after_input_seq") + 1,
                                      .text = text};
    audit_note_range(l->a, &fault, number(fields, count, "before_input_seq"), results);
}

bool audit_losses(struct audit *a, const char *sink, enum output output, struct error *err)
{
    struct losses losses = {.a = a, .sink = sink, .log = output_name(output)};
    char name[64];
    (void)snprintf(name, sizeof name, "%s-%s.lost", sink, losses.log);
    return read_both(a->options->config->state_dir, name, take_loss, &losses, err);
}
