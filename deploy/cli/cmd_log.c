#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/arguments.h"
#include "deploy/cli/cli.h"
#include "deploy/cli/log_commands.h"

static const char *const log_names[] = {"readings", "alerts", "bulk"};

struct request {
    const char *config, *state, *from, *to;
    bool json;
    struct log_target logs[LOG_COMMAND_LOGS_MAX];
    size_t count;
};

static int bad_use(const char *what, const char *value)
{
    fprintf(stderr, "crowdtide log: %s%s%s\n", what, value ? ": " : "", value ? value : "");
    return EXIT_USAGE;
}

/* A log is named as in the state directory, or by the path of its directory. */
static bool add_log(struct request *request, const char *state, const char *name)
{
    struct log_target *log = &request->logs[request->count];
    bool is_path = strchr(name, '/') != NULL;
    int n = is_path ? snprintf(log->dir, sizeof log->dir, "%s", name)
                    : snprintf(log->dir, sizeof log->dir, "%s/%s", state, name);
    size_t end = strlen(log->dir);
    while (end > 1 && log->dir[end - 1] == '/')
        log->dir[--end] = '\0';
    const char *last = strrchr(log->dir, '/');
    int m = snprintf(log->name, sizeof log->name, "%s", last ? last + 1 : name);
    if (n < 0 || (size_t)n >= sizeof log->dir || m < 0)
        return false;
    request->count++;
    return true;
}

/* Where the logs are: --state, else the configuration (which knows the environment and the
 * default). */
static int find_state(const struct request *request, char out[LOG_DIR_BYTES_MAX])
{
    int n;
    if (request->state) {
        n = snprintf(out, LOG_DIR_BYTES_MAX, "%s", request->state);
    } else {
        struct config config;
        if (!cli_load_config(request->config, &config))
            return EXIT_USAGE;
        n = snprintf(out, LOG_DIR_BYTES_MAX, "%s", config.state_dir);
        config_free(&config);
    }
    return n > 0 && n < LOG_DIR_BYTES_MAX ? EXIT_OK : bad_use("state directory too long", NULL);
}

static int name_logs(struct request *request, int argc, char **argv, int first)
{
    char state[LOG_DIR_BYTES_MAX];
    int code = find_state(request, state);
    if (code != EXIT_OK)
        return code;
    if (first == argc) {
        for (size_t i = 0; i < sizeof log_names / sizeof log_names[0]; i++)
            if (!add_log(request, state, log_names[i]))
                return bad_use("path too long", state);
        return EXIT_OK;
    }
    for (int i = first; i < argc; i++) {
        bool known = strchr(argv[i], '/') != NULL;
        for (size_t k = 0; k < sizeof log_names / sizeof log_names[0]; k++)
            known = known || strcmp(argv[i], log_names[k]) == 0;
        if (!known)
            return bad_use("no such log (readings, alerts, bulk, or a path with a slash)", argv[i]);
        if (request->count == LOG_COMMAND_LOGS_MAX)
            return bad_use("too many logs", NULL);
        if (!add_log(request, state, argv[i]))
            return bad_use("path too long", argv[i]);
    }
    return EXIT_OK;
}

static bool parse_seq(const char *text, uint64_t *ret)
{
    char *end = NULL;
    errno = 0;
    unsigned long long value = isdigit((unsigned char)text[0]) ? strtoull(text, &end, 10) : 0;
    if (!end || *end || errno)
        return false;
    *ret = value;
    return true;
}

/* ---- the subcommands ---- */

#define OPTION_STATE(request)                                                                      \
    {                                                                                              \
        .name = "state", .value = "DIR", .text = &(request)->state,                                \
        .help = "the state directory, instead of the configuration's"                              \
    }

static int ls_or_verify(int argc, char **argv, bool verify)
{
    struct request request = {0};
    const struct arguments_option options[] = {
        ARGUMENTS_CONFIG(&request.config),
        OPTION_STATE(&request),
        {.name = "json",
         .help = "for programs: one JSON object a log and line",
         .flag = &request.json},
        {0},
    };
    const struct arguments ls_spec = {
        "log ls", "[LOG…]",
        "Shows each log: identity, sequences, size and whether it is being written.", options,
        NULL};
    const struct arguments verify_spec = {"log verify", "[LOG…]",
                                          "Reads every record of the logs and checks checksums and "
                                          "order. A log may be in use meanwhile. "
                                          "Exit code 1 when one is corrupt.",
                                          options, NULL};
    int first, code;
    if (!arguments_parse(argc, argv, verify ? &verify_spec : &ls_spec, &first, &code))
        return code;
    code = name_logs(&request, argc, argv, first);
    if (code != EXIT_OK)
        return code;
    return verify ? log_command_verify(request.logs, request.count, request.json)
                  : log_command_ls(request.logs, request.count, request.json);
}

static int export_or_tap(int argc, char **argv, bool tap)
{
    struct request request = {0};
    const struct arguments_option options[] = {
        ARGUMENTS_CONFIG(&request.config),
        OPTION_STATE(&request),
        {.name = "json", .help = "for programs: one JSON object a line", .flag = &request.json},
        {.name = "from",
         .value = "N",
         .text = &request.from,
         .help = tap ? "begin with this sequence instead of the next" : "first sequence"},
        {.name = "to", .value = "N", .text = &request.to, .help = "last sequence"},
        {0},
    };
    const struct arguments export_spec = {"log export", "LOG", "Prints the records of a log.",
                                          options, NULL};
    const struct arguments tap_spec = {
        "log tap", "LOG", "Prints records as they are written, until stopped.", options, NULL};
    int first, code;
    if (!arguments_parse(argc, argv, tap ? &tap_spec : &export_spec, &first, &code))
        return code;
    struct log_stream_options stream = {.json = request.json, .follow = tap, .to = UINT64_MAX};
    if (request.from && !parse_seq(request.from, &stream.from))
        return bad_use("--from is not a sequence", request.from);
    if (request.to && !parse_seq(request.to, &stream.to))
        return bad_use("--to is not a sequence", request.to);
    if (argc - first != 1)
        return bad_use("name one log: readings, alerts, bulk, or a path with a slash", NULL);
    code = name_logs(&request, argc, argv, first);
    return code == EXIT_OK ? log_command_stream(&request.logs[0], &stream) : code;
}

static void usage(FILE *to)
{
    fprintf(to, "usage: crowdtide log ls|verify|export|tap [OPTIONS] [LOG]\n"
                "\n"
                "  ls       show the logs: identity, sequences, size, writer\n"
                "  verify   read everything and check it\n"
                "  export   print the records of a log\n"
                "  tap      print records as they are written\n"
                "\n"
                "crowdtide log ls --help (and so on) tells more.\n");
}

int cmd_log(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    if (strcmp(verb, "ls") == 0 || strcmp(verb, "verify") == 0)
        return ls_or_verify(argc - 1, argv + 1, strcmp(verb, "verify") == 0);
    if (strcmp(verb, "export") == 0 || strcmp(verb, "tap") == 0)
        return export_or_tap(argc - 1, argv + 1, strcmp(verb, "tap") == 0);
    bool help = strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0;
    usage(help ? stdout : stderr);
    return help ? EXIT_OK : EXIT_USAGE;
}
