/* Record bodies: whatever a decoder accepts, its encoder writes again in the same length. The first
 * byte chooses the type. */
#include <string.h>

#include "schemas/record/record.h"
#include "tests/fuzz/fuzz.h"

enum { OUT_BYTES = 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > OUT_BYTES)
        return 0;
    const uint8_t *body = data + 1;
    uint32_t len = (uint32_t)size - 1, wrote = 0;
    static uint8_t out[OUT_BYTES];
    struct error err = {0};
    union {
        struct record_mqtt mqtt;
        struct record_oversized oversized;
        struct record_tick tick;
        struct record_connection connection;
        struct record_subscribed subscribed;
        struct record_gap gap;
        struct record_model model;
        struct record_command command;
        struct record_withheld withheld;
    } r;
    memset(&r, 0, sizeof r);
    bool ok = false;
    bool less =
        false; /* properties that nobody knows, or that stand there twice, are not written again */
    switch (data[0] % 9) {
    case 0:
        if ((ok = record_mqtt_decode(body, len, &r.mqtt, &err)))
            wrote = record_mqtt_encode(&r.mqtt, out, OUT_BYTES);
        less = ok && body[3] & RECORD_MQTT_PROPERTIES && wrote > 0 && wrote < len;
        break;
    case 1:
        if ((ok = record_oversized_decode(body, len, &r.oversized, &err)))
            wrote = record_oversized_encode(&r.oversized, out, OUT_BYTES);
        break;
    case 2:
        if ((ok = record_tick_decode(body, len, &r.tick, &err)))
            wrote = record_tick_encode(&r.tick, out, OUT_BYTES);
        break;
    case 3:
        if ((ok = record_connection_decode(body, len, &r.connection, &err)))
            wrote = record_connection_encode(&r.connection, out, OUT_BYTES);
        break;
    case 4:
        if ((ok = record_subscribed_decode(body, len, &r.subscribed, &err)))
            wrote = record_subscribed_encode(&r.subscribed, out, OUT_BYTES);
        break;
    case 5:
        if ((ok = record_gap_decode(body, len, &r.gap, &err)))
            wrote = record_gap_encode(&r.gap, out, OUT_BYTES);
        break;
    case 6:
        if ((ok = record_model_decode(body, len, &r.model, &err)))
            wrote = record_model_encode(&r.model, out, OUT_BYTES);
        break;
    case 7:
        if ((ok = record_withheld_decode(body, len, &r.withheld, &err)))
            wrote = record_withheld_encode(&r.withheld, out, OUT_BYTES);
        break;
    default:
        if ((ok = record_command_decode(body, len, &r.command, &err)))
            wrote = record_command_encode(&r.command, out, OUT_BYTES);
    }
    bool older = data[0] % 9 == 2 && len < wrote; /* a tick of a writer that said less */
    FUZZ_MUST(!ok || wrote == len || older || less);
    return 0;
}
