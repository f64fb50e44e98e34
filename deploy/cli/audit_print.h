/* audit_print: what an audit found, for people and for programs. */
#ifndef CROWDTIDE_DEPLOY_CLI_AUDIT_PRINT_H
#define CROWDTIDE_DEPLOY_CLI_AUDIT_PRINT_H

#include "processors/audit/audit.h"

void audit_print(const struct audit_options *options, const struct audit_report *report);
void audit_print_json(const struct audit_options *options, const struct audit_report *report);

#endif
