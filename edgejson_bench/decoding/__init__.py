"""Turning a loaded model into completions: batching, key-value caches, stop rules. Nothing here scores."""
