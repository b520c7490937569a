"""How near decoding is to what the machine can do, in float32 and bfloat16: arithmetic for prefill, memory for decode.

The limits are the best that small kernels reach here: products of matrices of the model's shapes, sums and copies of
memory, one token through all weights. Against them: prefill and decode one request at a time, decode in the other
engines, too, and a whole quality pass. Attention is left out of the FLOP and of the bytes, so a share of the limit is
rather too small than too large.
"""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from typing import Any

import common
import peaks
import torch

from edgejson_bench.console import note
from edgejson_bench.errors import ModelError, UsageError
from edgejson_bench.models.base import Model
from edgejson_bench.models.engines import ENGINES
from edgejson_bench.protocols import gold_text
from edgejson_bench.records import Settings
from edgejson_bench.tasks import interleaved

TOKENS = 512
"""Of a product in the shapes of the model: about a prompt's."""
QUALITY_TARGET = 2.5
"""A quality pass should take at most that many times what its arithmetic takes at the peak."""
DECODE_TARGET = 0.6
"""Share of the bandwidth that the best engine should reach at least when it decodes one request."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    flags = ArgumentParser(description="How near decoding is to what the machine can do.")
    common.decoding_flags(flags, sample=16)
    flags.add_argument("--dtypes", nargs="+", choices=("float32", "bfloat16"), default=["float32", "bfloat16"])
    flags.add_argument("--batch-size", type=common.positive, default=16, metavar="N", help="of the quality pass (16)")
    flags.add_argument("--repeats", type=common.positive, default=2, metavar="N", help="of all else (default: 2)")
    flags.add_argument("--passes", type=common.positive, default=1, metavar="N", help="quality passes (default: 1)")
    flags.add_argument("--alone", type=common.positive, default=3, metavar="N", help="prompts one at a time (3)")
    flags.add_argument(
        "--engines", nargs="*", choices=list(ENGINES), default=list(ENGINES), help="others that decode alone (all)"
    )
    flags.add_argument("--seconds", type=float, default=0.2, help="of a kernel's repeat (default: 0.2)")
    flags.add_argument("--buffer-mib", type=common.positive, default=1024, metavar="N", help="for bandwidth (1024)")
    arguments = flags.parse_args(argv)
    return common.exit_code(lambda: _run(arguments, common.command("limits", argv)))


def _run(arguments: Namespace, command: str) -> None:
    busy = common.busy_share()
    by_dtype: dict[str, Any] = {}
    with common.chosen_weights(arguments.model, arguments.random_weights) as spec:
        for dtype in arguments.dtypes:
            asked = common.asked(arguments, spec, dtype)
            by_dtype[dtype] = measure(asked, arguments)
        bandwidth = max(found["bandwidth_bytes_per_second"] for found in by_dtype.values())
        engines, missing = other_engines(spec, asked, arguments, bandwidth)
    record = {
        **common.record_of("limits", arguments, spec, asked, command=command, busy=busy),
        "dtypes": by_dtype,
        "engines": engines,
        "not_run": missing,
        "targets": {"quality_pass_over_limit": QUALITY_TARGET, "decode_share": DECODE_TARGET},
    }
    tables: list[Any] = [_kernels_table(by_dtype), _shares_table(by_dtype, record["weights"])]
    if engines:
        tables.append(_engines_table(engines))
    tables += [f"not run: {one['name']}: {one['reason']}" for one in missing]
    packages = [package for name in engines for package in ENGINES[name].packages]
    common.report(tables, record, asked.model.causal_lm.device, packages)


def measure(asked: common.Asked, arguments: Namespace) -> dict[str, Any]:
    """The limits for the dtype of the model, and what it does beside them."""
    model = asked.model
    device = model.causal_lm.device
    with model.as_loaded() as lm:
        weights, of_layers, of_head = matrices(lm), shapes(lm), head(lm)
    how = {"repeats": arguments.repeats, "seconds": arguments.seconds}
    note(f"kernels, {model.identity.dtype}")
    products = peaks.products(of_layers, TOKENS, model.causal_lm.dtype, device, **how)
    read = peaks.memory(weights, arguments.buffer_mib * common.MIB, device, **how)
    peak = max(product["flop_per_second"]["median"] for product in products)
    bandwidth = max(one["median"] for one in read.values())
    alone = one_at_a_time(model, asked, arguments)
    whole = quality_pass(asked, arguments)
    parameters = model.identity.parameters
    assert parameters is not None, "a model with weights has parameters"
    elements = sum(weight.numel() for weight in weights)
    return {
        "parameters": parameters,
        "matrix_elements": elements,
        "products": products,
        "memory_bytes_per_second": read,
        "peak_flop_per_second": peak,
        "bandwidth_bytes_per_second": bandwidth,
        "prefill": {**alone["prefill"], **prefill_share(alone["prefill"], elements, of_head, peak)},
        "decode": {**alone["decode"], **decode_share(alone["decode"], bytes_of(weights), bandwidth)},
        "quality_pass": {**whole, **quality_ratio(whole, parameters, peak)},
    }


def other_engines(
    spec: str, asked: common.Asked, arguments: Namespace, bandwidth: float
) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """What the other engines reach one request at a time, with what they read; and why some do not run here."""
    measured: dict[str, Any] = {}
    missing: list[dict[str, str]] = []
    for name in arguments.engines:
        note(f"one request at a time, {name}")
        try:
            model = common.load_engine(arguments, spec, name, "auto")
        except (ModelError, UsageError) as exc:
            note(f"not run: {exc}")
            missing.append({"name": name, "reason": str(exc)})
            continue
        size = model.identity.size_bytes
        assert size is not None, "an engine has weights"
        decode = one_at_a_time(model, asked, arguments)["decode"]
        measured[name] = {"dtype": model.identity.dtype, "decode": {**decode, **decode_share(decode, size, bandwidth)}}
    return measured, missing


def matrices(lm: Any) -> list[torch.Tensor]:
    """Weights of all linear layers, the output embedding among them: what each token is multiplied with."""
    return [module.weight.detach() for module in lm.modules() if isinstance(module, torch.nn.Linear)]


def shapes(lm: Any) -> list[tuple[int, int]]:
    """Shapes (out, in) of those weights."""
    return sorted({(weight.shape[0], weight.shape[1]) for weight in matrices(lm)})


def head(lm: Any) -> int:
    """Elements of the output embedding, which prefill multiplies with the last token alone."""
    elements: int = lm.get_output_embeddings().weight.numel()
    return elements


def bytes_of(weights: Sequence[torch.Tensor]) -> int:
    """What reading all of them once reads."""
    return sum(weight.numel() * weight.element_size() for weight in weights)


def one_at_a_time(model: Model, asked: common.Asked, arguments: Namespace) -> dict[str, dict[str, Any]]:
    """Tokens and seconds of prefill and decode over a few prompts, each alone, per repeat; warmed up by the first."""
    prompts = asked.prompts_of(interleaved(asked.examples, asked.dataset)[: arguments.alone])
    settings = Settings(stop="json_end", batch_size=1)
    list(model.generate(prompts[:1], settings))
    passes = [list(model.generate(prompts, settings)) for _ in range(arguments.repeats)]
    timed = [[(c, c.timing) for c in done if c.timing is not None and c.completion_tokens] for done in passes]
    return {
        "prefill": {
            "n": len(prompts),
            "tokens": sum(c.prompt_tokens or 0 for c, _ in timed[0]),
            "seconds": common.spread([sum(timing.prefill_seconds for _, timing in done) for done in timed]),
        },
        "decode": {
            "n": len(prompts),
            "tokens": sum((c.completion_tokens or 1) - 1 for c, _ in timed[0]),
            "seconds": common.spread([sum(timing.decode_seconds for _, timing in done) for done in timed]),
        },
    }


def quality_pass(asked: common.Asked, arguments: Namespace) -> dict[str, Any]:
    """Seconds of the whole sample through the engine per pass, and the tokens of prompts and golds."""
    model, settings = asked.model, Settings(stop="json_end", batch_size=arguments.batch_size)
    prompts = asked.prompts_of(asked.examples)
    list(model.generate(prompts[:2], settings))
    seconds, works = [], []
    for number in range(arguments.passes):
        before, started = model.work, time.perf_counter()
        done = list(model.generate(prompts, settings))
        common.wait_for(model.causal_lm.device)
        seconds.append(time.perf_counter() - started)
        works.append(model.work.since(before))
        note(f"quality pass {number + 1} of {arguments.passes}, {model.identity.dtype}: {seconds[-1]:.1f} s")
    return {
        "n": len(prompts),
        "seconds": common.spread(seconds),
        "prompt_tokens": sum(completion.prompt_tokens or 0 for completion in done),
        "new_tokens": sum(completion.completion_tokens or 0 for completion in done),
        "gold_tokens": sum(model.count_tokens(gold_text(example.gold)) for example in asked.examples),
        "computed_tokens": works[0].prefill_tokens + works[0].computed_tokens,
        "accepted_per_row_and_pass": works[0].accepted_per_row,
    }


def prefill_share(done: Mapping[str, Any], elements: int, head_elements: int, peak: float) -> dict[str, Any]:
    """Seconds that prefill's products take at the peak, and which share of the real ones that is."""
    flop = 2.0 * ((elements - head_elements) * done["tokens"] + head_elements * done["n"])
    return {"limit_seconds": flop / peak, "share_of_limit": flop / peak / done["seconds"]["median"]}


