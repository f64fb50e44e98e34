/* Both results logs at once, in the order of the inputs: see audit_private.h. */
#include <stdio.h>

#include "processors/audit/audit_private.h"

bool audit_origin_before(const struct result_origin *a, const struct result_origin *b)
{
    return a->input_seq < b->input_seq || (a->input_seq == b->input_seq && a->index < b->index);
}

bool audit_is_due(const struct audit *a, enum output output, const struct result_origin *place)
{
    return audit_origin_before(&a->end[output], place) &&
           !(a->live && place->input_seq <= a->report->upper_seq);
}

bool audit_log_reader(const char *state_dir, const char *name, struct log_reader **ret,
                      struct error *err)
{
    char dir[AUDIT_PATH_BYTES];
    (void)snprintf(dir, sizeof dir, "%s/%s", state_dir, name);
    const struct log_reader_options options = {
        .dir = dir, .verify_crc = true, .ignore_published = !log_writer_present(dir)};
    return log_reader_open(&options, ret, err) && log_reader_seek(*ret, 0, err);
}

bool audit_walk_open(struct audit *a, struct audit_walk *walk, struct error *err)
{
    *walk = (struct audit_walk){.upper_seq = a->report->upper_seq};
    for (int o = 0; o < OUTPUT_COUNT; o++) {
        struct error why = {0};
        if (!audit_log_reader(a->options->config->state_dir, output_name((enum output)o),
                              &walk->reader[o], &why)) {
            log_reader_close(walk->reader[o]);
            walk->reader[o] = NULL;
            walk->broken[o] = why.code != ERROR_NOT_FOUND;
            if (why.code != ERROR_NOT_FOUND && why.code != ERROR_CORRUPT) {
                if (err)
                    *err = why;
                return false;
            }
        }
    }
    return true;
}

const struct audit_item *audit_walk_head(struct audit_walk *walk, enum output output,
                                         struct error *err)
{
    struct audit_item *head = &walk->head[output];
    while (!walk->has[output] && walk->reader[output]) {
        struct error why = {0};
        enum log_read got = log_reader_next(walk->reader[output], &head->view, &why);
        if (got == LOG_READ_ERROR && why.code == ERROR_LOST) { /* retention went on meanwhile */
            if (log_reader_seek(walk->reader[output], why.position, err))
                continue;
            return NULL;
        }
        if (got == LOG_READ_ERROR && why.code != ERROR_CORRUPT) {
            *err = why;
            return NULL;
        }
        if (got == LOG_READ_RECORD && head->view.body_len >= RESULT_ORIGIN_BYTES) {
            head->output = output;
            head->origin = result_origin_decode(head->view.body);
            if (head->origin.index >= OUTPUTS_OWN_INDEX)
                continue;
            if (head->origin.input_seq <= walk->upper_seq) {
                walk->has[output] = true;
                break;
            }
        }
        walk->broken[output] = walk->broken[output] || got == LOG_READ_ERROR;
        log_reader_close(walk->reader[output]);
        walk->reader[output] = NULL;
    }
    return walk->has[output] ? head : NULL;
}

void audit_walk_drop(struct audit_walk *walk, enum output output)
{
    walk->has[output] = false;
}

const struct audit_item *audit_walk_next(struct audit_walk *walk, struct error *err)
{
    const struct audit_item *alerts = audit_walk_head(walk, OUTPUT_ALERTS, err);
    const struct audit_item *bulk = audit_walk_head(walk, OUTPUT_BULK, err);
    const struct audit_item *next =
        !bulk || (alerts && audit_origin_before(&alerts->origin, &bulk->origin)) ? alerts : bulk;
    if (err->code != ERROR_NONE)
        return NULL;
    if (next) /* read over at the next call only: the body is borrowed until then */
        audit_walk_drop(walk, next->output);
    return next;
}

void audit_walk_close(struct audit_walk *walk)
{
    for (int o = 0; o < OUTPUT_COUNT; o++)
        log_reader_close(walk->reader[o]);
    *walk = (struct audit_walk){0};
}
