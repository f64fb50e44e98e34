/* internal: what the files of this room share: ${NAME} in one scalar, and libyaml's own complaints. */
#ifndef CROWDTIDE_SCHEMAS_YAML_INTERNAL_H
#define CROWDTIDE_SCHEMAS_YAML_INTERNAL_H

#include <yaml.h>

#include "schemas/yaml/tree.h"

/* True when the text holds a `${`. */
bool env_needed(struct str text);

/* Appends text to out with the variables replaced. False with a problem at line and column: unset, no such name, unfinished, or too long for out. */
bool env_replace(struct str text, const struct tree_env *env, struct text *out, uint32_t line,
                 uint32_t column, struct problems *problems);

/* The parser's error as a problem with its line. */
void tree_parser_problem(const yaml_parser_t *parser, struct str source, struct problems *problems);

#endif
