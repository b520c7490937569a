"""Recipes: a training configuration with every value said, read from YAML. Nothing is trained here.

Recipes ship in ``edgejson_bench/recipes``; ``--recipe`` also takes a file of the same form.
"""

from __future__ import annotations

import operator
import types
import typing
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from edgejson_bench import submission_yaml
from edgejson_bench.errors import SubmissionError, UsageError
from edgejson_bench.jsonio import canonical, sha256_text
from edgejson_bench.protocols import PromptFormat
from edgejson_bench.tasks import STYLES

SUFFIX = ".yaml"


@dataclass(frozen=True)
class Shares:
    """A part of the rows of each tier, 0 to 1."""

    simple: float
    medium: float
    complex: float

    @property
    def all(self) -> tuple[float, float, float]:
        """From the simple tier to the complex one."""
        return self.simple, self.medium, self.complex


@dataclass(frozen=True)
class Visited:
    """What an epoch visits of the rows of each style."""

    form: Shares
    prose: Shares


@dataclass(frozen=True)
class DataChoice:
    """What is trained on."""

    styles: tuple[str, ...]
    """Styles of the train split; those that a data set lacks are an error."""
    share: float
    """Part of each task's training rows that is used, 0 to 1; for learning curves."""
    per_epoch: Visited
    """Part of the rows that one epoch visits; the next epoch takes the next part. Complex rows are the long ones."""
    generated: int
    """Further data sets of the size of the shipped train split, made by the generator with other seeds; 0 for none."""
    generated_golds: Literal["new", "same"]
    """Whose golds those data sets have: ``new`` ones of the generator's, or the ``same`` that are trained on already,
    told anew: in either style, prose in other words, forms as ``scrambled`` says."""
    exchanged: float
    """Part of the same golds told in prose in which values are exchanged for other golds' or drawn anew, 0 to 1."""
    exchanged_forms: float
    """Part of the same golds told as forms in which values are, too, and arrays have other items, as many as another
    gold's."""
    exchanged_presence: float
    """Part of the optional fields of those golds that stand there or not as in any of the golds, 0 to 1: which fields
    a text says is then nothing to be learnt by heart."""
    generated_from: int
    """Number of the first of those, from 1: what goes on from another training begins behind the last that it saw."""
    further_frames: bool
    """Whether the prose of those data sets is written with frames that no data that ships uses, too."""
    scrambled: float
    """Part of those data sets' forms whose values are drawn anew, from a range nobody would believe, 0 to 1."""
    sparse: float
    """Part of the scrambled forms whose fields are fewer, items more and texts short: much to nest, little to copy."""
    held_out: float
    """Part of each task's train rows that is never trained on, to look at the loss on it after each epoch."""
    held_out_asked: int
    """How many of those are answered after each epoch, for a small JSONExact; 0 for none."""


@dataclass(frozen=True)
class Adaptation:
    """Which weights are trained."""

    method: Literal["lora", "full"]
    start: str | None
    """Spec of an adapter of the same shape that training goes on from; None for fresh weights."""
    rank: int
    alpha: int
    dropout: float
    target_modules: tuple[str, ...]
    """Last parts of the names of the linear layers that LoRA adapts."""
    bias: Literal["none"]
    rslora: bool
    """Scale by alpha / sqrt(rank) instead of alpha / rank (Kalajdzievski 2023, arXiv:2312.03732)."""
    lora_plus_ratio: float
    """Learning rate of LoRA's B over that of A (Hayou et al. 2024, arXiv:2402.12354); 1 for plain LoRA."""
    wise_ft_alpha: float | tuple[float, ...]
    """Part of the way from ``start`` to where training ends that the result goes (WiSE-FT, Wortsman et al. 2022,
    arXiv:2109.01903), parameter by parameter; 1 for all of it. Of several the one with the lowest held-out loss."""

    @property
    def alphas(self) -> tuple[float, ...]:
        """The parts of the way that are to choose from."""
        return self.wise_ft_alpha if isinstance(self.wise_ft_alpha, tuple) else (self.wise_ft_alpha,)

    @property
    def goes_back(self) -> bool:
        """Whether the result may be something else than where training ends."""
        return self.alphas != (1.0,)


@dataclass(frozen=True)
class Optimiser:
    """AdamW and its schedule."""

    learning_rate: float
    beta1: float
    beta2: float
    epsilon: float
    weight_decay: float
    max_grad_norm: float
    schedule: Literal["cosine", "linear", "constant"]
    """Behind the warm-up; cosine and linear end at zero."""
    warmup_steps: int
    """Optimizer steps in which the rate rises from zero. At most ``warmup_share`` of all steps."""
    warmup_share: float
    epochs: float
    """Passes over the training rows; of a last part of an epoch, its first steps are taken."""


