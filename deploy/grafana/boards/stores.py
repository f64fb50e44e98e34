"""How each store is asked for the same things. A query's refId begins with what it is:

    present…   what holds now. Looks at the last WINDOW only; what was heard in the last LOOKBACK and not in the window comes as -1 (level) or as no
               value, which panels show as "unknown". The core says everything that stands again every 5 s (single lights and sensors: every 60 s).
    history…   the past in steps; a step in which nothing was heard has no value, and of levels -1
    journal…   events with their times
    age…       when something was last heard, to be shown as "so long ago"

The data source's clock decides what is old, not crowdtide's. Zone, gate and light ids need no escaping: venue files allow no quote, slash or blank in them.
"""
WINDOW = "10s"  # as long as a heartbeat is valid
WINDOW_SLOW = "130s"  # single lights and sensors: two turns
LOOKBACK = "15m"
JOURNAL = "24h"


class Field:
    """A column: its title, the field, how to show it. text: VictoriaMetrics has no such field, it keeps numbers only."""

    def __init__(self, title, name, unit=None, decimals=None, level=False, text=False, flag=False):
        self.title, self.name, self.unit, self.decimals = title, name, unit, decimals
        self.level, self.text, self.flag = level, text, flag


class Influx:
    """InfluxDB 1.x, or 2.x through its InfluxQL interface."""
    kind = "influxdb"
    folder = "influxdb"
    uid = "crowdtide"
    has_text = True

    def _where(self, where, known=False):
        parts = [f'"{key}" {"=~ /^" if multi else "= " + chr(39)}{value}{"$/" if multi else chr(39)}' for key, value, multi in where]
        return " AND ".join(parts + (['"known" = true'] if known else []))

    def _target(self, ref, query, table, alias=""):
        return {"refId": ref, "rawQuery": True, "query": query, "resultFormat": "table" if table else "time_series", "alias": alias}

    def _by(self, by):
        return "".join(f', "{tag}"' for tag in by)

    def present(self, measurement, fields, by, where, window=WINDOW, known=False, table=True, extra=""):
        """The newest value of each field in the window. known: only while the sensors are heard."""
        fill = "-1" if len(fields) == 1 and fields[0].level else "null"
        columns = ", ".join(f'last("{field.name}") AS "{field.title}"' for field in fields)
        query = (f'SELECT {columns} FROM "{measurement}" WHERE {self._where(where, known)}{extra} AND time > now() - {LOOKBACK} AND time < now() '
                 f"GROUP BY time({window}, now()){self._by(by)} fill({fill}) ORDER BY time DESC LIMIT 1")
        alias = " ".join(f"$tag_{tag}" for tag in by) or fields[0].title
        return [self._target("present", query, table, alias)]

    def history(self, measurement, lines, by, where, fill="null", known=False):
        """lines: (title, function, field). Levels fill with -1: unknown."""
        targets = []
        for i, (title, function, field) in enumerate(lines):
            query = (f'SELECT {function}("{field}") FROM "{measurement}" WHERE {self._where(where, known)} AND $timeFilter '
                     f"GROUP BY time($__interval, now()){self._by(by)} fill({fill})")
            alias = " ".join([f"$tag_{tag}" for tag in by] + ([title] if title else []))
            targets.append(self._target(f"history-{i}", query, False, alias))
        return targets

    def newest_of_each(self, measurement, fields, by, where, unless):
        """The last event of each, of those for which field `unless` is not 0."""
        first, *rest = fields
        columns = ", ".join([f'last("{first.name}") AS "{first.title}"'] + [f'"{field.name}" AS "{field.title}"' for field in rest])
        titles = ", ".join(f'"{field.title}"' for field in fields)
        query = (f'SELECT {titles} FROM (SELECT {columns} FROM "{measurement}" WHERE {self._where(where)} AND time > now() - {JOURNAL} '
                 f'GROUP BY {", ".join(chr(34) + tag + chr(34) for tag in by)}) WHERE "{unless}" != 0 GROUP BY {", ".join(chr(34) + tag + chr(34) for tag in by)}')
        return [self._target("journal", query, True)]

    def events(self, measurement, fields, tags, where, most=200):
        columns = ", ".join([f'"{tag}"' for tag in tags] + [f'"{field.name}" AS "{field.title}"' for field in fields])
        query = f'SELECT {columns} FROM "{measurement}" WHERE {self._where(where)} AND $timeFilter ORDER BY time DESC LIMIT {most}'
        return [self._target("journal", query, True)]

    def age(self, measurement, field, where):
        query = f'SELECT last("{field}") FROM "{measurement}" WHERE {self._where(where)} AND time > now() - {JOURNAL}'
        return [self._target("age", query, False, "last heard")]

    def values(self, measurement, field, tag, where):
        """A variable's query."""
        filters = self._where(where)
        return f'SHOW TAG VALUES FROM "{measurement}" WITH KEY = "{tag}"' + (f" WHERE {filters}" if filters else "")


