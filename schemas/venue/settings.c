#include "schemas/venue/internal.h"

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
