"""What stands in six kinds of sites: devices, how they measure, and the rules that fit them. Vocabulary only."""

# ruff: noqa: E501 (a row of vocabulary reads best on one line)

from __future__ import annotations

from dataclasses import dataclass

from edgejson_bench.records import JsonObject


@dataclass(frozen=True, slots=True)
class Device:
    """A product that can stand in a site."""

    prefix: str
    """Beginning of its device id."""
    name: str
    kind: str
    """The schema's ``device_type``."""
    manufacturer: str
    model: str
    capabilities: tuple[str, ...]
    link: str
    """How it reaches the gateway (the schema's ``connection_type``)."""
    readings: dict[str, tuple[float, float, int]]
    """Reading -> (low, high, decimals); the range is what is normal for the place."""
    thresholds: dict[str, float]
    modes: tuple[str, ...]
    battery: bool = False


@dataclass(frozen=True, slots=True)
class Trigger:
    """When a rule fires. ``device`` is a key of the site's devices."""

    device: str
    condition: str
    value: object
    operator: str


@dataclass(frozen=True, slots=True)
class Action:
    """What a rule then does. ``device`` is a key of the site's devices."""

    device: str
    name: str
    parameters: JsonObject


@dataclass(frozen=True, slots=True)
class Rule:
    """One automation of a site."""

    name: str
    triggers: tuple[Trigger, ...]
    actions: tuple[Action, ...]

    @property
    def devices(self) -> list[str]:
        """Keys of the site's devices that the rule needs."""
        return [trigger.device for trigger in self.triggers] + [action.device for action in self.actions]


@dataclass(frozen=True, slots=True)
class Site:
    """One kind of site. The device under ``gateway`` is always installed."""

    code: str
    name: str
    """``{city}`` is filled in."""
    buildings: tuple[str, ...]
    floors: tuple[str, ...]
    rooms: tuple[str, ...]
    devices: dict[str, Device]
    rules: tuple[Rule, ...]
    alerts: tuple[tuple[str, str, str], ...]
    """(device key, alert type, severity)"""


CLIMATE_MODES = ("normal", "low_power", "calibration")
SWITCH_MODES = ("automatic", "manual", "scheduled")

