"""Lighting: which lamps fail, burn by day or stay dark, and what they draw."""
from .panels import VENUE, banner, choices, dashboard, flag, graph, table, tiles
from .stores import WINDOW_SLOW, Field

ZONES = VENUE + (("zone", "$zone", True),)
WHOLE = ZONES + (("group", "all", False),)
BAD, GOOD = {"text": "YES", "color": "red"}, {"text": "no", "color": "text"}
GROUPS = [Field("lights", "lights"), Field("on", "on"), Field("off", "off"), Field("faults", "faults"), Field("unknown", "unknown"),
          Field("burning by day", "burning_in_daylight"), Field("dark while on", "dark_while_on"), Field("power", "power_w", "watt", 0),
          Field("mean", "lux", "lux", 1), Field("least", "lux_min", "lux", 1)]
LIGHTS = [Field("heard", "known"), Field("state", "state", text=True), Field("fault", "fault"), Field("burning by day", "burning_in_daylight"),
          Field("dark while on", "dark_while_on"), Field("lux", "lux", "lux", 1), Field("% of its scene", "scene_percent", "percent", 0),
          Field("power", "power_w", "watt", 0), Field("group", "group", text=True), Field("service", "service", text=True)]
HEARD = flag({"text": "heard", "color": "green"}, {"text": "SILENT", "color": "purple"})
TROUBLE = ((None, "green"), (1, "orange"))


def board(store):
    count = lambda title, name, steps, note="": tiles(  # noqa: E731
        title, store.present("light_group", [Field(title, name)], ["zone"], WHOLE, table=False), steps=steps, height=4, width=12, description=note)
    panels = banner(store) + [
        count("Faults", "faults", ((None, "green"), (1, "red")), "Lamps that report a fault or are offline. Unknown: nothing came for 10 s."),
        count("Silent or never heard", "unknown", ((None, "green"), (1, "purple"))),
        count("Dark while on", "dark_while_on", TROUBLE), count("Burning by day", "burning_in_daylight", TROUBLE),
        table("Zones and groups", store.present("light_group", GROUPS, ["zone", "group"], ZONES), GROUPS, store, ["zone", "group"], sort="faults",
              description="The group \"all\" is every light of the zone."),
        table("Single lights", store.present("light", LIGHTS, ["zone", "light"], ZONES, window=WINDOW_SLOW), LIGHTS, store, ["zone", "light"],
              {"heard": HEARD, "fault": flag(BAD, GOOD), "dark while on": flag(BAD, GOOD), "burning by day": flag(BAD, GOOD)}, sort="fault",
              description="Said when they change and every 60 s; empty cells: not heard for 130 s."),
        graph("Power", store.history("light_group", [("", "mean", "power_w")], ["zone"], WHOLE), unit="watt"),
        graph("Least illuminance", store.history("light_group", [("", "min", "lux_min")], ["zone"], WHOLE), unit="lux"),
        graph("Faults", store.history("light_group", [("", "max", "faults")], ["zone"], WHOLE)),
        graph("Silent", store.history("light_group", [("", "max", "unknown")], ["zone"], WHOLE)),
    ]
    return dashboard(f"{store.uid}-lighting", "crowdtide: lighting", store,
                     choices(store, ("zone", "Zone", "light_group", "lights", "zone", VENUE, ["$__all"])), panels, span="now-3h")
