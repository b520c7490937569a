"""Device networks of one site: what stands there, how it is wired, which rules run, how it is doing.

What holds, wherever the fields involved are present: every device id in connections, triggers, actions and
alerts is a device of the network; ``devices_online``/``devices_offline`` count those statuses (error and
maintenance are neither); ``overall_status`` is healthy exactly when all are online;
``average_readings_per_device`` = ``total_data_points`` / devices, to one decimal; alerts <= anomalies;
only a device that is online has readings, one under maintenance is switched off; nothing is later than
``last_health_check``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from edgejson_bench.generation.complex_iot_sites import SITES, Device, Rule, Site
from edgejson_bench.generation.complex_parts import PLACES, Place, thin, unique_code
from edgejson_bench.generation.values import NESTED_OPTIONAL, TOP_LEVEL_OPTIONAL, Values, timestamp
from edgejson_bench.records import JsonObject

MAX_DEVICES = 4


def iot_device_network(v: Values) -> JsonObject:
    """One network of two to four devices, its gateway included."""
    site, place, now = v.deal("site", SITES), v.pick(PLACES), v.moment()
    rules = v.sample(site.rules, 1, 2)
    if len(_roles(rules)) > MAX_DEVICES:
        rules = rules[:1]
    roles = _roles(rules)
    spare = [role for role in site.devices if role not in roles]
    roles += v.sample(spare, max(0, 2 - len(roles)), max(1, 3 - len(roles)))
    roles.sort(key=list(site.devices).index)
    taken: set[str] = set()
    ids = {role: unique_code(v, f"{site.devices[role].prefix}-###", taken) for role in roles}
    # Seven devices in ten are online; a network without a working gateway could report nothing.
    statuses = {
        role: "online" if role == "gateway" or v.maybe(0.7) else v.pick(("offline", "error", "maintenance"))
        for role in roles
    }
    hours = v.pick((6, 12, 24, 48, 72))
    network = {
        "network_id": f"NET-{site.code}-{v.code('####')}",
        "network_name": site.name.format(city=place.city),
        "location": _location(v, site, place),
        "devices": [_device(v, site.devices[role], role, ids, statuses[role], now, site) for role in roles],
        "automation_rules": [_rule(v, rule, ids, taken, now) for rule in rules],
        "telemetry_summary": _telemetry(v, site, ids, now, hours),
        "network_health": _health(v, list(statuses.values()), now),
    }
    return thin(v, network, ("network_id", "network_name", "devices"), TOP_LEVEL_OPTIONAL)


def _roles(rules: Sequence[Rule]) -> list[str]:
    """The gateway and every device that ``rules`` name, each once."""
    named = [device for rule in rules for device in rule.devices]
    return list(dict.fromkeys(["gateway", *named]))


def _location(v: Values, site: Site, place: Place) -> JsonObject:
    coordinates = {
        "latitude": round(place.latitude + v.number(-0.04, 0.04, 4), 4),
        "longitude": round(place.longitude + v.number(-0.04, 0.04, 4), 4),
    }
    location = {
        "building": v.pick(site.buildings),
        "floor": v.pick(site.floors),
        "room": v.pick(site.rooms),
        "coordinates": coordinates,
    }
    return thin(v, location)


def _device(
    v: Values, device: Device, role: str, ids: dict[str, str], status: str, now: datetime, site: Site
) -> JsonObject:
    seen = now - (
        timedelta(minutes=v.integer(45, 2900)) if status == "offline" else timedelta(seconds=v.integer(2, 290))
    )
    fields = {
        "device_id": ids[role],
        "device_name": device.name,
        "device_type": device.kind,
        "manufacturer": device.manufacturer,
        "model": device.model,
        "firmware_version": f"v{v.integer(1, 5)}.{v.integer(0, 12)}.{v.integer(0, 9)}",
        "status": status,
        "last_seen": timestamp(seen),
        "capabilities": list(device.capabilities),
        "current_state": None if status == "offline" else _state(v, device, status),
        "configuration": _configuration(v, device),
        "connections": _connections(v, role, ids, site),
    }
    return thin(v, fields, keep=("device_id", "device_name", "device_type", "status"), probability=NESTED_OPTIONAL)


def _state(v: Values, device: Device, status: str) -> JsonObject:
    readings: JsonObject = {
        key: v.integer(int(low), int(high)) if digits == 0 else v.number(low, high, digits)
        for key, (low, high, digits) in device.readings.items()
    }
    state = {
        "power": status != "maintenance",
        "battery_level": v.integer(18, 100) if device.battery else None,
        "signal_strength": None if device.link == "ethernet" or status == "maintenance" else v.integer(-84, -42),
        "readings": readings if status == "online" else None,
    }
    return thin(v, state)


def _configuration(v: Values, device: Device) -> JsonObject:
    configuration = {
        "polling_interval_seconds": v.pick((5, 10, 15, 30, 60, 120, 300)),
        "alert_thresholds": dict(device.thresholds),
        "operating_mode": v.pick(device.modes),
    }
    return thin(v, configuration)


def _connections(v: Values, role: str, ids: dict[str, str], site: Site) -> list[JsonObject]:
    """A star: every device is linked to the gateway, the gateway to up to two of them."""
    peers = ["gateway"] if role != "gateway" else v.sample([r for r in ids if r != "gateway"], 1, 2)
    return [
        thin(
            v,
            {
                "connected_device_id": ids[peer],
                "connection_type": site.devices[role if peer == "gateway" else peer].link,
                "signal_quality": v.integer(61, 99),
            },
            keep=("connected_device_id",),
        )
        for peer in peers
    ]


def _rule(v: Values, rule: Rule, ids: dict[str, str], taken: set[str], now: datetime) -> JsonObject:
    triggers = [
        thin(
            v,
            {
                "device_id": ids[trigger.device],
                "condition_type": trigger.condition,
                "condition_value": trigger.value,
                "operator": trigger.operator,
            },
            keep=("device_id",),
        )
        for trigger in rule.triggers
    ]
    actions = [
        thin(
            v,
            {
                "target_device_id": ids[action.device],
                "action_type": action.name,
                "action_parameters": dict(action.parameters),
                "delay_seconds": v.pick((0, 0, 5, 10, 30, 60)),
            },
            keep=("target_device_id",),
        )
        for action in rule.actions
    ]
    fields = {
        "rule_id": unique_code(v, "RULE-###", taken),
        "rule_name": rule.name,
        "enabled": v.maybe(0.85),
        "triggers": triggers,
        "actions": actions,
        "priority": v.integer(1, 5),
        "last_triggered": timestamp(now - timedelta(minutes=v.integer(20, 14000))),
    }
    return thin(v, fields, keep=("rule_id",))


def _telemetry(v: Values, site: Site, ids: dict[str, str], now: datetime, hours: int) -> JsonObject:
    possible = [alert for alert in site.alerts if alert[0] in ids]
    alerts: list[JsonObject] = []
    taken: set[str] = set()
    for role, kind, severity in v.sample(possible, 1, 2) if possible else []:
        alert = {
            "alert_id": unique_code(v, "ALR-#####", taken),
            "device_id": ids[role],
            "alert_type": kind,
            "severity": severity,
            "timestamp": timestamp(now - timedelta(seconds=v.integer(600, hours * 3600))),
            "resolved": v.maybe(0.6),
        }
        alerts.append(thin(v, alert, keep=("alert_id",)))
    # Between one reading every five minutes and two a minute from each device.
    points = sum(v.integer(12, 120) * hours for _ in ids)
    telemetry = {
        "reporting_period_hours": hours,
        "total_data_points": points,
        "average_readings_per_device": round(points / len(ids), 1),
        "anomalies_detected": len(alerts) + v.integer(0, 4),
        "alerts_generated": alerts,
    }
    return thin(v, telemetry)


def _health(v: Values, statuses: list[str], now: datetime) -> JsonObject:
    online, offline = statuses.count("online"), statuses.count("offline")
    if online == len(statuses):
        overall, uptime = "healthy", v.number(99.2, 99.99, 2)
    elif online * 2 > len(statuses):
        overall, uptime = "degraded", v.number(95.5, 99.1, 2)
    else:
        overall, uptime = "critical", v.number(82, 95.4, 2)
    health = {
        "overall_status": overall,
        "uptime_percentage": uptime,
        "devices_online": online,
        "devices_offline": offline,
        "last_health_check": timestamp(now),
    }
    return thin(v, health)
