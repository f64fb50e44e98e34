#include "deploy/cli/payload_catalog.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/config/config.h"

enum { PATH_BYTES = 4500, LEVELS_MAX = 32 };

struct payload_catalog {
    struct kept {
        char *text;
        uint32_t len;
    } kept[PAYLOAD_MAPS_MAX];
    uint32_t count;
    struct payload_maps *guessed; /* of the last guess */
};

static bool keep(struct payload_catalog *catalog, const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = file ? malloc(PAYLOAD_MAP_BYTES_MAX) : NULL;
    size_t len = text ? fread(text, 1, PAYLOAD_MAP_BYTES_MAX, file) : 0;
    if (file)
        (void)fclose(file);
    if (len == 0 || len == PAYLOAD_MAP_BYTES_MAX) {
        free(text);
        return false;
    }
    catalog->kept[catalog->count++] = (struct kept){text, (uint32_t)len};
    return true;
}

static int is_yaml(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".yaml") == 0;
}

bool payload_catalog_open(const char *payload_dir, struct payload_catalog **ret, struct error *err)
{
    char dir[CONFIG_PATH_BYTES], path[PATH_BYTES];
    struct dirent **entry = NULL;
    struct payload_catalog *catalog = calloc(1, sizeof *catalog);
    if (!catalog)
        return error_set(err, ERROR_NO_MEMORY, 0, "payload maps");
    /* By name, so that of two maps that fit alike it is always the same one. */
    int count = config_payload_dir(payload_dir, dir) ? scandir(dir, &entry, is_yaml, alphasort) : 0;
    for (int i = 0; i < count; i++) {
        int n = snprintf(path, sizeof path, "%s/%s", dir, entry[i]->d_name);
        if (n > 0 && n < (int)sizeof path && catalog->count < PAYLOAD_MAPS_MAX)
            (void)keep(catalog, path); /* one that can't be read is no candidate */
        free(entry[i]);
    }
    free(entry);
    *ret = catalog;
    return true;
}

void payload_catalog_close(struct payload_catalog *catalog)
{
    if (!catalog)
        return;
    for (uint32_t i = 0; i < catalog->count; i++)
        free(catalog->kept[i].text);
    payload_maps_free(catalog->guessed);
    free(catalog);
}

/* The map alone in a list, under one filter or (len 0) its own. NULL: it can't be had so. */
static struct payload_maps *alone(const struct kept *kept, struct str filter)
{
    struct problems *problems = calloc(1, sizeof *problems);
    struct payload_maps *maps = payload_maps_new();
    struct payload_map *map = NULL;
    struct error err = {0};
    bool ok =
        problems && maps && payload_map_parse((struct str){kept->text, kept->len}, &map, problems);
    if (ok && !payload_maps_add(maps, map, &filter, filter.len ? 1 : 0, &err)) {
        payload_map_free(map);
        ok = false;
    }
    free(problems);
    if (ok)
        return maps;
    payload_maps_free(maps);
    return NULL;
}

/* How many readings the list's map makes of the message, or 1 for a status; 0 when there is a
 * mistake in it. */
static uint32_t score(struct payload_decoder *decoder, const struct payload_maps *maps,
                      const struct payload_message *message)
{
    struct payload_outcome outcome;
    const struct payload_map *map = payload_maps_find(maps, message->topic);
    if (!map)
        return 0;
    payload_decode(decoder, maps, map, message, &outcome);
    if (outcome.kind == PAYLOAD_STATUS)
        return 1;
    if (outcome.kind != PAYLOAD_READINGS)
        return 0;
    for (uint32_t i = 0; i < outcome.count; i++) {
        if (outcome.reading[i].refused)
            return 0;
    }
    return outcome.count;
}

/* The level that names the device, most likely: the last with a digit in it, else the last that is
 * no word of the trade. */
static uint32_t device_level(const struct str *level, uint32_t count)
{
    static const char *const words[] = {"up",     "event",  "events", "state",    "status",
                                        "sensor", "SENSOR", "tele",   "stat",     "rpc",
                                        "data",   "rx",     "json",   "telemetry"};
    for (uint32_t i = count; i > 0; i--) {
        for (uint32_t c = 0; c < level[i - 1].len; c++) {
            if (level[i - 1].at[c] >= '0' && level[i - 1].at[c] <= '9')
                return i - 1;
        }
    }
    for (uint32_t i = count; i > 0; i--) {
        bool word = level[i - 1].len == 0;
        for (size_t w = 0; w < sizeof words / sizeof words[0]; w++)
            word = word || str_is(level[i - 1], words[w]);
        if (!word)
            return i - 1;
    }
    return count - 1;
}

/* The topic with {device} in place of one level. False: it can't be a filter. */
static bool filter_of(struct str topic, char out[PAYLOAD_GUESS_FILTER_BYTES])
{
    struct str level[LEVELS_MAX];
    uint32_t count = 0, from = 0;
    for (uint32_t i = 0; i <= topic.len; i++) {
        if (i < topic.len && topic.at[i] != '/')
            continue;
        if (count == LEVELS_MAX)
            return false;
        level[count++] = (struct str){topic.at + from, i - from};
        from = i + 1;
    }
    uint32_t device = device_level(level, count);
    struct text text = text_over(out, PAYLOAD_GUESS_FILTER_BYTES - 1);
    for (uint32_t i = 0; i < count; i++) {
        text_add(&text, i ? "/" : "");
        if (i == device)
            text_add(&text, "{device}");
        else
            text_add_str(&text, level[i]);
    }
    out[text.len] = '\0';
    return !text.overflow && utf8_valid((const uint8_t *)topic.at, topic.len) &&
           !memchr(topic.at, '{', topic.len) && !memchr(topic.at, '+', topic.len) &&
           !memchr(topic.at, '#', topic.len);
}

/* Keeps the better of the two. */
static void consider(struct payload_catalog *catalog, struct payload_maps *maps, uint32_t points,
                     uint32_t *best, const char *filter, struct payload_guess *guess)
{
    if (points <= *best) {
        payload_maps_free(maps);
        return;
    }
    payload_maps_free(catalog->guessed);
    catalog->guessed = maps;
    *best = points;
    guess->maps = maps;
    guess->map = payload_maps_at(maps, 0);
    (void)snprintf(guess->filter, sizeof guess->filter, "%s", filter);
}

bool payload_catalog_guess(struct payload_catalog *catalog, struct payload_decoder *decoder,
                           const struct payload_message *message, struct payload_guess *ret)
{
    char filter[PAYLOAD_GUESS_FILTER_BYTES] = "";
    uint32_t best = 0;
    bool usable = filter_of(message->topic, filter);
    for (int round = 0; round < 2 && best == 0; round++) {
        const struct str wanted = round == 0 ? (struct str){0} : str_of(filter);
        for (uint32_t i = 0; i < catalog->count && (round == 0 || usable); i++) {
            struct payload_maps *maps = alone(&catalog->kept[i], wanted);
            if (maps)
                consider(catalog, maps, score(decoder, maps, message), &best,
                         round == 0 ? "" : filter, ret);
        }
    }
    return best > 0;
}
