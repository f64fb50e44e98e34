/*
 * mqtt_diagnose: why a connection to the broker can't be made, in words a person can act on. Paho says "Failure" for a refused port, a certificate
 * that does not name the host and a missing client certificate alike; this tries once more, step by step, and looks where it ends.
 *
 *     char why[MQTT_DIAGNOSIS_BYTES];
 *     if (mqtt_diagnose(&settings, why)) report(why)
 *
 * No MQTT is spoken, so no session is touched. No Paho here; OpenSSL is used directly.
 */
#ifndef CROWDTIDE_INGEST_MQTT_DIAGNOSE_H
#define CROWDTIDE_INGEST_MQTT_DIAGNOSE_H

#include "ingest/mqtt_settings.h"

enum {
    MQTT_DIAGNOSIS_BYTES = 256,
    MQTT_DIAGNOSE_STEP_MS = 1000, /* longest wait for the other side at any one step */
    MQTT_DIAGNOSE_ALERT_MS =
        300, /* for its objection to our certificate, which comes after the handshake */
};

/* True, with the reason in ret_why, when a step fails; false, ret_why untouched, when none does. Blocks a few steps at most, besides the
   look-up of the name. Any thread. */
bool mqtt_diagnose(const struct mqtt_settings *settings, char ret_why[MQTT_DIAGNOSIS_BYTES]);

#endif
