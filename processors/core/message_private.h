/*
 * What messages of canonical topics (message.c) and those of payload maps (message_mapped.c) have in
 * common: one reading of one sensor, once it is known what it says and of whom.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_MESSAGE_PRIVATE_H
#define CROWDTIDE_PROCESSORS_CORE_MESSAGE_PRIVATE_H

#include "processors/core/message.h"
#include "processors/core/sensor.h"

/* Dates the reading by our clock: the source's time, what its clock is steadily off added, where it is one and not in the future; else the time of
   receipt. By that it is late or not; what was stored always is. By the state in force, which a drill's readings have their own of. */
void message_date(const struct core *core, uint32_t sensor, struct result_reading *reading,
                  struct sensor_message *m);

enum message_fate { MESSAGE_COUNTED, MESSAGE_DUPLICATE, MESSAGE_REFUSED };

/* Does to the state what the reading says, and says it: a READING, and the alerts it raises. The books are
 * the caller's, since they are kept in messages. REFUSED: *refusal says why. */
enum message_fate message_reading(struct core *core, uint32_t sensor,
                                  const struct dedup_message *identity,
                                  struct result_reading *reading, const struct sensor_message *m,
                                  struct refusal *refusal);

/* A dead letter of the whole message; without its bytes when they are personal. */
void message_refuse(struct core *core, const struct record_mqtt *message,
                    const struct refusal *refusal);

/* Whether a retained message of this kind counts for nothing. What is left on the broker from an
 * earlier drill is nobody's mistake, either. */
static inline bool message_retained_ignored(const struct core *core, uint32_t sensor, bool status,
                                            bool drill)
{
    return !sensor_retained_allowed(&core->model.venue->sensors[sensor], status) ||
           (drill && !core->drill.running);
}

/* Takes a message whose topic is no canonical one, when a payload map reads it. False: none does, and
 * nothing has happened. */
bool message_mapped(struct core *core, const struct record_mqtt *message);

#endif
