/*
 * recording: a readings log as ingest would have written it, second by second (and durable so), for tests that run it again.
 *
 *     struct recording r;
 *     recording_open(&r, state_dir, t_ms);                  {state_dir}/readings, made if missing
 *     recording_model(&r, "venue: …");
 *     recording_say(&r, t_ms, "crowd/c1", "{\"occupancy\":5}");   ticks on the way; topic below crowdtide/v/
 *     recording_until(&r, t_ms);
 *     recording_close(&r);
 *
 * Aborts on failure: a test can't go on.
 */
#ifndef CROWDTIDE_TESTS_SUPPORT_RECORDING_H
#define CROWDTIDE_TESTS_SUPPORT_RECORDING_H

#include "schemas/log/log.h"
#include "schemas/record/record.h"

struct recording {
    struct log_writer *writer;
    int64_t t_ms; /* of the last record */
    uint64_t messages;
    uint16_t flags; /* of the records to come */
};

void recording_open(struct recording *r, const char *state_dir, int64_t t_ms);
void recording_model(struct recording *r, const char *venue_yaml);
void recording_say(struct recording *r, int64_t t_ms, const char *topic, const char *payload);
/* The same every step_ms from the last record's time on, up to and with until_ms. */
void recording_say_every(struct recording *r, int64_t step_ms, int64_t until_ms, const char *topic, const char *payload);
void recording_until(struct recording *r, int64_t t_ms);
/* Any other record, at the last record's time. Returns its sequence. */
uint64_t recording_record(struct recording *r, unsigned type, const void *body, uint32_t len);
void recording_close(struct recording *r);

#endif
