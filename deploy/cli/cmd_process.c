#include "deploy/cli/arguments.h"
#include "deploy/cli/cli.h"
#include "processors/process/process.h"

int cmd_process(int argc, char **argv)
{
    const char *config_path = NULL;
    const struct arguments_option options[] = {ARGUMENTS_CONFIG(&config_path), {0}};
    const struct arguments spec = {
        .command = "process",
        .operands = "",
        .about =
            "Reads the readings log and appends what it means to the alerts log and the bulk log,\n"
            "each result exactly once, whenever it is killed. `crowdtide run` starts it.",
        .options = options,
        .more = "Exit codes: 0 stopped by SIGTERM, 1 failure, 2 bad use or bad configuration.",
    };
    int code = EXIT_OK;
    if (!arguments_parse(argc, argv, &spec, NULL, &code))
        return code;
    struct config config;
    if (!cli_load_config(config_path, &config))
        return EXIT_USAGE;
    cli_signals();
    code = process_run(&(struct process_options){
        .config = &config, .stop = cli_stop(), .core = process_core_real()});
    config_free(&config);
    return code;
}
