/*
 * program_fault: why a program does nothing, as its counters tell.
 *
 *     const char *why = program_fault(&figures, PROGRAM_INGEST, now_ms);     NULL: nothing is wrong
 * with it
 *
 * Pure.
 */
#ifndef CROWDTIDE_PROCESSORS_WATCH_PROGRAM_FAULT_H
#define CROWDTIDE_PROCESSORS_WATCH_PROGRAM_FAULT_H

#include "processors/watch/watch_figures.h"

enum { PROGRAM_SILENT_MS = 5000 /* a program that says nothing for so long hangs */ };

const char *program_fault(const struct watch_figures *figures, enum program program,
                          int64_t now_ms);

#endif
