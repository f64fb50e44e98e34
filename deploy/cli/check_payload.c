#include "deploy/cli/check_payload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/cli.h"
#include "deploy/cli/payload_shown.h"
#include "schemas/base/clock.h"
#include "schemas/base/time_zone.h"

int32_t check_payload_utc_offset_s(const struct venue *venue, int64_t now_ms)
{
    struct time_zone *zone = malloc(sizeof *zone);
    int32_t offset_s = 0;
    if (zone && time_zone_load(NULL, venue->time_zone, zone, NULL))
        offset_s = time_zone_offset_s(zone, now_ms / 1000);
    free(zone);
    return offset_s;
}

/* Reads it whole, with room behind it for the JSON reader. False: said why. */
static bool file_read(const char *path, char **ret_bytes, uint32_t *ret_len)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char *bytes = calloc(1, PAYLOAD_DOCUMENT_BYTES_MAX + 1 + JSON_PADDING_BYTES);
    bool ok = file && bytes;
    size_t len = ok ? fread(bytes, 1, PAYLOAD_DOCUMENT_BYTES_MAX + 1, file) : 0;
    if (!file || (ok && ferror(file)))
        (void)fprintf(stderr, "crowdtide check: %s: %s\n", path, strerror(errno));
    else if (len > PAYLOAD_DOCUMENT_BYTES_MAX)
        (void)fprintf(stderr, "crowdtide check: %s: over %d bytes\n", path,
                      PAYLOAD_DOCUMENT_BYTES_MAX);
    ok = ok && !ferror(file) && len <= PAYLOAD_DOCUMENT_BYTES_MAX;
    if (file && file != stdin)
        (void)fclose(file);
    if (!ok) {
        free(bytes);
        return false;
    }
    /* An editor ends the file with a line feed; the device sends none. */
    if (len && bytes[len - 1] == '\n')
        bytes[--len] = '\0';
    *ret_bytes = bytes;
    *ret_len = (uint32_t)len;
    return true;
}

/* A map of the user's own, alone, under the very topic. NULL: said why. */
static struct payload_maps *map_alone(const char *path)
{
    char *text = NULL;
    uint32_t len = 0;
    struct payload_map *map = NULL;
    struct error err = {0};
    struct problems *problems = calloc(1, sizeof *problems);
    struct payload_maps *maps = payload_maps_new();
    bool ok = problems && maps && file_read(path, &text, &len);
    if (ok) {
        ok = payload_map_parse((struct str){text, len}, &map, problems);
        cli_print_problems(path, problems);
    }
    if (ok && !payload_maps_add(maps, map, NULL, 0, &err)) {
        char words[ERROR_WHERE_BYTES + 128];
        (void)fprintf(stderr, "%s: %s\n", path, error_describe(&err, words, sizeof words));
        payload_map_free(map);
        ok = false;
    }
    free(problems);
    free(text);
    if (ok)
        return maps;
    payload_maps_free(maps);
    return NULL;
}

static void show_text(const struct check_payload *check, struct payload_shown *shown,
                      const struct payload_message *message, enum shown_fate fate, struct str lines)
{
    (void)printf("%s  (%u bytes)\n%.*s", check->topic, message->payload.len, (int)lines.len,
                 lines.at);
    if (fate != SHOWN_UNBOUND && fate != SHOWN_UNKNOWN)
        return;
    char *page = malloc(SHOWN_BYTES_MAX);
    if (!page)
        return;
    struct text advice = text_over(page, SHOWN_BYTES_MAX);
    payload_shown_advice(shown, check->config->venue_file, &advice);
    (void)printf("\n%.*s", (int)advice.len, page);
    free(page);
}

static int show(const struct check_payload *check, struct payload_shown *shown,
                const struct payload_message *message)
{
    char *page = malloc(2 * (size_t)SHOWN_BYTES_MAX);
    if (!page)
        return EXIT_FAILED;
    struct text out = text_over(page, SHOWN_BYTES_MAX);
    struct text line = text_over(page + SHOWN_BYTES_MAX, SHOWN_BYTES_MAX);
    enum shown_fate fate = payload_shown_message(shown, message, &out);
    struct str lines = {page, (uint32_t)out.len};
    if (check->json) {
        payload_shown_json(message->topic, false, message->received_ms, fate, lines, &line);
        (void)fwrite(line.at, 1, line.len, stdout);
    } else {
        show_text(check, shown, message, fate, lines);
    }
    free(page);
    return fate == SHOWN_COUNTS ? EXIT_OK : EXIT_FAILED;
}

int check_payload(const struct check_payload *check)
{
    char *bytes = NULL;
    uint32_t len = 0;
    struct payload_shown *shown = NULL;
    struct payload_maps *alone = NULL;
    struct error err = {0};
    if (check->map && !(alone = map_alone(check->map)))
        return EXIT_USAGE;
    if (!file_read(check->file, &bytes, &len)) {
        payload_maps_free(alone);
        return EXIT_USAGE;
    }
    int64_t now_ms = clock_wall_ns() / 1000000;
    const struct payload_message message = {
        .topic = str_of(check->topic),
        .payload = {bytes, len},
        .content_type = check->content_type ? str_of(check->content_type) : (struct str){0},
        .received_ms = now_ms,
        .utc_offset_s = check_payload_utc_offset_s(check->venue, now_ms)};
    int code = EXIT_FAILED;
    if (alone && payload_maps_find(alone, message.topic) == NULL) {
        (void)fprintf(stderr, "crowdtide check: no filter of %s fits %s\n", check->map,
                      check->topic);
        code = EXIT_USAGE;
    } else if (payload_shown_new(check->venue, check->config->payload_dir, &shown, &err)) {
        payload_shown_map(shown, alone);
        code = show(check, shown, &message);
    } else {
        (void)fprintf(stderr, "crowdtide check: out of memory\n");
    }
    payload_shown_free(shown);
    payload_maps_free(alone);
    free(bytes);
    return code;
}
