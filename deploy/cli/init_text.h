/*
 * init_text: the three files that `crowdtide init` writes, commented, and what to do with them. Pure;
 * private to init_*.c and cmd_init.c.
 *
 *     init_text_config(answers, &out);           crowdtide.yaml
 *     init_text_venue(answers, &plan, uid, &out);    venue.yaml
 *     init_text_paging(&out);                    paging.yaml, which page.file does not name yet
 */
#ifndef CROWDTIDE_DEPLOY_CLI_INIT_TEXT_H
#define CROWDTIDE_DEPLOY_CLI_INIT_TEXT_H

#include <sys/types.h>

#include "deploy/cli/init_answers.h"

enum { INIT_FILE_BYTES = 256 * 1024 };

void init_text_config(const struct init_answers *answers, struct text *out);
void init_text_venue(const struct init_answers *answers, const struct init_plan *plan, uid_t uid,
                     struct text *out);
void init_text_paging(struct text *out);

/* What was written, what is a placeholder still, and the next steps, each a command to paste. dir
 * as it was given. */
void init_text_next(const struct init_answers *answers, const struct init_plan *plan,
                    const char *dir, struct text *out);

#endif
