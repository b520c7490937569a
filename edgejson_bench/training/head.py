"""The LM head and the cross-entropy as one operation, a few labelled positions at a time.

The logits of a pack are 200 KB a token, in several copies by the time they are differentiated. Where the head is
frozen, the gradient with respect to its input is known as soon as the loss is, so no logits are kept, and those at
hand stay in the processor's cache.
"""

from __future__ import annotations

from typing import Any

import torch

POSITIONS = 256
"""At once. Fewer would read the head's weights more often than they compute with them."""


class HeadLosses(torch.autograd.Function):
    """Cross-entropy in nats, shape [n], of ``hidden`` [n, width] through a frozen head ``weight`` [vocabulary, width].

    Matrix products are in the type of ``weight``, as under autocast; the softmax is in float32.
    """

    @staticmethod
    def forward(ctx: Any, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """``targets`` [n] are token ids."""
        values = hidden.new_empty(len(hidden), dtype=torch.float32)
        gradient = torch.empty_like(hidden) if ctx.needs_input_grad[0] else None
        for start in range(0, len(hidden), POSITIONS):
            part = slice(start, start + POSITIONS)
            logits = (hidden[part].to(weight.dtype) @ weight.T).float()
            wanted = targets[part, None]
            # not by logsumexp: exp is many times slower on a CPU where its result is subnormal, softmax is not
            slopes = logits.softmax(-1)
            sums = logits.amax(-1, keepdim=True) - slopes.amax(-1, keepdim=True).log()
            values[part] = (sums - logits.gather(1, wanted))[:, 0]
            if gradient is not None:
                slopes.scatter_add_(1, wanted, slopes.new_full(wanted.shape, -1.0))
                gradient[part] = slopes.to(weight.dtype) @ weight
        if gradient is not None:
            ctx.save_for_backward(gradient)
        return values

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        """Each loss depends on its own position alone."""
        (gradient,) = ctx.saved_tensors
        return gradient * grad[:, None].to(gradient.dtype), None, None


@torch.no_grad()
def frozen_head(causal_lm: Any) -> torch.nn.Linear | None:
    """The head of ``causal_lm`` if it is frozen and nothing but it turns hidden states into logits, else None.

    Some models scale or cap their logits, or have a bias; a probe tells.
    """
    head, body = causal_lm.get_output_embeddings(), causal_lm.base_model
    if type(head) is not torch.nn.Linear or body is causal_lm:
        return None
    if head.weight.requires_grad or getattr(head, "bias", None) is not None:
        return None
    probe = torch.tensor([[1, 2, 3, 2]], device=causal_lm.device)
    trains = causal_lm.training
    causal_lm.eval()  # dropout would tell two passes apart
    hidden = getattr(body(input_ids=probe, use_cache=False), "last_hidden_state", None)
    logits = causal_lm(input_ids=probe, use_cache=False).logits
    causal_lm.train(trains)
    plain = hidden is not None and torch.allclose(head(hidden), logits, rtol=1e-4, atol=1e-4)
    return head if plain else None
