"""What the dashboards are built of: tiles, tables, timelines, graphs, and the frame around them, as Grafana's dashboard model (schema version 39, Grafana 10.4 on) has them.

Every state is shown by a word as well as by a colour, and unknown is a state of its own: purple, in words.
"""
UNKNOWN = {"text": "unknown", "color": "purple"}
LEVELS = {-1: UNKNOWN, 0: {"text": "none", "color": "green"}, 1: {"text": "blue", "color": "blue"}, 2: {"text": "yellow", "color": "yellow"},
          3: {"text": "orange", "color": "orange"}, 4: {"text": "red", "color": "red"}}


def words(of):
    """Value mappings: value → {text, color}; nothing, and -1, are unknown."""
    of = {-1: UNKNOWN, **of}
    options = {str(value): {**result, "index": i} for i, (value, result) in enumerate(of.items())}
    return [{"type": "value", "options": options},
            {"type": "special", "options": {"match": "null+nan", "result": {**UNKNOWN, "index": len(options)}}}]


def flag(yes, no):
    """Of a boolean: InfluxDB says true and false, the others 1 and 0."""
    return words({"true": yes, "1": yes, "false": no, "0": no})


def _panel(kind, title, targets, width, height, description, defaults, options, overrides=(), transformations=()):
    panel = {"type": kind, "title": title, "description": description, "gridPos": {"w": width, "h": height, "x": 0, "y": 0},
             "fieldConfig": {"defaults": defaults, "overrides": list(overrides)}, "options": options, "targets": targets, "interval": "10s"}
    if transformations:
        panel["transformations"] = list(transformations)
    return panel


def _steps(steps):
    return {"mode": "absolute", "steps": [{"color": color, "value": value} for value, color in steps]}


def tiles(title, targets, mappings=None, unit="none", decimals=None, steps=((None, "text"),), width=24, height=4, description="", names=True):
    """One coloured tile for each series, with its newest value."""
    defaults = {"mappings": mappings or words({}), "noValue": "unknown", "unit": unit, "color": {"mode": "thresholds"}, "thresholds": _steps(steps)}
    if decimals is not None:
        defaults["decimals"] = decimals
    options = {"reduceOptions": {"calcs": ["last"], "fields": "", "values": False}, "textMode": "value_and_name" if names else "value",
               "colorMode": "background", "graphMode": "none", "justifyMode": "auto", "orientation": "auto", "wideLayout": True,
               "showPercentChange": False, "percentChangeColorMode": "standard"}
    return _panel("stat", title, targets, width, height, description, defaults, options)


def _column(field, mappings):
    properties = [{"id": "noValue", "value": "unknown" if field.level else "–"}]
    if mappings:
        properties += [{"id": "mappings", "value": mappings}, {"id": "custom.cellOptions", "value": {"type": "color-background", "mode": "basic"}}]
    if field.unit:
        properties.append({"id": "unit", "value": field.unit})
    if field.decimals is not None:
        properties.append({"id": "decimals", "value": field.decimals})
    return {"matcher": {"id": "byName", "options": field.title}, "properties": properties}


def table(title, targets, fields, store, tags, mappings=None, sort=None, descending=True, height=9, width=24, description="", time=False):
    """mappings: title → value mappings of a column; levels have theirs. time: whether the row's time is shown."""
    mappings = mappings or {}
    overrides = [_column(field, mappings.get(field.title, words(LEVELS) if field.level else flag(YES, NO) if field.flag else None)) for field in fields]
    rename = {}
    if store.kind == "prometheus":
        overrides = [o for o, field in zip(overrides, fields) if not field.text]
        kept = [field for field in fields if not field.text]
        rename = {f"Value #{targets[i]['refId']}" if len(targets) > 1 else "Value": field.title for i, field in enumerate(kept)}
    order = {name: i for i, name in enumerate((["Time"] if time else []) + list(tags) + (list(rename) or [field.title for field in fields]))}
    transformations = ([{"id": "merge", "options": {}}] if len(targets) > 1 else []) + [
        {"id": "organize", "options": {"excludeByName": {} if time else {"Time": True}, "indexByName": order, "renameByName": rename}}]
    options = {"frameIndex": 0, "showHeader": True, "cellHeight": "sm", "footer": {"show": False, "reducer": ["sum"], "countRows": False, "fields": ""},
               "sortBy": [{"displayName": sort, "desc": descending}] if sort else []}
    defaults = {"mappings": [], "noValue": "unknown", "color": {"mode": "thresholds"}, "thresholds": _steps(((None, "text"),)),
                "custom": {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False, "filterable": True}}
    return _panel("table", title, targets, width, height, description, defaults, options, overrides, transformations)


