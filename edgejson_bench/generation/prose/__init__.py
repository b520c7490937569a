"""The prose style: frames (YAML, one file a task) filled with a gold's values, the words of each leaf marked."""
