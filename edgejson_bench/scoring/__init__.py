"""From a completion to numbers: parse, compare, check, aggregate. Nothing here loads a model or reads a file.

``score_strict`` (parse, exact, fields, compliance) is the project's scorer; ``v3_1`` is the published one.
"""
