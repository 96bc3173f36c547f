package mobilellm.checkpoint;

import mobilellm.file.Printable;

import java.util.Map;
import java.util.Set;

/// Sees to it that no key of a `config.json` is ignored that may change what the model computes: a key is understood,
/// known to change nothing, has the one value that means "not here", or is refused by name.
final class ConfigKeys {
    private static final Set<String> UNDERSTOOD =
            Set.of(
                    "model_type",
                    "hidden_size",
                    "intermediate_size",
                    "num_hidden_layers",
                    "num_attention_heads",
                    "num_key_value_heads",
                    "head_dim",
                    "vocab_size",
                    "max_position_embeddings",
                    "rms_norm_eps",
                    "hidden_act",
                    "rope_theta",
                    "rope_scaling",
                    "rope_parameters",
                    "tie_word_embeddings",
                    "eos_token_id");

    /// Keys that only some families understand.
    private static final Set<String> LLAMA =
            Set.of(
                    "attention_bias",
                    "mlp_bias",
                    "mlp_gated",
                    "share_embedding",
                    "layer_sharing",
                    "layer_sharing_strategy",
                    "layer_sharing_repeats",
                    "layer_sharing_cache");

    /// Which window, and from which layer on, matters only where `use_sliding_window` is true, which is refused.
    private static final Set<String> QWEN2 =
            Set.of("sliding_window", "max_window_layers", "layer_types");

    private static final Set<String> QWEN3 =
            Set.of("attention_bias", "sliding_window", "max_window_layers", "layer_types");

    /// Experts and their routers matter only in the layers of `moe_layers`, tuned temperatures only in layers without
    /// rotation; both kinds of layers are refused.
    private static final Set<String> LLAMA4 =
            Set.of(
                    "attention_bias",
                    "attention_chunk_size",
                    "attn_scale",
                    "attn_temperature_tuning",
                    "floor_scale",
                    "for_llm_compressor",
                    "interleave_moe_layer_step",
                    "intermediate_size_mlp",
                    "layer_types",
                    "moe_layers",
                    "no_rope_layer_interval",
                    "no_rope_layers",
                    "num_experts_per_tok",
                    "num_local_experts",
                    "output_router_logits",
                    "router_aux_loss_coef",
                    "router_jitter_noise",
                    "use_qk_norm");

    /// About training, about Transformers itself, about how to generate, or repeated in other files.
    private static final Set<String> INERT =
            Set.of(
                    "architectures",
                    "attention_dropout",
                    "attn_implementation",
                    "auto_map",
                    "bad_words_ids",
                    "begin_suppress_tokens",
                    "bos_token_id",
                    "cache_implementation",
                    "diversity_penalty",
                    "do_sample",
                    "dtype",
                    "early_stopping",
                    "encoder_no_repeat_ngram_size",
                    "exponential_decay_length_penalty",
                    "finetuning_task",
                    "forced_bos_token_id",
                    "forced_eos_token_id",
                    "gradient_checkpointing",
                    "hidden_dropout",
                    "id2label",
                    "initializer_range",
                    "is_decoder",
                    "is_llama_config",
                    "label2id",
                    "length_penalty",
                    "max_length",
                    "min_length",
                    "mlp_dropout",
                    "model_max_length",
                    "no_repeat_ngram_size",
                    "num_beam_groups",
                    "num_beams",
                    "num_return_sequences",
                    "output_attentions",
                    "output_hidden_states",
                    "output_scores",
                    "pad_token_id",
                    "prefix",
                    "pretraining_tp",
                    "problem_type",
                    "remove_invalid_values",
                    "repetition_penalty",
                    "return_dict",
                    "return_dict_in_generate",
                    "sep_token_id",
                    "suppress_tokens",
                    "task_specific_params",
                    "temperature",
                    "tf_legacy_loss",
                    "tokenizer_class",
                    "top_k",
                    "top_p",
                    "torch_dtype",
                    "torchscript",
                    "transformers.js_config",
                    "transformers_version",
                    "typical_p",
                    "unsloth_fixed",
                    "unsloth_version",
                    "use_bfloat16",
                    "use_cache");

    /// Keys of things that we do not have, with the values (as text) that say that the model has none either.
    private static final Map<String, Set<String>> ABSENT =
            Map.ofEntries(
                    Map.entry("add_cross_attention", Set.of("false")),
                    Map.entry("chunk_size_feed_forward", Set.of("0")),
                    Map.entry("embedding_multiplier", Set.of("1", "1.0")),
                    Map.entry("is_encoder_decoder", Set.of("false")),
                    Map.entry("logit_scale", Set.of("1", "1.0")),
                    Map.entry("logits_scaling", Set.of("1", "1.0")),
                    Map.entry("num_experts", Set.of("0")),
                    Map.entry("partial_rotary_factor", Set.of("1", "1.0")),
                    Map.entry("pruned_heads", Set.of("{}")),
                    Map.entry("residual_multiplier", Set.of("1", "1.0")),
                    Map.entry("rope_interleaved", Set.of("false")),
                    Map.entry("tie_encoder_decoder", Set.of("false")),
                    Map.entry("use_mrope", Set.of("false")),
                    Map.entry("use_sliding_window", Set.of("false")));

    private ConfigKeys() {}

    static void requireUnderstood(Keys keys, Family family) {
        keys.all()
                .forEach(
                        (key, value) -> {
                            if (key.equals("quantization_config")) {
                                throw keys.unsupported(
                                        key,
                                        "says that the weights are quantised in a way that is not"
                                                + " supported; take the original weights, or a GGUF"
                                                + " file");
                            }
                            if (!isUnderstood(key, value, family)) {
                                throw keys.unsupported(
                                        Printable.line(key),
                                        "(value %s) asks a %s model for something that is not supported; if it is"
                                                        .formatted(
                                                                Printable.quote(value.toString()),
                                                                family.modelType())
                                                + " only a note, remove it from the file");
                            }
                        });
    }

    private static boolean isUnderstood(String key, Object value, Family family) {
        // What starts with an underscore is Transformers talking to itself: _name_or_path,
        // _attn_implementation.
        return UNDERSTOOD.contains(key)
                || own(family).contains(key)
                || INERT.contains(key)
                || key.startsWith("_")
                || ABSENT.getOrDefault(key, Set.of()).contains(value.toString());
    }

    private static Set<String> own(Family family) {
        return switch (family) {
            case MOBILELLM, LLAMA -> LLAMA;
            case QWEN2 -> QWEN2;
            case QWEN3 -> QWEN3;
            case LLAMA4 -> LLAMA4;
        };
    }
}
