#!/usr/bin/env python3
"""Writes the example venue, an exhibition centre in the manner of a national trade fair, as venue.yaml.

    deploy/venues/expo/generate.py > deploy/venues/expo/venue.yaml

The same text every time: nothing random, nothing from the machine. Lengths are metres on one plan: x to the east, y to the
north, origin at the south-west corner of the plaza.

          north   hall-5   hall-6   hall-7   hall-8
                 ------------ boulevard -------------
          south   hall-1 |  hall-2 |  hall-3 |  hall-4      (| passages)
                 ----------- south-foyer -------------  forum
                  gate-1   gate-2   gate-3   gate-4         (a queue before each)
     road-west   ------------ south-plaza ------------   road-east

People come from the street or up the station's stairs onto the plaza, queue at a gate, pass entry verification into the
foyer and go on to the halls. Every border between two zones that people cross is counted, so that each zone's number is
what went in less what went out; cells, where a crush begins, are watched by level counters of their own.
"""

import sys

HALL = 100  # a hall is HALL x HALL
PITCH = 110  # from one hall to the next; between them is a passage
WIDTH = 3 * PITCH + HALL  # of the site between the roads
AISLE = 5  # width of an aisle
AISLES = 5  # in a hall, each from its south to its north wall
AISLE_CELL = 18  # length of a cell of an aisle: 5 m x 18 m = 90 m2

PLAZA = (0, 0, WIDTH, 60)  # x0, y0, x1, y1
FOYER = (0, 80, WIDTH, 90)
SOUTH_HALLS = 90  # y0
BOULEVARD = (0, 190, WIDTH, 210)
NORTH_HALLS = 210
FORUM = (WIDTH + 10, 80, WIDTH + 90, 130)

# What a lamp's sensor shows below it in a dark room, on and dimmed, as measured when it was put up.
LAMP = "scene_lux: 40, dim_lux: 17"

# Counters differ as they do in life: some report differences, some run on, some start at midnight.
HALL_COUNTERS = {
    1: "counter: delta",
    2: "counter: delta",
    3: "counter: delta",
    4: "counter: delta",
    5: "counter: total, wrap: 65536",
    6: "counter: total, wrap: 4294967296",
    7: "counter: daily",
    8: "counter: total",
}

