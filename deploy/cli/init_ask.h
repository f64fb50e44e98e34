/*
 * init_ask: puts the questions of init_answers to a person, line by line. Private to init_*.c and
 * cmd_init.c; one thread.
 *
 *     init_ask(answers, stdin, stdout)        false: the input ended
 *
 * A wrong answer is met with what is expected, and the question comes again; an empty one takes the
 * default in brackets. What a flag has answered is not asked. Halls and gates are asked for one a
 * line until an empty one.
 */
#ifndef CROWDTIDE_DEPLOY_CLI_INIT_ASK_H
#define CROWDTIDE_DEPLOY_CLI_INIT_ASK_H

#include <stdio.h>

#include "deploy/cli/init_answers.h"

bool init_ask(struct init_answers *answers, FILE *in, FILE *out);

#endif
