/*
 * Messages through the shipped payload maps. The first byte chooses the map; then its topic, up to
 * a line feed (none: one that its first filter fits), and the payload. Whatever it is: readings
 * that hold what they promise, nothing, a status, or a refusal with a reason; the same each time.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "schemas/json/json_fault.h"
#include "schemas/payload/member.h"
#include "schemas/payload/payload_decode.h"
#include "tests/fuzz/fuzz.h"

enum { MAPS_MAX = PAYLOAD_MAPS_MAX, TEXT_BYTES = 1024 * 1024, PATH_BYTES = 4096 };

static struct {
    struct payload_decoder *decoder;
    struct payload_maps *maps[MAPS_MAX]; /* of one map each: any topic goes to it */
    uint32_t count;
} world;

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_map(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 5 && strcmp(entry->d_name + len - 5, ".yaml") == 0;
}

static void map_add(const char *path)
{
    static char source[PAYLOAD_MAP_BYTES_MAX];
    struct payload_map *map = NULL;
    struct problems problems = {0};
    struct payload_maps *maps = payload_maps_new();
    FILE *in = fopen(path, "rb");
    FUZZ_MUST(in && maps && world.count < MAPS_MAX);
    struct str text = {source, (uint32_t)fread(source, 1, sizeof source, in)};
    (void)fclose(in);
    FUZZ_MUST(payload_map_parse(text, &map, &problems));
    FUZZ_MUST(payload_maps_add(maps, map, NULL, 0, NULL));
    world.maps[world.count++] = maps;
}

static void begin(void)
{
    static const char dir[] = CROWDTIDE_SOURCE_DIR "/deploy/payloads";
    struct dirent **entry = NULL;
    int count = scandir(dir, &entry, is_map, by_name);
    FUZZ_MUST(count > 0);
    for (int i = 0; i < count; i++) {
        char path[PATH_BYTES];
        FUZZ_MUST(snprintf(path, sizeof path, "%s/%s", dir, entry[i]->d_name) < (int)sizeof path);
        map_add(path);
        free(entry[i]);
    }
    free(entry);
    world.decoder = payload_decoder_new();
    FUZZ_MUST(world.decoder);
}

/* A topic for the first filter. */
static struct str topic_of(const struct payload_maps *maps, char out[256])
{
    struct text t = text_over(out, 256);
    struct str filter = payload_maps_filter(maps, 0);
    for (uint32_t i = 0; i < filter.len; i++)
        text_add(&t, filter.at[i] == '+' || filter.at[i] == '#' ? "d1" : (char[]){filter.at[i], 0});
    return (struct str){out, (uint32_t)t.len};
}

static bool name_holds(struct str name)
{
    return name.len <= PAYLOAD_NAME_BYTES_MAX && utf8_valid((const uint8_t *)name.at, name.len);
}

static void reading_must_hold(const struct payload_reading *r)
{
    struct refusal refusal;
    FUZZ_MUST(name_holds(r->device) && name_holds(r->part));
    if (r->refused) {
        FUZZ_MUST(r->refusal.detail[0] && memchr(r->refusal.detail, '\0', REFUSAL_DETAIL_BYTES));
        return;
    }
    const struct result_reading *v = &r->values;
    FUZZ_MUST(r->partial || members_complete(r->class, r->kind, v, &refusal));
    FUZZ_MUST(v->occupancy == RESULT_ABSENT ||
              (v->occupancy >= 0 && v->occupancy <= READING_PEOPLE_MAX));
    FUZZ_MUST(v->in == RESULT_ABSENT || (v->in >= 0 && (double)v->in <= READING_TOTAL_MAX));
    FUZZ_MUST(v->out == RESULT_ABSENT || (v->out >= 0 && (double)v->out <= READING_TOTAL_MAX));
    FUZZ_MUST(v->lux != v->lux || v->lux >= 0);
    FUZZ_MUST(v->power_w != v->power_w || v->power_w >= 0);
}

static void must_hold(const struct payload_outcome *outcome)
{
    switch (outcome->kind) {
    case PAYLOAD_READINGS:
        FUZZ_MUST(outcome->count >= 1 && outcome->count <= PAYLOAD_READINGS_MAX);
        for (uint32_t i = 0; i < outcome->count; i++)
            reading_must_hold(&outcome->reading[i]);
        break;
    case PAYLOAD_STATUS:
        FUZZ_MUST(name_holds(outcome->device));
        break;
    case PAYLOAD_REFUSED:
        FUZZ_MUST(outcome->refusal.detail[0]);
        break;
    case PAYLOAD_NOTHING:
        break;
    }
}

static void on_ignored(void *context, struct str pointer)
{
    (void)context;
    FUZZ_MUST(pointer.len == 0 || pointer.at[0] == '/');
}

static void decode(const struct payload_maps *maps, struct str topic, struct str payload)
{
    static char once[TEXT_BYTES], twice[TEXT_BYTES];
    struct text first = text_over(once, sizeof once), second = text_over(twice, sizeof twice);
    const struct payload_map *map = payload_maps_find(maps, topic);
    struct payload_outcome outcome;
    if (!map)
        return;
    struct payload_message message = {.topic = topic,
                                      .payload = payload,
                                      .received_ms = INT64_C(1795424400000),
                                      .utc_offset_s = 8 * 3600};
    payload_decode(world.decoder, maps, map, &message, &outcome);
    must_hold(&outcome);
    payload_outcome_text(&outcome, &first);
    payload_ignored(world.decoder, map, on_ignored, NULL);
    payload_decode(world.decoder, maps, map, &message, &outcome);
    payload_outcome_text(&outcome, &second);
    FUZZ_MUST(!first.overflow && first.len == second.len && memcmp(once, twice, first.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char made[256];
    if (size < 2 || size > PAYLOAD_DOCUMENT_BYTES_MAX)
        return 0;
    if (!world.decoder)
        begin();
    const struct payload_maps *maps = world.maps[data[0] % world.count];
    const uint8_t *end = memchr(data + 1, '\n', size - 1);
    const uint8_t *from = end ? end + 1 : data + 1;
    struct str topic = {(const char *)data + 1, end ? (uint32_t)(end - data - 1) : 0};
    if (topic.len == 0)
        topic = topic_of(maps, made);
    size_t len = size - (size_t)(from - data);
    uint8_t *payload = malloc(len + JSON_PADDING_BYTES);
    FUZZ_MUST(payload);
    if (len)
        memcpy(payload, from, len);
    memset(payload + len, '"', JSON_PADDING_BYTES);
    decode(maps, topic, (struct str){(const char *)payload, (uint32_t)len});
    free(payload);
    return 0;
}
