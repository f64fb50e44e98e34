/*
 * kafka_last: the newest committed value of a key on a one-partition topic: how a publisher learns what it committed last.
 *
 * It reads up to the end as the partition stood when the call began, under read_committed. A transaction of somebody else may be open before that end and hide what we
 * committed after it; so the call waits for that transaction to finish instead of being content with the last visible record.
 * Reads from the tail and only goes further back while the key was not found there. Own connection; any thread.
 */
#ifndef CROWDTIDE_PROCESSORS_NET_KAFKA_LAST_H
#define CROWDTIDE_PROCESSORS_NET_KAFKA_LAST_H

#include "processors/net/kafka_link.h"
#include "schemas/base/str.h"

struct kafka_last_query {
    const char *topic;
    struct str key;
    int timeout_ms; /* of the whole call */
    bool (*going)(void *arg); /* asked several times a second; false: give up with NETWORK. May be NULL */
    void *arg;
};

/* True: *ret_found says whether there is one, and then its value (not NUL-terminated) is in out, *ret_len bytes. A topic that does not exist has none. NETWORK: ask
   again later. CONFIG. TOO_LARGE: the value is over cap. */
bool kafka_last(const struct kafka_link *link, const struct kafka_last_query *query, char *out,
                size_t cap, bool *ret_found, size_t *ret_len, struct error *err);

#endif