@dataclass(frozen=True)
class Batch:
    """What makes one optimizer step, and how it is computed."""

    rows: int | None
    """Rows a step; or None,"""
    tokens: int | None
    """with as many rows as fit that many tokens; rows that stay together to share a prefix are not cut apart."""
    pack_tokens: int
    """Tokens of one forward pass at most; a step takes as many passes as it needs. Decides memory, not results."""
    layout: Literal["packed", "padded"]
    """``packed``: no padding, a task's prompt prefix computed once. ``padded``: rows of like length side by side."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what is learnt, given the data and the base."""

    name: str
    about: str
    base: str
    """Model spec of the base; ``--base`` overrides it."""
    prompt: PromptFormat
    end_token: bool
    """Whether the end token is taught behind each gold."""
    loss: Literal["completion", "all"]
    """Which tokens are learnt: those of the gold, or the prompt's as well."""
    precision: Literal["auto", "float32", "bfloat16"]
    """Of the matrix products. ``auto``: bfloat16 on CUDA and on CPUs with AMX or AVX-512 BF16, else float32. Trained
    weights are float32 always."""
    seed: int
    data: DataChoice
    adaptation: Adaptation
    optimiser: Optimiser
    batch: Batch
    notes: tuple[str, ...]
    """What was chosen where sources disagree, and why."""

    def to_json(self) -> dict[str, Any]:
        """The whole recipe as plain values, in the order of the fields."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain

    @property
    def shares_prefixes(self) -> bool:
        """Whether rows of a task stay together and share their prefix: right only where no prompt token is learnt."""
        return self.batch.layout == "packed" and self.loss == "completion"

    @property
    def fingerprint(self) -> str:
        """Hex sha256 over all that decides what is learnt."""
        decisive = {key: value for key, value in self.to_json().items() if key not in ("about", "notes")}
        decisive["batch"] = {key: value for key, value in decisive["batch"].items() if key != "pack_tokens"}
        return sha256_text(canonical(decisive))


def names() -> list[str]:
    """Names of the recipes that ship."""
    folder = resources.files("edgejson_bench.recipes")
    return sorted(file.name.removesuffix(SUFFIX) for file in folder.iterdir() if file.name.endswith(SUFFIX))


def load(name: str) -> Recipe:
    """The recipe of that name, or in the file of that path.

    Raises:
        UsageError: there is none, or it does not hold what a recipe holds; file and key are named.
    """
    if name in names():
        where = f"recipe {name}"
        text = resources.files("edgejson_bench.recipes").joinpath(name + SUFFIX).read_text(encoding="utf-8")
        raw = submission_yaml.load(text)
    elif name.endswith((SUFFIX, ".yml")):
        where = name
        try:
            raw = submission_yaml.load_file(Path(name))
        except SubmissionError as exc:
            raise UsageError(str(exc)) from None
    else:
        raise UsageError(f"no recipe named {name!r}; choose from {', '.join(names())}, or give a {SUFFIX} file")
    return parse(raw, where)


def parse(raw: Any, where: str) -> Recipe:
    """A recipe from parsed YAML, checked.

    Raises:
        UsageError: a key is missing, unknown or of the wrong type, or a value makes no sense.
    """
    recipe: Recipe = _build(Recipe, raw, where, "")
    _check(recipe, where)
    return recipe


def with_overrides(
    recipe: Recipe,
    *,
    base: str | None = None,
    start: str | None = None,
    styles: tuple[str, ...] | None = None,
    seed: int | None = None,
) -> Recipe:
    """``recipe`` with what the command line says instead."""
    if start is not None:
        recipe = replace(recipe, adaptation=replace(recipe.adaptation, start=start))
    data = recipe.data if styles is None else replace(recipe.data, styles=styles)
    return replace(recipe, base=base or recipe.base, seed=recipe.seed if seed is None else seed, data=data)


def _check(recipe: Recipe, where: str) -> None:
    data, adaptation, optimiser, batch = recipe.data, recipe.adaptation, recipe.optimiser, recipe.batch
    faults = {
        "data.styles": not data.styles or any(style not in STYLES for style in data.styles),
        "data.share": not 0 < data.share <= 1,
        **{f"data.per_epoch.{style}": not _are_shares(getattr(data.per_epoch, style)) for style in STYLES},
        "data.generated": not 0 <= data.generated <= 100,
        "data.generated_from": not 1 <= data.generated_from <= 1000,
        "data.exchanged": not 0 <= data.exchanged <= 1,
        "data.exchanged_forms": not 0 <= data.exchanged_forms <= 1,
        "data.exchanged_presence": not 0 <= data.exchanged_presence <= 1,
        "data.scrambled": not 0 <= data.scrambled <= 1,
        "data.sparse": not 0 <= data.sparse <= 1,
        "data.held_out": not 0 <= data.held_out <= 0.5,
        "data.held_out_asked": data.held_out_asked < 0,
        "adaptation.rank": adaptation.rank < 1,
        "adaptation.alpha": adaptation.alpha < 1,
        "adaptation.dropout": not 0 <= adaptation.dropout < 1,
        "adaptation.start": adaptation.start is not None and adaptation.method != "lora",
        "adaptation.target_modules": adaptation.method == "lora" and not adaptation.target_modules,
        "adaptation.lora_plus_ratio": adaptation.lora_plus_ratio <= 0,
        "adaptation.wise_ft_alpha": not _are_parts(adaptation),
        "optimiser.learning_rate": not 0 < optimiser.learning_rate < 1,
        "optimiser.beta1": not 0 <= optimiser.beta1 < 1,
        "optimiser.beta2": not 0 <= optimiser.beta2 < 1,
        "optimiser.epsilon": optimiser.epsilon < 0,
        "optimiser.weight_decay": optimiser.weight_decay < 0,
        "optimiser.max_grad_norm": optimiser.max_grad_norm <= 0,
        "optimiser.warmup_steps": optimiser.warmup_steps < 0,
        "optimiser.warmup_share": not 0 <= optimiser.warmup_share < 1,
        "optimiser.epochs": not 0 < optimiser.epochs <= 1000,
        "batch.rows": batch.rows is not None and batch.rows < 1,
        "batch.tokens": batch.tokens is not None and batch.tokens < 1,
        "batch.pack_tokens": batch.pack_tokens < 1,
    }
    for key, wrong in faults.items():
        if wrong:
            value = operator.attrgetter(key)(recipe)
            raise UsageError(f"{where}: {key} is {value!r}, which is out of range")
    if (batch.rows is None) == (batch.tokens is None):
        raise UsageError(f"{where}: batch: give rows or tokens, and null for the other")


def _are_parts(adaptation: Adaptation) -> bool:
    """Whether it says a part of the way, or several that differ; a list of one would be the same recipe again."""
    parts, one = adaptation.alphas, not isinstance(adaptation.wise_ft_alpha, tuple)
    return (one or len(parts) == len(set(parts)) > 1) and all(0 < part <= 1 for part in parts)


def _are_shares(shares: Shares) -> bool:
    """Whether each is a share and some row is visited."""
    return all(0 <= share <= 1 for share in shares.all) and any(shares.all)


def _build(kind: Any, raw: Any, where: str, path: str) -> Any:
    """An instance of the dataclass ``kind`` from a mapping with exactly its keys."""
    if not isinstance(raw, dict):
        raise UsageError(f"{where}: {path.rstrip('.') or 'the recipe'} must be a mapping")
    hints = typing.get_type_hints(kind)
    known = [field.name for field in fields(kind)]
    for key in raw:
        if key not in known:
            raise UsageError(f"{where}: unknown key {path}{key}; known here: {', '.join(known)}")
    for key in known:
        if key not in raw:
            raise UsageError(f"{where}: {path}{key} is missing; a recipe says every value")
    return kind(**{key: _value(hints[key], raw[key], where, f"{path}{key}") for key in known})


def _value(hint: Any, raw: Any, where: str, path: str) -> Any:
    if is_dataclass(hint):
        return _build(hint, raw, where, f"{path}.")
    origin = get_origin(hint)
    if origin is tuple:
        if not isinstance(raw, list):
            raise UsageError(f"{where}: {path} must be a list, it is {raw!r}")
        (one, _) = get_args(hint)
        return tuple(_value(one, item, where, f"{path} (item {n})") for n, item in enumerate(raw, start=1))
    if origin is Literal:
        if raw not in get_args(hint):
            raise UsageError(f"{where}: {path} is {raw!r}; it must be one of {', '.join(map(str, get_args(hint)))}")
        return raw
    if origin is types.UnionType:
        if raw is None and type(None) in get_args(hint):
            return None
        choices = [one for one in get_args(hint) if one is not type(None)]
        lists = [one for one in choices if get_origin(one) is tuple]
        if lists and isinstance(raw, list):
            return _value(lists[0], raw, where, path)
        (hint,) = (one for one in choices if one not in lists)
    if hint is float and type(raw) is int:
        return float(raw)
    if type(raw) is not hint:
        raise UsageError(f"{where}: {path} must be a {hint.__name__}, it is {raw!r}")
    return raw


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return list(value) if isinstance(value, tuple) else value
