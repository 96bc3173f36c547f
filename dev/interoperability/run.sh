#!/bin/sh
# Converts the reference's small models and compares their logits in Transformers and in llama.cpp with the stored ones.
#   dev/interoperability/run.sh [SHARED]        needs python3, npm and a C compiler; everything made goes to target/interoperability
set -eu
here=$(cd "$(dirname "$0")" && pwd)
project=$(cd "$here/../.." && pwd)
fixtures=${1:-$project/../shared}/fixtures
work=$project/target/interoperability
mkdir -p "$work"
cd "$work"

if [ ! -x venv/bin/python ]; then
    python3 -m venv venv
    venv/bin/pip install -q torch transformers==4.57.6 safetensors sentencepiece numpy
fi
if [ ! -d package ]; then
    npm pack -s @node-llama-cpp/linux-x64@3.22.1
    tar xzf ./*.tgz
fi
libraries=$work/package/bins/linux-x64
ggml=$(basename "$(ls "$libraries"/libggml.v*.so)")
llama=$(basename "$(ls "$libraries"/libllama.v*.so)")
cc -O2 "-DGGML=\"$ggml\"" "-DLLAMA=\"$llama\"" "$here/llama_logits.c" -ldl -o llama_logits

rm -rf converted
mkdir converted
convert() { # MODEL/LAYOUT [option]: to a GGUF file, and from there to a directory
    name=${1%%/*}
    layout=$1
    shift
    "$project/mobilellm" convert -q "$fixtures/models/$layout" "converted/$name.gguf" --type f32 "$@" >/dev/null
    "$project/mobilellm" convert -q "converted/$name.gguf" "converted/$name" >/dev/null
}
for layout in plain-96x4/safetensors ls-192x2/safetensors untied-96x2/bin-sharded; do
    convert "$layout" --expand-layers
done
for layout in llama-rope-llama3/hf llama-rope-linear/hf llama-all-bias/hf qwen2-qkv-bias/hf qwen3-qk-norm/hf; do
    convert "$layout"
done
# In the release's form, with stand-ins for its Python classes: copied by us as a directory, and made of a GGUF file.
mkdir converted/release
for layout in plain-96x4/safetensors ls-192x2/safetensors; do
    name=${layout%%/*}
    rm -rf release
    cp -r "$fixtures/models/$layout" release
    chmod -R u+w release
    cp "$here"/standin/*.py release
    "$project/mobilellm" convert -q release "converted/release/$name.copied" >/dev/null
    "$project/mobilellm" convert -q release "$name.gguf" --force >/dev/null
    "$project/mobilellm" convert -q "$name.gguf" "converted/release/$name.from-gguf" >/dev/null
    cp "$here"/standin/*.py "converted/release/$name.from-gguf"
done
venv/bin/python "$here/compare.py" "$fixtures" "$work/converted" "$work/llama_logits" "$libraries"

# The same directories by the class of the published training code, whose Transformers is an older one.
if [ ! -d transformers-4.41.2 ]; then
    venv/bin/pip install -q --target transformers-4.41.2 --no-deps transformers==4.41.2 tokenizers==0.19.1 huggingface_hub==0.23.4
fi
PYTHONPATH=transformers-4.41.2 venv/bin/python "$here/published.py" "$fixtures" converted/release/*