class Victoria:
    """VictoriaMetrics: a field is the metric measurement_field, booleans are 0 and 1, texts are not kept."""
    kind = "prometheus"
    folder = "victoriametrics"
    uid = "crowdtide-vm"
    has_text = False

    def _select(self, where):
        return "{" + ",".join(f'{key}{"=~" if multi else "="}"{value}"' for key, value, multi in where) + "}"

    def _target(self, ref, expr, instant, legend="", table=False):
        return {"refId": ref, "expr": expr, "instant": instant, "range": not instant, "legendFormat": legend, "format": "table" if table else "time_series"}

    def _max_by(self, by, expr):
        return f'max by ({", ".join(by)}) ({expr})'

    def _legend(self, by, title=""):
        return " ".join(["{{%s}}" % tag for tag in by] + ([title] if title else []))

    def present(self, measurement, fields, by, where, window=WINDOW, known=False, table=True, extra=""):
        targets = []
        fields = [field for field in fields if not field.text]
        for field in fields:
            metric = f"{measurement}_{field.name}{self._select(where)}"
            expr = self._max_by(by, f"last_over_time({metric}[{window}])")
            if known:
                expr += f' and {self._max_by(by, f"last_over_time({measurement}_known{self._select(where)}[{window}])")} == 1'
            if field.level or field is fields[0]:  # so that the row or tile stays
                expr = f'({expr}) or {self._max_by(by, f"last_over_time({metric}[{LOOKBACK}])")} * 0 - 1'
            ref = "present" if len(fields) == 1 else f"present-{field.name}"
            targets.append(self._target(ref, expr, True, self._legend(by) or field.title, table))
        return targets

    def history(self, measurement, lines, by, where, fill="null", known=False):
        over = {"mean": "avg_over_time", "max": "max_over_time", "min": "min_over_time", "last": "last_over_time"}
        targets = []
        for i, (title, function, field) in enumerate(lines):
            metric = f"{measurement}_{field}{self._select(where)}"
            expr = self._max_by(by, f"{over[function]}({metric}[$__interval])")
            if known:
                expr += f' and {self._max_by(by, f"min_over_time({measurement}_known{self._select(where)}[$__interval])")} == 1'
            if fill == "-1":
                expr = f'{expr} or {self._max_by(by, f"last_over_time({metric}[1d])")} * 0 - 1'
            targets.append(self._target(f"history-{i}", expr, False, self._legend(by, title)))
        return targets

    def newest_of_each(self, measurement, fields, by, where, unless):
        return [self._target(f"journal-{field.name}", f"{self._max_by(by, f'last_over_time({measurement}_{field.name}{self._select(where)}[{JOURNAL}])')}"
                             f" and {self._max_by(by, f'last_over_time({measurement}_{unless}{self._select(where)}[{JOURNAL}])')} != 0",
                             True, "", True) for field in fields if not field.text]

    def events(self, measurement, fields, tags, where, most=200):
        return [self._target(f"journal-{field.name}", self._max_by(tags, f"max_over_time({measurement}_{field.name}{self._select(where)}[$__interval])"),
                             False, self._legend(tags, field.title)) for field in fields if field.level]

    def age(self, measurement, field, where):
        return [self._target("age", f"max(last_over_time({measurement}_{field}{self._select(where)}[{JOURNAL}]))", True, "last heard")]

    def values(self, measurement, field, tag, where):
        return f"label_values({measurement}_{field}{self._select(where)}, {tag})"
