/* address: whether a text that a person wrote is the address of a server:
 * scheme://host[:port][/path]. */
#ifndef CROWDTIDE_SCHEMAS_CONFIG_ADDRESS_H
#define CROWDTIDE_SCHEMAS_CONFIG_ADDRESS_H

#include "schemas/base/str.h"

enum { ADDRESS_BYTES_MAX = 4000 };

/* schemes: with | between. On false, reason (cap bytes) says what is expected; it does not repeat
   the text, which may be secret. */
bool address_valid(const char *schemes, struct str text, char *reason, size_t cap);

/* True when word is one of words, which have | between them. */
bool address_word(const char *words, struct str word);

#endif
