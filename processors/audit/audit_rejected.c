/* What a sink refused for good: rejected.h says how it is written. */
#include <errno.h>
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

static bool read_file(struct lines *l, const char *path,
                      void (*visit)(void *arg, const struct audit_rejection *rejection), void *arg,
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
        const struct audit_rejection rejection = {number(fields, count, "result_seq"),
                                                  number(fields, count, "input_seq"),
                                                  (uint32_t)number(fields, count, "input_index")};
        visit(arg, &rejection);
    }
    bool ok = !ferror(file) || error_set(err, ERROR_IO, errno, "%s", path);
    (void)fclose(file);
    return ok;
}

bool audit_rejections(const char *state_dir, const char *name,
                      void (*visit)(void *arg, const struct audit_rejection *rejection), void *arg,
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
