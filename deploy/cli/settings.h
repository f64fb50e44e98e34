/*
 * settings: the settings table of schemas/config/config.h in words, for --help and for deploy/OPERATIONS.md, so that neither can disagree with what the programs accept.
 */
#ifndef CROWDTIDE_DEPLOY_CLI_SETTINGS_H
#define CROWDTIDE_DEPLOY_CLI_SETTINGS_H

#include <stdio.h>

/* The settings that a command looks at ("ingest", "publish kafka" …), two lines each; nothing for a command that takes no configuration. */
void settings_print(FILE *to, const char *command);

/* All of them as a Markdown table. */
void settings_print_table(FILE *to);

/* The same of a venue file's section `settings`, for deploy/venues/README.md. */
void settings_print_venue_table(FILE *to);

#endif
