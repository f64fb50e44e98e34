#include "schemas/venue/internal.h"

double polygon_area_m2(const struct venue_point *points, uint32_t count)
{
    double twice = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct venue_point *a = &points[i], *b = &points[(i + 1) % count];
        twice += a->x_m * b->y_m - b->x_m * a->y_m;
    }
    return (twice < 0 ? -twice : twice) / 2;
}

/* Which side of a→b c is on: 1 left, -1 right, 0 on the line. */
static int side(struct venue_point a, struct venue_point b, struct venue_point c)
{
    double cross = (b.x_m - a.x_m) * (c.y_m - a.y_m) - (b.y_m - a.y_m) * (c.x_m - a.x_m);
    return (cross > 0) - (cross < 0);
}

static bool between(double a, double b, double x)
{
    return a < b ? a <= x && x <= b : b <= x && x <= a;
}

/* c is on the line a–b; is it on the segment? */
static bool on_segment(struct venue_point a, struct venue_point b, struct venue_point c)
{
    return between(a.x_m, b.x_m, c.x_m) && between(a.y_m, b.y_m, c.y_m);
}

static bool segments_meet(struct venue_point a, struct venue_point b, struct venue_point c,
                          struct venue_point d)
{
    int c_side = side(a, b, c), d_side = side(a, b, d);
    int a_side = side(c, d, a), b_side = side(c, d, b);
    if (c_side != d_side && a_side != b_side)
        return true;
    return (c_side == 0 && on_segment(a, b, c)) || (d_side == 0 && on_segment(a, b, d)) ||
           (a_side == 0 && on_segment(c, d, a)) || (b_side == 0 && on_segment(c, d, b));
}

bool polygon_crosses_itself(const struct venue_point *points, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = i + 2; k < count; k++) {
            if (i == 0 && k == count - 1)
                continue; /* neighbours share a corner */
            if (segments_meet(points[i], points[i + 1], points[k], points[(k + 1) % count]))
                return true;
        }
    return false;
}
