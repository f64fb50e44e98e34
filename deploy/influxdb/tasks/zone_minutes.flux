// Minutes of zones for InfluxDB 2.x: a task, beside buckets with their own retention.
//   influx bucket update --id … --retention 14d                        # crowdtide, where crowdtide writes
//   influx bucket create --name crowdtide_minutes --retention 90d
//   influx task create --file zone_minutes.flux
// What may be averaged, and what not, is said in ../retention.influxql. For gates and lights copy it: measurement, fields and functions are named once each.
import "date"

option task = {name: "crowdtide_zone_minutes", every: 1m, offset: 15s}

// Whole minutes only: half a minute would overwrite a whole one. The last 20, as late data reach 15 back.
end = date.truncate(t: now(), unit: 1m)
begin = date.sub(d: 20m, from: end)
zones = from(bucket: "crowdtide") |> range(start: begin, stop: end) |> filter(fn: (r) => r._measurement == "zone")
tags = ["_time", "_measurement", "venue", "zone", "kind", "_field", "_value"]

// Levels: the worst, and whether some of the minute was unknown (-1).
zones |> filter(fn: (r) => r._field == "level") |> aggregateWindow(every: 1m, fn: max, timeSrc: "_start", createEmpty: false)
    |> keep(columns: tags) |> to(bucket: "crowdtide_minutes")
zones |> filter(fn: (r) => r._field == "level") |> aggregateWindow(every: 1m, fn: min, timeSrc: "_start", createEmpty: false)
    |> set(key: "_field", value: "level_min") |> keep(columns: tags) |> to(bucket: "crowdtide_minutes")

// Numbers, while the zone was known.
known = zones |> filter(fn: (r) => contains(value: r._field, set: ["known", "occupancy", "occupancy_upper", "occupancy_lower", "density"]))
    |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value") |> filter(fn: (r) => r.known)
minutes = (field, fn, as) => known
    |> aggregateWindow(every: 1m, fn: fn, column: field, timeSrc: "_start", createEmpty: false)
    |> rename(fn: (column) => if column == field then "_value" else column)
    |> set(key: "_field", value: as) |> keep(columns: tags) |> to(bucket: "crowdtide_minutes")
minutes(field: "occupancy", fn: mean, as: "occupancy") |> yield(name: "occupancy")
minutes(field: "occupancy_upper", fn: max, as: "occupancy_upper") |> yield(name: "upper")
minutes(field: "occupancy_lower", fn: min, as: "occupancy_lower") |> yield(name: "lower")
minutes(field: "density", fn: max, as: "density_max") |> yield(name: "density")
