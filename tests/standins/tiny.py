"""Tiny models made on the spot, with everything a real repository holds. Deterministic, and far too small to be good.

torch and its friends are imported inside the functions, so that collecting the tests stays fast.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

END_OF_TEXT = "<|endoftext|>"
IM_START, IM_END = "<|im_start|>", "<|im_end|>"
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""The chat template of the SmolLM2 instruct models, without their default system message."""

CONTEXT = 32_768
"""Context length in tokens; four times SmolLM2's, because few merges make several times its tokens of a text."""

CORPUS = (
    'Extract the structured JSON data from the following text.\n\nInput: Name: Ada\n\nOutput: {"name": "Ada"}',
    '### Instruction:\n{"type":"object","properties":{"total":{"type":"number"}}}\n\n### Response:\n{"total": 12.5}',
    'Please extract the invoice information as JSON. {"items": [{"quantity": 2, "price": 0.99}], "paid": true}',
)
"""What the tokenizer is trained on: enough for a few merges of the kind that JSON brings."""


def write_tiny_llama(folder: Path, seed: int = 0, *, vocabulary: int = 320, chat: bool = False, heads: int = 4) -> Path:
    """Write a Llama of about 29,000 random parameters and its byte-level BPE tokenizer; return ``folder``.

    As SmolLM2, it has tied embeddings, grouped-query attention, ``<|endoftext|>`` as both first and end token,
    and no padding token. ``chat`` makes it an instruct model: a ChatML template, and ``<|im_end|>`` as end token. ONNX
    Runtime's attention takes heads of 16 and its multiples alone, which 2 ``heads`` have.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = tiny_tokenizer(vocabulary, chat=chat)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=heads,
        num_key_value_heads=heads // 2,
        max_position_embeddings=CONTEXT,
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        # Wider than the usual 0.02, or all logits are nearly equal and greedy decoding hangs on rounding.
        initializer_range=0.3,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def tiny_tokenizer(vocabulary: int = 320, *, chat: bool = False) -> Any:
    """A byte-level BPE tokenizer of the GPT-2 kind, trained on :data:`CORPUS` to at most ``vocabulary`` tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END_OF_TEXT, IM_START, IM_END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=IM_START if chat else END_OF_TEXT,
        eos_token=IM_END if chat else END_OF_TEXT,
        unk_token=END_OF_TEXT,
        pad_token=IM_END if chat else None,
        additional_special_tokens=[IM_START, IM_END],
        model_max_length=CONTEXT,
        chat_template=CHATML if chat else None,
        clean_up_tokenization_spaces=False,
    )


def write_tiny_adapter(folder: Path, base: str, base_folder: Path, seed: int = 1, *, zero: bool = False) -> Path:
    """Write a LoRA adapter for the model in ``base_folder``, with its tokenizer; return ``folder``.

    ``base`` is what ``adapter_config.json`` records as its base: a hub id, or somebody's path. ``zero`` leaves
    LoRA's B at zero, as before the first training step, which makes an adapter that changes no logit.
    """
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    config = LoraConfig(
        r=4,
        lora_alpha=8,
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
        bias="none",
        task_type="CAUSAL_LM",
        init_lora_weights=zero,
    )
    base_model = AutoModelForCausalLM.from_pretrained(base_folder)
    base_model.name_or_path = base_model.config.name_or_path = base  # recorded in the adapter's config and card
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = get_peft_model(base_model, config)
    # Left to itself, peft asks the hub whether the base's vocabulary was resized.
    model.save_pretrained(folder, save_embedding_layers=False)
    AutoTokenizer.from_pretrained(base_folder).save_pretrained(folder)

    path = folder / "adapter_config.json"
    record = json.loads(path.read_text("utf-8"))
    # peft keeps the modules as a set, whose order changes from process to process.
    record["target_modules"].sort()
    path.write_text(json.dumps(record, indent=2) + "\n", "utf-8")
    return folder


def write_tiny_gguf(path: Path, folder: Path, *, half: bool = False) -> Path:
    """Write the model and tokenizer in ``folder`` (from :func:`write_tiny_llama`) as one GGUF file; return ``path``.

    Unrounded (F32) and of no stated type, so that it computes the same logits as the folder it came from; with
    ``half``, of the type F16.
    """
    from gguf import GGUFWriter, LlamaFileType, TokenType
    from safetensors.numpy import load_file

    config = json.loads((folder / "config.json").read_text("utf-8"))
    backend = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    special = {token["id"] for token in backend["added_tokens"]}
    tokens = sorted(backend["model"]["vocab"], key=backend["model"]["vocab"].__getitem__)
    heads, key_heads = config["num_attention_heads"], config["num_key_value_heads"]

    writer = GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(key_heads)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_vocab_size(config["vocab_size"])
    if half:
        writer.add_file_type(LlamaFileType.MOSTLY_F16)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([TokenType.CONTROL if i in special else TokenType.NORMAL for i in range(len(tokens))])
    writer.add_token_merges([" ".join(pair) for pair in backend["model"]["merges"]])
    special_tokens = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
    for name, add in {
        "bos_token": writer.add_bos_token_id,
        "eos_token": writer.add_eos_token_id,
        "unk_token": writer.add_unk_token_id,
        "pad_token": writer.add_pad_token_id,
    }.items():
        if special_tokens[name] is not None:
            add(tokens.index(special_tokens[name]))
    template = folder / "chat_template.jinja"
    if template.is_file():
        writer.add_chat_template(template.read_text("utf-8"))

    for name, weights in load_file(folder / "model.safetensors").items():
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            # GGUF pairs neighbouring rows for the rotary embedding, transformers pairs the halves of a head.
            count = heads if "q_proj" in name else key_heads
            halves = weights.reshape(count, 2, weights.shape[0] // count // 2, -1)
            weights = halves.swapaxes(1, 2).reshape(weights.shape)
        writer.add_tensor(_gguf_name(name), weights.astype("float16") if half and weights.ndim > 1 else weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _gguf_name(name: str) -> str:
    """``model.layers.0.mlp.up_proj.weight`` -> ``blk.0.ffn_up.weight``."""
    for ours, theirs in GGUF_NAMES.items():
        name = name.replace(ours, theirs)
    return name


GGUF_NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "model.layers": "blk",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
"""Parts of tensor names, as transformers and as GGUF spell them."""
