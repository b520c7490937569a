"""Random models of the architectures that small language models have, each of some thousand parameters."""

from __future__ import annotations

import platform
from typing import Any

import pytest

needs_packed = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="weights are packed on x86 processors alone"
)
VOCABULARY = 64

ARCHITECTURES: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("LlamaConfig", {"num_key_value_heads": 2}),
    "qwen2": ("Qwen2Config", {"num_key_value_heads": 2}),
    "qwen2, sliding window in one layer": (
        "Qwen2Config",
        {"num_key_value_heads": 2, "use_sliding_window": True, "sliding_window": 8, "max_window_layers": 1},
    ),
    "qwen3": ("Qwen3Config", {"num_key_value_heads": 2, "head_dim": 8}),
    "mistral, sliding window": ("MistralConfig", {"num_key_value_heads": 2, "sliding_window": 8}),
    "gemma3": ("Gemma3TextConfig", {"num_key_value_heads": 2, "head_dim": 8, "sliding_window": 8}),
    "gemma3, capped logits": (
        "Gemma3TextConfig",
        {"num_key_value_heads": 2, "head_dim": 8, "sliding_window": 8, "final_logit_softcapping": 1.0},
    ),
    "gpt2": ("GPT2Config", {}),
    "neox": ("GPTNeoXConfig", {}),
    "opt": ("OPTConfig", {"ffn_dim": 64, "word_embed_proj_dim": 32, "init_std": 0.3}),
    "falcon, alibi": ("FalconConfig", {"alibi": True}),
    "lfm2": ("Lfm2Config", {"num_key_value_heads": 2, "layer_types": ["conv", "full_attention"]}),
    "mamba": ("MambaConfig", {"state_size": 4}),
}
"""Name -> configuration class of transformers, and what it takes beyond the common settings."""


def random_model(name: str) -> Any:
    """A causal LM of one of :data:`ARCHITECTURES`, the same at every call, in eval mode."""
    import torch
    import transformers

    config_class, settings = ARCHITECTURES[name]
    config = getattr(transformers, config_class)(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=256,
        # Wider than the usual 0.02, or all logits are nearly equal and greedy decoding hangs on rounding.
        initializer_range=0.3,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
        **settings,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return transformers.AutoModelForCausalLM.from_config(config).eval()
