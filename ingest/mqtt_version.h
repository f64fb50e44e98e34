/* mqtt_version: which Paho library this binary uses. */
#ifndef CROWDTIDE_INGEST_MQTT_VERSION_H
#define CROWDTIDE_INGEST_MQTT_VERSION_H

/* "1.3.12"; "unknown" when the library does not say. Any thread. */
const char *mqtt_library_version(void);

#endif
