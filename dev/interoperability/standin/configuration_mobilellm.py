"""Stands in for the release's configuration_mobilellm.py, which is gated: the same class, keys and defaults, as far as they are known."""
from transformers import LlamaConfig


class MobileLLMConfig(LlamaConfig):
    model_type = "mobilellm"

    def __init__(self, share_embedding=True, layer_sharing=False, **others):
        self.share_embedding = share_embedding
        self.layer_sharing = layer_sharing
        super().__init__(**others)
