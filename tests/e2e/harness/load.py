"""A small venue and the messages of its sensors, the same for the same seed.

Occupancies rise and fall like waves, so that every hall's alert is raised and cleared again and again; a door with an in/out
counter and a gate count every person, so that one message lost or counted twice shows in the end.
"""
import json
import random
import time

VENUE_ID = "e2e"
HALLS = 6
CAPACITY = 100
WAVE_SECONDS = 14  # from empty to full and back

HEAD = f"""\
venue:
  id: {VENUE_ID}
  name: Venue of the end-to-end tests
  time_zone: Asia/Shanghai
zones:
- {{id: forum, kind: forum, area_m2: 400}}
- {{id: plaza, kind: plaza, area_m2: 2000}}
"""
SENSORS = """\
sensors:
- {id: forum-door, class: crowd, counter: delta, zone: forum, outside: plaza}
- {id: gate-1, class: gate, zone: plaza, lanes: 3, entry_verification: true}
- {id: plaza-light, class: light, zone: plaza}
"""
# Dwell 0 and a short clear time: many alerts in little time.
RULE = """\
rules:
- id: crowded
  metric: percent_capacity
  kinds: [hall]
  levels:
    blue: {enter: 50, dwell_s: 0, action: brief the staff}
    yellow: {enter: 80, dwell_s: 0, action: announce}
    orange: {enter: 90, dwell_s: 0, action: hold people back}
    red: {enter: 100, dwell_s: 0, action: stop entry}
  min_samples: 1
  clear_margin_pct: 10
  clear_s: 1
"""


def venue(halls=HALLS):
    """The venue file."""
    zones = "".join(f"- {{id: hall-{i}, kind: hall, area_m2: 200, capacity: {CAPACITY}}}\n" for i in range(halls))
    levels = "".join(f"- {{id: hall-{i}-level, class: crowd, counter: level, zone: hall-{i}, error: 2}}\n" for i in range(halls))
    return HEAD + zones + SENSORS + levels + RULE


class Load:
    """messages(n) yields the next n (topic, payload) of good input and keeps the books of what they mean."""

    def __init__(self, seed, clock=time.time):
        self.random = random.Random(seed)
        self.clock = clock
        self.started = clock()
        self.seq = {}
        self.door_in = self.door_out = 0
        self.gate_in = 0
        self.good = self.bad = self.repeated = 0
        self.last = None

    def _message(self, word, sensor, body):
        self.seq[sensor] = self.seq.get(sensor, 0) + 1
        body = {"ts": int(self.clock() * 1000), "seq": self.seq[sensor], **body}
        return f"crowdtide/{VENUE_ID}/{word}/{sensor}", json.dumps(body)

    def _hall(self):
        hall = self.random.randrange(HALLS)
        phase = (self.clock() - self.started + hall * WAVE_SECONDS / HALLS) / WAVE_SECONDS % 1
        people = int(1.2 * CAPACITY * (1 - abs(2 * phase - 1)))
        return self._message("crowd", f"hall-{hall}-level", {"occupancy": people})

    def _door(self):
        came = self.random.randrange(4)
        went = min(self.random.randrange(2), self.door_in - self.door_out)  # nobody leaves an empty room
        self.door_in += came
        self.door_out += went
        return self._message("crowd", "forum-door", {"in": came, "out": went})

    def _gate(self):
        self.gate_in += 1
        return self._message("gate", "gate-1", {"lane": str(self.random.randrange(3)), "event": "pass", "direction": "in"})

    def _light(self):
        return self._message("light", "plaza-light", {"lux": round(self.random.uniform(0, 400), 2), "power_w": 120.5,
                                                      "state": "on", "fault": False})

    def _bad(self):
        topic = f"crowdtide/{VENUE_ID}/crowd/hall-0-level"
        return self.random.choice([(topic, '{"occupancy":'), (topic, '{"occupancy":"many"}'),
                                   (f"crowdtide/{VENUE_ID}/crowd/nobody", '{"occupancy":1}')])

    def message(self):
        dice = self.random.random()
        if dice < 0.004:
            self.bad += 1
            return self._bad()
        if dice < 0.010 and self.last:
            self.repeated += 1
            return self.last
        self.good += 1
        kind = self.random.choices((self._hall, self._door, self._gate, self._light), (60, 20, 15, 5))[0]
        self.last = kind()
        return self.last
