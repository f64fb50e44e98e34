/* The venues a script names: read, checked, and brought into force. */
#include <stdio.h>
#include <stdlib.h>

#include "processors/replay/script_private.h"
#include "schemas/config/config.h"

enum { PATH_BYTES = 4200, HOUR_MS = 3600000 };

/* The venue must be one; its first mistake is the script's. first_line: of an inline venue, else 0.
 */
static bool venue_check(struct script *s, struct str source, const char *name, uint32_t first_line)
{
    struct venue *venue = NULL;
    struct problems *problems = calloc(1, sizeof *problems);
    if (!problems)
        return script_broken(s, "out of memory");
    bool ok = venue_parse(source, &venue, problems);
    for (uint32_t i = 0; !ok && i < problems_listed(problems); i++) {
        const struct problem *p = &problems->problem[i];
        if (p->warning)
            continue;
        bool here = first_line && !p->file[0];
        if (here && p->line)
            s->line = first_line + p->line - 1;
        if (here)
            (void)script_broken(s, "venue: %s", p->text);
        else
            (void)script_broken(s, "%s:%u: %s", problem_file(p, name), p->line, p->text);
        break;
    }
    free(problems);
    if (!ok)
        return script_broken(s, "%s: no venue", name);
    venue_free(s->venue_next);
    s->venue_next = venue;
    return true;
}

static bool venue_keep(struct script *s, struct str source, const char *name)
{
    char *copy = malloc((size_t)source.len + 1), *name_copy = strdup(name);
    if (!copy || !name_copy) {
        free(copy);
        free(name_copy);
        return script_broken(s, "out of memory");
    }
    memcpy(copy, source.at, source.len);
    copy[source.len] = '\0';
    free(s->venue_source);
    free(s->venue_name);
    s->venue_source = copy;
    s->venue_len = source.len;
    s->venue_name = name_copy;
    return true;
}

/* The venue that was named comes into force: at t_ms when the line says so, else before the first
 * line with a time. */
static bool venue_force(struct script *s, int64_t t_ms)
{
    bool begun = s->begun;
    s->begun = true;
    bool ok = (begun || script_clock_begin(s, t_ms)) && script_clock_to(s, t_ms) &&
              script_clock_model(s, t_ms, (struct str){s->venue_source, (uint32_t)s->venue_len},
                                 s->venue_name);
    free(s->venue_source);
    free(s->venue_name);
    s->venue_source = s->venue_name = NULL;
    venue_free(s->venue);
    s->venue = s->venue_next;
    s->venue_next = NULL;
    return ok;
}

static bool venue_file(struct script *s, const char *path)
{
    char *source = NULL;
    size_t len = 0;
    struct error err = {0};
    if (!config_read_venue_file(path, NULL, &source, &len, &err)) {
        char text[ERROR_WHERE_BYTES + 128];
        return script_broken(s, "venue: %s", error_describe(&err, text, sizeof text));
    }
    struct str all = {source, (uint32_t)len};
    bool ok = venue_check(s, all, path, 0) && venue_keep(s, all, path);
    free(source);
    return ok;
}

bool script_venue_started(struct script *s, int64_t t_ms)
{
    if (s->begun)
        return true;
    if (!s->venue_source && s->options->venue_path && !venue_file(s, s->options->venue_path))
        return false;
    if (!s->venue_source)
        return script_broken(s, "no venue yet: begin with `venue FILE`, or `venue` … `end`%s",
                             s->options->venue_path ? "" : ", or give one with --venue");
    return venue_force(s, t_ms - HOUR_MS); /* so that what nobody heard of has fallen silent */
}

/* A venue that stands in the script; its maps may stand behind it, as a bundle has them. */
static bool venue_written(struct script *s, struct str text, uint32_t first_line)
{
    char *source = NULL;
    size_t len = 0;
    uint32_t end_line = s->line;
    struct error err = {0};
    if (!config_bundle(text, s->options->path, NULL, &source, &len, &err))
        return script_broken(s, "venue: %s", err.where);
    struct str all = {source, (uint32_t)len};
    bool ok = venue_check(s, all, "venue", first_line) && venue_keep(s, all, s->options->path);
    if (ok)
        s->line = end_line;
    free(source);
    return ok;
}

/* What follows a `venue` line, up to `end`. */
static bool venue_inline(struct script *s, struct script_reader *reader)
{
    struct str line, source = {reader->rest.at, 0};
    uint32_t first_line = s->line + 1, begin_line = s->line;
    while (script_line_next(s, reader, &line)) {
        if (!str_is(script_line_strip(line), "end"))
            continue;
        source.len = (uint32_t)(line.at - source.at);
        return venue_written(s, source, first_line);
    }
    s->line = begin_line;
    return script_broken(s, "venue: no line `end` follows");
}

/* A path in a script is relative to the script. */
static bool venue_named(struct script *s, struct str name)
{
    char path[PATH_BYTES];
    const char *slash = strrchr(s->options->path, '/');
    int dir = name.at[0] == '/' || !slash ? 0 : (int)(slash - s->options->path) + 1;
    int n = snprintf(path, sizeof path, "%.*s" STR_FMT, dir, s->options->path, STR_ARG(name));
    if (n < 0 || (size_t)n >= sizeof path)
        return script_broken(s, "venue: the path is too long");
    return venue_file(s, path);
}

bool script_venue_line(struct script *s, struct script_reader *reader, struct str line,
                       bool *ret_is)
{
    struct str rest = line, word = script_word_first(&rest);
    int64_t t_ms = 0;
    bool timed = script_clock_parse(s, word, &t_ms);
    if (timed)
        word = script_word_first(&rest);
    *ret_is = str_is(word, "venue");
    if (!*ret_is)
        return true;
    if (!timed && (s->begun || s->venue_source))
        return script_broken(s, "a second venue needs a time");
    if (!(rest.len ? venue_named(s, rest) : venue_inline(s, reader)))
        return false;
    return !timed || venue_force(s, t_ms);
}
