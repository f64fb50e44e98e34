/* sim_broken: functions of the programs that the simulation wraps (sim.h). */
#ifndef CROWDTIDE_TESTS_SIM_SIM_BROKEN_H
#define CROWDTIDE_TESTS_SIM_SIM_BROKEN_H

#include "processors/core/dedup.h"
#include "processors/page/page_body.h"
#include "processors/page/page_state.h"
#include "processors/process/snapshot.h"
#include "processors/publish/feed.h"
#include "schemas/base/report.h"
#include "schemas/log/log_control.h"
#include "tests/sim/sim.h"

const char *sim_broken_name(enum sim_broken broken);

void __wrap_report(enum report_level level, const char *program, const char *event,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));
void __wrap_report_error(const char *program, const char *event, const struct error *err);

enum page_verdict __real_page_judge(enum paging_kind kind, int status, const char *body);
enum page_verdict __wrap_page_judge(enum paging_kind kind, int status, const char *body);
bool __real_page_state_store(const struct page_state *state, const char *path, struct error *err);
bool __wrap_page_state_store(const struct page_state *state, const char *path, struct error *err);
bool __real_snapshot_write(const char *dir, const struct snapshot *snapshot, struct error *err);
bool __wrap_snapshot_write(const char *dir, const struct snapshot *snapshot, struct error *err);
enum feed_read __real_feed_next(struct feed *feed, struct feed_item *ret, struct error *err);
enum feed_read __wrap_feed_next(struct feed *feed, struct feed_item *ret, struct error *err);
uint64_t __real_log_reader_durable_seq(const struct log_reader *reader);
uint64_t __wrap_log_reader_durable_seq(const struct log_reader *reader);
uint64_t __real_log_writer_durable_seq(const struct log_writer *writer);
uint64_t __wrap_log_writer_durable_seq(const struct log_writer *writer);
bool __real_log_control_this_boot(const struct log_control *control,
                                  const uint8_t boot[LOG_BOOT_ID_BYTES]);
bool __wrap_log_control_this_boot(const struct log_control *control,
                                  const uint8_t boot[LOG_BOOT_ID_BYTES]);
bool __real_dedup_seen(struct dedup *d, uint32_t sensor, struct dedup_memory *memory,
                       const struct dedup_message *message);
bool __wrap_dedup_seen(struct dedup *d, uint32_t sensor, struct dedup_memory *memory,
                       const struct dedup_message *message);
bool __real_log_record_at(const struct log_image *image, uint64_t offset, bool check_crc,
                          struct log_view *ret_view, bool *ret_last_of_batch);
bool __wrap_log_record_at(const struct log_image *image, uint64_t offset, bool check_crc,
                          struct log_view *ret_view, bool *ret_last_of_batch);
bool __real_log_writer_open(const struct log_writer_options *options,
                            struct log_writer **ret_writer, struct log_recovery *ret_recovery,
                            struct error *err);
bool __wrap_log_writer_open(const struct log_writer_options *options,
                            struct log_writer **ret_writer, struct log_recovery *ret_recovery,
                            struct error *err);
bool __real_log_writer_retain(struct log_writer *writer, uint64_t max_bytes, uint64_t keep_from_seq,
                              bool force, uint64_t *ret_lost, struct error *err);
bool __wrap_log_writer_retain(struct log_writer *writer, uint64_t max_bytes, uint64_t keep_from_seq,
                              bool force, uint64_t *ret_lost, struct error *err);

#endif
