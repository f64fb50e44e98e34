#include "schemas/venue/internal.h"

uint32_t venue_operator_find(const struct venue *venue, struct str id)
{
    for (uint32_t i = 0; i < venue->operator_count; i++) {
        if (str_equal(venue->operators[i].id, id))
            return i;
    }
    return UINT32_MAX;
}

uint32_t venue_operator_of_uid(const struct venue *venue, uint32_t uid, struct str id)
{
    for (uint32_t i = 0; i < venue->operator_count; i++) {
        const struct venue_operator *o = &venue->operators[i];
        if (o->uid == uid && (id.len == 0 || str_equal(o->id, id)))
            return i;
    }
    return UINT32_MAX;
}

bool venue_operator_may(const struct venue *venue, uint32_t operator_at, enum venue_command command)
{
    for (uint32_t i = 0; i < venue->role_count; i++) {
        if (venue->operators[operator_at].roles >> i & 1u &&
            venue->roles[i].commands >> command & 1u)
            return true;
    }
    return false;
}

bool venue_operator_supervises(const struct venue *venue, uint32_t operator_at)
{
    for (uint32_t i = 0; i < venue->role_count; i++) {
        if (venue->operators[operator_at].roles >> i & 1u && venue->roles[i].supervisor)
            return true;
    }
    return false;
}
