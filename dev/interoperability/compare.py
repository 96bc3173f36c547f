"""Compares logits of converted models, computed by Transformers and by llama.cpp, with the reference's.

    python compare.py FIXTURES CONVERTED LLAMA_LOGITS LIBRARIES

FIXTURES has the reference (models/NAME/expected.*). CONVERTED/NAME is a directory and CONVERTED/NAME.gguf a file of each
model, shared layers written out. Prints one line a model: largest difference from the float64 logits, and whether
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


def by_transformers(name, ids):
    model = transformers.AutoModelForCausalLM.from_pretrained(converted / name, dtype=torch.float32)
    with torch.no_grad():
        return type(model).__name__, model(torch.tensor([ids])).logits[0].double().numpy()


def by_llama(name, ids, vocabulary):
    command = [driver, libraries, converted / f"{name}.gguf", *map(str, ids)]
    run = subprocess.run([str(word) for word in command], capture_output=True, env={"LD_LIBRARY_PATH": str(libraries)})
    if run.returncode:
        return None, run.stderr.decode().strip().splitlines()[-1:]
    return numpy.frombuffer(run.stdout, dtype="<f4").reshape(len(ids), vocabulary).astype(float), []


for path in sorted(converted.glob("*.gguf")):
    name = path.stem
    notes = json.loads((fixtures / "models" / name / "expected.json").read_text())
    tensors = load_file(fixtures / "models" / name / "expected.safetensors")
    ids = notes["sequences"]["len33"]
    own = sorted(key for key in tensors if key.endswith(".len33.logits_f64"))[0]
    expected = tensors[own].astype(float)
    cells = [name, own.split(".len33")[0]]
    if (converted / name / "config.json").exists():
        try:
            kind, logits = by_transformers(name, ids)
            cells.append(f"{kind} {difference(logits, expected)}")
        except Exception as failure:
            cells.append(f"Transformers: {failure}"[:200])
    logits, why = by_llama(name, ids, expected.shape[-1])
    cells.append("llama.cpp " + (difference(logits, expected) if logits is not None else str(why)))
    print(" | ".join(cells), flush=True)
