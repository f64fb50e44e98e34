#include "schemas/config/config.h"

bool config_load(const char *path, struct config *ret_config, struct problems *problems)
{
    (void)path, (void)ret_config, (void)problems;
    return false;
}

bool config_read_venue(const struct config *config, char **ret_source, size_t *ret_len, struct error *err)
{
    (void)config, (void)ret_source, (void)ret_len;
    return error_set(err, ERROR_NOT_FOUND, 0, "venue");
}
