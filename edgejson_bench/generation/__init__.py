"""The generator of the data that ships: believable values, the texts that carry them, seeded splits.

Evaluation never imports this room, but for the key spelling of the form style in :mod:`.form`.
"""
