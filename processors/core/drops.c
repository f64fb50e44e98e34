#include "processors/core/drops.h"

#include "schemas/record/record.h"

void drops_note(struct drops *drops, uint64_t count, int64_t now_ms)
{
    if (count == RECORD_NO_COUNT)
        return;
    uint64_t more = !drops->said ? 0 : count >= drops->last ? count - drops->last : count;
    drops->said = true;
    drops->last = count;
    if (!more)
        return;
    int64_t number = now_ms / DROPS_SLOT_MS;
    uint32_t at = (uint32_t)(number % DROPS_SLOTS);
    if (drops->slot[at].number != number)
        drops->slot[at].dropped = 0;
    drops->slot[at].number = number;
    drops->slot[at].dropped += more;
}

uint64_t drops_recent(const struct drops *drops, int64_t now_ms)
{
    int64_t oldest = now_ms / DROPS_SLOT_MS - DROPS_SLOTS;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < DROPS_SLOTS; i++)
        sum += drops->slot[i].number > oldest ? drops->slot[i].dropped : 0;
    return sum;
}
