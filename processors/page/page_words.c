#include "processors/page/page_words.h"

#include "processors/page/paging.h"

/*
 * The Chinese terms are those of crowd safety at large events and scenic areas (最大承载量, the
 * four colours of 预警, 限流, 批次放行 or 波次放行, 单向通行, 只出不进), not translations of ours.
 */
static const struct page_words levels[] = {
    [LEVEL_NONE] = {{"正常", "NORMAL"}},   [LEVEL_BLUE] = {{"蓝色", "BLUE"}},
    [LEVEL_YELLOW] = {{"黄色", "YELLOW"}}, [LEVEL_ORANGE] = {{"橙色", "ORANGE"}},
    [LEVEL_RED] = {{"红色", "RED"}},
};

const char *page_level_words(int level, enum page_tongue tongue)
{
    return level >= LEVEL_NONE && level <= LEVEL_RED ? levels[level].in[tongue] : "";
}

/* clang-format off */
static const struct page_metric metrics[METRIC_COUNT] = {
    [METRIC_OCCUPANCY] = {"occupancy", {{"在场人数 ", "people inside: "}}, {{" 人", ""}}, 0, true},
    [METRIC_PERCENT_CAPACITY] = {"percent_capacity", {{"客流达核定承载量的 ", "crowd at "}}, {{"%", " % of the approved capacity"}}, 1, true},
    [METRIC_DENSITY] = {"density", {{"拥挤度 ", "density "}}, {{" 人/m²", " people/m²"}}, 2, true},
    [METRIC_DENSITY_MEAN_60S] = {"density_mean_60s", {{"1 分钟平均拥挤度 ", "density over 1 min "}}, {{" 人/m²", " people/m²"}}, 2, true},
    [METRIC_IN_PER_MIN] = {"in_per_min", {{"进入客流 ", "arrivals "}}, {{" 人/分钟", " people/min"}}, 0, true},
    [METRIC_FLOW_PERCENT] = {"flow_percent", {{"通行客流达安全通行能力的 ", "flow at "}}, {{"%", " % of what passes safely"}}, 1, true},
    [METRIC_GATE_WAIT] = {"gate_wait_min", {{"闸口排队等候 ", "wait at the gate "}}, {{" 分钟", " min"}}, 1, true},
    [METRIC_GATE_LOAD] = {"gate_load", {{"闸口到达与放行之比 ", "arrivals by service at the gate "}}, {{"", ""}}, 2, true},
    [METRIC_REJECT_PERCENT] = {"reject_percent", {{"入场核验未通过 ", "entry refused: "}}, {{"%", " %"}}, 1, false},
    [METRIC_LIGHTS_FAILED] = {"lights_failed_percent", {{"照明故障 ", "lights failed: "}}, {{"%", " %"}}, 1, false},
    [METRIC_SUSPECT_SURGE] = {"suspect_surge", {{"疑似人数突增 ", "suspected surge of "}}, {{" 人（待核实）", " people (unconfirmed)"}}, 0, false},
    [METRIC_CLOSED_OCCUPANCY] = {"closed_occupancy", {{"已关闭区域内有 ", "people in a closed zone: "}}, {{" 人", ""}}, 0, false},
    [METRIC_BROKER_LOST] = {"broker_lost_s", {{"传感器数据中断 ", "no sensor is heard for "}}, {{" 秒", " s"}}, 0, false},
    [METRIC_BROKER_DROPPED] = {"broker_dropped", {{"传感器消息丢失 ", "sensor messages dropped: "}}, {{" 条", ""}}, 0, false},
    [METRIC_RECOUNT_ZONES] = {"recount_zones", {{"人数不明、需人工清点的区域 ", "zones to be counted by hand: "}}, {{" 个", ""}}, 0, false},
};
/* clang-format on */

const struct page_metric *page_metric_words(struct str metric)
{
    for (uint32_t i = 0; i < METRIC_COUNT; i++)
        if (metrics[i].id && str_is(metric, metrics[i].id))
            return &metrics[i];
    return NULL;
}

struct str page_cause_words(struct str cause, enum page_tongue tongue)
{
    static const struct {
        const char *cause;
        struct page_words words;
    } causes[] = {
        {"sensors", {{"传感器无数据", "its sensors are silent"}}},
        {"broker", {{"消息服务器失联", "the broker is out of reach"}}},
        {"gap", {{"数据中断过", "data were interrupted"}}},
        {"quorum", {{"在线传感器过少", "too few of its sensors are heard"}}},
        {"service", {{"传感器均未投入使用", "none of its sensors is in service"}}},
        {"recount",
         {{"长时间无数据，人数不明，请人工清点",
           "not watched for long: only a count tells how many are there"}}},
        {"untold", {{"闸口过忙，测不出等候时间", "the gate is too busy to tell its wait"}}},
        {"dark", {{"照明不足，按高一级判定", "it is dark: judged one level higher"}}},
        {"anchor", {{"人工核实", "counted by hand"}}},
        {"shelf over", {{"搁置期满", "its shelf is over"}}},
        {"handover", {{"交接班", "handover of the shift"}}},
        {"red over", {{"红色预警已解除", "the red alert is over"}}},
        {"page over", {{"先前的告警已解除", "the alert paged before is over"}}},
        {"red", {{"已有红色预警", "a red alert says it"}}},
        {"gone", {{"规则或区域已取消", "its rule or zone is gone"}}},
        {"drill ended", {{"演练结束", "the drill ended"}}},
    };
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
        if (str_is(cause, causes[i].cause))
            return str_of(causes[i].words.in[tongue]);
    return cause;
}

const char *page_measure_words(int level, enum page_tongue tongue)
{
    static const struct page_words measures[] = {
        [LEVEL_YELLOW] = {{"广播提示，入口限流，加开通道，上报",
                           "announce, meter entry, open lanes, report"}},
        [LEVEL_ORANGE] = {{"批次放行，单向通行，分流，启用蓄客区",
                           "batch release, one-way, divert, holding areas"}},
        [LEVEL_RED] = {{"停止入场，只出不进；报告指挥部和公安；启动预案",
                        "stop entry, exit only; command and police; start the plan"}},
    };
    return level >= LEVEL_YELLOW && level <= LEVEL_RED ? measures[level].in[tongue] : NULL;
}

const struct page_own_words *page_own_words(struct str rule)
{
    static const struct page_own_words own[] = {
        {PAGING_RULE_BLIND,
         {{"监测失效，全场状态未知", "the system is blind: nothing is known of any zone"}},
         {{"立即人工巡查，用对讲机报各区域人数；入口限流；通知技术人员",
           "watch by eye and report by radio; meter the entry; call the technician"}}},
        {"page-undeliverable",
         {{"告警无法送达", "pages can't be delivered"}},
         {{"改用电话或对讲机通知；通知技术人员", "use telephone or radio; call the technician"}}},
        {"page-refused",
         {{"告警被接收方拒收", "a page was refused by its receiver"}},
         {{"改用电话或对讲机通知；通知技术人员", "use telephone or radio; call the technician"}}},
    };
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (str_is(rule, own[i].rule))
            return &own[i];
    return NULL;
}
