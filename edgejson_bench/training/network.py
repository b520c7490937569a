"""The network in training: a base with LoRA on it (or itself), ready for the packed forward pass. It learns nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from transformers.modeling_layers import GradientCheckpointingLayer

from edgejson_bench.decoding.cache import fits
from edgejson_bench.errors import ModelError, UsageError
from edgejson_bench.models.locate import Base, Note, locate_adapter, locate_base
from edgejson_bench.models.transformers import (
    LOAD_ERRORS,
    LoadOptions,
    drop_quantisation,
    first_line,
    load_raw_tokenizer,
    load_weights,
    old_names_hidden,
)
from edgejson_bench.training import attention, dropout, head
from edgejson_bench.training.packing import Row, pack_rows, split_step
from edgejson_bench.training.recipe import Recipe

CAUSAL_PROBE = "a b c d"
"""Its last token is exchanged to see that no logit before it changes."""


@dataclass
class Network:
    """Weights and what belongs to them."""

    model: Any
    """The PEFT model, or the plain one in full fine-tuning."""
    causal_lm: Any
    """The causal LM of transformers inside, with LoRA's layers in place."""
    tokenizer: Any
    base: Base
    packs: bool
    """Whether rows are packed: the recipe asks for it, and it is right for this architecture."""
    own_attention: str
    """The attention implementation that the model came with."""
    start_revision: str | None
    """Hub commit, or digest of the files, of the adapter that training begins from; None for fresh weights."""
    start: Mapping[str, torch.Tensor] | None = None
    """Copies of the trained parameters as training began, where the recipe returns a part of the way to them."""
    compiled: bool = False
    """Whether :meth:`compile_layers` was called."""

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        device: torch.device = self.causal_lm.device
        return device

    @cached_property
    def frozen_head(self) -> torch.nn.Linear | None:
        """The LM head, where losses may be computed from hidden states; see :func:`head.frozen_head`."""
        in_training = self.causal_lm.config._attn_implementation
        self.causal_lm.set_attn_implementation(self.own_attention)  # that of packs wants their spans
        # not in autocast, whose cache would keep weights without a graph for the pass that follows
        with self.as_written(), torch.autocast(self.device.type, enabled=False):
            found = head.frozen_head(self.causal_lm)
        self.causal_lm.set_attn_implementation(in_training)
        return found

    def trainable(self) -> dict[str, torch.nn.Parameter]:
        """The trained parameters by name, in the model's order."""
        return {name: p for name, p in self.model.named_parameters() if p.requires_grad}

    def copies(self) -> dict[str, torch.Tensor]:
        """The trained parameters as they are now."""
        return {name: parameter.detach().clone() for name, parameter in self.trainable().items()}

    @torch.no_grad()
    def go_to(self, alpha: float, end: Mapping[str, torch.Tensor]) -> None:
        """Put the trained parameters ``alpha`` of the way from :attr:`start` to ``end``."""
        for name, parameter in self.trainable().items():
            parameter.copy_(torch.lerp(self.start[name], end[name], alpha))  # type: ignore[index]

    def split(self, rows: Sequence[Row], recipe: Recipe) -> list[list[Row]]:
        """``rows`` in parts that go through the network at once."""
        shares = self.packs and recipe.shares_prefixes
        return split_step(rows, recipe.batch.pack_tokens, shares=shares, padded=not self.packs)

    def computed(self, part: Sequence[Row], *, prompt_loss: bool) -> int:
        """Tokens that go through the network for one of those parts: shared prefixes once, padding included."""
        if self.packs:
            return len(pack_rows(part, prompt_loss=prompt_loss).ids)
        return len(part) * max(row.length for row in part)

    def compile_layers(self) -> None:
        """Let torch.compile fuse each layer's many small operations; the first passes take a minute or so longer.

        Raises:
            UsageError: the device is no CPU, rows are padded, or no layer is known to be fit for it.
        """
        layers = [module for module in self.causal_lm.modules() if isinstance(module, GradientCheckpointingLayer)]
        if self.device.type != "cpu" or not self.packs or not layers:
            raise UsageError("--compile is for packed rows on a CPU; leave it out")
        for layer in layers:
            layer.compile(dynamic=True)  # layers differ in weights alone, so the code of one serves all
        self.compiled = True

    def as_written(self) -> AbstractContextManager[Any]:
        """A context in which nothing runs compiled: what is used a few times only is not worth compiling."""
        return torch.compiler.set_stance("force_eager") if self.compiled else nullcontext()

    def train_mode(self) -> None:
        """Dropout on, attention for packs."""
        self.model.train()
        self.causal_lm.set_attn_implementation(attention.NAME if self.packs else self.own_attention)


