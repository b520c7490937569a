"""The command line: what can be asked, and how mistakes are told. Commands themselves are in :mod:`.commands`.

Nothing heavy is imported before a command needs it: ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from edgejson_bench import __version__
from edgejson_bench.errors import EdgeJSONError

PROTOCOL_NAMES = ("v3", "v3-chat", "v3.1")
"""As in :mod:`edgejson_bench.protocols`, which would cost the help its speed (a test compares the two)."""

ENGINE_NAMES = ("transformers", "llama.cpp", "openvino", "onnxruntime")
"""As in :mod:`edgejson_bench.models.engines` (a test compares the two)."""

MODEL_HELP = (
    "ORG/NAME on the hub, a folder (model or PEFT adapter), a .gguf file, smollm2-135m-instruct, "
    "rules, rules-schema-free, oracle, oracle-rambling or mock"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0 if it is done, 1 if work failed or a check found a difference, 2 for wrong use."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if arguments.command is None:
        parser.print_help()
        return 2
    from edgejson_bench import commands

    try:
        code = int(getattr(commands, arguments.command.replace("-", "_"))(arguments))
        sys.stdout.flush()  # here, where a reader that has gone can still be told from a fault
        return code
    except EdgeJSONError as exc:
        if arguments.debug:
            raise
        from edgejson_bench.console import printable

        print(f"edgejson-bench: {printable(str(exc))}", file=sys.stderr)
        return exc.exit_code
    except KeyboardInterrupt:
        goes_on = "what was done is kept, the same command goes on from there"
        print(
            f"edgejson-bench: interrupted; {'nothing is kept' if arguments.command == 'latency' else goes_on}",
            file=sys.stderr,
        )
        return 1
    except BrokenPipeError:
        # The reader has gone (a pager, head): say nothing, and keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="edgejson-bench",
        description="Benchmark small language models at turning text into schema-conforming JSON.",
        epilog="'edgejson-bench COMMAND --help' explains a command.",
    )
    parser.add_argument("--version", action="version", version=f"edgejson-bench {__version__}")
    parser.set_defaults(command=None, debug=False)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    tasks = _command(commands, "tasks", "list the tasks by complexity, or show one: tasks show NAME")
    tasks.add_argument("action", nargs="?", choices=("list", "show"), default="list")
    tasks.add_argument("name", nargs="?", metavar="NAME", help="the task to show")
    tasks.add_argument(
        "--tokenizer", metavar="SPEC", help="count tokens with this model's tokenizer (default: SmolLM2's)"
    )
    _data_options(tasks, split="test")

    run = _command(commands, "run", "take a model through a split, score it, and measure its latency")
    run.add_argument("--model", required=True, metavar="SPEC", help=MODEL_HELP)
    run.add_argument(
        "--protocol", default="v3", choices=PROTOCOL_NAMES, help="how models are asked, stopped and scored"
    )
    _prompt_option(run)
    _data_options(run, split="test")
    _selection_options(run)
    _model_options(run)
    _engine_option(run)
    run.add_argument("--runs", default="runs", metavar="DIR", help="where run directories are made (default: runs)")
    run.add_argument("--run-dir", metavar="DIR", help="this run's own directory (default: RUNS/MODEL-FINGERPRINT)")
    run.add_argument(
        "--check-equivalence",
        type=int,
        default=0,
        metavar="N",
        help="answer N examples also alone, token by token in float32, and report what differs",
    )
    run.add_argument("--no-latency", action="store_true", help="leave the single-stream latency pass out")

    score = _command(commands, "score", "score a run directory again, without its model")
    score.add_argument("run", metavar="RUN", help="the run directory")
    _data_option(score)

    compare = _command(commands, "compare", "compare two runs on the same examples, pair by pair")
    compare.add_argument("first", metavar="RUN_A", help="a run directory")
    compare.add_argument("second", metavar="RUN_B", help="another run directory, of the same data, split and protocol")

    latency = _command(commands, "latency", "time a model under MLPerf's scenarios, in a process of its own")
    subject = latency.add_mutually_exclusive_group(required=True)
    subject.add_argument("--model", metavar="SPEC", help=MODEL_HELP)
    subject.add_argument(
        "--rank", nargs="+", metavar="FILE", help="measure nothing; rank what was measured, each machine by itself"
    )
    latency.add_argument(
        "--scenario",
        choices=("single-stream", "offline", "both"),
        default="both",
        help="one request at a time, all of them at once, or one after the other (default: both)",
    )
    latency.add_argument(
        "--workload",
        choices=("natural", "fixed"),
        default="natural",
        help="the benchmark's prompts until the model stops (default), or 256 tokens in and 128 out",
    )
    latency.add_argument(
        "--queries", type=int, default=64, metavar="N", help="default: 64, the fewest that allow a 90th percentile"
    )
    latency.add_argument("--seed", type=int, default=0, metavar="N", help="decides which prompts, in which order")
    _prompt_option(latency)
    _data_option(latency)
    _model_options(latency)
    _engine_option(latency)
    latency.add_argument(
        "--out", metavar="FILE", help="where all is kept (default: latency/MODEL-WORKLOAD-DIGEST.json)"
    )

    audit = _command(commands, "audit", "look for what is wrong with a data set before trusting it")
    _data_option(audit)
    audit.add_argument(
        "--cap", type=int, default=512, metavar="N", help="count the golds that are longer than N tokens (default: 512)"
    )
    audit.add_argument(
        "--tokenizer", metavar="SPEC", help="count tokens with this model's tokenizer (default: SmolLM2's)"
    )
    audit.add_argument(
        "--strict", action="store_true", help="fail on invalid golds, contradictions, leaks and duplicates"
    )

    generate = _command(
        commands, "generate", "write the data that ships, or check that it is what the generator writes"
    )
    generate.add_argument("--seed", type=int, help="another seed makes another data set (with --out)")
    generate.add_argument("--out", metavar="DIR", help="where to write (default: the shipped tasks)")
    generate.add_argument("--check", action="store_true", help="write nothing; fail where the files differ")

    train = _command(commands, "train", "train a model on the train split by a recipe")
    train.add_argument("--recipe", required=True, metavar="NAME", help="a recipe that ships, or a .yaml file")
    train.add_argument("--show-recipe", action="store_true", help="print the recipe, overrides applied, and do nothing")
    train.add_argument("--base", metavar="SPEC", help="the base model, instead of the recipe's")
    train.add_argument("--start", metavar="ADAPTER", help="go on from an adapter of the recipe's shape")
    _data_option(train)
    train.add_argument("--style", choices=("form", "prose", "both"), help="styles to train on, instead of the recipe's")
    train.add_argument("--seed", type=int, metavar="N", help="instead of the recipe's")
    train.add_argument("--out", metavar="DIR", help="where to write (default: trained/RECIPE-FINGERPRINT)")
    train.add_argument("--merged", action="store_true", help="also write the adapter merged into its base")
    train.add_argument("--compile", action="store_true", help="compile the layers first (CPU, needs a C++ compiler)")
    _compute_options(train)

    card = _command(commands, "card", "write the card of a trained model again, with the results of its runs")
    card.add_argument("model", metavar="FOLDER", help="a folder that train wrote")
    card.add_argument("runs", nargs="+", metavar="RUN", help="run directories of this model")

    submit = _command(commands, "submit", "write a submission (YAML and completions) from a complete run")
    submit.add_argument("run", metavar="RUN", help="the run directory")
    _data_option(submit)
    submit.add_argument("--out", default="submissions", metavar="DIR", help="where submissions are kept")
    submit.add_argument("--name", metavar="NAME", help="the name that tables show, instead of the model's own")
    submit.add_argument("--submitter", metavar="NAME", help="who submits")
    submit.add_argument("--training-data", metavar="TEXT", help="what the model was trained on, as far as it is known")
    submit.add_argument("--check", action="store_true", help="write nothing; say what is missing")
    submit.add_argument("--hub", metavar="FOLDER", help="also write the hub's result files and model-index there")
    submit.add_argument("--hub-dataset", metavar="ORG/NAME", help="the benchmark's dataset on the hub, for --hub")
    submit.add_argument("--replace", action="store_true", help="replace an existing submission of this model")

    verify = _command(commands, "verify", "put submissions to the test: form, hashes, every number, what cannot be")
    verify.add_argument("paths", nargs="*", metavar="PATH", help="submissions, or folders of them (default: all)")
    verify.add_argument("--submissions", default="submissions", metavar="DIR", help="where submissions are kept")
    verify.add_argument("--record", action="store_true", help="write the levels down, for the leaderboard")
    verify.add_argument("--check", action="store_true", help="fail where the levels written down are not these")
    verify.add_argument("--reproduce", type=int, metavar="N", help="ask the model again for N examples, and compare")
    verify.add_argument("--model", metavar="SPEC", help="where that model is, if not where the submission says")
    _data_option(verify)
    _model_options(verify)

    leaderboard = _command(commands, "leaderboard", "build the leaderboard from the submissions")
    leaderboard.add_argument("--submissions", default="submissions", metavar="DIR", help="where submissions are kept")
    leaderboard.add_argument("--out", default="leaderboard", metavar="DIR", help="where to write")
    leaderboard.add_argument("--check", action="store_true", help="write nothing; fail where the files differ")
    leaderboard.add_argument("--pdf", action="store_true", help="also compile the LaTeX tables, with a TeX on the path")
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, about: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=about, description=about[0].upper() + about[1:] + ".")
    parser.add_argument("--json", action="store_true", help="print a machine-readable result on stdout")
    parser.add_argument("--debug", action="store_true", help="show a traceback where something goes wrong")
    return parser


def _prompt_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--prompt",
        choices=("instruction", "compact", "published"),
        help="prompt format, instead of the one the protocol or the model's training asks for",
    )


def _engine_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--engine",
        default="transformers",
        choices=ENGINE_NAMES,
        help="what computes the weights (default: %(default)s)",
    )


def _data_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        metavar="released|DIR",
        help="the released EdgeJSON v3 files, or a folder with train.jsonl/test.jsonl (default: the tasks that ship)",
    )


def _data_options(parser: argparse.ArgumentParser, split: str) -> None:
    _data_option(parser)
    parser.add_argument("--split", choices=("train", "test"), default=split, help=f"default: {split}")


def _selection_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--style", choices=("form", "prose", "both"), help="how the texts are written (default: all that the data has)"
    )
    parser.add_argument("--tier", action="append", default=[], metavar="TIER", help="only this tier; may be repeated")
    parser.add_argument("--task", action="append", default=[], metavar="NAME", help="only this task; may be repeated")
    parser.add_argument("--limit", type=int, metavar="N", help="only N examples, taken from all tiers in turn")


def _compute_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="auto", help="auto (default), cpu, cuda, mps")
    parser.add_argument(
        "--threads", type=int, metavar="N", help="CPU threads (default: torch's or the engine's choice)"
    )
    parser.add_argument("--allow-pickle", action="store_true", help="load pickled weights, which can run code")
    parser.add_argument("--trust-remote-code", action="store_true", help="run model code that comes with the weights")


def _model_options(parser: argparse.ArgumentParser) -> None:
    _compute_options(parser)
    parser.add_argument("--dtype", default="auto", help="auto (float32, on CUDA bfloat16), float32, bfloat16, float16")
    parser.add_argument(
        "--batch-size", type=int, default=16, metavar="N", help="rows decoded side by side (default: 16)"
    )
    parser.add_argument("--base-model", metavar="SPEC", help="base of an adapter, instead of the one it records")
    parser.add_argument("--revision", metavar="REV", help="hub branch, tag or commit")
    parser.add_argument("--tokenizer", metavar="SPEC", help="tokenizer that an oracle's tokens are counted with")


if __name__ == "__main__":
    sys.exit(main())
