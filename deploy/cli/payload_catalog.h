/*
 * payload_catalog: the payload maps that come with the program, to find one for a topic that no map of the venue reads.
 *
 *     payload_catalog_open(payload_dir, &catalog, &err);
 *     if (payload_catalog_guess(catalog, &message, &guess)) …      "tasmota, with topics: [office/{device}/tele]"
 *     payload_catalog_close(catalog);
 *
 * One thread.
 */
#ifndef CROWDTIDE_DEPLOY_CLI_PAYLOAD_CATALOG_H
#define CROWDTIDE_DEPLOY_CLI_PAYLOAD_CATALOG_H

#include "schemas/payload/payload_decode.h"

enum { PAYLOAD_GUESS_FILTER_BYTES = 512 };

struct payload_catalog;

/* payload_dir: the setting; "": where the program's own are. A folder that can't be read: an empty catalog. NO_MEMORY. */
bool payload_catalog_open(const char *payload_dir, struct payload_catalog **ret, struct error *err);
void payload_catalog_close(struct payload_catalog *catalog); /* NULL is allowed */

struct payload_guess {
    const struct payload_map *map; /* the guess's own, until the catalog's next guess */
    const struct payload_maps *maps; /* holds it alone, with its filters */
    char filter[PAYLOAD_GUESS_FILTER_BYTES]; /* for `topics:`; "": the map's own fits */
};

/* The map that reads most from the message: one whose own filter fits, else one that would with {device} at one of the topic's levels. False: none gives a reading without a
   mistake. */
bool payload_catalog_guess(struct payload_catalog *catalog, struct payload_decoder *decoder,
                           const struct payload_message *message, struct payload_guess *ret);

#endif
