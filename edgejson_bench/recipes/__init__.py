"""The recipes that ship: one YAML file each, every value explicit."""
