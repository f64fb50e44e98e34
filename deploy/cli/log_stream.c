/* crowdtide log export and tap */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "deploy/cli/cli.h"
#include "deploy/cli/log_commands.h"

enum { WAIT_MS = 100 };

struct stream {
    const struct log_stream_options *options;
    struct log_reader *reader;
    char *line;
    size_t cap;
};

static bool print_record(struct stream *s, const struct log_view *view)
{
    size_t need = log_show_bytes(view);
    if (need > s->cap) {
        char *line = realloc(s->line, need);
        if (!line)
            return false;
        s->line = line;
        s->cap = need;
    }
    struct text out = text_over(s->line, s->cap);
    if (s->options->json)
        log_show_json(view, &out);
    else
        log_show_human(view, &out);
    text_add_char(&out, '\n');
    return fwrite(out.at, 1, out.len, stdout) == out.len;
}

static int run(struct stream *s)
{
    struct error err = {0};
    struct log_view view;
    while (!*cli_stop()) {
        enum log_read got = log_reader_next(s->reader, &view, &err);
        if (got == LOG_READ_ERROR)
            return log_command_failed(&err);
        if (got == LOG_READ_RECORD) {
            if (view.seq > s->options->to)
                break;
            if (!print_record(s, &view))
                return EXIT_FAILED;
            if (view.seq == s->options->to)
                break;
            continue;
        }
        if (!s->options->follow)
            break;
        if (fflush(stdout) != 0)
            return EXIT_FAILED; /* nobody listens any more */
        log_reader_wait(s->reader, WAIT_MS);
    }
    return fflush(stdout) == 0 ? EXIT_OK : EXIT_FAILED;
}

/* tap waits for a log that does not exist yet, or is not open yet. */
static bool open_reader(struct stream *s, const struct log_target *log, struct error *err)
{
    bool told = false;
    for (;;) {
        /* Without a writer nobody publishes: then everything valid is shown. */
        struct log_reader_options options = {
            .dir = log->dir,
            .verify_crc = true,
            .ignore_published = !s->options->follow && !log_writer_present(log->dir),
        };
        if (log_reader_open(&options, &s->reader, err)) {
            if (!s->options->follow || !log_reader_waits(s->reader, err))
                return true;
            log_reader_close(s->reader);
            s->reader = NULL;
        } else if (err->code != ERROR_NOT_FOUND || !s->options->follow) {
            return false;
        }
        if (*cli_stop())
            return false;
        if (!told)
            fprintf(stderr, "crowdtide log: waiting for %s\n",
                    err->code == ERROR_UNOPENED ? err->where : log->dir);
        told = true;
        (void)usleep(WAIT_MS * 1000);
    }
}

int log_command_stream(const struct log_target *log, const struct log_stream_options *options)
{
    struct stream s = {.options = options};
    struct error err = {0};
    cli_signals();
    int code;
    if (!open_reader(&s, log, &err)) {
        code = *cli_stop() ? EXIT_OK : log_command_failed(&err);
        goto done;
    }
    uint64_t from = options->from;
    if (from == 0 && options->follow)
        from = log_reader_last_seq(s.reader) + 1;
    if (!log_reader_seek(s.reader, from, &err)) {
        code = log_command_failed(&err);
        goto done;
    }
    code = run(&s);
done:
    log_reader_close(s.reader);
    free(s.line);
    return code;
}
