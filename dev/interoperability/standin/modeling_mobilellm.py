"""Stands in for the release's modeling_mobilellm.py, which is gated: what is known of it, over Transformers' Llama.

With layer_sharing each layer is called twice in a row with the same arguments; with share_embedding there is no lm_head, logits are
products with the embedding. Without a cache (use_cache=False), which the release gets wrong for shared layers.
"""
import torch
from transformers import LlamaForCausalLM
from transformers.models.llama.modeling_llama import LlamaDecoderLayer

from .configuration_mobilellm import MobileLLMConfig


class RepeatedLayer(LlamaDecoderLayer):
    def forward(self, hidden_states, *arguments, **named):
        return super().forward(super().forward(hidden_states, *arguments, **named), *arguments, **named)


class EmbeddingAsHead(torch.nn.Module):
    def __init__(self, embedding):
        super().__init__()
        self.embedding = [embedding]  # in a list: no parameter of this module

    def forward(self, hidden_states):
        return torch.nn.functional.linear(hidden_states, self.embedding[0].weight)


class MobileLLMForCausalLM(LlamaForCausalLM):
    config_class = MobileLLMConfig
    _tied_weights_keys = []

    def __init__(self, config):
        super().__init__(config)
        if config.layer_sharing:
            layers = [RepeatedLayer(config, i) for i in range(config.num_hidden_layers)]
            self.model.layers = torch.nn.ModuleList(layers)
        if config.share_embedding:
            self.lm_head = EmbeddingAsHead(self.model.embed_tokens)
        self.post_init()