def build(recipe: Recipe, options: LoadOptions, note: Note) -> Network:
    """Load the base that ``recipe`` names and put fresh LoRA weights on it, decided by the recipe's seed.

    Raises:
        UsageError: the base is of no known form, a target module is not in it, or there is no start to go back to.
        ModelError: the base cannot be loaded or is no causal LM.
    """
    adaptation = recipe.adaptation
    if adaptation.goes_back and adaptation.start is None:
        told = f"adaptation.wise_ft_alpha is {adaptation.wise_ft_alpha}, part of the way from an adapter; give --start"
        raise UsageError(f"recipe {recipe.name}: {told}")
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    device = options.torch_device()
    base = locate_base(recipe.base, options, note)
    note(f"loading {base.name}")
    tokenizer = load_raw_tokenizer(recipe.base, base.weights, options)
    causal_lm = load_weights(recipe.base, base.weights, torch.float32, options)
    if recipe.end_token and tokenizer.eos_token_id is None:
        raise ModelError(f"{recipe.base}: its tokenizer has no end token, so none can be taught")
    drop_quantisation(causal_lm)  # or trainers and savers refuse it
    _require_causal(recipe.base, causal_lm, tokenizer)
    own_attention, packs = causal_lm.config._attn_implementation, recipe.batch.layout == "packed"
    if packs and not fits(causal_lm):
        note(f"{recipe.base}: its attention does not fit packs, so rows are padded")
        packs = False
    torch.manual_seed(recipe.seed)
    model = causal_lm if recipe.adaptation.method == "full" else _with_lora(recipe, causal_lm)
    start_revision = None if recipe.adaptation.start is None else _start_from(recipe, model, options, note)
    model.to(device)
    if device.type == "cpu":
        dropout.use_masks(model)
    network = Network(model, causal_lm, tokenizer, base, packs, own_attention, start_revision)
    if adaptation.goes_back:
        network.start = network.copies()
    network.train_mode()
    return network


def _with_lora(recipe: Recipe, causal_lm: Any) -> Any:
    from peft import LoraConfig, get_peft_model

    chosen = recipe.adaptation
    linear = [name for name, module in causal_lm.named_modules() if isinstance(module, torch.nn.Linear)]
    for target in chosen.target_modules:
        if not any(name == target or name.endswith(f".{target}") for name in linear):
            has = ", ".join(sorted({name.rpartition(".")[2] for name in linear}))
            raise UsageError(f"recipe {recipe.name}: {recipe.base} has no linear layer {target!r}; it has {has}")
    config = LoraConfig(
        r=chosen.rank,
        lora_alpha=chosen.alpha,
        lora_dropout=chosen.dropout,
        target_modules=sorted(chosen.target_modules),
        bias=chosen.bias,
        use_rslora=chosen.rslora,
        task_type="CAUSAL_LM",
    )
    # recorded in the adapter's config: the spec, not the folder that a GGUF file or a snapshot lies in
    causal_lm.name_or_path = causal_lm.config.name_or_path = recipe.base
    try:
        with old_names_hidden():
            return get_peft_model(causal_lm, config)
    except LOAD_ERRORS as exc:
        raise ModelError(f"recipe {recipe.name}: LoRA cannot be put on {recipe.base} ({first_line(exc)})") from exc


def _start_from(recipe: Recipe, model: Any, options: LoadOptions, note: Note) -> str:
    """Put the weights of the recipe's ``start`` into ``model``; returns their revision."""
    from peft import PeftConfig, load_peft_weights, set_peft_model_state_dict

    spec = str(recipe.adaptation.start)
    folder, revision = locate_adapter(spec, options, note)
    if not (folder / "adapter_model.safetensors").is_file():
        raise ModelError(f"{spec}: has no adapter_model.safetensors to start from")
    try:
        config = PeftConfig.from_pretrained(str(folder))
        ours = model.peft_config["default"]
        for key in ("r", "lora_alpha", "target_modules", "use_rslora"):
            theirs = getattr(config, key, None)
            if theirs != getattr(ours, key):
                shown = sorted(theirs) if isinstance(theirs, set) else theirs
                raise UsageError(f"recipe {recipe.name}: {spec} has {key} {shown}, which is not the recipe's")
        set_peft_model_state_dict(model, load_peft_weights(str(folder), device="cpu"))
    except LOAD_ERRORS as exc:
        raise ModelError(f"{spec}: cannot be started from ({first_line(exc)})") from exc
    return revision


@torch.inference_mode()
def _require_causal(spec: str, model: Any, tokenizer: Any) -> None:
    """Earlier logits must not depend on later tokens; encoders that happen to have an LM head fail here."""
    ids = tokenizer(CAUSAL_PROBE, return_tensors="pt")["input_ids"].to(model.device)
    other = ids.clone()
    other[0, -1] = (ids[0, -1] + 1) % len(tokenizer)
    if getattr(model.config, "is_encoder_decoder", False):
        raise ModelError(f"{spec}: is an encoder-decoder model; a recipe needs a causal LM as its base")
    first, second = model(input_ids=ids).logits[0, :-1], model(input_ids=other).logits[0, :-1]
    if not torch.allclose(first, second, atol=1e-3):
        raise ModelError(f"{spec}: is no causal language model (its tokens see later ones); choose another --base")
