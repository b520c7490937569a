"""Learning curves of a training: ``curves.json`` and, where matplotlib is there, figures. Trains and asks nothing."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgejson_bench import drawing
from edgejson_bench.console import printable
from edgejson_bench.errors import MissingExtra, TrainingError
from edgejson_bench.jsonio import write_atomic
from edgejson_bench.scoring.statistics import wilson
from edgejson_bench.tasks import tier_order
from edgejson_bench.training.history import HeldOut, History, Step

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

JSON, SVG, PNG = "curves.json", "curves.svg", "curves.png"

ALL = "all"
"""The series over all tiers."""

DECAY = 0.9
"""What is left of a step's weight one step later: about ten steps count. A step holds few of the tasks, whose losses
differ several times over; many more steps would lag behind the fast fall at the beginning."""

OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
"""Colours that the common kinds of colour blindness keep apart (Okabe & Ito 2008), but yellow, too faint on white."""
MARKERS = "osD^vPX"

WIDTH, HEIGHT = 9.0, 4.1
"""Inches. At 100 dots per inch 900 pixels wide, where the smallest font has 12 pixels; the PNG has twice the dots."""
STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.labelsize": 10,
    "axes.titlesize": 11,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e5e5e5",
    "grid.linewidth": 0.6,
}
MAX_EPOCHS_NAMED = 8


def curves(history: History) -> dict[str, Any]:
    """The series of a training, ready for JSON.

    ``train.losses`` and ``held_out.losses`` hold a series for ``all`` and one per tier; each has the steps it is of,
    counted from 1 (0 is the base, before any). Losses are means over labelled tokens, in nats; None where one was no
    finite number. ``smoothed`` is an exponential moving average in which a step weighs its labelled tokens, corrected
    for its start; the history does not say how a step's tokens spread over its tiers, so there they count in equal
    parts. ``held_out.json_exact`` holds exact answers, examples asked and Wilson 95 % intervals, as fractions.
    """
    steps = sorted(history.steps, key=lambda step: step.step)
    looks = sorted(history.held_out, key=lambda look: look.step)
    last_of_epoch = {step.epoch: step.step for step in steps}
    return {
        "format_version": 1,
        "units": {"losses": "nats per labelled token", "json_exact": "fraction"},
        "smoothing": {"kind": "exponential moving average, weighted by labelled tokens", "decay_per_step": DECAY},
        "epochs": [{"epoch": epoch, "last_step": last} for epoch, last in last_of_epoch.items()],
        "train": {
            "steps": [step.step for step in steps],
            "targets": [step.targets for step in steps],
            "learning_rate": [step.learning_rate for step in steps],
            "losses": {
                ALL: _series((step.step, step.loss, step.targets) for step in steps),
                **{tier: _series(_of_tier(steps, tier)) for tier in _tiers(step.tiers for step in steps)},
            },
        },
        "held_out": {
            "losses": {name: _seen(looks, name) for name in _names(look.losses for look in looks)},
            "json_exact": {name: _asked(looks, name) for name in _names(look.json_exact for look in looks)},
        },
    }


def smooth(
    steps: Sequence[int], values: Sequence[float], weights: Sequence[float], decay: float = DECAY
) -> list[float]:
    """Exponential moving average of ``values``, in their unit: value i weighs ``weights[i] * decay**age``.

    ``steps`` rise, and age is counted in them, so that a tier that is rarely in a step is not smoothed over more of
    them. Divided by the sum of the weights, so that nothing is drawn towards zero at the start. Weights are positive.
    """
    smoothed: list[float] = []
    total = weight_sum = 0.0
    before = steps[0] if steps else 0
    for step, value, weight in zip(steps, values, weights, strict=True):
        left = decay ** (step - before)
        total = left * total + weight * value
        weight_sum = left * weight_sum + weight
        smoothed.append(total / weight_sum)
        before = step
    return smoothed


def figures(history: History) -> dict[str, bytes]:
    """The curves as file name to bytes: SVG and PNG; the same history gives the same bytes.

    Raises:
        MissingExtra: matplotlib is not installed; the message holds the install line.
    """
    drawn = {}
    with drawing.settings(STYLE):
        figure = _figure(curves(history))
        for name, metadata in ((SVG, {"Date": None, "Creator": None}), (PNG, {"Software": None})):
            buffer = io.BytesIO()
            figure.savefig(buffer, format=name.rpartition(".")[2], dpi=200, metadata=metadata)
            drawn[name] = buffer.getvalue()
    return drawn


def write_curves(folder: Path, history: History, note: Callable[[str], None]) -> list[Path]:
    """Write ``curves.json`` and, where matplotlib is there and a step was made, the figures; returns their paths.

    Args:
        folder: where to.
        history: of the training, complete or so far.
        note: told in a line why there are no figures, if so.

    Raises:
        TrainingError: a file cannot be written.
    """
    contents: dict[str, str | bytes] = {JSON: json.dumps(curves(history), indent=1, allow_nan=False) + "\n"}
    if history.steps:
        try:
            contents |= figures(history)
        except MissingExtra as exc:
            note(str(exc))
    else:
        note("no step was made yet, so there are no figures")
    for name, content in contents.items():
        try:
            write_atomic(folder / name, content)
        except OSError as exc:
            raise TrainingError(f"{folder / name}: cannot be written ({exc.strerror}); make room and go on") from None
    return [folder / name for name in contents]


def _tiers(mappings: Iterable[Mapping[str, Any]]) -> list[str]:
    return sorted({tier for mapping in mappings for tier in mapping} - {ALL}, key=tier_order)


def _names(mappings: Iterable[Mapping[str, Any]]) -> list[str]:
    """``all``, then the tiers; nothing where there is no key at all."""
    seen = list(mappings)
    return [*([ALL] if any(ALL in mapping for mapping in seen) else []), *_tiers(seen)]


def _of_tier(steps: Iterable[Step], tier: str) -> Iterable[tuple[int, float, float]]:
    return ((step.step, step.tiers[tier], step.targets / len(step.tiers)) for step in steps if tier in step.tiers)


def _series(points: Iterable[tuple[int, float, float]]) -> dict[str, Any]:
    """A series from (step, loss, labelled tokens)."""
    kept = [point for point in points if math.isfinite(point[1])]
    steps, raw = [step for step, _, _ in kept], [loss for _, loss, _ in kept]
    return {"steps": steps, "raw": raw, "smoothed": smooth(steps, raw, [weight for _, _, weight in kept])}


def _seen(looks: Iterable[HeldOut], name: str) -> dict[str, Any]:
    kept = [look for look in looks if name in look.losses]
    values = [look.losses[name] for look in kept]
    return {
        "steps": [look.step for look in kept],
        "values": [value if math.isfinite(value) else None for value in values],
    }


def _asked(looks: Iterable[HeldOut], name: str) -> dict[str, Any]:
    kept = [(look.step, *look.json_exact[name]) for look in looks if look.json_exact.get(name, (0, 0))[1]]
    return {
        "steps": [step for step, _, _ in kept],
        "exact": [exact for _, exact, _ in kept],
        "n": [n for _, _, n in kept],
        "values": [exact / n for _, exact, n in kept],
        "ci95": [list(wilson(exact, n)) for _, exact, n in kept],
    }


def _figure(data: Mapping[str, Any]) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    asked = {tier: one for tier, one in data["held_out"]["json_exact"].items() if tier != ALL and one["steps"]}
    tiers = _tiers([data["train"]["losses"], data["held_out"]["losses"], asked])
    looks = {tier: (OKABE_ITO[i % len(OKABE_ITO)], MARKERS[i % len(MARKERS)]) for i, tier in enumerate(tiers)}
    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, 2 if asked else 1, squeeze=False)[0]
    _draw_losses(axes[0], data, looks)
    last_step = data["train"]["steps"][-1]
    if asked:
        _draw_json_exact(axes[1], asked, looks, last_step)
    for each in axes:
        each.set(xlabel="optimizer step", xlim=(-0.03 * last_step, 1.03 * last_step))
        _mark_epochs(each, data["epochs"])
    return figure


def _draw_losses(axes: Axes, data: Mapping[str, Any], looks: Mapping[str, tuple[str, str]]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    losses, held_out = data["train"]["losses"], data["held_out"]["losses"]
    for tier, (colour, marker) in looks.items():
        if tier in losses:
            train = losses[tier]
            axes.plot(train["steps"], train["raw"], color=colour, linewidth=0.7, alpha=0.3)
            axes.plot(train["steps"], train["smoothed"], color=colour, linewidth=1.8)
        if tier in held_out:
            values = [math.nan if value is None else value for value in held_out[tier]["values"]]
            axes.plot(
                held_out[tier]["steps"],
                values,
                **_look(colour, marker) | {"linestyle": "none"},
                clip_on=False,
                zorder=4,
            )
    axes.set_yscale("log", nonpositive="mask")
    # powers of ten alone would leave most losses, which span one or two, without a number beside them
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set(ylabel="loss (nats per labelled token, log scale)")
    kinds = [
        Line2D([], [], color="#555555", linewidth=0.7, alpha=0.5, label="train, each step"),
        Line2D([], [], color="#555555", linewidth=1.8, label="train, smoothed"),
    ]
    if any(held_out.values()):
        kinds.append(Line2D([], [], color="#555555", marker="o", linestyle="none", label="held out"))
    _put_legend(axes, [*(Line2D([], [], label=_text(tier), **_look(*look)) for tier, look in looks.items()), *kinds])


def _look(colour: str, marker: str) -> dict[str, Any]:
    """How a tier's points are drawn. The colour alone never tells tiers apart."""
    return {
        "color": colour,
        "marker": marker,
        "markersize": 7,
        "markeredgecolor": "white",
        "linestyle": "-",
        "linewidth": 1.8,
    }


