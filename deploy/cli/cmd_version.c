#include <stdio.h>
#include <string.h>

#include "deploy/cli/arguments.h"
#include "deploy/cli/cli.h"
#include "ingest/mqtt_version.h"
#include "processors/core/core.h"
#include "processors/net/http_poster.h"
#include "processors/net/kafka_link.h"
#include "schemas/base/str.h"
#include "schemas/json/json.h"

enum { OUT_BYTES = 1024 };

/* curl says "libcurl/7.88.1 OpenSSL/3.0.17 …". */
static const char *curl_version_only(const char *text)
{
    static const char prefix[] = "libcurl/";
    return strncmp(text, prefix, sizeof prefix - 1) == 0 ? text + sizeof prefix - 1 : text;
}

int cmd_version(int argc, char **argv)
{
    bool json = false;
    const struct arguments_option options[] = {
        {.name = "json", .help = "one JSON object, for programs", .flag = &json},
        {0},
    };
    const struct arguments spec = {
        .command = "version",
        .operands = "",
        .about =
            "Prints the version of crowdtide, of its core (which marks an era in the results)\n"
            "and of the libraries that it runs with.",
        .options = options,
    };
    int code = EXIT_OK;
    /* `crowdtide --version` comes here with that word as the command's name. */
    if (!arguments_parse(argc, argv, &spec, NULL, &code))
        return code;
    const struct {
        const char *name, *version;
    } parts[] = {
        {"crowdtide", CROWDTIDE_VERSION},
        {"core", CORE_VERSION},
        {"paho-mqtt-c", mqtt_library_version()},
        {"librdkafka", kafka_library_version()},
        {"libcurl", curl_version_only(http_library_version())},
        {"simdjson", json_library_version()},
    };
    char line[OUT_BYTES];
    struct text out = text_over(line, sizeof line);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (json) {
            text_add(&out, i ? "," : "{");
            text_add_json(&out, str_of(parts[i].name));
            text_add_char(&out, ':');
            text_add_json(&out, str_of(parts[i].version));
        } else {
            text_add(&out, parts[i].name);
            text_add_char(&out, ' ');
            text_add(&out, parts[i].version);
            text_add_char(&out, '\n');
        }
    }
    if (json)
        text_add(&out, "}\n");
    bool ok = fwrite(out.at, 1, out.len, stdout) == out.len && fflush(stdout) == 0;
    return ok ? EXIT_OK : EXIT_FAILED;
}
