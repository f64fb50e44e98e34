/*
 * config_file: what the readers of the configuration and of the other files that people write
 * share: whole files, paths that begin where the file is, and secrets that have a file of their
 * own.
 */
#ifndef CROWDTIDE_SCHEMAS_CONFIG_CONFIG_FILE_H
#define CROWDTIDE_SCHEMAS_CONFIG_CONFIG_FILE_H

#include "schemas/base/error.h"
#include "schemas/base/problems.h"
#include "schemas/base/str.h"

enum { CONFIG_SECRET_BYTES_MAX = 4096 };

/* Reads a whole file of at most max bytes. *ret is malloc'ed, NUL-terminated. NOT_FOUND, IO,
   TOO_LARGE, NO_MEMORY. */
bool config_file_read(const char *path, size_t max, char **ret, size_t *ret_len, struct error *err);

/* What a path means in that file: ~/ is the home directory, other relative ones start at the file's
   directory. False: it does not fit. */
bool config_file_path(const char *file, struct str path, char *out, size_t cap);

/* The first line of the file that the setting `key` names, malloc'ed. False with a problem at that
   place; a warning when everybody may read it. */
bool config_file_secret(const char *key, const char *path, uint32_t line, uint32_t column,
                        char **ret_text, struct problems *problems);

#endif
