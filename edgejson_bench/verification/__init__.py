"""Submissions put to the test: form, hashes, a full re-score, what cannot be, and on request the model itself."""
