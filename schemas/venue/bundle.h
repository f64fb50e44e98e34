/*
 * bundle: a venue file and the payload maps that it names, as one text. It is what a MODEL record holds, so that the readings log alone says what a
 * venue is: who reads it back needs no files.
 *
 *     bundle = the venue file's text, then for each map a line "--- # payload map {name} {path}" and the map's text
 *
 * A venue file without maps is its own bundle, byte for byte. The line ends a YAML document, so a bundle can be read by other tools too; a file that
 * has such a line of its own can't be bundled. {name} is the word by which the venue file calls the map (no blanks), {path} where it was read from.
 */
#ifndef CROWDTIDE_SCHEMAS_VENUE_BUNDLE_H
#define CROWDTIDE_SCHEMAS_VENUE_BUNDLE_H

#include "schemas/base/problems.h"
#include "schemas/base/str.h"

#define BUNDLE_MARK "--- # payload map "

enum {
    BUNDLE_MAPS_MAX = 64,
    BUNDLE_NAME_BYTES_MAX = 200, /* of a map as the venue file calls it */
};

struct bundle_map {
    struct str name, path, text;
};

struct bundle { /* borrowed from the source */
    struct str venue;
    struct bundle_map map[BUNDLE_MAPS_MAX];
    uint32_t map_count;
};

/* Takes a source apart. False with a problem: more than BUNDLE_MAPS_MAX maps, or a line that begins with BUNDLE_MARK and has not both words. */
bool bundle_split(struct str source, struct bundle *ret, struct problems *problems);

/* The map of this name; NULL: none. */
const struct bundle_map *bundle_find(const struct bundle *bundle, struct str name);

/* The line, from 1, in which text begins with BUNDLE_MARK first; 0: in none. */
uint32_t bundle_marked(struct str text);

/* Appends a map to what is a venue file's text or a bundle already. */
void bundle_add(struct text *to, struct str name, struct str path, struct str map_text);
/* What it appends at most. */
size_t bundle_add_bytes(struct str name, struct str path, struct str map_text);

/* The maps that a venue file names under `payloads`, in order, each once, with the place where it is named. Returns how many, at most BUNDLE_MAPS_MAX. What is wrong with the file is not said here: venue_parse does. */
struct bundle_name {
    char text[BUNDLE_NAME_BYTES_MAX + 1];
    uint32_t line, column;
};
uint32_t bundle_names(struct str venue_text, struct bundle_name names[BUNDLE_MAPS_MAX]);

#endif