HEADER = """\
# The example venue: an exhibition centre in the manner of a national trade fair. Written by generate.py in this folder;
# change that and run it again, or take this file as a start for your own venue. deploy/venues/README.md explains every key.
#
# Plan in metres, x east, y north, origin at the plaza's south-west corner. Halls hold 10,000 each: the number at which
# police practice at such a fair uses holding areas and one-in/many-out; flow control begins near 8,000 (yellow, 80 %).
venue:
  id: expo
  name: Exhibition Centre
  time_zone: Asia/Shanghai   # daily counters begin anew at its midnight
  capacity: 80000            # eight halls
  empty_at: "04:00"          # guards have walked through all of it: what doors counted wrong ends here

defaults:
  # Longer without a message: silent, and its zone may become unknown. Quiet sensors repeat themselves sooner than that.
  silence_s: {crowd: 30, gate: 60, vehicle_gate: 300, light: 900}
  # How often a sensor reports at least, for detection times and the simulator.
  interval_s: {crowd: 10, gate: 10, vehicle_gate: 10, light: 10}
  # Life cycle of an alert; these are the built-in numbers (deploy/venues/README.md says where they come from).
  dwell_s: {blue: 60, yellow: 30, orange: 20, red: 10}
  clear_margin_pct: 10
  clear_s: 120
  min_samples: 2

  # Nobody acknowledges for so long: to the supervisor, then to command.
  escalate_s: {yellow: 600, orange: 180, red: [60, 120]}

# What the core reckons with; left out, the numbers of deploy/venues/README.md hold. Two of them, as an example:
settings:
  level_error_pct: 5       # as the cameras were accepted: 300 hand-counted passages within 5 %
  drill_needs_start: no    # yes: drill input counts only while two people have started a drill
  drill_two_accounts: no   # lin and wang are one account here, so that one person can try a drill; leave this out elsewhere: two people then

# The built-in rules are used: percent of capacity for halls, forum rooms, queues and the whole site; people/m2 for cells,
# corridors, plaza, stairs and queues; flow on stairs; waits, load and refusals of gates; lights that failed; surges that
# nothing confirms; people in closed zones; the broker. A rule of one's own stands beside them, or replaces the one of the
# same id, as this one does: the same numbers, and the steps of the contingency plan (预案) for each level.
rules:
  - id: hall-capacity
    metric: percent_capacity
    kinds: hall                # or zones: [hall-1, hall-2], or tags: [north-row]
    levels:
      blue:
        enter: 50
        action: "Brief the hall's staff; show the level on the displays."
      yellow:
        enter: 80
        action: "Announce; meter entry at the hall's doors; report; suggest other halls."
        plan:
          - "Announce in the hall and on the boulevard that it fills up; name two halls with room."
          - "Two stewards at each door: let in as many as come out."
          - "Report number and trend to the authorities."
      orange:
        enter: 90
        action: "Release visitors in batches; one-way loop; hold arrivals in the holding areas."
        plan:
          - "Open the holding areas; batches of 200 through the doors on the boulevard."
          - "One-way loop through the aisles: in on the west, out on the east."
          - "End demonstrations that draw people together."
          - "Fast out, slow in: all doors open outward; every second one closed to entry."
      red:
        enter: 100
        action: "Stop entry to the hall, exit only; call command and police; start the plan."
        plan:
          - "Stop entry at all doors; exit only."
          - "Command takes over; call police and medical staff to the hall."
          - "Lead people out by the nearest doors, to the boulevard first."
          - "Divert those on their way at the passages and in the foyer."
          - "Count by hand at the doors until the level is yellow."
builtin_rules: yes

# Who may command, by the user id under which `crowdtide command` runs; it takes two of them to start a drill.
roles:
  - {id: chief, commands: all, supervisor: yes}   # a supervisor's anchor ends an alert whose data are lost
  - {id: duty, commands: [ack, assign, note, step, shelve, unshelve, anchor, close, open]}
  - {id: technician, commands: [ack, note, service]}
operators:
  - {id: lin, name: Lin (command centre), uid: 0, roles: chief}
  - {id: wang, name: Wang (command centre), uid: 0, roles: chief}
  - {id: zhao, name: Zhao (halls), uid: 1000, roles: duty}
  - {id: chen, name: Chen (sensors), uid: 1000, roles: technician}

# Handovers, local time: what is shelved comes back for the next shift to see.
shifts: ["07:00", "15:00", "23:00"]
"""


def number(value):
    """Whole numbers without a fraction, others as they are."""
    return str(int(value)) if value == int(value) else str(value)


def rectangle(x0, y0, x1, y1):
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def polygon(points):
    return "[" + ", ".join("[%s, %s]" % (number(x), number(y)) for x, y in points) + "]"