SITES = (
    Site(
        code="COLD",
        name="{city} Cold Storage",
        buildings=("Warehouse A", "Warehouse B", "Distribution Hall 2"),
        floors=("Ground floor", "Mezzanine"),
        rooms=("Freezer Aisle 3", "Chiller Bay 1", "Dock Staging Area"),
        devices={
            "gateway": Device("GW", "Warehouse Gateway", "gateway", "Digi", "ConnectPort X4", ("protocol_bridge", "edge_buffering"), "ethernet", {"cpu_load_pct": (8, 46, 1), "connected_clients": (4, 31, 0)}, {"cpu_load_max_pct": 85}, ("bridge", "failover")),
            "freezer": Device("TMP", "Freezer Temperature Probe", "sensor", "Sonoff", "SNZB-02LD", ("temperature", "low_battery_alert"), "zigbee", {"temperature_c": (-22.5, -18.2, 1)}, {"temperature_max_c": -16.0, "temperature_min_c": -26.0}, CLIMATE_MODES, True),
            "chiller": Device("THS", "Chiller Climate Sensor", "sensor", "Aqara", "TH-S02D", ("temperature", "humidity", "pressure"), "zigbee", {"temperature_c": (2.1, 5.4, 1), "humidity_pct": (62, 81, 1)}, {"temperature_max_c": 7.5, "humidity_max_pct": 90}, CLIMATE_MODES, True),
            "door": Device("DOR", "Dock Door Contact", "sensor", "Aqara", "MCCGQ14LM", ("open_close", "low_battery_alert"), "zigbee", {"openings_today": (3, 58, 0)}, {"open_minutes_max": 5}, ("normal", "armed"), True),
            "compressor": Device("CMP", "Compressor Relay", "actuator", "Shelly", "Pro 1PM", ("relay", "energy_metering"), "wifi", {"power_w": (900, 2900, 0), "energy_today_kwh": (8, 31, 1)}, {"power_max_w": 3500}, SWITCH_MODES),
            "camera": Device("CAM", "Dock Camera", "camera", "Axis", "P3245-LVE", ("video_1080p", "motion_detection", "night_vision"), "ethernet", {"frames_per_second": (15, 30, 0)}, {"storage_max_pct": 90}, ("continuous", "motion_only")),
        },
        rules=(
            Rule("Freezer over-temperature", (Trigger("freezer", "value_threshold", -16.0, "greater_than"),), (Action("compressor", "set_cooling_stage", {"stage": 2, "max_runtime_minutes": 45}),)),
            Rule("Dock door left open", (Trigger("door", "state_change", "open", "equals"),), (Action("camera", "start_recording", {"clip_seconds": 60, "quality": "high"}),)),
            Rule("Chiller too humid", (Trigger("chiller", "value_threshold", 90, "greater_than"),), (Action("compressor", "start_defrost", {"cycle": "short"}),)),
            Rule("Night setback", (Trigger("gateway", "time_based", "22:30", "equals"),), (Action("compressor", "set_mode", {"mode": "scheduled", "setpoint_c": -21.0}),)),
        ),
        alerts=(("freezer", "temperature_high", "critical"), ("door", "door_open_too_long", "medium"), ("chiller", "humidity_high", "medium"), ("compressor", "power_draw_high", "high"), ("gateway", "uplink_lost", "high")),
    ),
    Site(
        code="GRN",
        name="{city} Greenhouse",
        buildings=("Glasshouse 1", "Glasshouse 4", "Propagation House"),
        floors=("Ground floor",),
        rooms=("Tomato Bay", "Seedling Bench 2", "Leafy Greens Row C"),
        devices={
            "gateway": Device("GW", "Field Gateway", "gateway", "Digi", "IX15", ("protocol_bridge", "local_storage"), "ethernet", {"cpu_load_pct": (6, 38, 1)}, {"cpu_load_max_pct": 80}, ("bridge", "offline_buffering")),
            "climate": Device("CLM", "Canopy Climate Sensor", "sensor", "Netatmo", "NHC-EC", ("temperature", "humidity", "co2"), "wifi", {"temperature_c": (19.5, 27.5, 1), "humidity_pct": (58, 82, 1), "co2_ppm": (430, 980, 0)}, {"temperature_max_c": 31.0, "co2_max_ppm": 1400}, CLIMATE_MODES),
            "soil": Device("SOI", "Soil Moisture Probe", "sensor", "Third Reality", "3RSM0147Z", ("soil_moisture", "soil_temperature"), "zigbee", {"soil_moisture_pct": (27, 46, 1), "soil_temperature_c": (17.5, 22.5, 1)}, {"soil_moisture_min_pct": 24}, CLIMATE_MODES, True),
            "valve": Device("VLV", "Drip Irrigation Valve", "actuator", "Sonoff", "SWV", ("valve_control", "flow_metering"), "zigbee", {"flow_l_per_min": (0.0, 9.5, 1)}, {"flow_max_l_per_min": 12}, SWITCH_MODES, True),
            "vent": Device("VNT", "Roof Vent Motor", "actuator", "Shelly", "Plus 2PM", ("position_control", "power_metering"), "wifi", {"position_pct": (0, 70, 0)}, {"power_max_w": 180}, SWITCH_MODES),
            "controller": Device("CTL", "Climate Controller", "controller", "Siemens", "LOGO! 8.3", ("scheduling", "pid_control"), "ethernet", {"setpoint_c": (20.0, 24.0, 1)}, {"loop_error_max_c": 3}, ("day", "night", "manual")),
        },
        rules=(
            Rule("Irrigate dry soil", (Trigger("soil", "value_threshold", 26.5, "less_than"),), (Action("valve", "open_valve", {"duration_minutes": 12, "max_litres": 90}),)),
            Rule("Vent on heat", (Trigger("climate", "value_threshold", 28.5, "greater_than"),), (Action("vent", "set_position", {"position_pct": 60}),)),
            Rule("Hold night climate", (Trigger("controller", "time_based", "20:15", "equals"),), (Action("controller", "apply_profile", {"profile": "night", "setpoint_c": 17.5}), Action("vent", "set_position", {"position_pct": 5}))),
            Rule("Stop on leak", (Trigger("valve", "pattern_detection", "flow while valve closed", "equals"),), (Action("valve", "close_valve", {"lockout": True, "notify": "grower on duty"}),)),
        ),
        alerts=(("soil", "soil_moisture_low", "medium"), ("climate", "co2_high", "medium"), ("valve", "unexpected_flow", "high"), ("vent", "motor_stalled", "medium"), ("controller", "setpoint_not_reached", "low")),
    ),
    Site(
        code="OFC",
        name="{city} Smart Office",
        buildings=("Main Building", "North Tower", "Annex"),
        floors=("2nd floor", "3rd floor", "5th floor"),
        rooms=("Conference Room B", "Open Plan West", "Quiet Zone"),
        devices={
            "gateway": Device("GW", "Floor Gateway", "gateway", "Athom", "Homey Pro", ("zigbee_hub", "zwave_hub", "scene_control"), "ethernet", {"connected_clients": (9, 44, 0)}, {"connected_clients_max": 50}, ("bridge", "pairing")),
            "occupancy": Device("OCC", "Ceiling Presence Sensor", "sensor", "Aqara", "FP2", ("presence", "illuminance", "people_count"), "wifi", {"people_count": (0, 12, 0), "illuminance_lux": (140, 620, 0)}, {"people_count_max": 14}, ("normal", "high_sensitivity")),
            "air": Device("AIR", "Indoor Air Monitor", "sensor", "Airthings", "View Plus", ("co2", "voc", "pm2_5"), "wifi", {"co2_ppm": (480, 1120, 0), "voc_ppb": (60, 410, 0), "pm2_5_ugm3": (2.0, 11.5, 1)}, {"co2_max_ppm": 1200, "voc_max_ppb": 600}, CLIMATE_MODES, True),
            "lights": Device("LGT", "Light Panel Group", "actuator", "Philips Hue", "Aurelle", ("dimming", "color_temperature"), "zigbee", {"brightness_pct": (20, 95, 0), "color_temperature_k": (2900, 4600, 0)}, {"power_max_w": 240}, SWITCH_MODES),
            "thermostat": Device("THM", "Zone Thermostat", "controller", "Honeywell", "TH6320ZW2003", ("heating", "cooling", "scheduling"), "zwave", {"temperature_c": (20.5, 24.5, 1), "setpoint_c": (21.0, 23.0, 1)}, {"temperature_max_c": 27.0}, ("heat", "cool", "auto")),
            "camera": Device("CAM", "Lobby Camera", "camera", "Reolink", "RLC-810A", ("video_4k", "person_detection"), "ethernet", {"frames_per_second": (15, 25, 0)}, {"storage_max_pct": 85}, ("continuous", "motion_only")),
        },
        rules=(
            Rule("Lights off when empty", (Trigger("occupancy", "state_change", "vacant", "equals"),), (Action("lights", "turn_off", {"fade_seconds": 8}),)),
            Rule("Boost ventilation", (Trigger("air", "value_threshold", 1100, "greater_than"),), (Action("thermostat", "set_fan", {"fan_mode": "high", "minutes": 20}),)),
            Rule("Morning warm-up", (Trigger("thermostat", "time_based", "06:45", "equals"),), (Action("thermostat", "set_temperature", {"setpoint_c": 21.5, "hold": "until 18:00"}), Action("lights", "set_scene", {"scene": "daylight", "brightness_pct": 80}))),
            Rule("After-hours presence", (Trigger("occupancy", "time_based", "22:00 to 05:30", "between"),), (Action("camera", "start_recording", {"clip_seconds": 90, "notify": "facility security"}),)),
        ),
        alerts=(("air", "co2_high", "medium"), ("occupancy", "after_hours_presence", "high"), ("thermostat", "temperature_out_of_range", "medium"), ("camera", "storage_almost_full", "low"), ("lights", "lamp_failure", "low")),
    ),
    Site(
        code="SRV",
        name="{city} Server Room",
        buildings=("Data Center East", "Headquarters", "Colocation Hall 3"),
        floors=("Basement", "1st floor"),
        rooms=("Rack Row 4", "Cage 12", "UPS Room"),
        devices={
            "gateway": Device("GW", "Out-of-Band Gateway", "gateway", "Cisco", "IR1101", ("cellular_failover", "snmp_polling"), "ethernet", {"cpu_load_pct": (7, 41, 1), "wan_latency_ms": (9, 38, 0)}, {"wan_latency_max_ms": 120}, ("primary_uplink", "failover")),
            "rack": Device("RCK", "Rack Inlet Sensor", "sensor", "APC", "AP9335TH", ("temperature", "humidity"), "ethernet", {"temperature_c": (20.0, 25.8, 1), "humidity_pct": (38, 54, 1)}, {"temperature_max_c": 27.0, "humidity_max_pct": 60}, CLIMATE_MODES),
            "leak": Device("LEK", "Underfloor Leak Sensor", "sensor", "APC", "NBES0308", ("water_leak", "cable_fault"), "ethernet", {"cable_ohms": (310, 420, 0)}, {"wet_seconds_max": 3}, ("normal", "armed")),
            "pdu": Device("PDU", "Metered Rack PDU", "actuator", "Raritan", "PX3-5190R", ("outlet_switching", "energy_metering"), "ethernet", {"load_a": (6.5, 13.8, 1), "power_w": (1400, 3100, 0)}, {"load_max_a": 16}, ("normal", "load_shedding")),
            "crac": Device("CRA", "Cooling Unit Controller", "controller", "Vertiv", "Liebert iCOM", ("fan_speed", "setpoint_control"), "ethernet", {"fan_speed_pct": (35, 78, 0), "supply_air_c": (16.5, 19.5, 1)}, {"supply_air_max_c": 22}, ("cooling", "dehumidify", "standby")),
            "camera": Device("CAM", "Aisle Camera", "camera", "Axis", "M3085-V", ("video_1080p", "motion_detection"), "ethernet", {"frames_per_second": (10, 25, 0)}, {"storage_max_pct": 90}, ("continuous", "motion_only")),
        },
        rules=(
            Rule("Rack inlet too warm", (Trigger("rack", "value_threshold", 26.5, "greater_than"),), (Action("crac", "set_fan_speed", {"fan_speed_pct": 90}),)),
            Rule("Shed load on overcurrent", (Trigger("pdu", "value_threshold", 15.2, "greater_than"),), (Action("pdu", "switch_outlets", {"outlet_group": "non-critical", "state": "off"}),)),
            Rule("Water under the floor", (Trigger("leak", "state_change", True, "equals"),), (Action("gateway", "send_page", {"team": "facilities on call", "repeat_minutes": 5}), Action("crac", "set_mode", {"mode": "standby"}))),
            Rule("Uplink flapping", (Trigger("gateway", "pattern_detection", "3 link drops in 10 minutes", "equals"),), (Action("gateway", "switch_uplink", {"uplink": "cellular"}),)),
        ),
        alerts=(("rack", "inlet_temperature_high", "critical"), ("pdu", "load_near_limit", "high"), ("gateway", "uplink_flapping", "medium"), ("crac", "filter_change_due", "low"), ("leak", "probe_disconnected", "medium")),
    ),
    Site(
        code="HOME",
        name="{city} Apartment",
        buildings=("Riverside Apartments", "Maple Court", "Building 7"),
        floors=("1st floor", "4th floor", "Top floor"),
        rooms=("Living Room", "Hallway", "Kitchen"),
        devices={
            "gateway": Device("HUB", "Home Hub", "gateway", "Hubitat", "Elevation C-8", ("zigbee_hub", "zwave_hub", "local_automation"), "ethernet", {"connected_clients": (6, 27, 0)}, {"cpu_load_max_pct": 90}, ("home", "away", "night")),
            "motion": Device("MOT", "Hallway Motion Sensor", "sensor", "Fibaro", "FGMS-001", ("motion", "illuminance", "temperature"), "zwave", {"illuminance_lux": (4, 210, 0), "temperature_c": (19.0, 24.0, 1)}, {"illuminance_min_lux": 10}, ("normal", "high_sensitivity"), True),
            "smoke": Device("SMK", "Kitchen Smoke Detector", "sensor", "First Alert", "ZCOMBO-G", ("smoke", "carbon_monoxide"), "zwave", {"co_ppm": (0, 4, 0)}, {"co_max_ppm": 30}, ("normal", "self_test"), True),
            "lock": Device("LCK", "Front Door Lock", "actuator", "Yale", "YRD226", ("lock_unlock", "access_codes"), "zwave", {"unlocks_today": (1, 11, 0)}, {"failed_attempts_max": 5}, ("auto_lock", "manual"), True),
            "plug": Device("PLG", "Washer Smart Plug", "actuator", "Shelly", "Plus Plug S", ("relay", "energy_metering"), "wifi", {"power_w": (1, 1900, 0), "energy_today_kwh": (0.2, 2.8, 2)}, {"power_max_w": 2300}, SWITCH_MODES),
            "doorbell": Device("BEL", "Entry Doorbell Camera", "camera", "Reolink", "D340W", ("video_5mp", "person_detection", "two_way_audio"), "wifi", {"visitors_today": (0, 9, 0)}, {"storage_max_pct": 85}, ("motion_only", "privacy")),
        },
        rules=(
            Rule("Lock up at night", (Trigger("gateway", "time_based", "23:00", "equals"),), (Action("lock", "lock", {"auto_relock": True}),)),
            Rule("Record on hallway motion", (Trigger("motion", "state_change", "motion", "equals"),), (Action("doorbell", "start_recording", {"clip_seconds": 30}),)),
            Rule("Smoke response", (Trigger("smoke", "state_change", "smoke_detected", "equals"),), (Action("lock", "unlock", {"reason": "emergency exit"}), Action("plug", "turn_off", {"override": True}))),
            Rule("Wrong door codes", (Trigger("lock", "pattern_detection", "5 wrong codes in a row", "equals"),), (Action("doorbell", "take_snapshot", {"count": 3, "notify": "owner"}),)),
            Rule("Washer finished", (Trigger("plug", "value_threshold", 6, "less_than"),), (Action("gateway", "send_notification", {"message": "Laundry is done"}),)),
        ),
        alerts=(("lock", "failed_unlock_attempts", "high"), ("smoke", "self_test_overdue", "low"), ("motion", "tamper_detected", "high"), ("plug", "power_draw_high", "high"), ("doorbell", "camera_offline", "medium")),
    ),
    Site(
        code="PHA",
        name="{city} Hospital Pharmacy",
        buildings=("Clinical Tower", "Outpatient Pavilion", "Building C"),
        floors=("Lower level", "1st floor", "2nd floor"),
        rooms=("Vaccine Storage", "Compounding Room", "Dispensing Area"),
        devices={
            "gateway": Device("GW", "Pharmacy Gateway", "gateway", "Dell", "Edge Gateway 3200", ("protocol_bridge", "edge_analytics"), "ethernet", {"cpu_load_pct": (5, 33, 1)}, {"cpu_load_max_pct": 80}, ("bridge", "maintenance")),
            "fridge": Device("FRG", "Vaccine Fridge Probe", "sensor", "Elitech", "RCW-800 WiFi", ("temperature", "data_logging"), "wifi", {"temperature_c": (3.1, 5.9, 1)}, {"temperature_min_c": 2.0, "temperature_max_c": 8.0}, CLIMATE_MODES, True),
            "pressure": Device("DPS", "Clean Room Pressure Sensor", "sensor", "Setra", "Model 264", ("differential_pressure",), "ethernet", {"pressure_pa": (11.0, 16.5, 1), "air_changes_per_hour": (30, 38, 0)}, {"pressure_min_pa": 8.0}, CLIMATE_MODES),
            "cabinet": Device("CAB", "Narcotics Cabinet Lock", "actuator", "ASSA ABLOY", "Aperio KL100", ("lock_unlock", "audit_trail"), "bluetooth", {"openings_today": (2, 36, 0)}, {"open_minutes_max": 2}, ("dual_authorization", "single_authorization"), True),
            "hvac": Device("AHU", "Air Handling Controller", "controller", "Johnson Controls", "FX-PCA2513", ("fan_speed", "filter_monitoring"), "ethernet", {"fan_speed_pct": (45, 72, 0), "filter_pressure_pa": (90, 210, 0)}, {"filter_pressure_max_pa": 250}, ("occupied", "unoccupied", "purge")),
            "camera": Device("CAM", "Dispensary Camera", "camera", "Hanwha", "XNV-8080R", ("video_5mp", "motion_detection"), "ethernet", {"frames_per_second": (12, 30, 0)}, {"storage_max_pct": 90}, ("continuous", "motion_only")),
        },
        rules=(
            Rule("Vaccine excursion", (Trigger("fridge", "value_threshold", 8.0, "greater_than"),), (Action("gateway", "send_page", {"team": "pharmacist on call", "repeat_minutes": 10}),)),
            Rule("Restore room pressure", (Trigger("pressure", "value_threshold", 8.0, "less_than"),), (Action("hvac", "set_fan_speed", {"fan_speed_pct": 85}),)),
            Rule("Record cabinet access", (Trigger("cabinet", "state_change", "unlocked", "equals"),), (Action("camera", "bookmark_video", {"label": "cabinet access", "seconds_before": 10}),)),
            Rule("Weekend setback", (Trigger("hvac", "time_based", "Saturday 19:00", "equals"),), (Action("hvac", "set_mode", {"mode": "unoccupied", "fan_speed_pct": 45}),)),
        ),
        alerts=(("fridge", "temperature_excursion", "critical"), ("pressure", "pressure_low", "critical"), ("cabinet", "door_ajar", "high"), ("hvac", "filter_change_due", "low"), ("camera", "video_loss", "medium")),
    ),
)  # fmt: skip
