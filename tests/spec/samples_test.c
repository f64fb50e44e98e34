/*
 * The samples that the published schemas of what others send are judged by, against the decoders
 * themselves: what the schema calls valid is taken by a sensor of that class, or as a command; what
 * it calls invalid is refused by every one. So the schemas and the program can't drift apart
 * unnoticed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "processors/core/command_request.h"
#include "processors/core/reading.h"
#include "tests/support/support.h"

enum { LINE_BYTES_MAX = 4096, CROWD_KINDS = 4 };

struct feed {
    struct json_parser *parser;
    enum topic_class class;
    bool valid;
    uint32_t lines, wrong;
};

static bool taken(struct feed *feed, const struct venue_sensor *sensor, const char *payload)
{
    char padded[LINE_BYTES_MAX + JSON_PADDING_BYTES] = {0};
    struct result_reading reading;
    struct refusal refusal = {0};
    size_t len = strlen(payload);
    memcpy(padded, payload, len);
    result_clear(RECORD_READING, &reading);
    return reading_parse(feed->parser, feed->class, sensor, (struct str){padded, (uint32_t)len},
                         &reading, &refusal);
}

/* A crowd message may suit one kind of counter only. */
static bool taken_by_any(struct feed *feed, const char *payload)
{
    static const struct venue_sensor gate = {.class = SENSOR_GATE},
                                     vehicles = {.class = SENSOR_VEHICLE_GATE},
                                     light = {.class = SENSOR_LIGHT};
    switch (feed->class) {
    case TOPIC_GATE:
        return taken(feed, &gate, payload) || taken(feed, &vehicles, payload);
    case TOPIC_LIGHT:
        return taken(feed, &light, payload);
    case TOPIC_CROWD:
    case TOPIC_STATUS:
        break;
    }
    for (int kind = 0; kind < CROWD_KINDS; kind++) {
        struct venue_sensor counter = {.class = SENSOR_CROWD, .kind = (enum counter_kind)kind};
        if (taken(feed, &counter, payload))
            return true;
    }
    return false;
}

/* A status payload is a bare word; its schema knows it as a JSON string. */
static void unquote(char *line)
{
    size_t len = strlen(line);
    if (len >= 2 && line[0] == '"' && line[len - 1] == '"') {
        memmove(line, line + 1, len - 2);
        line[len - 2] = '\0';
    }
}

static void feed_file(struct feed *feed, const char *name)
{
    char path[4096], line[LINE_BYTES_MAX];
    snprintf(path, sizeof path, "%s/tests/spec/samples/%s.%s.jsonl", CROWDTIDE_SOURCE_DIR, name,
             feed->valid ? "valid" : "invalid");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        feed->lines++;
        if (feed->class == TOPIC_STATUS)
            unquote(line);
        if (taken_by_any(feed, line) != feed->valid) {
            feed->wrong++;
            fprintf(stderr, "%s should be %s: %s\n", name, feed->valid ? "valid" : "invalid", line);
        }
    }
    assert_int_equal(fclose(file), 0);
}

static void decoder_and_schemas_agree(void **state)
{
    static const struct {
        const char *name;
        enum topic_class class;
    } files[] = {{"crowd", TOPIC_CROWD},
                 {"gate", TOPIC_GATE},
                 {"light", TOPIC_LIGHT},
                 {"status", TOPIC_STATUS}};
    struct feed feed = {.parser = json_parser_new(READING_DOCUMENT_BYTES_MAX)};
    (void)state;
    assert_non_null(feed.parser);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        feed.class = files[i].class;
        for (int valid = 0; valid < 2; valid++) {
            feed.valid = valid;
            feed_file(&feed, files[i].name);
        }
    }
    json_parser_free(feed.parser);
    assert_true(feed.lines > 50);
    assert_int_equal(feed.wrong, 0);
}

/* What only the state of a venue decides (whether there is such an alert, a word for it) is not the
 * decoder's to refuse; the schema says more about it. */
static bool later(const char *line)
{
    return strstr(line, "\"alert\":\"") || strstr(line, "\"state\":\"") ||
           strstr(line, "\"people\":0");
}

static void commands_and_schema_agree(void **state)
{
    char path[4096], line[LINE_BYTES_MAX + JSON_PADDING_BYTES];
    struct json_parser *parser = json_parser_new(LINE_BYTES_MAX);
    uint32_t lines = 0, judged = 0, wrong = 0;
    (void)state;
    assert_non_null(parser);
    for (int valid = 0; valid < 2; valid++) {
        snprintf(path, sizeof path, "%s/tests/spec/samples/line.%s.jsonl", CROWDTIDE_SOURCE_DIR,
                 valid ? "valid" : "invalid");
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        memset(line, 0, sizeof line);
        for (; fgets(line, LINE_BYTES_MAX, file); lines++) {
            struct command_request request;
            struct refusal refusal = {0};
            size_t len = strcspn(line, "\n");
            bool taken = command_request_parse(parser, (struct str){line, (uint32_t)len}, &request,
                                               &refusal);
            if (taken == valid)
                judged++;
            else if (valid || !later(line))
                wrong++, fprintf(stderr, "should be %s: %s", valid ? "valid" : "invalid", line);
        }
        assert_int_equal(fclose(file), 0);
    }
    json_parser_free(parser);
    assert_true(lines > 40);
    assert_true(judged > 40);
    assert_int_equal(wrong, 0);
}

/* The address with ids in the place of its parameters. */
static struct str filled(const char *address, struct text *out)
{
    static const char *const parts[][2] = {{"{venue}", "expo"}, {"{sensor}", "s"}};
    while (*address && *address != '\n') {
        size_t i = *address == '{' && address[1] == 's', len = strlen(parts[i][0]);
        bool parameter = strncmp(address, parts[i][0], len) == 0;
        if (parameter)
            text_add(out, parts[i][1]);
        else
            text_add_char(out, *address);
        address += parameter ? len : 1;
    }
    return (struct str){out->at, (uint32_t)out->len};
}

/* Every MQTT channel of the published document is a topic of the program: each class, real and of
 * an exercise. */
static void topics_are_published(void **state)
{
    static const char label[] = "    address: ";
    char line[LINE_BYTES_MAX], topic[LINE_BYTES_MAX];
    bool seen[TOPIC_STATUS + 1][2] = {{false}};
    FILE *file = fopen(CROWDTIDE_SOURCE_DIR "/schemas/spec/asyncapi.yaml", "r");
    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        struct text out = text_over(topic, sizeof topic);
        struct topic found;
        struct refusal refusal;
        if (strncmp(line, label, sizeof label - 1) != 0 || !strstr(line, "{venue}/"))
            continue;
        assert_true(
            topic_parse(filled(line + sizeof label - 1, &out), STR_LIT("expo"), &found, &refusal));
        assert_false(seen[found.class][found.drill]);
        seen[found.class][found.drill] = true;
    }
    assert_int_equal(fclose(file), 0);
    for (int class = 0; class <= TOPIC_STATUS; class ++)
        assert_true(seen[class][0] && seen[class][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(decoder_and_schemas_agree),
                                       cmocka_unit_test(commands_and_schema_agree),
                                       cmocka_unit_test(topics_are_published)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
