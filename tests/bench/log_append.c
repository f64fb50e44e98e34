/*
 * log_append: how fast records go into a log and come out of it. One JSON line: records/s and CPU
 * ns a record for appends one by one and in batches, with the helper syncing every 50 ms beside
 * them, the slowest single append, and for reading with and without CRC.
 *
 *     log_append [--dir DIR] [--bytes N] [--records N] [--sync timer|every]
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "schemas/base/clock.h"
#include "schemas/log/log.h"

enum { BATCH = 64, NS_PER_S = 1000000000, BUCKETS = 64 };

struct bench {
    char dir[512];
    uint32_t bytes;
    uint64_t records;
    enum log_sync sync;
};

static int64_t cpu_ns(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return ((int64_t)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * NS_PER_S +
           ((int64_t)usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
}

static _Noreturn void failed(const struct error *err)
{
    char text[512];
    fprintf(stderr, "log_append: %s\n", error_describe(err, text, sizeof text));
    exit(1);
}

static void print_rate(const char *name, uint64_t n, int64_t wall, int64_t cpu)
{
    printf(",\"%s_per_s\":%.0f,\"%s_cpu_ns\":%.0f", name, (double)n * NS_PER_S / (double)wall, name,
           (double)cpu / (double)n);
}

/* Powers of two of ns; the upper edge of the bucket in which the quantile lies. */
static int64_t quantile(const uint64_t buckets[BUCKETS], uint64_t n, double q)
{
    uint64_t sum = 0;
    for (int i = 0; i < BUCKETS; i++) {
        sum += buckets[i];
        if ((double)sum >= q * (double)n)
            return (int64_t)1 << i;
    }
    return 0;
}

static void append(const struct bench *b, struct log_writer *writer, uint64_t n, uint64_t batch,
                   const char *name)
{
    struct error err = {0};
    uint8_t *body = calloc(1, b->bytes);
    uint64_t buckets[BUCKETS] = {0};
    int64_t worst = 0, cpu = cpu_ns(), start = clock_boot_ns(), last = start;
    for (uint64_t i = 0; i < n && body; i++) {
        struct log_record record = {
            .type = 1, .log_ns = last, .wall_ns = last, .body = body, .body_len = b->bytes};
        memcpy(body, &i, sizeof i);
        if (!log_writer_stage(writer, &record, NULL, &err) ||
            ((i + 1) % batch == 0 && !log_writer_commit(writer, &err)))
            failed(&err);
        int64_t now = clock_boot_ns(), took = now - last;
        worst = took > worst ? took : worst;
        buckets[took > 0 ? 64 - __builtin_clzll((unsigned long long)took) : 0]++;
        last = now;
    }
    print_rate(name, n, last - start, cpu_ns() - cpu);
    printf(",\"%s_p99_ns_below\":%lld,\"%s_p9999_ns_below\":%lld,\"%s_worst_us\":%lld", name,
           (long long)quantile(buckets, n, 0.99), name, (long long)quantile(buckets, n, 0.9999),
           name, (long long)worst / 1000);
    free(body);
}

static void read_all(const struct bench *b, bool verify, const char *name)
{
    const struct log_reader_options options = {.dir = b->dir, .verify_crc = verify};
    struct log_reader *reader = NULL;
    struct error err = {0};
    struct log_view view;
    uint64_t n = 0;
    enum log_read got;
    if (!log_reader_open(&options, &reader, &err))
        failed(&err);
    int64_t cpu = cpu_ns(), start = clock_boot_ns();
    while ((got = log_reader_next(reader, &view, &err)) == LOG_READ_RECORD)
        n++;
    if (got == LOG_READ_ERROR || n != 2 * b->records)
        failed(&err);
    if (name)
        print_rate(name, n, clock_boot_ns() - start, cpu_ns() - cpu);
    log_reader_close(reader);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
                                            {"bytes", required_argument, NULL, 'b'},
                                            {"records", required_argument, NULL, 'n'},
                                            {"sync", required_argument, NULL, 's'},
                                            {NULL, 0, NULL, 0}};
    struct bench b = {.bytes = 200, .records = 1000000};
    char root[256] = "/tmp/crowdtide-bench-XXXXXX";
    const char *dir = NULL;
    int c;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 'd')
            dir = optarg;
        else if (c == 'b')
            b.bytes = (uint32_t)strtoul(optarg, NULL, 10);
        else if (c == 'n')
            b.records = strtoull(optarg, NULL, 10) / BATCH * BATCH;
        else if (c == 's')
            b.sync = strcmp(optarg, "every") == 0 ? LOG_SYNC_EVERY : LOG_SYNC_TIMER;
        else
            return 2;
    }
    if (b.bytes < sizeof(uint64_t) || b.bytes > LOG_BODY_BYTES_MAX || b.records == 0)
        return 2;
    if (!dir && !(dir = mkdtemp(root)))
        return 1;
    (void)snprintf(b.dir, sizeof b.dir, "%s/log", dir);
    struct log_writer_options to_write = {.dir = b.dir, .sync = b.sync};
    struct log_writer *writer = NULL;
    struct error err = {0};
    if (!log_writer_open(&to_write, &writer, NULL, &err))
        failed(&err);
    printf("{\"bench\":\"log_append\",\"body_bytes\":%u,\"records\":%llu,\"sync\":\"%s\"", b.bytes,
           (unsigned long long)b.records, b.sync == LOG_SYNC_EVERY ? "every" : "timer");
    append(&b, writer, b.records, 1, "append");
    append(&b, writer, b.records, BATCH, "batched");
    read_all(&b, false, NULL); /* the page tables' first touch */
    read_all(&b, false, "read");
    read_all(&b, true, "read_crc");
    printf("}\n");
    log_writer_close(writer);
    if (dir == root) {
        char command[600];
        (void)snprintf(command, sizeof command, "rm -rf '%s'", root);
        return system(command) == 0 ? 0 : 1;
    }
    return 0;
}
