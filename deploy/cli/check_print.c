#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "deploy/cli/check.h"
#include "deploy/cli/check_page.h"
#include "deploy/cli/cli.h"
#include "schemas/payload/payload_map.h"

enum { EXPLANATION_BYTES = 4096, JSON_BYTES = 8192 };

static const char *const level_names[VENUE_LEVELS] = {"blue", "yellow", "orange", "red"};

static const char *config_name(const struct check *check)
{
    return check->path[0] ? check->path : "environment";
}

/* "8 hall, 280 cell …" of what there is. */
static void print_counts(const uint32_t *count, uint32_t kinds, const char *(*name)(uint32_t))
{
    const char *before = " (";
    for (uint32_t i = 0; i < kinds; i++) {
        if (!count[i])
            continue;
        (void)printf("%s%u %s", before, count[i], name(i));
        before = ", ";
    }
    (void)printf("%s\n", before[0] == ',' ? ")" : "");
}

static const char *kind_name(uint32_t i)
{
    return zone_kind_text((enum zone_kind)i);
}

static const char *class_name(uint32_t i)
{
    return sensor_class_text((enum sensor_class)i);
}

/* Who may command what, and when shelves end. */
static void print_operators(const struct venue *v)
{
    (void)printf("  %u operators", v->operator_count);
    for (uint32_t i = 0; i < v->shift_count; i++)
        (void)printf("%s%02d:%02d", i ? ", " : "; handovers at ", v->shift_min[i] / 60,
                     v->shift_min[i] % 60);
    (void)printf("%s\n", v->operator_count ? "" : ": nobody is told from anybody");
    for (uint32_t i = 0; i < v->operator_count; i++) {
        char words[EXPLANATION_BYTES];
        struct text out = text_over(words, sizeof words);
        venue_operator_explain(v, i, &out);
        (void)printf("    %.*s\n", (int)out.len, words);
    }
}

static void print_maps(const struct payload_maps *maps)
{
    uint32_t count = payload_maps_count(maps);
    if (count)
        (void)printf("  %u payload map%s, %u topic filter%s:", count, count == 1 ? "" : "s",
                     payload_maps_filter_count(maps),
                     payload_maps_filter_count(maps) == 1 ? "" : "s");
    for (uint32_t i = 0; i < count; i++) {
        struct str id = payload_map_facts(payload_maps_at(maps, i))->id;
        (void)printf(" " STR_FMT, STR_ARG(id));
    }
    (void)printf(count ? "\n" : "");
}

static void print_venue(const struct venue *v)
{
    uint32_t kinds[ZONE_KIND_COUNT] = {0}, classes[4] = {0};
    for (uint32_t i = 0; i < v->zone_count; i++)
        kinds[v->zones[i].kind]++;
    for (uint32_t i = 0; i < v->sensor_count; i++)
        classes[v->sensors[i].class]++;
    (void)printf("venue " STR_FMT " (" STR_FMT "), time zone " STR_FMT "\n", STR_ARG(v->id),
                 STR_ARG(v->name), STR_ARG(v->time_zone));
    (void)printf("  %u zones", v->zone_count);
    print_counts(kinds, ZONE_KIND_COUNT, kind_name);
    (void)printf("  %u sensors", v->sensor_count);
    print_counts(classes, 4, class_name);
    print_maps(v->payloads);
    (void)printf("  %u rules\n", v->rule_count);
    for (uint32_t i = 0; i < v->rule_count; i++) {
        char words[EXPLANATION_BYTES];
        struct text out = text_over(words, sizeof words);
        venue_rule_explain(v, &v->rules[i], &out);
        (void)printf("    %.*s\n", (int)out.len, words);
    }
    print_operators(v);
    (void)printf("  \"seen within\" is the longest time from the crossing of a threshold to the "
                 "alert while the sensors\n  are not silent, without the time messages take.\n");
}

void check_print(const struct check *check)
{
    cli_print_problems(config_name(check), &check->problems);
    if (check->has_config)
        cli_print_problems(check->config.venue_file, &check->venue_problems);
    if (check->has_config)
        cli_print_problems(check->config.page_file, &check->page_problems);
    if (check->venue)
        print_venue(check->venue);
    check_page_print(check);
    for (int i = 0; i < CHECK_SERVERS; i++)
        if (check->answer[i].asked)
            (void)printf("%-7s %s  %s\n", check->answer[i].name,
                         check->answer[i].ok ? "ok    " : "FAILED", check->answer[i].text);
    uint32_t count =
        check->problems.count + check->venue_problems.count + check->page_problems.count;
    uint32_t warnings =
        check->problems.warnings + check->venue_problems.warnings + check->page_problems.warnings;
    (void)printf("%u error%s, %u warning%s%s\n", count - warnings, count - warnings == 1 ? "" : "s",
                 warnings, warnings == 1 ? "" : "s",
                 check_answered(check) ? "" : "; not every server answered");
}

