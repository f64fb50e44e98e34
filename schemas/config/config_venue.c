/* The venue file and the payload maps that it names, read into one bundle. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schemas/config/config.h"
#include "schemas/config/config_file.h"
#include "schemas/payload/payload_map.h"
#include "schemas/payload/payload_redact.h"
#include "schemas/venue/bundle.h"
#include "schemas/venue/venue.h"
#include "schemas/yaml/tree.h"

enum { PATH_BYTES = 4200 };

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

/* ---- where maps are -------------------------------------------------------------------------- */

/* Where maps that come with the program are, seen from its own folder. */
static const char *const shipped[] = {"../share/crowdtide/payloads", "../deploy/payloads"};

static bool program_dir(char out[PATH_BYTES])
{
    ssize_t len = readlink("/proc/self/exe", out, PATH_BYTES - 1);
    if (len <= 0)
        return false;
    out[len] = '\0';
    char *slash = strrchr(out, '/');
    if (slash)
        *slash = '\0';
    return slash != NULL;
}

/* dir/name.yaml, where it is; false: it is not, or too long to be. */
static bool map_in(const char *dir, const char *name, char out[PATH_BYTES])
{
    int n = snprintf(out, PATH_BYTES, "%s/%s.yaml", dir, name);
    return n > 0 && n < PATH_BYTES && is_there(out);
}

static bool map_shipped(const char *name, char out[PATH_BYTES])
{
    char program[PATH_BYTES], dir[PATH_BYTES + 32];
    if (!program_dir(program))
        return false;
    for (size_t i = 0; i < sizeof shipped / sizeof *shipped; i++) {
        (void)snprintf(dir, sizeof dir, "%s/%s", program, shipped[i]);
        if (map_in(dir, name, out))
            return true;
    }
    return false;
}

bool config_payload_dir(const char *payload_dir, char out[CONFIG_PATH_BYTES])
{
    char program[PATH_BYTES];
    if (payload_dir[0])
        return snprintf(out, CONFIG_PATH_BYTES, "%s", payload_dir) < CONFIG_PATH_BYTES &&
               is_there(out);
    if (!program_dir(program))
        return false;
    for (size_t i = 0; i < sizeof shipped / sizeof *shipped; i++) {
        int n = snprintf(out, CONFIG_PATH_BYTES, "%s/%s", program, shipped[i]);
        if (n > 0 && n < CONFIG_PATH_BYTES && is_there(out))
            return true;
    }
    return false;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len > end_len && strcmp(text + len - end_len, end) == 0;
}

/* Seen from the venue file's folder. */
static bool path_beside(const char *venue_path, const char *name, char out[PATH_BYTES])
{
    const char *slash = strrchr(venue_path, '/');
    int dir = name[0] == '/' || !slash ? 0 : (int)(slash - venue_path) + 1;
    int n = snprintf(out, PATH_BYTES, "%.*s%s", dir, venue_path, name);
    return n > 0 && n < PATH_BYTES;
}

/* What the bundle calls the file. Folders that differ from machine to machine are not in it, or the
 * same maps would be another model on each. */
static void shown_as(const char *name, bool ships, char out[PATH_BYTES])
{
    (void)snprintf(out, PATH_BYTES, "%s%s%s", ships ? "payloads/" : "", name,
                   ends_with(name, ".yaml") ? "" : ".yaml");
}

/* A name that ends in .yaml is a path. Another one is a map beside the venue file, which so can be
 * put in place of one that comes with the program, or one of payload_dir. */
static bool map_find(const char *venue_path, const char *payload_dir, const char *name,
                     char path[PATH_BYTES], char shown[PATH_BYTES])
{
    char file[PATH_BYTES];
    shown_as(name, false, file);
    shown_as(name, false, shown);
    if (path_beside(venue_path, file, path) && is_there(path))
        return true;
    if (ends_with(name, ".yaml") || strchr(name, '/'))
        return false;
    shown_as(name, true, shown);
    return payload_dir[0] ? map_in(payload_dir, name, path) : map_shipped(name, path);
}

/* ---- the bundle ------------------------------------------------------------------------------ */

struct part { /* a map that has been read */
    char *text, *path;
    size_t len;
};

struct bundling {
    struct bundle_name name[BUNDLE_MAPS_MAX];
    struct part part[BUNDLE_MAPS_MAX];
    uint32_t count;
};

static bool refuse(struct error *err, const char *path, uint32_t line, uint32_t column,
                   const char *text)
{
    (void)error_set(err, ERROR_MALFORMED, 0, "%s:%u:%u: %s", path, line, column, text);
    if (err)
        err->position = line;
    return false;
}

static bool part_read(struct bundling *b, uint32_t i, const char *venue_path,
                      const char *payload_dir, struct error *err)
{
    const struct bundle_name *name = &b->name[i];
    struct part *part = &b->part[i];
    char path[PATH_BYTES], shown[PATH_BYTES], text[ERROR_WHERE_BYTES];
    if (strchr(name->text, ' '))
        return refuse(err, venue_path, name->line, name->column,
                      "map: a name without blanks is expected");
    if (!map_find(venue_path, payload_dir, name->text, path, shown)) {
        (void)snprintf(text, sizeof text,
                       "map \"%.100s\": no such file; maps are looked for beside the venue file "
                       "and, by names without .yaml, in %.100s",
                       name->text, payload_dir[0] ? payload_dir : shipped[0]);
        return refuse(err, venue_path, name->line, name->column, text);
    }
    if (!config_file_read(path, PAYLOAD_MAP_BYTES_MAX, &part->text, &part->len, err))
        return false;
    uint32_t marked = bundle_marked((struct str){part->text, (uint32_t)part->len});
    if (marked)
        return refuse(err, path, marked, 1, "a payload map can't hold a line like this one");
    part->path = strdup(shown);
    return part->path || error_set(err, ERROR_NO_MEMORY, 0, "%s", path);
}

