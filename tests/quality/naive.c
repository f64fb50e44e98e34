#include "tests/quality/naive.h"

void naive_init(struct naive *naive, const struct site *site)
{
    *naive = (struct naive){.site = site};
}

static bool inside(const struct site *site, int zone, int of)
{
    for (; zone != SITE_NONE; zone = site->zone[zone].parent)
        if (zone == of)
            return true;
    return false;
}

void naive_take(struct naive *naive, const struct faults_message *m)
{
    const struct site *site = naive->site;
    const struct site_sensor *sensor = &site->sensor[m->sensor];
    int64_t *last = naive->last[m->sensor];
    bool heard = naive->heard[m->sensor];
    bool since_last = sensor->sense == SITE_DELTA || sensor->sense == SITE_GATE;
    int64_t in = m->in - (since_last || !heard ? 0 : last[0]);
    int64_t out = m->out - (since_last || !heard ? 0 : last[1]);
    naive->heard[m->sensor] = true;
    if (sensor->sense == SITE_LEVEL) {
        for (int z = sensor->zone; z != SITE_NONE; z = site->zone[z].parent)
            naive->levels[z] += m->in - last[0];
    } else if (since_last || heard) { /* the first total is where it begins */
        for (int z = 0; z < site->zones; z++)
            naive->doors[z] += (in - out) * ((int)inside(site, sensor->zone, z) -
                                             (int)inside(site, sensor->outside, z));
    }
    last[0] = m->in;
    last[1] = m->out;
}
