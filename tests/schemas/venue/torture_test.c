/*
 * The Nth allocation fails, for every N that reading a venue or a configuration makes: never a
 * crash, always a refusal with a reason, nothing left behind. Sanitizers bring allocators of their
 * own, so this runs without them only.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/config/config.h"
#include "schemas/venue/venue.h"
#include "tests/support/support.h"
#include "tests/support/venue_mistakes.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TORTURE 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TORTURE 0
#endif
#endif
#ifndef TORTURE
#define TORTURE 1
#endif

/* What the allocator below obeys; a test's state, so at file scope. */
static struct {
    bool armed;
    long left; /* allocations that still succeed */
    long live; /* made while armed and not freed */
} torture;

#if TORTURE
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *at, size_t size);
void __libc_free(void *at);

static bool refused(void)
{
    if (!torture.armed)
        return false;
    if (torture.left-- > 0) {
        torture.live++;
        return false;
    }
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return refused() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return refused() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *at, size_t size)
{
    if (refused())
        return NULL;
    if (torture.armed && at)
        torture.live--; /* the old one is gone */
    return __libc_realloc(at, size);
}

void free(void *at)
{
    if (torture.armed && at)
        torture.live--;
    __libc_free(at);
}
#endif

enum { ALLOCATIONS_MAX = 100000 };

static void arm(long succeed)
{
    torture.left = succeed;
    torture.live = 0;
    torture.armed = true;
}

static void venue_parse_survives(void **state)
{
    (void)state;
    static struct problems problems;
    char *source = venue_mistakes_everything();
    long n = 0;
    bool ok = false;
    for (; !ok && n < ALLOCATIONS_MAX; n++) {
        struct venue *venue = NULL;
        problems = (struct problems){0};
        arm(n);
        ok = venue_parse(str_of(source), &venue, &problems);
        long live = torture.live;
        torture.armed = false;
        assert_int_equal(ok, venue != NULL);
        if (!ok) {
            assert_true(problems_refuse(&problems));
            assert_true(problems.problem[0].text[0] != '\0');
            assert_int_equal(live, 0);
        }
        venue_free(venue);
    }
    free(source);
    assert_true(ok && n > 20);
}

static void config_load_survives(void **state)
{
    (void)state;
    static struct problems problems;
    long n = 0;
    bool ok = false;
    assert_int_equal(setenv("CROWDTIDE_STATE", "/tmp/state", 1), 0);
    for (; !ok && n < ALLOCATIONS_MAX; n++) {
        struct config config = {0};
        problems = (struct problems){0};
        arm(n);
        ok = config_load(CROWDTIDE_SOURCE_DIR "/deploy/venues/expo/crowdtide.yaml", &config,
                         &problems);
        long live = torture.live;
        torture.armed = false;
        if (!ok) {
            assert_true(problems_refuse(&problems));
            assert_int_equal(live, 0);
            assert_null(config.mqtt_url);
        } else {
            config_free(&config);
        }
    }
    assert_true(ok && n > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(venue_parse_survives),
        cmocka_unit_test(config_load_survives),
    };
    if (!TORTURE)
        return 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
