/*
 * topic: takes a canonical MQTT topic apart:
 * {crowdtide|drill}/{venue}/{crowd|gate|light|status}/{sensor}.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_TOPIC_H
#define CROWDTIDE_PROCESSORS_CORE_TOPIC_H

#include <stdbool.h>

#include "schemas/result/refusal.h"
#include "schemas/base/str.h"
#include "schemas/venue/venue.h"

enum topic_class { TOPIC_CROWD, TOPIC_GATE, TOPIC_LIGHT, TOPIC_STATUS };

struct topic {
    bool drill;
    enum topic_class class;
    struct str sensor; /* borrowed from the topic; any bytes */
};

/* False with UNKNOWN_TOPIC when it is not one of this venue's. */
bool topic_parse(struct str text, struct str venue, struct topic *ret, struct refusal *refusal);
const char *topic_class_text(enum topic_class class);
/* Whether sensors of the class speak on such topics; every one has a status. */
bool topic_fits(enum sensor_class sensor, enum topic_class topic);

#endif
