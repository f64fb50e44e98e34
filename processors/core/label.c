#include "processors/core/label.h"

#include <string.h>

static void label_set(struct label *label, struct str name)
{
    memcpy(label->text, name.at, name.len);
    label->len = (uint8_t)name.len;
}

uint32_t label_place(struct label *first, size_t stride, uint32_t *count, uint32_t max,
                     struct str name)
{
    static const struct str other = {"other", 5};
    char *at = (char *)first;
    bool keeps = name.len && name.len <= LABEL_BYTES_MAX && !str_equal(name, other);
    for (uint32_t i = 0; keeps && i < *count; i++) {
        if (str_equal(label_text((const struct label *)(const void *)(at + i * stride)), name))
            return i;
    }
    if (keeps && *count < max) {
        label_set((struct label *)(void *)(at + *count * stride), name);
        return (*count)++;
    }
    label_set((struct label *)(void *)(at + max * stride), other);
    return max;
}

struct str label_text(const struct label *label)
{
    return (struct str){label->text, label->len};
}
