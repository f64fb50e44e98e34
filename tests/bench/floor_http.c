/*
 * floor_http: what writing to the time-series store costs at the least: a bare libcurl handle
 * posting ready lines of line protocol, 5,000 a request, nothing else done. One JSON line on stdout
 * with the CPU time of the whole process per message.
 *
 *     floor_http --url "http://127.0.0.1:8086/write?db=bench" --count 400000 --rate 20000 --bytes
 * 170
 *
 * --bytes is one line, its time stamp and newline included. Exit code 1 when a request was not
 * answered with 2xx.
 */
#include <curl/curl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { LINES_PER_REQUEST = 5000, LINE_BYTES_MIN = 96, LINE_BYTES_MAX = 4096 };

struct floor {
    const char *url;
    uint64_t count;
    uint64_t rate;
    size_t bytes;
    uint64_t failed;
};

static double cpu_s(void)
{
    struct rusage used;
    (void)getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static size_t drop_answer(char *bytes, size_t size, size_t count, void *arg)
{
    (void)bytes;
    (void)arg;
    return size * count;
}

/* The lines are made before the clock starts: only sending is measured. Each request repeats them
 * with other time stamps, as many digits long. */
static size_t make_lines(const struct floor *floor, char *to, uint64_t first, uint64_t count,
                         int64_t base_ns)
{
    size_t len = 0;
    for (uint64_t i = first; i < first + count; i++) {
        int n = snprintf(to + len, LINE_BYTES_MAX,
                         "reading,venue=bench,sensor=s-%04" PRIu64 " v=\"", i % 2000);
        size_t begun = len;
        len += (size_t)n;
        for (; len - begun + 22 < floor->bytes; len++)
            to[len] = (char)('a' + len % 26);
        n = snprintf(to + len, LINE_BYTES_MAX, "\" %" PRId64 "\n", base_ns + (int64_t)i);
        len += (size_t)n;
    }
    return len;
}

static bool send_all(struct floor *floor, CURL *easy, char *lines, double *ret_cpu_s)
{
    struct timespec wall;
    (void)clock_gettime(CLOCK_REALTIME, &wall);
    const int64_t base_ns = (int64_t)wall.tv_sec * 1000000000;
    const double began_s = now_s();
    double used_s = 0;
    for (uint64_t sent = 0; sent < floor->count;) {
        uint64_t n =
            floor->count - sent < LINES_PER_REQUEST ? floor->count - sent : LINES_PER_REQUEST;
        size_t len = make_lines(floor, lines, sent, n, base_ns);
        double due_s = began_s + (double)(sent + n) / (double)floor->rate - now_s();
        if (due_s > 0) {
            const struct timespec pause = {
                .tv_sec = (time_t)due_s, .tv_nsec = (long)((due_s - (double)(time_t)due_s) * 1e9)};
            (void)nanosleep(&pause, NULL);
        }
        double before_s = cpu_s();
        if (curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len) != CURLE_OK ||
            curl_easy_setopt(easy, CURLOPT_POSTFIELDS, lines) != CURLE_OK)
            return false;
        long status = 0;
        CURLcode code = curl_easy_perform(easy);
        (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        used_s += cpu_s() - before_s;
        if (code != CURLE_OK || status / 100 != 2) {
            fprintf(stderr, "floor_http: %s, status %ld\n", curl_easy_strerror(code), status);
            floor->failed += n;
        }
        sent += n;
    }
    *ret_cpu_s = used_s;
    return true;
}

static bool parse(int argc, char **argv, struct floor *floor)
{
    static const struct option options[] = {
        {"url", required_argument, NULL, 'u'},
        {"count", required_argument, NULL, 'n'},
        {"rate", required_argument, NULL, 'r'},
        {"bytes", required_argument, NULL, 'b'},
        {NULL, 0, NULL, 0},
    };
    int c;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 'u')
            floor->url = optarg;
        else if (c == 'n')
            floor->count = strtoull(optarg, NULL, 10);
        else if (c == 'r')
            floor->rate = strtoull(optarg, NULL, 10);
        else if (c == 'b')
            floor->bytes = strtoull(optarg, NULL, 10);
        else
            return false;
    }
    return floor->count && floor->rate && floor->bytes >= LINE_BYTES_MIN &&
           floor->bytes <= LINE_BYTES_MAX;
}

int main(int argc, char **argv)
{
    struct floor floor = {.url = "http://127.0.0.1:8086/write?db=bench",
                          .count = 400000,
                          .rate = 20000,
                          .bytes = 170};
    if (!parse(argc, argv, &floor)) {
        fprintf(stderr, "usage: floor_http [--url U] [--count N] [--rate N] [--bytes 96..4096]\n");
        return 2;
    }
    char *lines = malloc((size_t)LINES_PER_REQUEST * LINE_BYTES_MAX);
    CURL *easy = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_easy_init() : NULL;
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
    if (!lines || !easy || !headers || curl_easy_setopt(easy, CURLOPT_URL, floor.url) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_POST, 1L) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop_answer) != CURLE_OK) {
        free(lines);
        return 1;
    }
    double used_s = 0;
    const double began_s = now_s();
    if (!send_all(&floor, easy, lines, &used_s)) {
        free(lines);
        return 1;
    }
    printf("{\"program\":\"floor_http\",\"messages\":%" PRIu64 ",\"failed\":%" PRIu64
           ",\"bytes\":%zu,\"rate\":%" PRIu64 ",\"wall_s\":%.3f,\"cpu_s\":%.3f,"
           "\"cpu_us_per_message\":%.3f}\n",
           floor.count, floor.failed, floor.bytes, floor.rate, now_s() - began_s, used_s,
           used_s * 1e6 / (double)floor.count);
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
    free(lines);
    return floor.failed ? 1 : 0;
}