static bool join(const struct bundling *b, struct str venue, const char *path, char **ret_source,
                 size_t *ret_len, struct error *err)
{
    size_t cap = venue.len;
    for (uint32_t i = 0; i < b->count; i++)
        cap += bundle_add_bytes(str_of(b->name[i].text), str_of(b->part[i].path),
                                (struct str){b->part[i].text, (uint32_t)b->part[i].len});
    if (cap > VENUE_SOURCE_BYTES_MAX)
        return error_set(err, ERROR_TOO_LARGE, 0, "%s: with its payload maps longer than %d bytes",
                         path, VENUE_SOURCE_BYTES_MAX);
    char *all = malloc(cap + 1);
    if (!all)
        return error_set(err, ERROR_NO_MEMORY, 0, "%s", path);
    struct text out = text_over(all, cap);
    text_add_str(&out, venue);
    for (uint32_t i = 0; i < b->count; i++)
        bundle_add(&out, str_of(b->name[i].text), str_of(b->part[i].path),
                   (struct str){b->part[i].text, (uint32_t)b->part[i].len});
    all[out.len] = '\0';
    *ret_source = all;
    *ret_len = out.len;
    return true;
}

bool config_bundle(struct str text, const char *path, const char *payload_dir, char **ret_source,
                   size_t *ret_len, struct error *err)
{
    struct bundling *b = calloc(1, sizeof *b);
    const char *environment = getenv("CROWDTIDE_PAYLOADS");
    if (!b)
        return error_set(err, ERROR_NO_MEMORY, 0, "%s", path);
    if (!payload_dir)
        payload_dir = environment ? environment : "";
    if (!bundle_marked(text))
        b->count = bundle_names(text, b->name);
    bool ok = true;
    for (uint32_t i = 0; ok && i < b->count; i++)
        ok = part_read(b, i, path, payload_dir, err);
    ok = ok && join(b, text, path, ret_source, ret_len, err);
    for (uint32_t i = 0; i < b->count; i++) {
        free(b->part[i].text);
        free(b->part[i].path);
    }
    free(b);
    return ok;
}

/* ---- the file -------------------------------------------------------------------------------- */

static bool expand(struct str text, const char *path, char **ret, size_t *ret_len,
                   struct error *err)
{
    struct problems *problems = calloc(1, sizeof *problems);
    if (!problems)
        return error_set(err, ERROR_NO_MEMORY, 0, "%s", path);
    bool ok = tree_expand(text, &tree_env_process, ret, ret_len, problems);
    if (!ok)
        (void)refuse(err, path, problems->problem[0].line, problems->problem[0].column,
                     problems->problem[0].text);
    free(problems);
    return ok;
}

bool config_read_venue_file(const char *path, const char *payload_dir, char **ret_source,
                            size_t *ret_len, struct error *err)
{
    char *source = NULL, *expanded = NULL;
    size_t len = 0;
    if (!config_file_read(path, VENUE_SOURCE_BYTES_MAX, &source, &len, err))
        return false;
    uint32_t marked = bundle_marked((struct str){source, (uint32_t)len});
    bool ok = marked ? refuse(err, path, marked, 1, "a venue file can't hold a line like this one")
                     : expand((struct str){source, (uint32_t)len}, path, &expanded, &len, err);
    ok = ok && config_bundle((struct str){expanded, (uint32_t)len}, path, payload_dir, ret_source,
                             ret_len, err);
    free(expanded);
    free(source);
    return ok;
}

bool config_read_venue(const struct config *config, char **ret_source, size_t *ret_len,
                       struct error *err)
{
    if (!config->venue_file[0])
        return error_set(err, ERROR_NOT_FOUND, 0, "no venue file: the setting \"venue\" is empty");
    return config_read_venue_file(config->venue_file, config->payload_dir, ret_source, ret_len,
                                  err);
}

/* ---- privacy --------------------------------------------------------------------------------- */

bool config_privacy_fits(const struct config *config, const struct venue *venue,
                         struct problems *problems)
{
    size_t len = strlen(config->privacy_key);
    for (uint32_t i = 0; i < payload_maps_count(venue->payloads); i++) {
        const struct payload_map *map = payload_maps_at(venue->payloads, i);
        if (!payload_map_hashes(map) || len >= PAYLOAD_SECRET_BYTES_MIN)
            continue;
        struct str id = payload_map_facts(map)->id;
        problems_add(problems, 0, 0,
                     "payload map \"" STR_FMT "\" hashes what is personal: privacy.key_file must "
                     "name a file with a secret of at least %d bytes%s",
                     STR_ARG(id), PAYLOAD_SECRET_BYTES_MIN, len ? "; this one is shorter" : "");
        return false;
    }
    return true;
}
