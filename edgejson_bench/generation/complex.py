"""The generators of the five complex tasks, by task name. Each returns one gold object of moderate length."""

from __future__ import annotations

from collections.abc import Callable

from edgejson_bench.generation.complex_ecommerce_analytics import ecommerce_analytics
from edgejson_bench.generation.complex_iot_device_network import iot_device_network
from edgejson_bench.generation.complex_medical_encounter import medical_encounter
from edgejson_bench.generation.complex_multi_party_transaction import multi_party_transaction
from edgejson_bench.generation.complex_nested_organization import nested_organization
from edgejson_bench.generation.complex_parts import sized
from edgejson_bench.generation.values import Values
from edgejson_bench.records import JsonObject

GENERATORS: dict[str, Callable[[Values], JsonObject]] = {
    "ecommerce_analytics": sized(ecommerce_analytics),
    "iot_device_network": sized(iot_device_network),
    "medical_encounter": sized(medical_encounter),
    "multi_party_transaction": sized(multi_party_transaction),
    "nested_organization": sized(nested_organization),
}
"""Task name -> generator. The same stream of values gives the same object."""
