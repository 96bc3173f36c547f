"""Quantises a model in many ways and measures what each costs.

    python3 measure.py SOURCE TEXT CALIBRATION RESULTS.jsonl [--mobilellm COMMAND] [--llama LIBGGML_BASE] [--windows N]
            [--window N] [--only REGEX]

SOURCE is a GGUF file in F32. Each way becomes a line of RESULTS with the size, the perplexity of TEXT in windows, and the
divergence from SOURCE; importance matrices and sensitivities are measured on CALIBRATION. Ways that RESULTS has are left out: it may be
stopped at any time and run again. Needs numpy for llama.cpp's rows. Files it makes are beside RESULTS.
"""

import argparse
import json
import pathlib
import re
import shlex
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SMALL = ("q5_1", "q5_0", "q4_1", "iq4_nl", "q4_0")
ALL_SIZES = ("q8_0",) + SMALL
MATRIX = ["--imatrix", "IMATRIX"]


def ways():
    """(name, arguments of quantize), the quick ones first."""
    for kind in ALL_SIZES:
        yield f"{kind}|rounded", ["--type", kind]
    for kind in SMALL:
        yield f"{kind}|matrix", ["--type", kind, *MATRIX]
    for kind in ("q4_1", "iq4_nl", "q4_0", "q5_0", "q5_1"):
        yield f"{kind}|llama.cpp", ["llama.cpp", "--type", kind]
    for kind, head in (("q8_0", "q5_0"), ("q8_0", "q4_0"), ("q4_0", "q5_0"), ("q4_0", "q4_0")):
        yield f"{kind}, embedding {head}|rounded", ["--type", kind, "--tensor-type", f"token_embd={head}"]
    yield "iq4_nl, embedding iq4_nl|matrix", ["--type", "iq4_nl", *MATRIX, "--tensor-type", "token_embd=iq4_nl"]
    yield "iq4_nl, down q5_0|matrix", ["--type", "iq4_nl", *MATRIX, "--tensor-type", "ffn_down=q5_0"]
    yield "iq4_nl, v and down q8_0|matrix", ["--type", "iq4_nl", *MATRIX, "--tensor-type", "attn_v|ffn_down=q8_0"]
    chosen = ["--file", "CALIBRATION", "--window", "128", "--limit", "2", "--sensitivities", "SENSITIVITIES", *MATRIX]
    for bits in ("4.75", "5.0", "5.5", "6.0", "7.0"):
        yield f"target {bits}|chosen", ["--target", bits, *chosen]
    yield "max-kl 0.1|chosen", ["--max-kl", "0.1", *chosen]
    for kind in SMALL:
        yield f"{kind}|searched", ["--type", kind, "--search"]


def main():
    parser = argparse.ArgumentParser()
    for name in ("source", "text", "calibration", "results"):
        parser.add_argument(name)
    parser.add_argument("--mobilellm", default=str(HERE.parent.parent / "mobilellm"))
    parser.add_argument("--llama")
    parser.add_argument("--windows", default="2")
    parser.add_argument("--window", default="512")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    results = pathlib.Path(options.results)
    matrix, sensitivities, rounded, out = (
        str(results) + end for end in (".imatrix.gguf", ".sensitivities.json", ".rounded.gguf", ".out.gguf"))

    def run(*arguments):
        command = [*shlex.split(options.mobilellm), *arguments, "--json", "-q"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{shlex.join(command)}\n{done.stderr}")
        return json.loads(done.stdout)

    if not pathlib.Path(matrix).exists():
        run("imatrix", options.source, "--file", options.calibration, "--limit", "32", "--out", matrix)
    known = {json.loads(line)["name"] for line in open(results)} if results.exists() else set()
    for name, arguments in ways():
        if name in known or not re.search(options.only, name) or (arguments[0] == "llama.cpp" and not options.llama):
            continue
        places = {"IMATRIX": matrix, "CALIBRATION": options.calibration, "SENSITIVITIES": sensitivities}
        words = [places.get(word, word) for word in arguments]
        if words[0] == "llama.cpp":
            made = run("quantize", options.source, rounded, "--force", *words[1:])
            subprocess.run([sys.executable, HERE / "llama_quantize.py", options.llama, options.source, matrix, rounded, out], check=True)
        else:
            made = run("quantize", options.source, out, "--force", *words)
        cost = run("perplexity", out, "--file", options.text, "--window", options.window, "--limit", options.windows,
                   "--baseline", options.source)
        with open(results, "a") as lines:
            lines.write(json.dumps({"name": name, "quantize": made, "perplexity": cost}) + "\n")
        print(f"{name}: {made['bits_per_weight']:.2f} bits, {cost['kl']['mean']:.4f} nats", flush=True)


main()
