"""Venue: how full it is where, how sure that is, and since when."""
from .panels import LEVELS, UNKNOWN, VENUE, banner, choices, dashboard, graph, table, tiles, timeline, words
from .stores import Field

KIND = VENUE + (("kind", "$kind", True),)
ZONES = KIND + (("zone", "$zone", True),)
COLUMNS = [
    Field("level", "level", level=True), Field("people", "occupancy"), Field("at least", "occupancy_lower"), Field("at most", "occupancy_upper"),
    Field("± people", "occupancy_err"), Field("% of capacity, upper", "percent_capacity_upper", "percent", 0), Field("people/m²", "density", decimals=2),
    Field("in/min", "in_per_min"), Field("out/min", "out_per_min"), Field("change of people/m² in the last minute", "density_rate_60s", decimals=3),
    Field("LOS", "los", text=True), Field("may be more", "lower_bound", flag=True), Field("recount", "recount", flag=True),
    Field("unconfirmed", "suspect"), Field("closed", "closed", flag=True), Field("sensors heard", "sensors_fresh"), Field("of", "sensors"),
    Field("rests on", "basis", text=True), Field("why unknown", "cause", text=True), Field("newest reading", "data_at", "dateTimeFromNow"),
]
ONLY_UNKNOWN = words({-1: UNKNOWN, **{level: {"text": "", "color": "transparent"} for level in LEVELS if level >= 0}})


def board(store):
    level = [Field("level", "level", level=True)]
    panels = banner(store) + [
        tiles("Levels", store.present("zone", level, ["zone"], ZONES, table=False), words(LEVELS), height=6,
              description="The worst alert level of each zone. Levels are raised on the upper end of the bound. Unknown: its sensors are silent, or nothing came for 10 s."),
        table("Zones", store.present("zone", COLUMNS, ["zone"], ZONES), COLUMNS, store, ["zone"], sort="% of capacity, upper", height=11,
              description="Of an unknown zone the last known numbers are shown; the newest reading tells how old they are."),
        timeline("Worst level", store.history("zone", [("", "max", "level")], ["zone"], ZONES, fill="-1"), words(LEVELS), height=8),
        timeline("Unknown, for any part of the step", store.history("zone", [("", "min", "level")], ["zone"], ZONES, fill="-1"), ONLY_UNKNOWN, height=8,
                 description="Beside the worst level: a zone that was unknown for a moment and calm for the rest shows here."),
        graph("$zone: people, with bounds", store.history("zone", [("upper", "max", "occupancy_upper"), ("people", "mean", "occupancy"), ("lower", "min", "occupancy_lower")],
                                                          [], ZONES, known=True) if store.has_text else
              store.history("zone", [("upper", "max", "occupancy_upper"), ("people", "mean", "occupancy"), ("lower", "min", "occupancy_lower")], ["zone"], ZONES, known=True),
              band=store.has_text, repeat="zone", description="A gap: unknown."),
        graph("Density, worst minute", store.history("zone", [("", "max", "density_max_60s")], ["zone"], ZONES, known=True), decimals=2, description="people/m²"),
        graph("In and out a minute", store.history("zone", [("in", "mean", "in_per_min"), ("out", "mean", "out_per_min")], ["zone"], ZONES, known=True)),
    ]
    variables = choices(store, ("kind", "Kind of zone", "zone", "level", "kind", VENUE, ["hall"]), ("zone", "Zone", "zone", "level", "zone", KIND, ["$__all"]))
    return dashboard(f"{store.uid}-venue", "crowdtide: venue", store, variables, panels)
