#include "processors/page/page_say.h"

#include <math.h>

void page_say_text(struct text *out, struct str text, uint32_t bytes_max)
{
    struct str cut = utf8_cut(text, bytes_max);
    bool valid = utf8_valid((const uint8_t *)(cut.len ? cut.at : ""), cut.len);
    for (uint32_t i = 0; i < cut.len; i++) {
        unsigned char c = (unsigned char)cut.at[i];
        text_add_char(out, c < 0x20 || c == 0x7f ? ' ' : c >= 0x80 && !valid ? '?' : (char)c);
    }
    if (cut.len < text.len)
        text_add(out, "…");
}

void page_say_number(struct text *out, double value, int decimals)
{
    static const int64_t tens[] = {1, 10, 100};
    double scaled = round(value * (double)tens[decimals]);
    if (!(fabs(scaled) < 1e15)) {
        text_add_f64(out, value);
        return;
    }
    int64_t whole = (int64_t)scaled;
    while (decimals > 0 && whole % 10 == 0) {
        whole /= 10;
        decimals--;
    }
    int64_t positive = whole < 0 ? -whole : whole;
    if (whole < 0)
        text_add_char(out, '-');
    text_add_i64(out, positive / tens[decimals]);
    if (decimals == 0)
        return;
    text_add_char(out, '.');
    if (decimals == 2)
        text_add_char(out, (char)('0' + positive / 10 % 10));
    text_add_char(out, (char)('0' + positive % 10));
}

void page_say_time(struct text *out, enum page_tongue tongue, const struct time_zone *zone,
                   int64_t unix_ms)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char bytes[32]; /* 2026-11-25T10:32:… */
    struct text t = text_over(bytes, sizeof bytes);
    int64_t s = unix_ms / 1000 - (unix_ms % 1000 < 0);
    text_add_time_ms(&t, unix_ms + (int64_t)time_zone_offset_s(zone, s) * 1000);
    uint32_t month = (uint32_t)(bytes[5] - '0') * 10 + (uint32_t)(bytes[6] - '0');
    uint32_t day = (uint32_t)(bytes[8] - '0') * 10 + (uint32_t)(bytes[9] - '0');
    text_add_u64(out, tongue == PAGE_ZH ? month : day);
    if (tongue == PAGE_ZH) {
        text_add(out, "月");
        text_add_u64(out, day);
        text_add(out, "日 ");
    } else {
        text_add_char(out, ' ');
        text_add_bytes(out, months + (size_t)(month - 1) * 3, 3);
        text_add_char(out, ' ');
    }
    text_add_bytes(out, bytes + 11, 5);
}

bool page_say_chinese(struct str text)
{
    for (uint32_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] >= 0xe3 ||
            ((unsigned char)text.at[i] == 0xe2 && i + 1 < text.len &&
             (unsigned char)text.at[i + 1] >= 0xba))
            return true;
    return false;
}
