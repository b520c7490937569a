"""Ways of answering the same prompts with the same weights: this package's, and those it is held against.

A side's ``work`` is what is timed, from texts to answers; ``read`` ends every answer where the protocol's stop rule
does, so that sides without that rule can be compared. Nothing here takes times.
"""

from __future__ import annotations

import copy
import importlib.util
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import torch
from transformers import GenerationConfig
from transformers.generation import ContinuousBatchingConfig

from edgejson_bench.decoding.engine import Work
from edgejson_bench.decoding.stops import JsonEnd
from edgejson_bench.errors import MissingExtra, ModelError
from edgejson_bench.models.base import Model
from edgejson_bench.models.transformers import TransformersModel
from edgejson_bench.records import Completion, FinishReason, Prompt, Settings

PUBLISHED_TOKENS = 512
"""New tokens of the published loop."""
NEVER = -1
"""An end token that no model produces: None would be the model's own."""
HARNESS = "lm-eval==0.4.13"
PUBLISHED_NAME = "published loop: generate, one by one"
HARNESS_NAME = "lm-evaluation-harness"
PAGE = 64
"""Tokens of a page of transformers' paged cache; its default, 256, would leave most of a short prompt's page empty."""


@dataclass(frozen=True)
class Answer:
    """What a side made of one prompt."""

    completion: Completion
    """Ended by the protocol's stop rule; its token count is that of the kept ones."""
    made: int
    """New tokens that the side decoded for the row, end token included, padding left out."""


class Side:
    """One way of answering. ``settings`` is what a record says of it beside its name."""

    def __init__(self, name: str, **settings: Any) -> None:
        self.name = name
        self.settings = settings

    @contextmanager
    def ready(self) -> Iterator[None]:
        """Whatever has to be so while it works, and is not part of the work."""
        yield

    def work(self, prompts: Sequence[Prompt]) -> Any:
        """Answer ``prompts``, within :meth:`ready`; whatever it returns, :meth:`read` understands.

        Raises:
            ModelError: this side does not run here.
        """
        raise NotImplementedError

    def read(self, prompts: Sequence[Prompt], made: Any) -> list[Answer]:
        """The answers in the order of ``prompts``."""
        raise NotImplementedError


class EngineSide(Side):
    """An engine of this package as ``run`` uses it: its own, or one that ``--engine`` names."""

    def __init__(self, name: str, model: Model, batch_size: int) -> None:
        super().__init__(name, dtype=model.identity.dtype, batch_size=batch_size)
        self._model = model
        self._settings = Settings(stop="json_end", batch_size=batch_size)

    def work(self, prompts: Sequence[Prompt]) -> list[Completion]:
        """Completions in the order in which they were done."""
        return list(self._model.generate(prompts, self._settings))

    def worked(self) -> Work | None:
        """What was computed so far, where the engine counts it."""
        return self._model.work if isinstance(self._model, TransformersModel) else None

    def read(self, prompts: Sequence[Prompt], made: list[Completion]) -> list[Answer]:
        """As they are."""
        by_id = {completion.example_id: completion for completion in made}
        return [Answer(by_id[p.example_id], by_id[p.example_id].completion_tokens or 0) for p in prompts]


