"""Gates: who waits, how long, how many lanes, whom verification refuses."""
from .panels import UNKNOWN, VENUE, banner, choices, dashboard, flag, graph, table, tiles, words
from .stores import Field

GATES = VENUE + (("gate", "$gate", True),)
INWARD = GATES + (("direction", "in", False),)
OPEN, SHUT, BROKEN = {"text": "open", "color": "green"}, {"text": "closed", "color": "blue"}, {"text": "FAULT", "color": "red"}
STATES = words({-1: UNKNOWN, "open": OPEN, "closed": SHUT, "fault": BROKEN, "offline": {"text": "OFFLINE", "color": "red"}, 0: SHUT, 1: OPEN})
HEARD = flag({"text": "heard", "color": "green"}, {"text": "SILENT", "color": "purple"})
COLUMNS = [
    Field("heard", "known"), Field("state", "state", text=True), Field("fault", "fault", flag=True), Field("lanes open", "lanes_open"), Field("of", "lanes"),
    Field("in/min", "per_min"), Field("arriving/min", "arrivals_per_min", decimals=0), Field("can serve/min", "service_per_min", decimals=0),
    Field("load", "load", "percentunit", 0), Field("waiting", "queue"), Field("wait", "wait_s", "s", 0), Field("how known", "queue_basis", text=True),
    Field("refused/min", "rejects_per_min"), Field("refused, of those who ask", "reject_percent", "percent", 1), Field("service", "service", text=True),
]
WAITS = ((None, "green"), (300, "blue"), (600, "yellow"), (1200, "orange"), (1800, "red"))  # the built-in rules' thresholds
LOADS = ((None, "green"), (0.85, "blue"), (1, "yellow"), (1.2, "orange"), (1.5, "red"))


def board(store):
    state = (store.present("gate", [Field("state", "state")], ["gate"], INWARD, known=True, table=False) if store.has_text else
             store.present("gate", [Field("lanes open", "lanes_open")], ["gate"], INWARD, known=True, table=False))
    panels = banner(store) + [
        tiles("Gates" if store.has_text else "Lanes open", state, STATES if store.has_text else None, height=4,
              steps=((None, "text"),) if store.has_text else ((None, "blue"), (1, "green")),
              description="Unknown: the gate is silent, or nothing came for 10 s."),
        tiles("Wait", store.present("gate", [Field("wait", "wait_s")], ["gate"], INWARD, known=True, table=False), unit="s", decimals=0, steps=WAITS, height=4,
              description="What a newcomer waits: queue by service. Unknown as well where nobody counts the queue and the gate serves all it can."),
        table("Entry", store.present("gate", COLUMNS, ["gate"], INWARD), COLUMNS, store, ["gate"], {"heard": HEARD, "state": STATES}, sort="wait", height=9),
        graph("Passages a minute", store.history("gate", [("", "mean", "per_min")], ["gate", "direction"], GATES, known=True)),
        graph("Wait", store.history("gate", [("", "max", "wait_s")], ["gate"], INWARD, known=True), unit="s", steps=WAITS),
        graph("Load: arrivals by service", store.history("gate", [("", "max", "load")], ["gate"], INWARD, known=True), unit="percentunit", steps=LOADS),
        graph("Refused a minute", store.history("gate", [("", "max", "rejects_per_min")], ["gate"], INWARD, known=True)),
        graph("Refused a minute, by reason", store.history("reject", [("", "max", "per_min")], ["gate", "reason"], GATES)),
        graph("Passages a minute, by lane", store.history("lane", [("", "mean", "per_min")], ["gate", "lane", "direction"], GATES)),
    ]
    return dashboard(f"{store.uid}-gates", "crowdtide: gates", store,
                     choices(store, ("gate", "Gate", "gate", "known", "gate", VENUE, ["$__all"])), panels)
