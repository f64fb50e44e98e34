/*
 *     spec-generate DIRECTORY      writes every generated file of schemas/spec below DIRECTORY
 */
#include "tests/spec/generate.h"

#include <stdio.h>
#include <string.h>

void add_quoted(struct text *out, const char *s)
{
    text_add_json(out, str_of(s));
}

void add_member(struct text *out, const char *key, const char *value)
{
    add_quoted(out, key);
    text_add(out, ": ");
    add_quoted(out, value);
}

void add_words(struct text *out, const char *const *word)
{
    const char *before = "";
    text_add(out, "\"enum\": [");
    for (; *word; word++) {
        if (!(*word)[0])
            continue;
        text_add(out, before);
        add_quoted(out, *word);
        before = ", ";
    }
    text_add(out, "]");
}

void add_head(struct text *out, const char *id)
{
    text_add(out, "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
                  "  \"$id\": \"urn:crowdtide:");
    text_add(out, id);
    text_add(out, ":v1\",\n");
}

bool write_file(const char *directory, const char *name, const struct text *content)
{
    char path[4096];
    if (content->overflow) {
        fprintf(stderr, "%s: over %zu bytes\n", name, content->cap);
        return false;
    }
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    bool ok = file && fwrite(content->at, 1, content->len, file) == content->len;
    ok = (!file || fclose(file) == 0) && ok;
    if (!ok)
        perror(path);
    return ok;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: spec-generate DIRECTORY\n");
        return 2;
    }
    return generate_kafka(argv[1]) && generate_series(argv[1]) && generate_log(argv[1]) &&
                   generate_mqtt(argv[1]) && generate_command(argv[1]) &&
                   generate_counters(argv[1]) && generate_metrics(argv[1]) &&
                   generate_asyncapi(argv[1])
               ? 0
               : 1;
}