def decode_share(done: Mapping[str, Any], bytes_read: int, bandwidth: float) -> dict[str, Any]:
    """Seconds that reading so many bytes once per token takes, and which share of the real ones that is."""
    limit, spent = done["tokens"] * bytes_read / bandwidth, done["seconds"]["median"]
    return {
        "bytes_per_token": bytes_read,
        "limit_seconds": limit,
        "share_of_limit": limit / spent if spent else None,
        "tokens_per_second": done["tokens"] / spent if spent else None,
    }


def quality_ratio(done: Mapping[str, Any], parameters: int, peak: float) -> dict[str, Any]:
    """The pass over (prompt + gold tokens) x 2 x parameters at the peak: 1 is the limit, smaller is better.

    It can be below 1: what the prompts of a task share is computed once.
    """
    limit = 2.0 * parameters * (done["prompt_tokens"] + done["gold_tokens"]) / peak
    return {
        "limit_seconds": limit,
        "over_limit": common.spread([seconds / limit for seconds in done["seconds"]["samples"]]),
    }


def _kernels_table(by_dtype: Mapping[str, Any]) -> Any:
    made = common.table("What the machine does; median (range)", "kernel", *by_dtype)
    for row in peaks.kernel_rows(by_dtype):
        made.add_row(*row)
    return made


