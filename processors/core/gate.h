/*
 * gate: pedestrian and vehicle gates: what passes and what is refused, by lane and reason; how many
 * arrive, how many it can serve, who waits and how long. Vehicle gates the same in vehicles.
 *
 *     gates_make(&model)                    when a model comes into force
 *     gate_apply(core, sensor, &message)    a person, or a report
 *     gates_advance(core, at_ms)            a second boundary: time passes, figures are made
 *     gate_emit(core, gate, at_ms)          its results, as far as they changed
 *
 * People come from the gate's outside and are served when they are let in or refused; those who
 * leave are counted, and are in none of the rates. (A gate that people leave by is written with its
 * zone outside: then "in" leads out.) Late data count in totals only.
 *
 * lanes open  as the gate says, none when it is closed; else those used within the window; else
 * those of the venue file. service μ   lanes open by what a lane serves: as the file has it, then
 * as it was learnt (lane_rate.h). None when the gate is closed. arrivals λ  served over the window
 * (tally.h), and by how much the queue grew, where it is counted. Without that it is what was
 * served, so at least so many arrived. queue       counted: the people in its queue's zone, shared
 * among the gates of that zone by their service (when none of them serves: equally). Estimated:
 * λ²/μ(μ−λ), the mean of a queue that chance alone makes (M/M/1, as if all lanes were one that is
 * as fast); that is good for as long as λ is under GATE_SATURATED_PERCENT of μ. Above, people must
 * be waiting, but nobody can tell from the passages how many: there is no queue then and no wait,
 * and the load says what is the matter. wait        queue by service: Little's law, so for somebody
 * who comes now and if service stays so. load        λ by μ; at most GATE_LOAD_MAX. That is also
 * the load of a gate that serves nobody, closed or without an open lane, while more than
 * GATE_WAITING_MAX are counted in its queue and no other gate of the queue serves them; it has no
 * wait then.
 *
 * A gate that is silent or not in service has none of these, nor has one in its first fifth of a
 * window a λ. One whose queue is counted, but its counters are silent, has no queue, wait and load:
 * what was counted before must not give way to an estimate that knows nothing of it.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_GATE_H
#define CROWDTIDE_PROCESSORS_CORE_GATE_H

#include "processors/core/sensor.h"

enum {
    GATE_LOAD_MAX = 10,
    GATE_WAIT_MIN_MAX = 24 * 60, /* for rules */
    GATE_WAITING_MAX = 5,        /* so many may be an error of the count, or staff */
    GATE_SATURATED_PERCENT = 95,
    GATE_COVERED_PART = 5, /* a rate needs this part of the window */
    GATE_ASKED_MIN = 10,   /* a ratio of rejects needs so many who asked */
};

/* It will be looked at soon, and what it leads to: memory may begin to fetch. Change nothing. */
void gate_fetch(const struct gate *gate);
void gate_parts_fetch(const struct gate *gate);
/* The same for who goes through all gates at a second boundary, and is at this one. */
void gates_fetch(const struct model *model, uint32_t gate, int64_t second);

/* The model is allocated over its venue. Gives the gates their room, and finds the gates of each
 * zone and each queue. False: no memory. */
bool gates_make(struct model *model);
void gate_init(const struct core *core, struct gate *gate, uint32_t sensor);
/* From the model before, by the same sensor. */
void gate_carry(struct gate *to, const struct gate *from);
void gate_derive(struct gate *gate);

void gate_apply(struct core *core, uint32_t sensor, const struct sensor_message *message);
/* Fills in what a partial reading lacks, as it was last said; passages are not said twice. */
void gate_complete(const struct gate *gate, struct result_reading *reading);
void gates_advance(struct core *core, int64_t at_ms);
/* Nobody watched until now. */
void gates_pause(struct core *core);
/* Its metrics at a second boundary, if they changed since last shown or are due again. */
void gate_emit(struct core *core, uint32_t gate, int64_t at_ms);

/* What the rules of a zone ask of gates, as it stood at the last second boundary: the worst of the
 * known gates in service that people of this zone wait at (venue_gate_zone): those whose `queue` is
 * the zone, and those that lead into it and name no queue. O(1). NaN when none of them tells:
 *   METRIC_GATE_WAIT (minutes)  for the upper bound of a counted queue; GATE_WAIT_MIN_MAX where it
 * has no end; 0 at a gate that is closed, says so, and has no such queue METRIC_GATE_LOAD 0
 * likewise METRIC_REJECT_PERCENT       0 when too few ask for a ratio */
double gate_zone_metric(const struct core *core, uint32_t zone, enum metric metric);
/* Why they tell nothing: SENSORS: none in service is heard. SERVICE: none is in service. NONE: some
 * are heard. */
enum health_cause gate_zone_cause(const struct core *core, uint32_t zone);

#endif
