#include "deploy/cli/arguments.h"
#include "deploy/cli/cli.h"
#include "processors/serve/serve.h"

int cmd_serve(int argc, char **argv)
{
    const char *config_path = NULL;
    const struct arguments_option options[] = {ARGUMENTS_CONFIG(&config_path), {0}};
    const struct arguments spec = {
        .command = "serve",
        .operands = "",
        .about = "Answers over HTTP on serve.listen: /metrics (OpenMetrics, Prometheus), /healthz "
                 "(this\n"
                 "program is alive) and /readyz (200: subscribed, computing, stores taking, "
                 "nothing far\n"
                 "behind; 503: the reasons why not). `crowdtide run` starts it.",
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
    code = serve_run(&(struct serve_options){.config = &config, .stop = cli_stop()});
    config_free(&config);
    return code;
}
