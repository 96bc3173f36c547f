"""Runs directories in the release's form by the class of MobileLLM's published training code and compares logits with the reference's.

    python published.py FIXTURES DIRECTORY...        needs Transformers 4.41.2, which that code is made from

That class (facebookresearch/MobileLLM, utils/modeling_llama.py, 1e67bf6) is Transformers 4.41.2's Llama with two flags. They are built
anew here: with layer_sharing the loop over layers calls each a second time with the same arguments, the cache among them; with
share_embedding there is no lm_head, and logits are products with the embedding.

With a cache, its default, both visits add to one slot and SDPA lets the second see the first's keys and values only: first-visit.
Without one each visit sees its own.
"""
import json, sys
from pathlib import Path

import numpy
import torch
import transformers
from safetensors.numpy import load_file
from transformers.models.llama.modeling_llama import LlamaConfig, LlamaDecoderLayer, LlamaForCausalLM

assert transformers.__version__ == "4.41.2", transformers.__version__


class CalledTwice(LlamaDecoderLayer):
    def forward(self, hidden_states, **named):
        return super().forward(super().forward(hidden_states, **named)[0], **named)


class Published(LlamaForCausalLM):
    _tied_weights_keys = []

    def __init__(self, config):
        super().__init__(config)
        if config.layer_sharing:
            self.model.layers = torch.nn.ModuleList(CalledTwice(config, i) for i in range(config.num_hidden_layers))
        if config.share_embedding:
            del self.lm_head
            self.lm_head = lambda hidden: torch.nn.functional.linear(hidden, self.model.embed_tokens.weight)
        self.post_init()

    def get_output_embeddings(self):
        return self.model.embed_tokens


fixtures, directories = Path(sys.argv[1]), [Path(word) for word in sys.argv[2:]]
for directory in directories:
    config = LlamaConfig.from_pretrained(directory)
    model, report = Published.from_pretrained(
        directory, config=config, torch_dtype=torch.float32, attn_implementation="sdpa", output_loading_info=True)
    left = report["missing_keys"] or report["unexpected_keys"] or report["mismatched_keys"]
    assert not left, f"not loaded as they should be: {left}"
    name = directory.name.split(".")[0]
    ids = json.loads((fixtures / "models" / name / "expected.json").read_text())["sequences"]["len33"]
    expected = load_file(fixtures / "models" / name / "expected.safetensors")
    plans = {False: "immediate-x2.own", True: "immediate-x2.first-visit"} if config.layer_sharing else {False: "none", True: "none"}
    for cached, plan in plans.items():
        stored = next(expected[key] for key in sorted(expected, reverse=True) if key.startswith(f"{plan}.len33.logits"))
        with torch.no_grad():
            logits = model(torch.tensor([ids]), use_cache=cached).logits[0].numpy()
        best = (logits.argmax(-1) == stored.argmax(-1)).mean()
        print(f"{directory.name} | use_cache={cached} | {plan} | {numpy.abs(logits - stored).max():.1e} {100 * best:.0f}%", flush=True)
