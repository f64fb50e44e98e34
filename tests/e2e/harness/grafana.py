"""The shipped dashboards as Grafana would ask for them: every target and every variable of a folder, with the variables filled in, put to the real server.

    for query in grafana.queries("influxdb", {"venue": ["expo"], …}):
        rows = query.run(port, now)        rows, each a dict of labels and values
"""
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request

from .servers import direct
from .workspace import SOURCE_DIR, Failure

FOLDER = SOURCE_DIR / "deploy/grafana/dashboards"
STEP_S = 10  # the dashboards' least step


def ask(port, path, **parameters):
    try:
        with direct.open(f"http://127.0.0.1:{port}{path}?{urllib.parse.urlencode(parameters)}", timeout=60) as reply:
            return json.load(reply)
    except urllib.error.HTTPError as refused:
        raise Failure(f"{path} {parameters}: {refused.code} {refused.read().decode()[:300]}") from None


class Query:
    """One target of a panel, or one variable. kind: present, history, journal, age, variable."""

    def __init__(self, board, panel, text, kind, store, instant):
        self.where = f"{board}: {panel}"
        self.panel, self.text, self.kind, self.store, self.instant = panel, text, kind, store, instant

    def run(self, port, span_s=900, ahead_s=0):
        """ahead_s: as if it were so much later."""
        now = time.time() + ahead_s
        text = self.text.replace("$__interval", f"{STEP_S}s").replace("$__rate_interval", "20s")
        if self.store == "influxdb":
            text = text.replace("$timeFilter", f"time >= {int((now - span_s) * 1000)}ms AND time <= {int(now * 1000)}ms")
            if ahead_s:
                text = re.sub(r"time < now\(\)", f"time < now() + {ahead_s}s", text)
            self.whole(text)
            result = ask(port, "/query", db="crowdtide", epoch="ms", q=text)["results"][0]
            if "error" in result:
                raise Failure(f"{self.where}: {result['error']}: {text}")
            return [dict(zip(series["columns"], row), **series.get("tags", {})) for series in result.get("series", []) for row in series["values"]]
        self.whole(text)
        # nocache as provisioning/victoriametrics says; Prometheus knows no such parameter and takes no notice.
        if self.kind == "variable":
            metric, label = re.fullmatch(r"label_values\((.*), (\w+)\)", text).groups()
            return [{label: value} for value in ask(port, f"/api/v1/label/{label}/values", **{"match[]": metric, "start": now - span_s})["data"]]
        if self.instant:
            data = ask(port, "/api/v1/query", query=text, time=f"{now:.3f}", nocache=1)["data"]["result"]
            return [dict(series["metric"], value=float(series["value"][1])) for series in data]
        data = ask(port, "/api/v1/query_range", query=text, start=f"{now - span_s:.3f}", end=f"{now:.3f}", step=STEP_S, nocache=1)["data"]["result"]
        return [dict(series["metric"], time=at, value=float(value)) for series in data for at, value in series["values"]]

    def whole(self, text):
        if "$" in re.sub(r"\$/|\$tag_\w+", "", text):
            raise Failure(f"{self.where}: a variable is left: {text}")


def fill(text, chosen):
    """As Grafana does: several values become a pattern (a|b), All becomes .*"""
    for name, values in chosen.items():
        text = re.sub(rf"\${name}\b", lambda _: values[0] if len(values) == 1 else "(" + "|".join(values) + ")", text)
    return text


def queries(folder, chosen):
    for path in sorted((FOLDER / folder).glob("*.json")):
        board = json.loads(path.read_text())
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                yield Query(path.stem, f"variable {variable['name']}", fill(variable["definition"], chosen), "variable", variable["datasource"]["type"], False)
        for panel in board["panels"]:
            for target in panel["targets"]:
                text = target.get("query") or target["expr"]
                yield Query(path.stem, f"{panel['title']} {target['refId']}", fill(text, chosen), target["refId"].split("-")[0],
                            target["datasource"]["type"], target.get("instant", False))
