"""Writes the built-in model `tiny` from the checkpoint of MobileLLM-LS-16M: every matrix as Q8_0, norms as F32.

    pip install gguf==0.19.0 numpy==2.4.6
    python dev/make_tiny_gguf.py CHECKPOINT_DIRECTORY core/src/main/resources/mobilellm/hub/tiny.gguf

The checkpoint is in Hugging Face's layout (config.json, model.safetensors in f16, tokenizer.json, tokenizer_config.json).
Prints the size and the sha256 that catalogue.json must have. The same input gives the same bytes.

Q8_0 (32 numbers, one f16 scale): d = max|x| / 127 in f32, q = x * (1 / d) rounded half away from zero.
"""

import hashlib
import json
import pathlib
import struct
import sys

import gguf
import numpy as np

TENSORS = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}
TOP = {"model.embed_tokens": "token_embd", "model.norm": "output_norm"}
SPECIAL = gguf.TokenType.CONTROL


def read_safetensors(path):
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        assert entry["dtype"] == "F16", (name, entry["dtype"])
        start, end = entry["data_offsets"]
        values = np.frombuffer(data[8 + length + start : 8 + length + end], dtype="<f2")
        yield name, values.astype(np.float32).reshape(entry["shape"])


def stored_name(name):
    base = name.removesuffix(".weight")
    if base in TOP:
        return TOP[base] + ".weight"
    _, _, layer, rest = base.split(".", 3)
    return f"blk.{layer}.{TENSORS[rest]}.weight"


def interleaved(matrix, heads):
    """GGUF keeps the rows of a head as pairs: row i of the first half beside row i of the second."""
    rows, columns = matrix.shape
    return matrix.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def q8_0(matrix):
    blocks = matrix.reshape(-1, 32)
    scale = np.abs(blocks).max(axis=1, keepdims=True) / np.float32(127)
    with np.errstate(divide="ignore"):
        inverse = np.where(scale == 0, np.float32(0), np.float32(1) / scale)
    scaled = blocks * inverse
    magnitude = np.abs(scaled)
    whole = np.floor(magnitude)
    quants = np.sign(scaled) * (whole + np.floor(2 * (magnitude - whole)))
    bytes_ = np.concatenate([scale.astype("<f2").view(np.uint8), quants.astype(np.int8).view(np.uint8)], axis=1)
    return bytes_.reshape(matrix.shape[0], -1)


def main(source, target):
    config = json.loads((source / "config.json").read_text())
    tokenizer = json.loads((source / "tokenizer.json").read_text())
    settings = json.loads((source / "tokenizer_config.json").read_text())
    assert config["share_embedding"] and config["layer_sharing"]

    writer = gguf.GGUFWriter(target, "mobilellm")
    writer.add_name("MobileLLM-LS-16M")
    writer.add_description("Tells simple stories in simple English; it knows nothing.")
    writer.add_license("Apache-2.0")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_string("mobilellm.layer_sharing.strategy", "immediate")
    writer.add_uint32("mobilellm.layer_sharing.repeats", 2)
    writer.add_string("mobilellm.layer_sharing.cache", "own")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)

    special = {token["id"] for token in tokenizer["added_tokens"] if token["special"]}
    vocabulary = sorted(tokenizer["model"]["vocab"].items(), key=lambda item: item[1])
    assert [index for _, index in vocabulary] == list(range(config["vocab_size"]))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([token for token, _ in vocabulary])
    writer.add_token_types([SPECIAL if i in special else gguf.TokenType.NORMAL for i in range(len(vocabulary))])
    writer.add_token_merges([" ".join(pair) for pair in tokenizer["model"]["merges"]])
    writer.add_bos_token_id(config["bos_token_id"])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_add_bos_token(settings["add_bos_token"])
    writer.add_chat_template(settings["chat_template"])

    for name, values in read_safetensors(source / "model.safetensors"):
        name = stored_name(name)
        if name.endswith("attn_q.weight"):
            values = interleaved(values, config["num_attention_heads"])
        if name.endswith("attn_k.weight"):
            values = interleaved(values, config["num_key_value_heads"])
        if values.ndim == 1:
            writer.add_tensor(name, values)
        else:
            packed = q8_0(values)
            assert np.array_equal(packed, gguf.quantize(values, gguf.GGMLQuantizationType.Q8_0))
            writer.add_tensor(name, packed, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    data = target.read_bytes()
    print(f'"bytes": {len(data)},\n"sha256": "{hashlib.sha256(data).hexdigest()}"')


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
