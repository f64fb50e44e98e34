/*
 * init_files: puts the files of a new configuration into a directory, all of them or none. Private
 * to init_*.c and cmd_init.c; one thread.
 *
 *     struct init_file file[] = {{"venue.yaml", text}, {"crowdtide.yaml", text}};
 *     if (!init_files_begin(dir, &files, &err) || !init_files_add(&files, &file[0], &err) …)
 *     …whatever must hold of them is looked at in files.draft…
 *     if (!init_files_place(&files, force, &err)) …
 *     init_files_end(&files);                    removes the draft, placed or not
 */
#ifndef CROWDTIDE_DEPLOY_CLI_INIT_FILES_H
#define CROWDTIDE_DEPLOY_CLI_INIT_FILES_H

#include "schemas/base/error.h"
#include "schemas/base/str.h"

enum { INIT_FILES_MAX = 4, INIT_PATH_BYTES = 4096, INIT_FILE_NAME_BYTES = 64 };

struct init_files {
    char dir[INIT_PATH_BYTES], draft[INIT_PATH_BYTES];
    bool made; /* dir was not there before */
    char name[INIT_FILES_MAX][INIT_FILE_NAME_BYTES];
    uint32_t count;
};

/* Makes dir when it is not there (its parent must be), and in it a directory for the draft. IO;
 * TOO_LARGE: the path is too long. */
bool init_files_begin(const char *dir, struct init_files *ret_files, struct error *err);

/* Writes and syncs one file of the draft. IO. */
bool init_files_add(struct init_files *files, const char *name, struct str text, struct error *err);

/* Moves the draft's files to their places. One that is there already is INVALID, and nothing is
   placed; with force it is kept as NAME.old. IO: what had been placed is taken back. */
bool init_files_place(struct init_files *files, bool force, struct error *err);

/* Removes what is left of the draft, and the directory if init_files_begin made it and it is empty.
 */
void init_files_end(struct init_files *files);

#endif
