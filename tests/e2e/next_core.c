/*
 * next_core -c FILE: `crowdtide process` with a core of another version, which says what this one
 * says: what an upgrade looks like. With DEAF=SENSOR it does not hear that sensor: an upgrade that
 * does otherwise.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/cli.h"
#include "processors/process/process.h"

static bool step(struct core *core, const struct log_view *record, struct core_results *results,
                 struct error *err)
{
    const char *deaf = getenv("DEAF");
    struct record_mqtt mqtt;
    struct error ignored;
    if (deaf && record->type == RECORD_MQTT &&
        record_mqtt_decode(record->body, record->body_len, &mqtt, &ignored) &&
        mqtt.topic.len > strlen(deaf) &&
        memcmp(mqtt.topic.at + mqtt.topic.len - strlen(deaf), deaf, strlen(deaf)) == 0)
        return true;
    return core_step(core, record, results, err);
}

int main(int argc, char **argv)
{
    struct config config;
    struct process_core core = *process_core_real();
    if (argc != 3 || strcmp(argv[1], "-c") != 0 || !cli_load_config(argv[2], &config))
        return EXIT_USAGE;
    core.version = "next";
    core.step = step;
    cli_signals();
    int code = process_run(
        &(struct process_options){.config = &config, .stop = cli_stop(), .core = &core});
    config_free(&config);
    return code;
}