class Venue:
    """Collects the lines of both lists in the order of the walk through the site."""

    def __init__(self):
        self.zones = []
        self.sensors = []

    def heading(self, text):
        self.zones.append("\n  # " + text)
        self.sensors.append("\n  # " + text)

    def zone(self, zone_id, kind, points, parent=None, name=None, extra=""):
        line = "id: %s, kind: %s" % (zone_id, kind)
        if name:
            line += ", name: %s" % name
        if parent:
            line += ", parent: %s" % parent
        if extra:
            line += ", " + extra
        self.zones.append("  - {%s, polygon: %s}" % (line, polygon(points)))

    def sensor(self, sensor_id, sensor_class, zone, extra=""):
        line = "id: %s, class: %s, zone: %s" % (sensor_id, sensor_class, zone)
        self.sensors.append("  - {%s}" % (line + (", " + extra if extra else "")))

    def watched(self, zone_id, kind, points, parent, extra="", zone_extra=""):
        """A zone with a level counter of its own above it."""
        self.zone(zone_id, kind, points, parent, extra=zone_extra)
        self.sensor(zone_id + "-cam", "crowd", zone_id, ("counter: level, " + extra).rstrip(", "))

    def door(self, door_id, inside, outside, beams, counter="counter: delta"):
        """Counters side by side across one opening; `in` leads inside."""
        where = "outside: %s, " % outside if outside else ""
        for beam in range(1, beams + 1):
            self.sensor("%s-%d" % (door_id, beam), "crowd", inside, where + counter)

    def lights(self, prefix, zone, columns, rows, groups=()):
        """Lights in a grid, numbered from the south-west, row by row; groups from west to east, each a part of the columns."""
        for light in range(columns * rows):
            extra = LAMP
            if groups:
                extra += ", group: " + groups[light % columns * len(groups) // columns]
            self.sensor("%s-%03d" % (prefix, light + 1), "light", zone, extra)

    def cells(self, prefix, kind, parent, area, columns, rows):
        """Divides a rectangle into watched cells."""
        x0, y0, x1, y1 = area
        width, height = (x1 - x0) / columns, (y1 - y0) / rows
        count = 0
        for row in range(rows):
            for column in range(columns):
                count += 1
                x, y = x0 + column * width, y0 + row * height
                self.watched(prefix + str(count), kind, rectangle(x, y, x + width, y + height), parent)


def plaza(v):
    v.heading("South plaza: from the street and the station to the gates.")
    v.zone("south-plaza", "plaza", rectangle(*PLAZA), name="South Plaza", extra="tags: [outdoors]")
    for entrance in range(1, 9):
        v.door("street-%d" % entrance, "south-plaza", None, 3)
    # Where people stand: before the gates, at the station's stairs and at the meeting points in the middle.
    for spot in range(24):
        x, y = 5 + spot % 12 * 35, 45 if spot < 12 else 15
        v.watched("plaza-spot-%d" % (spot + 1), "plaza", rectangle(x, y, x + 10, y + 10), "south-plaza")
    for stair in range(4):
        x = 50 + stair * 110
        stairs = "station-stairs-%d" % (stair + 1)
        # Counted at the foot, where the station is, and at the top: 5 m each. Everybody passes both.
        v.watched(stairs, "stairs", rectangle(x, 0, x + 5, 8), "south-plaza", zone_extra="width_m: 10, tags: [outdoors]")
        v.door(stairs + "-foot", stairs, None, 2)
        v.door(stairs + "-top", stairs, "south-plaza", 2)
    v.lights("plaza-light", "south-plaza", 43, 14, ("plaza-west", "plaza-middle", "plaza-east"))


def gates(v):
    v.heading("Four pedestrian gates with entry verification; a queue before each.")
    for gate in range(1, 5):
        x = (gate - 1) * PITCH + HALL / 2
        queue = "gate-%d-queue" % gate
        area = (x - 12, 60, x + 12, 80)
        v.zone(queue, "queue", rectangle(*area), name="Queue of gate %d" % gate, extra="capacity: 700, tags: [entrance]")
        v.door(queue + "-in", queue, "south-plaza", 4)
        # Not by its doors alone: the error of what is counted in and out grows all day, past what the queue can hold.
        v.sensor(queue + "-cam", "crowd", queue, "counter: level")
        v.cells(queue + "-", "queue", queue, area, 1, 5)
        v.sensor("gate-%d" % gate, "gate", "south-foyer",
                 "outside: %s, queue: %s, lanes: 24, lane_rate_per_min: 20, entry_verification: yes, name: Gate %d"
                 % (queue, queue, gate))


def foyer(v):
    v.heading("South foyer: behind the gates, along the southern halls.")
    v.zone("south-foyer", "corridor", rectangle(*FOYER), name="South Foyer")
    v.cells("foyer-", "cell", "south-foyer", FOYER, WIDTH // 10, 1)
    v.lights("foyer-light", "south-foyer", 43, 1)


def boulevard(v):
    v.heading("Boulevard between the rows of halls, and the passages that lead to it from the foyer.")
    x0, y0, x1, y1 = BOULEVARD
    passages = [hall * PITCH - (PITCH - HALL) for hall in range(1, 4)]
    comb = [(x0, y0)]
    for x in passages:
        comb += [(x, y0), (x, SOUTH_HALLS), (x + 10, SOUTH_HALLS), (x + 10, y0)]
    comb += [(x1, y0), (x1, y1), (x0, y1)]
    v.zone("boulevard", "corridor", comb, name="Boulevard")
    v.cells("boulevard-", "cell", "boulevard", BOULEVARD, WIDTH // 10, 2)
    for number_, x in enumerate(passages, 1):
        passage = "passage-%d" % number_
        v.door(passage, "boulevard", "south-foyer", 4)
        v.cells(passage + "-", "cell", "boulevard", (x, SOUTH_HALLS, x + 10, y0), 1, 10)
    v.lights("boulevard-light", "boulevard", 43, 2, ("boulevard-west", "boulevard-east"))


def hall(v, number_, x0, y0):
    hall_id = "hall-%d" % number_
    north = number_ > 4
    v.heading("Hall %d: doors %s." % (number_, "on the boulevard" if north else "on the foyer and on the boulevard"))
    v.zone(hall_id, "hall", rectangle(x0, y0, x0 + HALL, y0 + HALL), name="Hall %d" % number_,
           extra="capacity: 10000, tags: [%s]" % ("north-row" if north else "south-row"))
    for aisle in range(1, AISLES + 1):
        x = x0 + (2 * aisle - 1) * HALL / (2 * AISLES) - AISLE / 2
        letter = "abcde"[aisle - 1]
        if north:
            v.door("%s-s%d" % (hall_id, aisle), hall_id, "boulevard", 8, HALL_COUNTERS[number_])
        else:
            v.door("%s-s%d" % (hall_id, aisle), hall_id, "south-foyer", 4, HALL_COUNTERS[number_])
            v.door("%s-n%d" % (hall_id, aisle), hall_id, "boulevard", 4, HALL_COUNTERS[number_])
        # Both ends of an aisle are small cells: there the flows from hall and door meet.
        v.watched("%s-%s-south" % (hall_id, letter), "cell", rectangle(x, y0, x + AISLE, y0 + AISLE), hall_id,
                  "saturates_at: 255")
        for cell in range(5):
            y = y0 + AISLE + cell * AISLE_CELL
            v.watched("%s-%s%d" % (hall_id, letter, cell + 1), "cell",
                      rectangle(x, y, x + AISLE, y + AISLE_CELL), hall_id)
        v.watched("%s-%s-north" % (hall_id, letter), "cell",
                  rectangle(x, y0 + HALL - AISLE, x + AISLE, y0 + HALL), hall_id, "saturates_at: 255")
    v.lights(hall_id + "-light", hall_id, 6, 6)


def forum(v):
    v.heading("Forum building: a foyer and five rooms, reached from the south foyer.")
    x0, y0, x1, y1 = FORUM
    v.zone("forum", "forum", rectangle(*FORUM), name="Forum", extra="capacity: 3000")
    hall_area = (x0, y0, x1, y0 + 10)
    v.zone("forum-foyer", "corridor", rectangle(*hall_area), parent="forum", name="Forum foyer")
    for door in range(1, 4):
        v.door("forum-door-%d" % door, "forum-foyer", "south-foyer", 2)
    v.cells("forum-foyer-", "cell", "forum-foyer", hall_area, 8, 1)
    v.zone("forum-main", "forum", rectangle(x0, y0 + 10, x0 + 50, y1), parent="forum", name="Main auditorium",
           extra="capacity: 1500")
    v.door("forum-main", "forum-main", "forum-foyer", 4)
    for room in range(4):
        room_id = "forum-%s" % "abcd"[room]
        y = y0 + 10 + room * 10
        v.zone(room_id, "forum", rectangle(x0 + 50, y, x1, y + 10), parent="forum", name="Room %s" % "ABCD"[room],
               extra="capacity: 300")
        v.door(room_id, room_id, "forum-foyer", 2)
    v.lights("forum-light", "forum", 10, 2)


def roads(v):
    v.heading("Roads with the two vehicle gates, car parks and the loading yard. People are not counted here.")
    for side, x in (("west", -30), ("east", FORUM[2] + 10)):
        road = "road-" + side
        v.zone(road, "road", rectangle(x, 0, x + 20, 350), name="%s road" % side.capitalize())
        v.sensor("vehicle-gate-" + side, "vehicle_gate", road, "lanes: 2, lane_rate_per_min: 8")
        v.lights(road + "-light", road, 30, 1)
    v.zone("carpark-west", "carpark", rectangle(-130, 0, -30, 300), extra="capacity: 900")
    v.zone("carpark-east", "carpark", rectangle(FORUM[2] + 30, 0, FORUM[2] + 130, 300), extra="capacity: 900")
    v.zone("loading-yard", "road", rectangle(0, 320, WIDTH, 350))


def main():
    v = Venue()
    plaza(v)
    gates(v)
    foyer(v)
    boulevard(v)
    for number_ in range(1, 9):
        y0 = SOUTH_HALLS if number_ <= 4 else NORTH_HALLS
        hall(v, number_, (number_ - 1) % 4 * PITCH, y0)
    forum(v)
    roads(v)
    sys.stdout.write(HEADER)
    sys.stdout.write("\nzones:")
    sys.stdout.write("\n".join(v.zones) + "\n")
    sys.stdout.write("\nsensors:")
    sys.stdout.write("\n".join(v.sensors) + "\n")


if __name__ == "__main__":
    main()
