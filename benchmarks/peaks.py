"""Small kernels that show what a machine can do: products of matrices, and reading memory. They know no model file."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import common
import torch
from report_cells import scaled
from torch.nn.functional import linear

from edgejson_bench.decoding import packed

Rate = dict[str, Any]
"""A spread, as :func:`common.spread` makes it, of what is done in a second."""

SQUARE = 2048
"""Side of a product that no shape of a small model is larger than."""


def rate(work: Callable[[], object], amount: float, *, repeats: int, seconds: float, device: torch.device) -> Rate:
    """How much of ``amount``, done by each call of ``work``, goes into a second; each repeat takes ``seconds``."""
    work()
    samples = []
    for _ in range(repeats):
        common.wait_for(device)
        calls, started = 0, time.perf_counter()
        while True:
            work()
            common.wait_for(device)
            calls += 1
            spent = time.perf_counter() - started
            if spent >= seconds:
                break
        samples.append(amount * calls / spent)
    return common.spread(samples)


def products(
    shapes: Sequence[tuple[int, int]], tokens: int, dtype: torch.dtype, device: torch.device, **how: Any
) -> list[dict[str, Any]]:
    """FLOP/s of ``tokens`` x in times in x out for each shape (out, in), and of a large square; 2 FLOP a product.

    By PyTorch's own kernel, and where there is one by that of packed weights.
    """
    found = []
    for rows, (out, inner) in [*((tokens, shape) for shape in shapes), (SQUARE, (SQUARE, SQUARE))]:
        x = torch.randn(rows, inner, device=device).to(dtype)
        layer = torch.nn.Linear(inner, out, bias=False, device=device, dtype=dtype).requires_grad_(False)
        kernels = [("plain", layer)]
        if packed.usable(device, dtype):
            kernels.append(("packed", packed.PackedLinear(layer, shared=True)))
        for kernel, work in kernels:
            flop = rate(lambda x=x, work=work: work(x), 2.0 * rows * inner * out, device=device, **how)
            found.append({"tokens": rows, "in": inner, "out": out, "kernel": kernel, "flop_per_second": flop})
    return found


def name_of(product: Mapping[str, Any]) -> str:
    """What tables call it. Records from before there were packed weights name no kernel."""
    shape = f"{product['tokens']} x {product['in']} x {product['out']}"
    return f"{shape}, packed" if product.get("kernel") == "packed" else shape


def kernel_rows(by_dtype: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """Rows of a table: what :func:`products` and :func:`memory` measured, a column for each dtype.

    A dash stands where a dtype has no such kernel: there may be one for packed weights of float32 alone.
    """
    columns = []
    for found in by_dtype.values():
        rates = {f"{name_of(one)}, GFLOP/s": (one["flop_per_second"], 0) for one in found["products"]}
        read = found["memory_bytes_per_second"].items()
        columns.append(rates | {f"{kind.replace('_', '-')}, GB/s": (rate, 1) for kind, rate in read})
    # products first, in all columns: what only the second dtype has does not come behind the memory's rows
    names = sorted(dict.fromkeys(name for column in columns for name in column), key=lambda name: name.endswith("GB/s"))
    return [(name, *(_giga(*column[name]) if name in column else "-" for column in columns)) for name in names]


def _giga(rate: Rate, digits: int) -> str:
    return common.shown(scaled(rate, 1e-9), digits)


def memory(weights: Sequence[torch.Tensor], buffer_bytes: int, device: torch.device, **how: Any) -> dict[str, Rate]:
    """Bytes/s: of a sum and of a copy (read and written) of a large buffer, and of one token through all ``weights``.

    The sum and the copy are of float32, whatever the weights are.
    """
    read = _large_buffer(buffer_bytes, device, **how)
    # an adapter's weights may be of another type than those they belong to
    kinds = {(weight.shape[1], weight.dtype) for weight in weights}
    tokens = {(inner, dtype): torch.ones(1, inner, dtype=dtype, device=device) for inner, dtype in kinds}

    @torch.inference_mode()
    def one_token() -> None:
        for weight in weights:
            linear(tokens[weight.shape[1], weight.dtype], weight)

    read["matrix_vector"] = rate(one_token, sum(w.numel() * w.element_size() for w in weights), device=device, **how)
    return read


def _large_buffer(buffer_bytes: int, device: torch.device, **how: Any) -> dict[str, Rate]:
    buffer = torch.ones(buffer_bytes // 4, device=device)
    target = torch.empty_like(buffer)
    return {
        "sum": rate(buffer.sum, buffer_bytes, device=device, **how),
        "copy": rate(lambda: target.copy_(buffer), 2 * buffer_bytes, device=device, **how),
    }
