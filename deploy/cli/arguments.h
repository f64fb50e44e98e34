/*
 * arguments: a subcommand's options as a table, which parses them and prints --help.
 *
 *     const char *config_path = NULL;
 *     bool json = false;
 *     const struct arguments_option options[] = {
 *         ARGUMENTS_CONFIG(&config_path),
 *         {.name = "json", .help = "for programs: one JSON object", .flag = &json},
 *         {0},
 *     };
 *     const struct arguments spec = {"top", "", "Shows …", options, NULL};
 *     int code;
 *     if (!arguments_parse(argc, argv, &spec, NULL, &code))
 *         return code;
 */
#ifndef CROWDTIDE_DEPLOY_CLI_ARGUMENTS_H
#define CROWDTIDE_DEPLOY_CLI_ARGUMENTS_H

#include <stdbool.h>

enum { ARGUMENTS_OPTIONS_MAX = 32 };

struct arguments_option {
    const char *name;  /* --name */
    char letter;       /* -l; 0: none */
    const char *value; /* what stands for the value in --help, with `text`; NULL: a flag */
    const char *help;
    bool *flag;        /* set to true, or */
    const char **text; /* set to the value, which lives as long as argv */
};

#define ARGUMENTS_CONFIG(into)                                                                     \
    {                                                                                              \
        .name = "config", .letter = 'c', .value = "FILE",                                          \
        .help = "the configuration; without it the defaults and the environment", .text = (into)   \
    }

struct arguments {
    const char *command;  /* "publish kafka" */
    const char *operands; /* what follows the options in the usage line; "": nothing may */
    const char *about;    /* one paragraph */
    const struct arguments_option *options; /* ended by one without a name; --help is added */
    const char *more;                       /* what else --help says, or NULL */
};

/* argv[0] is the command's name. True: go on; *ret_operands (may be NULL) is the first operand's
   index in argv. False: return *ret_code, 0 after --help, 2 after a mistake (named on stderr). Main
   thread. */
bool arguments_parse(int argc, char **argv, const struct arguments *spec, int *ret_operands,
                     int *ret_code);

#endif
