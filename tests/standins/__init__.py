"""Stand-ins that let tests run the real loading code without a network: a local hub, and tiny models to serve."""

ADAPTER_ID = "CycleCoreTechnologies/Maaza-SLM-360M-JSON-v1"
BASE_ID = "HuggingFaceTB/SmolLM2-360M"
"""Real names, under which the local hub serves a tiny adapter and its tiny base."""
