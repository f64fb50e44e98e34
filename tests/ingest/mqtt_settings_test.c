/* Broker addresses, client ids and topic filters: what is taken and what is refused. */
#include "ingest/mqtt_settings.h"

#include <string.h>

#include "tests/support/support.h"

static void addresses(void **state)
{
    (void)state;
    static const struct {
        const char *url, *address; /* address NULL: refused */
        bool tls;
    } rows[] = {
        {"mqtt://127.0.0.1:1883", "tcp://127.0.0.1:1883", false},
        {"mqtt://broker", "tcp://broker:1883", false},
        {"mqtts://broker.example.org", "ssl://broker.example.org:8883", true},
        {"mqtts://broker:1", "ssl://broker:1", true},
        {"mqtt://[::1]:21200", "tcp://[::1]:21200", false},
        {"mqtt://[fe80::1]", "tcp://[fe80::1]:1883", false},
        {"mqtt://broker:65535", "tcp://broker:65535", false},
        {"mqtt://broker:65536", NULL, false},
        {"mqtt://broker:0", NULL, false},
        {"mqtt://broker:", NULL, false},
        {"mqtt://broker:18x", NULL, false},
        {"mqtt://broker:-1", NULL, false},
        {"mqtt://broker:000001883", NULL, false},
        {"mqtt://", NULL, false},
        {"mqtt://:1883", NULL, false},
        {"mqtt://[::1", NULL, false},
        {"mqtt://broker/path", NULL, false},
        {"mqtt://broker:1883/", NULL, false},
        {"mqtt://bro ker", NULL, false},
        {"tcp://broker:1883", NULL, false},
        {"http://broker", NULL, false},
        {"broker:1883", NULL, false},
        {"", NULL, false},
        {"mqtt://user:secret@broker", NULL, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char address[MQTT_ADDRESS_BYTES] = "untouched";
        bool tls = false;
        struct error err = {0};
        bool ok = mqtt_url_address(rows[i].url, address, &tls, &err);
        assert_string_equal(address, rows[i].address ? rows[i].address : "untouched");
        assert_int_equal(ok, rows[i].address != NULL);
        assert_int_equal(tls, rows[i].tls);
        if (!ok)
            assert_int_equal(err.code, ERROR_CONFIG);
        assert_null(strstr(err.where, "secret"));
    }
    char url[400];
    memset(url, 'a', sizeof url);
    memcpy(url, "mqtt://", 7);
    url[7 + 254] = '\0';
    char address[MQTT_ADDRESS_BYTES];
    bool tls;
    assert_false(mqtt_url_address(url, address, &tls, NULL));
    url[7 + 253] = '\0';
    assert_true(mqtt_url_address(url, address, &tls, NULL));
}

static struct config config_of(void)
{
    static char none[] = "", url[] = "mqtt://b:1", version[] = "5";
    return (struct config){.mqtt_url = url,
                           .mqtt_client_id = none,
                           .mqtt_version = version,
                           .mqtt_username = none,
                           .mqtt_password = none,
                           .mqtt_ca_file = none,
                           .mqtt_cert_file = none,
                           .mqtt_key_file = none,
                           .mqtt_filters = none,
                           .mqtt_keepalive_s = 20,
                           .mqtt_receive_maximum = 1000,
                           .mqtt_reconnect_max_s = 30};
}

static void settings(void **state)
{
    (void)state;
    struct config config = config_of();
    struct mqtt_settings settings;
    struct error err = {0};
    assert_true(mqtt_settings_from(&config, STR_LIT("expo"), "", &settings, &err));
    assert_string_equal(settings.client_id, "crowdtide-expo");
    assert_int_equal(settings.version, MQTT_V5);
    assert_int_equal(settings.reconnect_max_ms, 30000);
    assert_true(mqtt_settings_from(&config, STR_LIT("expo"), "-check", &settings, &err));
    assert_string_equal(settings.client_id, "crowdtide-expo-check");
    static char id[] = "mine", old[] = "3.1.1", bad[] = "4", file[] = "x.pem", tls[] = "mqtts://b";
    config.mqtt_client_id = id;
    config.mqtt_version = old;
    assert_true(mqtt_settings_from(&config, STR_LIT("expo"), "", &settings, &err));
    assert_string_equal(settings.client_id, "mine");
    assert_int_equal(settings.version, MQTT_V311);
    config.mqtt_version = bad;
    assert_false(mqtt_settings_from(&config, STR_LIT("expo"), "", &settings, &err));
    config.mqtt_version = old;

    /* TLS files that would do nothing, halves of a pair, a password without a name: all said at
     * once, not found out later. */
    config.mqtt_ca_file = file;
    assert_false(mqtt_settings_from(&config, STR_LIT("expo"), "", &settings, &err));
    config.mqtt_url = tls;
    assert_true(mqtt_settings_from(&config, STR_LIT("expo"), "", &settings, &err));
    assert_true(settings.tls);
    config.mqtt_cert_file = file;
    assert_false(mqtt_settings_from(&config, STR_LIT("expo"), "", &settings, &err));
    config.mqtt_key_file = file;
    assert_true(mqtt_settings_from(&config, STR_LIT("expo"), "", &settings, &err));
    config.mqtt_password = file;
    assert_false(mqtt_settings_from(&config, STR_LIT("expo"), "", &settings, &err));
    assert_int_equal(err.code, ERROR_CONFIG);
    assert_false(mqtt_settings_files(&settings, &err));
    assert_int_equal(err.code, ERROR_CONFIG);
    assert_non_null(strstr(err.where, "mqtt.ca_file x.pem"));
    settings.ca_file = settings.cert_file = settings.key_file = "/dev/null";
    assert_true(mqtt_settings_files(&settings, &err));
}

static void filters(void **state)
{
    (void)state;
    static const struct {
        char text[64];
        uint32_t count; /* 0: refused */
    } rows[] = {
        {"", 2},      {"a", 1},          {"#", 1},        {"+", 1},        {"a/#\nb/+/c\n+/x", 3},
        {"/a//b", 1}, {"a/b#", 0},       {"a/#/b", 0},    {"a+/b", 0},     {"a/+b", 0},
        {"##", 0},    {"$share/g/a", 0}, {"\xff\xfe", 0}, {"ok\nbad#", 0},
    };
    struct config config = config_of();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[64];
        memcpy(text, rows[i].text, sizeof text);
        config.mqtt_filters = text;
        struct mqtt_filters got = {0};
        struct error err = {0};
        assert_int_equal(mqtt_filters_from(&config, STR_LIT("expo"), &got, &err),
                         rows[i].count > 0);
        assert_int_equal(got.count, rows[i].count);
        if (i == 0) {
            assert_string_equal(got.filter[0].text, "crowdtide/expo/#");
            assert_string_equal(got.filter[1].text, "drill/expo/#");
        }
        mqtt_filters_free(&got);
    }
    enum { ITEM_BYTES = 4 };
    char many[(MQTT_FILTERS_OWN_MAX + 1) * ITEM_BYTES + 1];
    struct text list = text_over(many, sizeof many - 1);
    for (int i = 0; i <= MQTT_FILTERS_OWN_MAX; i++) {
        text_add(&list, i ? "\n" : "");
        text_add_i64(&list, 100 + i);
    }
    many[list.len] = '\0';
    config.mqtt_filters = many;
    struct mqtt_filters got = {0};
    assert_false(mqtt_filters_from(&config, STR_LIT("expo"), &got, NULL));
    many[list.len - ITEM_BYTES] = '\0';
    assert_true(mqtt_filters_from(&config, STR_LIT("expo"), &got, NULL));
    assert_int_equal(got.count, MQTT_FILTERS_OWN_MAX);
    mqtt_filters_free(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(settings),
        cmocka_unit_test(filters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
