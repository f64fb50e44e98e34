#include "ingest/mqtt_version.h"

#include <MQTTAsync.h>
#include <string.h>

const char *mqtt_library_version(void)
{
    for (const MQTTAsync_nameValue *info = MQTTAsync_getVersionInfo(); info->name; info++) {
        if (strcmp(info->name, "Version") == 0)
            return info->value;
    }
    return "unknown";
}
