/* metrics.json: what `serve` shows at /metrics: names as Prometheus has them, types, labels. The
 * age of a heartbeat, which is shown when there has been one, is not among them. */
#include <stdlib.h>
#include <string.h>

#include "processors/serve/metrics.h"
#include "tests/spec/generate.h"

enum { FILE_BYTES_MAX = 256 * 1024 };

static const char head[] =
    "{\n  \"title\": \"The metrics that serve shows, in the Prometheus text format\",\n"
    "  \"version\": \"v1\",\n  \"metrics\": {";

/* The label of a family's first sample, which follows its header. */
static struct str label_of(const char *header, const char *name, size_t len)
{
    const char *at = strstr(header, "\n# HELP ");
    const char *sample = at ? strchr(at + 1, '\n') : NULL;
    const char *open =
        sample && strncmp(sample + 1, name, len) == 0 ? strpbrk(sample + 1, "{ ") : NULL;
    const char *equal = open && *open == '{' ? strchr(open, '=') : NULL;
    return equal ? (struct str){open + 1, (uint32_t)(equal - open - 1)} : (struct str){0};
}

static void add_metric(struct text *out, const char *header, bool first)
{
    const char *name = header + strlen("# TYPE "), *blank = strchr(name, ' ');
    size_t len = (size_t)(blank - name);
    struct str label = label_of(header, name, len);
    text_add(out, first ? "\n    " : ",\n    ");
    text_add_json(out, (struct str){name, (uint32_t)len});
    text_add(out, ": {\"type\": ");
    text_add_json(out, (struct str){blank + 1, (uint32_t)strcspn(blank + 1, "\n")});
    if (label.len) {
        text_add(out, ", \"label\": ");
        text_add_json(out, label);
    }
    text_add(out, "}");
}

bool generate_metrics(const char *directory)
{
    struct watch_figures figures = {0};
    struct watch_state *state = watch_state_new(directory);
    char *page = calloc(1, METRICS_BYTES_MAX + 1), *file = malloc(FILE_BYTES_MAX);
    bool ok = state && page && file;
    if (ok) {
        struct text shown = text_over(page, METRICS_BYTES_MAX),
                    out = text_over(file, FILE_BYTES_MAX);
        metrics_write(&(struct metrics_view){.figures = &figures, .state = state},
                      METRICS_PROMETHEUS, &shown);
        text_add(&out, head);
        bool first = true;
        for (const char *at = strstr(page, "# TYPE "); at; at = strstr(at + 1, "# TYPE ")) {
            add_metric(&out, at, first);
            first = false;
        }
        text_add(&out, "\n  }\n}\n");
        ok = !shown.overflow && write_file(directory, "metrics.json", &out);
    }
    watch_state_free(state);
    free(page);
    free(file);
    return ok;
}
