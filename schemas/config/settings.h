/* settings: the SETTINGS table as data. Private to this room. */
#ifndef CROWDTIDE_SCHEMAS_CONFIG_SETTINGS_H
#define CROWDTIDE_SCHEMAS_CONFIG_SETTINGS_H

#include "schemas/config/config.h"

enum setting_kind {
    SETTING_TEXT,
    SETTING_PATH,
    SETTING_URL,
    SETTING_CHOICE,
    SETTING_INT,
    SETTING_BOOL,
    SETTING_SECRET,
    SETTING_LIST,
};

struct setting {
    enum setting_kind kind;
    size_t offset;   /* of the field in struct config */
    int64_t int_def; /* INT, BOOL; the others' default is info.def */
    struct setting_info info;
};

enum {
#define SETTING_INDEX(kind, name, ...) SETTING_AT_##name,
    SETTINGS(SETTING_INDEX)
#undef SETTING_INDEX
        SETTING_COUNT
};
extern const struct setting settings[SETTING_COUNT];

/* The fields of a setting in a config. */
char **setting_text(struct config *config, const struct setting *setting);
int64_t *setting_int(struct config *config, const struct setting *setting);
bool *setting_bool(struct config *config, const struct setting *setting);

/* True for the kinds whose field is a char *. */
bool setting_is_text(const struct setting *setting);

/* The part of a key before the dot; empty for keys without one. */
struct str setting_section(const struct setting *setting);

/* Checks a text against kind, length, words and scheme. On false, reason (cap bytes) says what is
 * expected. */
bool setting_text_valid(const struct setting *setting, struct str text, char *reason, size_t cap);

#endif
