"""Alerts: what is open, who has answered, what was said, and whether there are too many of them."""
from .panels import LEVELS, UNKNOWN, VENUE, banner, choices, dashboard, graph, table, tiles, timeline, words
from .stores import Field

ZONES = VENUE + (("zone", "$zone", True),)
FIGURES = (("Open", "open", ((None, "green"), (1, "orange"))), ("Unanswered", "unacknowledged", ((None, "green"), (1, "red"))),
           ("Data lost", "unknown", ((None, "green"), (1, "purple"))), ("Shelved", "shelved", ((None, "text"),)),
           ("New in 10 min", "alerts_new", ((None, "green"), (2, "yellow"), (11, "red"))), ("Last 24 h", "alerts_day", ((None, "green"), (150, "yellow"))),
           ("Over 24 h old", "stale", ((None, "green"), (1, "yellow"))), ("Chattering", "chattering", ((None, "green"), (1, "yellow"))))
STATES = words({"active_unacked": {"text": "unanswered", "color": "red"}, "active_acked": {"text": "answered", "color": "orange"},
                "clearing": {"text": "clearing", "color": "yellow"}, "resolved": {"text": "resolved", "color": "green"},
                "shelved": {"text": "shelved", "color": "blue"}, "suppressed": {"text": "suppressed", "color": "blue"},
                "out_of_service": {"text": "out of service", "color": "blue"}, "unknown": UNKNOWN})
COLUMNS = [Field("level", "level", level=True), Field("state", "state", text=True), Field("value", "value", decimals=1), Field("best estimate", "estimate", decimals=1),
           Field("escalations", "escalation"), Field("announcement", "n")]


def board(store):
    level = [Field("level", "level", level=True)]
    panels = banner(store) + [tiles(title, store.present("alarm_figures", [Field(title, name)], ["venue"], VENUE, table=False), steps=steps, width=3, height=3, names=False)
                              for title, name, steps in FIGURES]
    panels += [
        tiles("Zones now", store.present("zone", level, ["zone"], ZONES, table=False), words(LEVELS), height=7,
              description="The worst level of each zone. The lists below are of announcements: they stay as they were when the path breaks."),
        table("Last announcement of each alert that was not resolved, 24 h", store.newest_of_each("alert", COLUMNS, ["zone", "rule"], ZONES, "level"), COLUMNS, store,
              ["zone", "rule"], {"state": STATES}, sort="level", time=True, description="Is it still so? \"Results\" above must say live."),
    ]
    if store.has_text:
        panels.append(table("Announcements", store.events("alert", COLUMNS, ["zone", "rule"], ZONES), COLUMNS, store, ["zone", "rule"], {"state": STATES},
                            sort="Time", time=True, description="The newest 200. With plan, operator and note they are on the topic crowdtide.alerts."))
    else:
        panels.append(timeline("Announcements, by level", store.events("alert", COLUMNS, ["zone", "rule"], ZONES), words(LEVELS)))
    panels += [
        timeline("Worst level", store.history("zone", [("", "max", "level")], ["zone"], ZONES, fill="-1"), words(LEVELS), height=8),
        graph("Begun in the last 10 min", store.history("alarm_figures", [("alerts", "max", "alerts_new")], [], VENUE) if store.has_text else
              store.history("alarm_figures", [("", "max", "alerts_new")], ["venue"], VENUE), steps=((None, "green"), (10, "red")),
              description="Over 10 is a flood: more than one operator can answer (EEMUA 191)."),
        graph("Open and unanswered", store.history("alarm_figures", [("open", "max", "open"), ("unanswered", "max", "unacknowledged")], ["venue"], VENUE)),
    ]
    return dashboard(f"{store.uid}-alerts", "crowdtide: alerts", store,
                     choices(store, ("zone", "Zone with alerts", "alert", "level", "zone", VENUE, ["$__all"])), panels, span="now-3h")
