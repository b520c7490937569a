"""The leaderboard as one self-contained HTML page: no request leaves it, and without scripts it still reads."""

from edgejson_bench.leaderboard.page.document import render

__all__ = ["render"]
