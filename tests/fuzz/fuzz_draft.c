/* Drafts of payload maps out of strangers' messages: a line with the topic, then the payload. What
 * is drafted becomes a map when a person has said what it counts, and nothing in it moves a
 * terminal. */
#include <string.h>

#include "deploy/cli/payload_draft.h"
#include "schemas/base/problems.h"
#include "schemas/json/json.h"
#include "schemas/payload/payload_map.h"
#include "tests/fuzz/fuzz.h"

enum { PAGE_BYTES = 256 * 1024, INPUT_BYTES_MAX = 16384 };

static void replace(char *at, const char *word, const char *with)
{
    memmove(at + strlen(with), at + strlen(word), strlen(at + strlen(word)) + 1);
    memcpy(at, with, strlen(with));
}

/* Whether the entry around `at` has passages among its members. */
static bool passages(const char *at)
{
    const char *in = strstr(at, "\n    in: "), *out = strstr(at, "\n    out: ");
    const char *next = strstr(at, "\n  - ");
    return (in && (!next || in < next)) || (out && (!next || out < next));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char page[PAGE_BYTES + 1];
    const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
    if (!line || size > INPUT_BYTES_MAX)
        return 0;
    struct str topic = {(const char *)data, (uint32_t)(line - data)};
    struct str payload = {(const char *)line + 1, (uint32_t)(size - topic.len - 1)};
    if (memchr(topic.at, '\0', topic.len) || memchr(topic.at, '+', topic.len) ||
        memchr(topic.at, '#', topic.len) || topic.len == 0)
        return 0; /* no broker has such topics */
    struct payload_drafts *drafts = payload_drafts_new();
    FUZZ_MUST(drafts);
    payload_drafts_keep(drafts, topic, payload);
    struct text out = text_over(page, PAGE_BYTES / 2);
    payload_drafts_write(drafts, "venue.yaml", &out);
    payload_drafts_free(drafts);
    FUZZ_MUST(!out.overflow);
    page[out.len] = '\0';
    FUZZ_MUST(strlen(page) == out.len);
    for (size_t i = 0; i < out.len; i++)
        FUZZ_MUST((unsigned char)page[i] >= 0x20 || page[i] == '\n');
    char *draft = strstr(page, "\npayload: ");
    if (!draft)
        return 0;
    for (char *kind; (kind = strstr(draft, "kind: KIND"));)
        replace(kind + 6, "KIND", passages(kind) ? "total" : "level");
    for (char *member; (member = strstr(draft, "    MEMBER: "));)
        replace(member + 4, "MEMBER", "occupancy");
    struct payload_map *map = NULL;
    struct problems problems = {0};
    FUZZ_MUST(payload_map_parse(str_of(draft + 1), &map, &problems));
    payload_map_free(map);
    return 0;
}