class GenerateSide(Side):
    """A way through transformers' own generation, on the weights of ``model``, which the engine shares."""

    ends_at_end_token = True
    """Whether what comes behind a row's end token is padding."""

    def __init__(self, name: str, model: TransformersModel, **settings: Any) -> None:
        super().__init__(name, dtype=model.identity.dtype, **settings)
        self.model = model
        self.lm = model.causal_lm
        self.tokenizer = copy.deepcopy(model.tokenizer)  # libraries put padding tokens into it
        self.eos_ids: list[int] = (model.identity.extra or {})["eos_token_ids"]

    @contextmanager
    def ready(self) -> Iterator[None]:
        """With transformers' attention and PyTorch's linear layers instead of the engine's."""
        with self.model.as_loaded():
            yield

    def work(self, prompts: Sequence[Prompt]) -> dict[str, list[int]]:
        """New token ids by example id, as the library returns them."""
        with torch.no_grad():
            return self.generate(prompts)

    def generate(self, prompts: Sequence[Prompt]) -> dict[str, list[int]]:
        """What a kind of side does."""
        raise NotImplementedError

    def read(self, prompts: Sequence[Prompt], made: Mapping[str, Sequence[int]]) -> list[Answer]:
        """Ends where an end token, the JSON or the token budget does, as the engine ends."""
        return [self._read(prompt, made[prompt.example_id]) for prompt in prompts]

    def token_ids(self, prompt: Prompt) -> list[int]:
        """The prompt in tokens."""
        ids = self.tokenizer(prompt.text, add_special_tokens=prompt.adds_special_tokens, verbose=False)["input_ids"]
        return list(ids)

    def padded(self, rows: Sequence[Sequence[int]], max_new_tokens: int, *, stops: bool = True) -> list[list[int]]:
        """``model.generate`` on rows padded on the left: greedy, until each has its end token or that many new ones.

        Without ``stops``, always that many.
        """
        width, device = max(map(len, rows)), self.lm.device
        ids = torch.full((len(rows), width), self.eos_ids[0], device=device)
        mask = torch.zeros_like(ids)
        for number, row in enumerate(rows):
            ids[number, width - len(row) :] = torch.tensor(row, device=device)
            mask[number, width - len(row) :] = 1
        out = self.lm.generate(
            ids,
            attention_mask=mask,
            max_new_tokens=max_new_tokens,
            do_sample=False,
            eos_token_id=self.eos_ids if stops else NEVER,
            pad_token_id=self.eos_ids[0],
        )
        new: list[list[int]] = out[:, width:].tolist()
        return new

    def _read(self, prompt: Prompt, ids: Sequence[int]) -> Answer:
        before_end = len(list(takewhile(lambda token: token not in self.eos_ids, ids)))
        made = min(len(ids), before_end + 1) if self.ends_at_end_token else len(ids)
        scanner = JsonEnd()
        kept: list[int] = []
        reason: FinishReason = "length"
        for token in ids[: prompt.max_new_tokens]:
            kept.append(token)
            if token in self.eos_ids:
                reason = "eos"
                break
            if scanner.feed(self._text([token])) is not None:
                reason = "json_end"
                break
        text = self._text(kept)
        if reason == "json_end":
            text = text[: JsonEnd().feed(text)]
        prompt_tokens = len(self.token_ids(prompt))
        return Answer(Completion(prompt.example_id, text, prompt_tokens, len(kept), reason), made)

    def _text(self, ids: Sequence[int]) -> str:
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))


class PublishedSide(GenerateSide):
    """The published loop: one example after the other, always 512 new tokens.

    The published models were taught no end token and never stopped; here it is ignored, so that a model which was
    taught it costs the loop what theirs did. What comes behind it is cut off before answers are compared.
    """

    ends_at_end_token = False

    def __init__(self, model: TransformersModel) -> None:
        super().__init__(PUBLISHED_NAME, model, batch_size=1, max_new_tokens=PUBLISHED_TOKENS)

    def generate(self, prompts: Sequence[Prompt]) -> dict[str, list[int]]:
        """One call a prompt."""
        return {p.example_id: self.padded([self.token_ids(p)], PUBLISHED_TOKENS, stops=False)[0] for p in prompts}


class BatchSide(GenerateSide):
    """Plain ``generate`` on batches of like length, with the end token and the largest budget of the batch as stops."""

    def __init__(self, model: TransformersModel, batch_size: int) -> None:
        super().__init__("generate in batches sorted by length", model, batch_size=batch_size)
        self.batch_size = batch_size

    def generate(self, prompts: Sequence[Prompt]) -> dict[str, list[int]]:
        """Longest first, as is usual: too large a batch fails at once."""
        rows = sorted(((self.token_ids(p), p) for p in prompts), key=lambda row: -len(row[0]))
        made: dict[str, list[int]] = {}
        for start in range(0, len(rows), self.batch_size):
            batch = rows[start : start + self.batch_size]
            new = self.padded([ids for ids, _ in batch], max(p.max_new_tokens or 1 for _, p in batch))
            made |= {prompt.example_id: ids for (_, prompt), ids in zip(batch, new, strict=True)}
        return made