def timeline(title, targets, mappings=None, height=7, width=24, description=""):
    """One bar for each series, coloured and labelled by state."""
    defaults = {"mappings": mappings or words(LEVELS), "noValue": "unknown", "color": {"mode": "thresholds"}, "thresholds": _steps(((None, "text"),)),
                "custom": {"fillOpacity": 80, "lineWidth": 0, "spanNulls": False, "insertNulls": False}}
    options = {"mergeValues": True, "showValue": "auto", "alignValue": "left", "rowHeight": 0.85, "perPage": 40,
               "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []}, "tooltip": {"mode": "single", "sort": "none"}}
    return _panel("state-timeline", title, targets, width, height, description, defaults, options)


def graph(title, targets, unit="none", decimals=None, height=8, width=12, description="", band=False, steps=(), repeat=None, minimum=0):
    """Lines; a gap where nothing was known. band: the series that ends in "upper" is filled down to the one that ends in "lower"."""
    defaults = {"unit": unit, "noValue": "unknown", "color": {"mode": "palette-classic"}, "mappings": [],
                "thresholds": _steps(steps or ((None, "text"),)),
                "custom": {"drawStyle": "line", "lineInterpolation": "linear", "lineWidth": 1, "fillOpacity": 0, "showPoints": "auto", "pointSize": 4,
                           "spanNulls": False, "insertNulls": False, "gradientMode": "none", "axisPlacement": "auto", "scaleDistribution": {"type": "linear"},
                           "stacking": {"mode": "none", "group": "A"}, "thresholdsStyle": {"mode": "line" if steps else "off"}}}
    if minimum is not None:
        defaults["min"] = minimum
    if decimals is not None:
        defaults["decimals"] = decimals
    overrides = []
    if band:
        faint = [{"id": "custom.lineWidth", "value": 0}, {"id": "color", "value": {"mode": "fixed", "fixedColor": "text"}}]
        overrides = [{"matcher": {"id": "byRegexp", "options": "/lower$/"}, "properties": faint},
                     {"matcher": {"id": "byRegexp", "options": "/upper$/"}, "properties": faint + [{"id": "custom.fillBelowTo", "value": "lower"},
                                                                                                  {"id": "custom.fillOpacity", "value": 15}]}]
    options = {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []}, "tooltip": {"mode": "multi", "sort": "desc"}}
    panel = _panel("timeseries", title, targets, width, height, description, defaults, options, overrides)
    if repeat:
        panel.update({"repeat": repeat, "repeatDirection": "h", "maxPerRow": 4})
    return panel


YES, NO = {"text": "yes", "color": "orange"}, {"text": "no", "color": "text"}


def _choice(name, label, query, store, many, preset):
    variable = {"name": name, "label": label, "type": "query", "datasource": {"type": store.kind, "uid": "${datasource}"},
                "query": query if store.kind == "influxdb" else {"query": query, "refId": f"variable-{name}"},
                "definition": query, "refresh": 2, "regex": "", "sort": 5, "hide": 0, "multi": many, "includeAll": many, "options": [],
                "current": {"text": preset, "value": preset, "selected": True}}
    if many:
        variable["allValue"] = ".*"
    return variable


def choices(store, *more):
    """The variables: the data source, the venue, and what `more` names as (name, label, measurement, field, tag, where, preset)."""
    source = {"name": "datasource", "label": "Store", "type": "datasource", "query": store.kind, "regex": "", "refresh": 1, "hide": 0, "multi": False,
              "includeAll": False, "options": [], "current": {"text": "crowdtide", "value": store.uid, "selected": True}}
    venue = _choice("venue", "Venue", store.values("zone", "level", "venue", ()), store, False, "")
    return [source, venue] + [_choice(name, label, store.values(measurement, field, tag, where), store, True, preset)
                              for name, label, measurement, field, tag, where, preset in more]


VENUE = (("venue", "$venue", False),)
HEART = (("instance", "$venue", False),)


def banner(store):
    """What tells whether anything below may be believed."""
    from .stores import Field
    one = lambda title, name, mappings, width, **more: tiles(  # noqa: E731
        title, store.present("heartbeat", [Field(title, name, level=name != "connected" and name != "drill")], ["instance"], HEART, table=False),
        mappings, width=width, height=3, names=False, **more)
    live = words({-1: {"text": "UNKNOWN: nothing heard for 10 s", "color": "purple"}})
    live.append({"type": "range", "options": {"from": 0, "to": 1e18, "result": {"text": "live", "color": "green", "index": 9}}})
    return [
        one("Results", "input_seq", live, 6, description="Unknown: no heartbeat within the last 10 s. Everything below is then what was, and staff go by eye."),
        tiles("Last heartbeat", store.age("heartbeat", "valid_until", HEART), unit="dateTimeFromNow", width=4, height=3, names=False,
              description="When the newest results end to be valid, by this screen's clock."),
        one("Broker", "connected", flag({"text": "connected", "color": "green"}, {"text": "NOT CONNECTED", "color": "red"}), 4,
            description="Whether ingest hears the broker."),
        one("Drill", "drill", flag({"text": "EXERCISE RUNNING", "color": "orange"}, {"text": "no drill", "color": "text"}), 4,
            description="What a drill says is in measurements of its own (drill_zone …) and not on this screen."),
        one("Zones unknown", "zones_unknown", None, 3, steps=((None, "green"), (1, "purple"))),
        one("Alerts active", "alerts_active", None, 3, steps=((None, "green"), (1, "orange"))),
    ]


def _laid_out(panels):
    x = y = line = 0
    for i, panel in enumerate(panels):
        at = panel["gridPos"]
        if x + at["w"] > 24:
            x, y, line = 0, y + line, 0
        at.update(x=x, y=y)
        x, line = x + at["w"], max(line, at["h"])
        panel["id"] = i + 1
    return panels


def dashboard(uid, title, store, variables, panels, span="now-1h"):
    for panel in panels:
        panel["datasource"] = {"type": store.kind, "uid": "${datasource}"}
        for target in panel["targets"]:
            target["datasource"] = panel["datasource"]
    return {"id": None, "uid": uid, "title": title, "tags": ["crowdtide", store.folder], "timezone": "browser", "schemaVersion": 39, "editable": True,
            "graphTooltip": 1, "refresh": "5s", "time": {"from": span, "to": "now"}, "timepicker": {}, "weekStart": "", "fiscalYearStartMonth": 0,
            "links": [{"title": "crowdtide", "type": "dashboards", "tags": ["crowdtide"], "asDropdown": True, "icon": "external link", "includeVars": True,
                       "keepTime": True, "targetBlank": False, "tooltip": "", "url": ""}],
            "annotations": {"list": []}, "templating": {"list": variables}, "panels": _laid_out(panels)}
