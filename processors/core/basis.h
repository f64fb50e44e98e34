/*
 * basis: what each zone's occupancy rests on (enum zone_basis), found once when a model comes into
 * force. Level counters bound to a zone decide it; doors next to it do where it has none; both are fused
 * where its border is known to be counted (zone.h). A zone without either is the sum of the zones
 * inside it.
 *
 *     border_find(&model), basis_find(&model)
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_BASIS_H
#define CROWDTIDE_PROCESSORS_CORE_BASIS_H

#include "processors/core/state.h"

/* Sets each zone's basis, covered, leaky, flow_sum, slot_ms and most: VENUE_PACKED_PER_M2 on its area;
 * of a sum without one, what the zones inside it hold. The zones are as after calloc but for parent,
 * vehicles, depth and the least slot_ms. */
void basis_find(struct model *model);

#endif
