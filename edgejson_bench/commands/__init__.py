"""What each command does: gather its inputs, call the room that does the work, print the result."""

from edgejson_bench.commands.data import audit, generate, tasks
from edgejson_bench.commands.evaluation import compare, run, score
from edgejson_bench.commands.publishing import leaderboard, submit
from edgejson_bench.commands.timing import latency
from edgejson_bench.commands.training import card, train
from edgejson_bench.commands.verification import verify

__all__ = [
    "audit",
    "card",
    "compare",
    "generate",
    "latency",
    "leaderboard",
    "run",
    "score",
    "submit",
    "tasks",
    "train",
    "verify",
]
