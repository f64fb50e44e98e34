#include "deploy/cli/arguments.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "deploy/cli/settings.h"

enum { HELP_COLUMN = 24, FIRST_OPTION = 256 };

static void help(const struct arguments *spec, FILE *to)
{
    fprintf(to, "usage: crowdtide %s [OPTIONS]%s%s\n\n%s\n\n", spec->command,
            spec->operands[0] ? " " : "", spec->operands, spec->about);
    for (const struct arguments_option *o = spec->options; o->name; o++) {
        char left[64];
        char letter[5] = "    ";
        if (o->letter)
            (void)snprintf(letter, sizeof letter, "-%c, ", o->letter);
        (void)snprintf(left, sizeof left, "%s--%s%s%s", letter, o->name, o->value ? " " : "",
                       o->value ? o->value : "");
        fprintf(to, "  %-*s %s\n", HELP_COLUMN, left, o->help);
    }
    fprintf(to, "  %-*s %s\n", HELP_COLUMN, "-h, --help", "this text");
    if (spec->more)
        fprintf(to, "\n%s\n", spec->more);
    settings_print(to, spec->command);
}

static int mistake(const struct arguments *spec)
{
    fprintf(stderr, "crowdtide %s --help tells more.\n", spec->command);
    return 2;
}

/* It is another option: the value was left out. */
static bool is_option(const struct arguments *spec, const char *text)
{
    if (strcmp(text, "-h") == 0 || strcmp(text, "--help") == 0)
        return true;
    for (const struct arguments_option *o = spec->options; o->name; o++) {
        if (text[0] == '-' && ((text[1] == '-' && strcmp(text + 2, o->name) == 0) ||
                               (o->letter && text[1] == o->letter && text[2] == '\0')))
            return true;
    }
    return false;
}

bool arguments_parse(int argc, char **argv, const struct arguments *spec, int *ret_operands,
                     int *ret_code)
{
    struct option longs[ARGUMENTS_OPTIONS_MAX + 2] = {{0}};
    char shorts[ARGUMENTS_OPTIONS_MAX * 2 + 4] = "h";
    int count = 0, got;
    for (; spec->options[count].name; count++) {
        const struct arguments_option *o = &spec->options[count];
        assert(count < ARGUMENTS_OPTIONS_MAX && !o->value == !o->text && !o->value == !!o->flag);
        longs[count] = (struct option){o->name, o->value ? required_argument : no_argument, NULL,
                                       FIRST_OPTION + count};
        size_t used = strlen(shorts);
        if (o->letter)
            (void)snprintf(shorts + used, sizeof shorts - used, "%c%s", o->letter,
                           o->value ? ":" : "");
    }
    longs[count] = (struct option){"help", no_argument, NULL, 'h'};
    optind = 0; /* from the start: a test may parse twice */
    while ((got = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        const struct arguments_option *o = NULL;
        if (got == 'h') {
            help(spec, stdout);
            *ret_code = 0;
            return false;
        }
        for (int i = 0; i < count && !o; i++) {
            if (got == FIRST_OPTION + i || (got != '?' && got == spec->options[i].letter))
                o = &spec->options[i];
        }
        if (!o) { /* getopt_long has said why */
            *ret_code = mistake(spec);
            return false;
        }
        if (o->value && is_option(spec, optarg)) {
            fprintf(stderr, "crowdtide %s: --%s wants %s, not '%s'\n", spec->command, o->name,
                    o->value, optarg);
            *ret_code = mistake(spec);
            return false;
        }
        if (o->value)
            *o->text = optarg;
        else
            *o->flag = true;
    }
    if (!spec->operands[0] && optind < argc) {
        fprintf(stderr, "crowdtide %s: unexpected argument '%s'\n", spec->command, argv[optind]);
        *ret_code = mistake(spec);
        return false;
    }
    if (ret_operands)
        *ret_operands = optind;
    return true;
}