class HarnessSide(GenerateSide):
    """lm-evaluation-harness: ``HFLM.generate_until`` on the loaded model; the end token is the stop it adds by itself.

    Args:
        model: whose weights it takes.
        batch_size: HFLM's.
        cap_each: a token cap for each task, as tasks of the harness have; it never puts two caps into one batch.
            Otherwise the largest cap is everybody's.

    Raises:
        MissingExtra: it is not installed.
    """

    def __init__(self, model: TransformersModel, batch_size: int, *, cap_each: bool = False) -> None:
        if importlib.util.find_spec("lm_eval") is None:
            raise MissingExtra(f"lm-evaluation-harness is not installed: pip install --no-deps {HARNESS}")
        super().__init__(HARNESS_NAME, model, batch_size=batch_size, cap_each=cap_each)
        logging.getLogger("lm_eval").setLevel(logging.ERROR)
        from lm_eval.models.huggingface import HFLM

        seen: list[tuple[tuple[int, ...], list[int]]] = []

        class Watched(HFLM):  # type: ignore[misc]
            """HFLM returns texts alone; this keeps the ids they were made of."""

            def _model_generate(self, context: Any, max_length: int, stop: list[str], **rest: Any) -> Any:
                out = super()._model_generate(context, max_length, stop, **rest)
                for ids, mask, row in zip(context, rest["attention_mask"], out, strict=True):
                    seen.append((tuple(ids[mask.bool()].tolist()), row[len(ids) :].tolist()))
                return out

        self._seen = seen
        self._cap_each = cap_each
        with model.as_loaded():  # it ties weights
            self._harness = Watched(pretrained=self.lm, tokenizer=self.tokenizer, batch_size=batch_size)

    def generate(self, prompts: Sequence[Prompt]) -> dict[str, list[int]]:
        """All prompts as requests of one call.

        Raises:
            ModelError: the harness asked with other tokens than everybody else.
        """
        from lm_eval.api.instance import Instance

        largest = max(prompt.max_new_tokens or 1 for prompt in prompts)
        requests = []
        for number, prompt in enumerate(prompts):
            cap = prompt.max_new_tokens if self._cap_each else largest
            how = {"until": [], "do_sample": False, "max_gen_toks": cap}
            requests.append(Instance("generate_until", {}, (prompt.text, how), number))
        self._seen.clear()
        self._harness.generate_until(requests, disable_tqdm=True)
        made = dict(self._seen)
        try:
            return {prompt.example_id: made[tuple(self.token_ids(prompt))] for prompt in prompts}
        except KeyError:
            raise ModelError("lm-evaluation-harness tokenised a prompt in another way") from None


class ContinuousSide(GenerateSide):
    """transformers' own continuous batching. Its workers start before the first request and are not timed apart."""

    def __init__(self, model: TransformersModel, batch_size: int) -> None:
        super().__init__("transformers' continuous batching", model, batch_size=batch_size, page_size=PAGE)
        self.batch_size = batch_size

    def generate(self, prompts: Sequence[Prompt]) -> dict[str, list[int]]:
        """Each prompt a request with its own token cap.

        Raises:
            ModelError: it cannot run here; the message holds its reason.
        """
        rows = {p.example_id: (self.token_ids(p), p.max_new_tokens or 1) for p in prompts}
        longest = max(len(ids) + cap for ids, cap in rows.values())
        how = ContinuousBatchingConfig(
            page_size=PAGE,
            num_blocks=self.batch_size * (-(-longest // PAGE) + 1),
            max_requests_per_batch=self.batch_size,
            auto_switch_to_flash=self.lm.device.type == "cuda",  # elsewhere it would look for kernels on the hub
        )
        greedy = GenerationConfig(do_sample=False, eos_token_id=self.eos_ids, pad_token_id=self.eos_ids[0])
        logger = logging.getLogger("ContinuousBatchingLogger")
        before = logger.level
        logger.setLevel(logging.CRITICAL)  # what it logs as errors is in the results, too
        try:
            with self.lm.continuous_batching_context_manager(
                generation_config=greedy, continuous_batching_config=how, block=True, timeout=5
            ) as manager:
                names = {
                    manager.add_request(ids, max_new_tokens=cap, eos_token_id=self.eos_ids): example_id
                    for example_id, (ids, cap) in rows.items()
                }
                return {names[done.request_id]: list(done.generated_tokens) for done in _finished(manager, len(rows))}
        except (RuntimeError, ValueError, TypeError, AttributeError, NotImplementedError, MemoryError) as exc:
            said = str(exc).strip().split("\n")[0] or type(exc).__name__
            raise ModelError(f"transformers' continuous batching does not run here: {said}") from exc
        finally:
            logger.setLevel(before)


def _finished(manager: Any, count: int) -> Iterator[Any]:
    """The outputs of ``count`` requests.

    Raises:
        RuntimeError: one failed, or the thread that makes them is gone.
    """
    done = 0
    while done < count:
        result = manager.get_result(timeout=1)
        if result is None:
            if not manager.is_running():
                raise RuntimeError("its thread ended before all requests were answered")
        elif result.error is not None:
            raise RuntimeError(result.error)
        elif result.is_finished():
            done += 1
            yield result
