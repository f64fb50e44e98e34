#include "ingest/silence.h"

bool silence_begins(struct silence *silence, bool ready, uint64_t messages, int64_t now_ns)
{
    if (!ready || messages != silence->messages) {
        *silence = (struct silence){.messages = messages, .since_ns = now_ns};
        return false;
    }
    if (silence->told || now_ns - silence->since_ns < (int64_t)SILENCE_S * 1000000000)
        return false;
    silence->told = true;
    return true;
}