def _put_legend(axes: Axes, handles: Sequence[Line2D]) -> None:
    """Above the panel: inside, there is no place that curves never reach."""
    axes.legend(handles=handles, frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1.06))


def _draw_json_exact(
    axes: Axes, asked: Mapping[str, Any], looks: Mapping[str, tuple[str, str]], last_step: int
) -> None:
    from matplotlib.lines import Line2D

    for place, (tier, one) in enumerate(asked.items()):
        # a little beside each other, or the intervals of one step hide each other
        shift = (place - (len(asked) - 1) / 2) * 0.012 * last_step
        values = [100 * value for value in one["values"]]
        lower = [value - 100 * low for value, (low, _) in zip(values, one["ci95"], strict=True)]
        upper = [100 * high - value for value, (_, high) in zip(values, one["ci95"], strict=True)]
        axes.errorbar(
            [step + shift for step in one["steps"]],
            values,
            yerr=[[max(0.0, length) for length in side] for side in (lower, upper)],  # a rounding can take it below 0
            **_look(*looks[tier]) | {"linewidth": 1.0},
            elinewidth=1.4,
            capsize=3,
            clip_on=False,
            zorder=4,
        )
    axes.set(ylabel="held-out JSONExact (%)", ylim=(0, 100))
    shown = [
        Line2D([], [], label=f"{_text(tier)} (n = {one['n'][-1]})", **_look(*looks[tier]))
        for tier, one in asked.items()
    ]
    bar = Line2D([], [], color="#555555", marker="|", markersize=11, linestyle="none", label="95 % interval (Wilson)")
    _put_legend(axes, [*shown, bar])


def _mark_epochs(axes: Axes, epochs: Sequence[Mapping[str, int]]) -> None:
    """A line where an epoch ends, and its number above; with many epochs, not all are numbered."""
    every = math.ceil(len(epochs) / MAX_EPOCHS_NAMED)
    for number, epoch in enumerate(epochs, start=1):
        axes.axvline(epoch["last_step"], color="#999999", linewidth=0.8, linestyle=":", zorder=1)
        if number % every == 0:
            axes.annotate(
                f"epoch {epoch['epoch']}" if len(epochs) <= 3 else str(epoch["epoch"]),
                (epoch["last_step"], 1),
                xycoords=axes.get_xaxis_transform(),
                xytext=(0, 2),
                textcoords="offset points",
                ha="right" if number == len(epochs) else "center",
                va="bottom",
                color="#666666",
                fontsize=9,
            )


def _text(name: str) -> str:
    """A tier's name as a legend shows it; those that begin with an underscore are hidden there."""
    shown = printable(name).replace("\n", " ")
    return f" {shown}" if shown.startswith("_") else shown
