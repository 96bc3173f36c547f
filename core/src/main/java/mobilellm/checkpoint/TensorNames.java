package mobilellm.checkpoint;

/// What a format calls the weights. To each name belongs `.weight` and, where the model has one, `.bias`; those of a block
/// follow its prefix and number, as in `blk.7.attn_q.weight`.
record TensorNames(
        String embedding,
        String finalNorm,
        String outputHead,
        String blocks,
        String attentionNorm,
        String query,
        String key,
        String value,
        String queryNorm,
        String keyNorm,
        String attentionOutput,
        String feedForwardNorm,
        String gate,
        String up,
        String down) {
    /// Those of ggml's converter.
    static final TensorNames GGUF =
            new TensorNames(
                    "token_embd",
                    "output_norm",
                    "output",
                    "blk.",
                    "attn_norm",
                    "attn_q",
                    "attn_k",
                    "attn_v",
                    "attn_q_norm",
                    "attn_k_norm",
                    "attn_output",
                    "ffn_norm",
                    "ffn_gate",
                    "ffn_up",
                    "ffn_down");

    /// Those of Transformers.
    ///
    /// @param model prefix of all names but the head's: `model.`, or nothing where the bare model was stored
    /// @param feedForward `mlp` or, in Llama 4, `feed_forward`
    static TensorNames huggingFace(String model, String feedForward) {
        return new TensorNames(
                model + "embed_tokens",
                model + "norm",
                "lm_head",
                model + "layers.",
                "input_layernorm",
                "self_attn.q_proj",
                "self_attn.k_proj",
                "self_attn.v_proj",
                "self_attn.q_norm",
                "self_attn.k_norm",
                "self_attn.o_proj",
                "post_attention_layernorm",
                feedForward + ".gate_proj",
                feedForward + ".up_proj",
                feedForward + ".down_proj");
    }

    String embeddingWeight() {
        return embedding + ".weight";
    }

    String outputHeadWeight() {
        return outputHead + ".weight";
    }
}
