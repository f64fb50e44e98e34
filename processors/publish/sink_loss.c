#include "processors/publish/sink_loss.h"

#include <inttypes.h>
#include <stdio.h>

#include "processors/publish/rejected.h"
#include "schemas/base/report.h"

static void write_down(const struct sink_loss *loss, const struct feed_loss *what)
{
    struct error err = {0};
    char name[32];
    (void)snprintf(name, sizeof name, "%s-%s", loss->sink, loss->log);
    bool written = rejected_add_lost(loss->state_dir, name, what, &err);
    report(REPORT_ERROR, loss->program, "lost",
           "feed=%s results=%" PRIu64 " first_seq=%" PRIu64 " last_seq=%" PRIu64
           " after_input=%" PRIu64 " before_input=%" PRIu64 " text=\"%s\"",
           loss->log, what->results, what->first_seq, what->last_seq, what->after_input_seq,
           what->before_input_seq,
           written
               ? "deleted at the disk cap before they were sent"
               : "deleted at the disk cap before they were sent; not written down for the audit");
}

void sink_loss_tell(const struct sink_loss *loss, struct feed *feed, uint64_t dealt_seq)
{
    struct feed_loss what;
    if (feed_meets_loss(feed, &what))
        write_down(loss, &what);
    if (feed_take_loss(feed, dealt_seq, &what))
        counters_add(loss->counters, loss->lost, what.results);
}
