/* check_samples: whether the samples in a venue's payload maps become what the maps say. */
#ifndef CROWDTIDE_DEPLOY_CLI_CHECK_SAMPLES_H
#define CROWDTIDE_DEPLOY_CLI_CHECK_SAMPLES_H

#include "schemas/base/problems.h"
#include "schemas/base/str.h"

/* Of each map of the bundle, by its own filters: a warning with file and line for each sample that becomes something else. Maps with mistakes are
   venue_parse's to tell of. */
void check_samples(struct str bundle, struct problems *problems);

#endif