def _shares_table(by_dtype: Mapping[str, Any], weights: str) -> Any:
    made = common.table(f"How near the model comes (weights: {weights})", "", *by_dtype)
    rows = {
        "prefill alone, share of the peak": lambda one: f"{100 * one['prefill']['share_of_limit']:.0f} %",
        "decode alone, share of the bandwidth": lambda one: _percent(one["decode"]["share_of_limit"]),
        "decode alone, tok/s": lambda one: _number(one["decode"]["tokens_per_second"]),
        "quality pass, s": lambda one: common.shown(one["quality_pass"]["seconds"], 1),
        f"quality pass over its arithmetic (target: {QUALITY_TARGET})": lambda one: common.shown(
            one["quality_pass"]["over_limit"]
        ),
        "tokens a row and pass": lambda one: _number(one["quality_pass"]["accepted_per_row_and_pass"], 2),
    }
    for name, cell in rows.items():
        made.add_row(name, *(cell(found) for found in by_dtype.values()))
    return made


def _engines_table(engines: Mapping[str, Any]) -> Any:
    made = common.table(
        "Other engines, decode alone", "engine", "number type", "MB a token", "tok/s", "of the bandwidth"
    )
    for name, found in engines.items():
        decode = found["decode"]
        made.add_row(
            name,
            found["dtype"] or "its own",
            f"{decode['bytes_per_token'] / 1e6:.0f}",
            _number(decode["tokens_per_second"]),
            _percent(decode["share_of_limit"]),
        )
    return made


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"


def _number(value: float | None, digits: int = 0) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


if __name__ == "__main__":
    sys.exit(main())
