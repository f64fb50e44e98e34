#include "schemas/venue/internal.h"

#define SETTING_KIND_SECONDS VENUE_SETTING_SECONDS
#define SETTING_KIND_COUNT VENUE_SETTING_COUNT
#define SETTING_KIND_REAL VENUE_SETTING_REAL
#define SETTING_KIND_BOOL VENUE_SETTING_BOOL

static const struct venue_setting settings[] = {
#define SETTING_ROW(kind_, key_, field_, value_, min_, max_, description_)                         \
    {.kind = SETTING_KIND_##kind_,                                                                 \
     .key = #key_,                                                                                 \
     .offset = offsetof(struct venue_settings, field_),                                            \
     .value = (value_),                                                                            \
     .min = (min_),                                                                                \
     .max = (max_),                                                                                \
     .description = (description_)},
    VENUE_SETTINGS(SETTING_ROW)
#undef SETTING_ROW
};
enum { SETTING_COUNT = sizeof settings / sizeof settings[0] };

const struct venue_setting *venue_setting_table(uint32_t *ret_count)
{
    *ret_count = SETTING_COUNT;
    return settings;
}

#define FROM_SECONDS(value) (int64_t)((value)*1000)
#define FROM_COUNT(value) (value)
#define FROM_REAL(value) (value)
#define FROM_BOOL(value) (value)

struct venue_settings venue_settings_default(void)
{
    return (struct venue_settings){
#define SETTING_DEFAULT(kind, key, field, value, ...) .field = FROM_##kind(value),
        VENUE_SETTINGS(SETTING_DEFAULT)
#undef SETTING_DEFAULT
    };
}

static void read_setting(struct venue_reader *r, const struct tree_node *node,
                         const struct venue_setting *setting)
{
    void *field = (char *)&r->venue->settings + setting->offset;
    switch (setting->kind) {
    case VENUE_SETTING_SECONDS:
        (void)venue_read_seconds(r, node, setting->key, setting->min, setting->max, field);
        break;
    case VENUE_SETTING_COUNT:
        (void)tree_int(node, setting->key, (int64_t)setting->min, (int64_t)setting->max, field,
                       r->problems);
        break;
    case VENUE_SETTING_REAL:
        (void)tree_number(node, setting->key, setting->min, setting->max, field, r->problems);
        break;
    case VENUE_SETTING_BOOL:
        (void)tree_bool(node, setting->key, field, r->problems);
        break;
    }
}

/* Windows are exact only when they are whole buckets. */
static void check_divides(struct venue_reader *r, const struct tree_node *map, const char *key,
                          int64_t bucket_ms, int64_t window_ms)
{
    const struct tree_node *node = tree_find(map, key);
    if (node && window_ms % bucket_ms != 0)
        problems_add(r->problems, node->line, node->column,
                     "%s: the windows must be whole buckets, so it must divide %lld s", key,
                     (long long)(window_ms / 1000));
}

void venue_read_settings(struct venue_reader *r, const struct tree_node *root)
{
    enum { SHORT_WINDOW_MS = 10000, LONG_WINDOW_MS = 300000 };
    const struct tree_node *map = tree_find(root, "settings");
    const char *keys[SETTING_COUNT];
    if (!map || !tree_expect(map, TREE_MAP, "settings", r->problems))
        return;
    for (uint32_t i = 0; i < SETTING_COUNT; i++)
        keys[i] = settings[i].key;
    tree_keys(map, "the section settings", keys, SETTING_COUNT, r->problems);
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        const struct tree_node *node = tree_find(map, settings[i].key);
        if (node)
            read_setting(r, node, &settings[i]);
    }
    check_divides(r, map, "bucket_s", r->venue->settings.bucket_ms, SHORT_WINDOW_MS);
    check_divides(r, map, "long_bucket_s", r->venue->settings.long_bucket_ms, LONG_WINDOW_MS);
}