/* A key and a string value; invalid UTF-8 can't come from YAML, but it can from the environment. */
static void json_text(const char *before, const char *key, struct str value)
{
    char bytes[JSON_BYTES];
    struct text out = text_over(bytes, sizeof bytes);
    if (!utf8_valid((const uint8_t *)(value.len ? value.at : ""), value.len))
        value = STR_LIT("(not UTF-8)");
    text_add_json(&out, value);
    (void)printf("%s\"%s\":%.*s", before, key, (int)out.len, bytes);
}

static void json_problems(const char *file, const struct problems *problems, const char **before)
{
    for (uint32_t i = 0; i < problems_listed(problems); i++) {
        const struct problem *p = &problems->problem[i];
        json_text(*before, "file", str_of(problem_file(p, file)));
        (void)printf(",\"line\":%u,\"column\":%u,\"severity\":\"%s\"", p->line, p->column,
                     p->warning ? "warning" : "error");
        json_text(",", "text", str_of(p->text));
        (void)printf("}");
        *before = ",{";
    }
}

static void json_rule(const struct venue *v, const struct venue_rule *rule)
{
    char words[EXPLANATION_BYTES];
    struct text out = text_over(words, sizeof words);
    venue_rule_explain(v, rule, &out);
    json_text("{", "id", rule->id);
    json_text(",", "explanation", (struct str){words, (uint32_t)out.len});
    if (venue_rule_window_ms(v, rule))
        (void)printf(",\"window_ms\":%" PRId64, venue_rule_window_ms(v, rule));
    (void)printf(",\"detection_ms\":{");
    const char *before = "";
    for (uint32_t level = 0; level < VENUE_LEVELS; level++) {
        int64_t ms = venue_rule_detection_ms(v, rule, level);
        if (ms < 0)
            continue;
        (void)printf("%s\"%s\":%" PRId64, before, level_names[level], ms);
        before = ",";
    }
    (void)printf("}}");
}

static void json_venue(const struct venue *v)
{
    json_text(",\"venue\":{", "id", v->id);
    json_text(",", "name", v->name);
    (void)printf(",\"zones\":%u,\"sensors\":%u,\"rules\":[", v->zone_count, v->sensor_count);
    for (uint32_t i = 0; i < v->rule_count; i++) {
        (void)printf("%s", i ? "," : "");
        json_rule(v, &v->rules[i]);
    }
    (void)printf("],\"operators\":[");
    for (uint32_t i = 0; i < v->operator_count; i++) {
        char words[EXPLANATION_BYTES];
        struct text out = text_over(words, sizeof words);
        venue_operator_explain(v, i, &out);
        json_text(i ? ",{" : "{", "id", v->operators[i].id);
        json_text(",", "explanation", (struct str){words, (uint32_t)out.len});
        (void)printf("}");
    }
    (void)printf("]}");
}

void check_print_json(const struct check *check)
{
    const char *before = "{";
    (void)printf("{\"ok\":%s,\"problems\":[",
                 check_passed(check) && check_answered(check) ? "true" : "false");
    json_problems(config_name(check), &check->problems, &before);
    if (check->has_config)
        json_problems(check->config.venue_file, &check->venue_problems, &before);
    if (check->has_config)
        json_problems(check->config.page_file, &check->page_problems, &before);
    (void)printf("]");
    if (check->venue)
        json_venue(check->venue);
    check_page_print_json(check);
    (void)printf(",\"servers\":[");
    before = "{";
    for (int i = 0; i < CHECK_SERVERS; i++) {
        if (!check->answer[i].asked)
            continue;
        json_text(before, "name", str_of(check->answer[i].name));
        (void)printf(",\"ok\":%s", check->answer[i].ok ? "true" : "false");
        json_text(",", "text", str_of(check->answer[i].text));
        (void)printf("}");
        before = ",{";
    }
    (void)printf("]}\n");
}
