"""Compares logits of converted models, computed by Transformers and by llama.cpp, with the reference's.

    python compare.py FIXTURES CONVERTED LLAMA_LOGITS LIBRARIES

FIXTURES has the reference (models/NAME/expected.*). CONVERTED/NAME is a directory and CONVERTED/NAME.gguf a file of each
model, shared layers written out; CONVERTED/release/NAME.* are directories in the release's form, with Python classes of their own. Prints one line a model: largest difference from the float64 logits, and whether
the best token is the same everywhere.
"""
import json, subprocess, sys
from pathlib import Path

import numpy
import torch
import transformers
from safetensors.numpy import load_file

fixtures, converted, driver, libraries = (Path(word) for word in sys.argv[1:5])
transformers.logging.set_verbosity_error()
print("transformers", transformers.__version__, "torch", torch.__version__)


def difference(logits, expected):
    best = (logits.argmax(-1) == expected.argmax(-1)).mean()
    return f"{numpy.abs(logits - expected).max():.1e} {100 * best:.0f}%"


def by_transformers(directory, ids):
    model, report = transformers.AutoModelForCausalLM.from_pretrained(
        directory, dtype=torch.float32, trust_remote_code=True, output_loading_info=True)
    left = report["missing_keys"] or report["unexpected_keys"] or report["mismatched_keys"]
    assert not left, f"not loaded as they should be: {left}"
    with torch.no_grad():
        return type(model).__name__, model(torch.tensor([ids]), use_cache=False).logits[0].double().numpy()


def reference(name):
    notes = json.loads((fixtures / "models" / name / "expected.json").read_text())
    tensors = load_file(fixtures / "models" / name / "expected.safetensors")
    own = sorted(key for key in tensors if key.endswith(".len33.logits_f64"))[0]
    return notes["sequences"]["len33"], own.split(".len33")[0], tensors[own].astype(float)


def by_llama(name, ids, vocabulary):
    command = [driver, libraries, converted / f"{name}.gguf", *map(str, ids)]
    run = subprocess.run([str(word) for word in command], capture_output=True, env={"LD_LIBRARY_PATH": str(libraries)})
    if run.returncode:
        return None, run.stderr.decode().strip().splitlines()[-1:]
    return numpy.frombuffer(run.stdout, dtype="<f4").reshape(len(ids), vocabulary).astype(float), []


for path in sorted(converted.glob("*.gguf")):
    name = path.stem
    ids, plan, expected = reference(name)
    cells = [name, plan]
    if (converted / name / "config.json").exists():
        try:
            kind, logits = by_transformers(converted / name, ids)
            cells.append(f"{kind} {difference(logits, expected)}")
        except Exception as failure:
            cells.append(f"Transformers: {failure}"[:200])
    logits, why = by_llama(name, ids, expected.shape[-1])
    cells.append("llama.cpp " + (difference(logits, expected) if logits is not None else str(why)))
    print(" | ".join(cells), flush=True)

for path in sorted(converted.glob("release/*")):
    ids, plan, expected = reference(path.stem)
    kind, logits = by_transformers(path, ids)
    print(f"{path.name} | {plan} | {kind} {difference(logits, expected)}", flush=True)
