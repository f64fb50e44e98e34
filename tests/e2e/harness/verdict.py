"""What a block of faults has come to: a row for each kind of fault, figures of the whole, and whatever is wrong, as one JSON object.

    record = judge(site, acknowledged, {"kill -9 of ingest": 20})
    record["rows"], record["figures"], record["wrong"]
"""
from . import rerun
from .census import STAGES, Census

COLUMNS = ("acknowledged", *STAGES, "lost", "doubled", "broker")


def judge(site, acknowledged, faults):
    census = Census(acknowledged)
    stages = census.see_crowdtide(site.tide, site.kafka, site.influx)
    verdict = {"rows": [], "figures": dict(census.others), "wrong": [], "surplus": census.surplus[:2000]}
    rows = census.rows(stages, site.tap.taken(), site.broker_died)
    _add_rows(verdict, "", faults, rows, stages)
    for name in ("lost", "doubled"):
        count = sum(row[name] for row in rows.values())
        _check(verdict, f"{name}: {count}, e.g. {census.examples}", count == 0)
    for name in census.others:
        if "missing" in name or "too many" in name:
            _check(verdict, f"{name}: {census.others[name]}", census.others[name] == 0)
    verdict["figures"]["bad input acknowledged and not in the log"] = census.bad_lost
    _check(verdict, f"bad input lost: {census.bad_lost}", census.bad_lost == 0 or site.broker_died)
    _sums(verdict, site, census)
    if site.hook:
        _pages(verdict, site)
    for telegraf in site.telegrafs:
        _telegraf(verdict, site, census, telegraf, faults)
    return verdict


def _check(verdict, what, good):
    if not good:
        verdict["wrong"].append(what)


def _add_rows(verdict, title, faults, rows, stages):
    for kind, times in faults.items():
        figures = {name: rows[kind][name] for name in COLUMNS if name not in STAGES or stages.get(name)}
        verdict["rows"].append({"kind": title + kind, "faults": times, **figures})


def _sums(verdict, site, census):
    """The core's sums are those of the messages in the log, and its results those of a run that nothing disturbed."""
    gate, forum = last_sums(site.tide)
    for what, found, due in (("people through the gate", gate, census.people["gate-1"]), ("people in the forum", forum, census.people["forum-door"])):
        verdict["figures"][what] = found
        _check(verdict, f"{what}: {found}, by the messages in the log {due}", found == due)
    again = rerun.again(site.work, site.tide)
    verdict["figures"]["results other than in an undisturbed run"] = 0
    for name in ("alerts", "bulk"):
        _, different = rerun.compare(site.tide, again, name)
        verdict["figures"]["results other than in an undisturbed run"] += different
        _check(verdict, f"{name} log differs from the undisturbed run: {different}", different == 0)


def last_sums(tide):
    gate = forum = None
    for record in tide.records("bulk"):
        if record["type"] == "gate" and record["result"]["direction"] == "in":
            gate = record["result"]["total"]
        elif record["type"] == "zone" and record["result"]["zone"] == "forum":
            forum = record["result"].get("occupancy")
    return gate, forum


def _pages(verdict, site):
    pages = site.pages()
    verdict["figures"].update({f"pages {name}": count for name, count in pages.items()})
    _check(verdict, f"pages lost: {pages['lost']}", pages["lost"] == 0)


def _telegraf(verdict, site, census, telegraf, faults):
    if not telegraf.aggregate:
        stages = {"kafka": census.stage(telegraf.kafka_counts(site.kafka)), "series": census.stage(telegraf.series_counts(site.influx))}
        _add_rows(verdict, "Telegraf, forwarding: ", faults, census.rows(stages, telegraf.tap.taken(), site.broker_died, once=False), stages)
        return
    sums = {"kafka": telegraf.kafka_sum(site.kafka), "series": telegraf.series_sum(site.influx)}
    sent = sum(census.sent)
    verdict["rows"].append({"kind": "Telegraf, sums of 10 s: net", "faults": sum(faults.values()), "acknowledged": sent, **sums,
                            "lost": max(0, sent - min(sums.values())), "doubled": max(0, max(sums.values()) - sent)})
