package mobilellm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import mobilellm.MobileLlm;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.UnsupportedModelException;
import mobilellm.testing.HostileBytes;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Directories that have broken, or would break, a reader that believes them, and models that we cannot run.
class HostileDirectoryTest {
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    @TempDir Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    sliding_window           | 4096
                    use_sliding_window       | true
                    partial_rotary_factor    | 0.5
                    num_local_experts        | 8
                    num_experts              | 64
                    n_routed_experts         | 4
                    attn_logit_softcapping   | 50.0
                    final_logit_softcapping  | 30.0
                    embedding_multiplier     | 12.0
                    residual_multiplier      | 0.22
                    attention_multiplier     | 0.015
                    logits_scaling           | 8.0
                    logit_scale              | 0.0625
                    clip_qkv                 | 8.0
                    rope_interleaved         | true
                    is_encoder_decoder       | true
                    some_new_idea            | [1, 2]
                    """)
    void whatIsNotUnderstoodIsRefusedByName(String key, String value) throws IOException {
        assertThat(unsupported(good().set(key, value))).contains("config.json: key '" + key + "'");
    }

    @Test
    void quantisedWeightsAreRefused() throws IOException {
        String gptq = "{\"quant_method\": \"gptq\", \"bits\": 4}";
        assertThat(unsupported(good().set("quantization_config", gptq)))
                .contains("'quantization_config'")
                .contains("take the original weights");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"rope_type\": \"longrope\", \"short_factor\": [1.0]}",
                "{\"type\": \"su\"}",
                "{\"type\": \"mrope\", \"mrope_section\": [1]}",
                "{\"rope_type\": \"default\", \"mrope_section\": [16, 24, 24]}",
                "{\"rope_type\": \"yarn\", \"factor\": 4.0, \"mscale\": 0.7}",
                "{\"rope_type\": \"linear\", \"factor\": 4.0, \"partial_rotary_factor\": 0.5}"
            })
    void otherRotationsAreRefused(String scaling) throws IOException {
        assertThat(unsupported(good().set("rope_scaling", scaling)))
                .contains("config.json: rope_s");
        assertThat(unsupported(good().set("rope_parameters", scaling)))
                .contains("config.json: rope_parameters: key");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"rope_type\": \"linear\"}",
                "{\"rope_type\": \"linear\", \"factor\": 0}",
                "{\"rope_type\": \"linear\", \"factor\": \"4\"}",
                "{\"rope_type\": \"linear\", \"factor\": 1e999}",
                "{\"rope_type\": \"llama3\", \"factor\": 8.0}",
                "{\"rope_type\": \"linear\", \"type\": \"dynamic\", \"factor\": 2.0}",
                "{\"rope_type\": 3}",
                "[]"
            })
    void rotationsThatContradictThemselves(String scaling) throws IOException {
        malformed(good().set("rope_scaling", scaling));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    hidden_size             | 0
                    hidden_size             | -8
                    hidden_size             | 8.5
                    hidden_size             | "8"
                    hidden_size             | 99999999999
                    hidden_size             | 1e400
                    hidden_size             | null
                    num_attention_heads     | 0
                    num_attention_heads     | 3
                    num_attention_heads     | 2147483647
                    num_key_value_heads     | 3
                    head_dim                | 3
                    head_dim                | 2147483646
                    num_hidden_layers       | 0
                    num_hidden_layers       | 2
                    num_hidden_layers       | 100000
                    vocab_size              | 13
                    vocab_size              | 2147483647
                    intermediate_size       | 16
                    rms_norm_eps            | 0
                    rms_norm_eps            | 2
                    rope_theta              | -1
                    rope_theta              | "10000"
                    max_position_embeddings | 0
                    tie_word_embeddings     | 1
                    tie_word_embeddings     | false
                    layer_sharing_repeats   | 2
                    model_type              | 7
                    """)
    void sizesThatMakeNoSense(String key, String value) throws IOException {
        malformed(good().set(key, value));
    }

    @ParameterizedTest
    @ValueSource(strings = {"gelu", "gelu_new", "relu", "silu_and_mul"})
    void otherActivationsAreRefused(String name) throws IOException {
        assertThat(unsupported(good().set("hidden_act", "\"" + name + "\"")))
                .contains("key 'hidden_act' is '" + name + "'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"mistral", "gemma2", "granite", "qwen2_moe", "phi3", ""})
    void otherFamiliesAreRefusedByName(String type) throws IOException {
        assertThat(unsupported(good().set("model_type", "\"" + type + "\"")))
                .contains("key 'model_type' is '" + type + "'; supported are [mobilellm, llama");
    }

    @Test
    void layerSharingThatMakesNoSense() throws IOException {
        ModelDirectory shared = good().set("layer_sharing", true);
        assertThat(malformed(shared.set("layer_sharing_strategy", "\"sometimes\"")))
                .contains("expected one of [none, immediate, repeat-all-over, reverse]");
        assertThat(malformed(good().set("layer_sharing", true).set("layer_sharing_repeats", 9)))
                .contains("repeats must be 1 to 8");
    }

    @Test
    void tensorsThatAreMissingOrTooMany() throws IOException {
        assertThat(malformed(good().withoutTensor("model.layers.0.self_attn.k_proj.weight")))
                .contains("tensor 'model.layers.0.self_attn.k_proj.weight' is missing");
        assertThat(unsupported(good().tensor("model.layers.0.self_attn.q_proj.bias", 8)))
                .contains("q_proj.bias' [8] is not part of a llama model");
        assertThat(malformed(good().set("attention_bias", true)))
                .contains("q_proj.bias' is missing");
        assertThat(malformed(good().set("tie_word_embeddings", false)))
                .contains("tensor 'lm_head.weight' is missing")
                .contains("share_embedding or tie_word_embeddings");
        assertThat(malformed(good().tensor("model.norm.weight", 4)))
                .contains("has shape [4], but the configuration asks for [8]");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{",
                "{\"model_type\": \"llama\"",
                "{\"model_type\": \"llama\"} x",
                "{\"model_type\": \"llama\", \"model_type\": \"llama\"}",
                "nonsense",
                "{\"a\": NaN}"
            })
    void configurationsThatAreNoJson(String text) throws IOException {
        Path path = good().write(folder.resolve("model"));
        Files.writeString(path.resolve("config.json"), text);
        assertThatThrownBy(() -> Checkpoint.open(path).close())
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining("config.json");
    }

    @Test
    void everyFlipAndTruncationOfTheConfiguration() throws IOException {
        Path path = good().write(folder.resolve("model")).resolve("config.json");
        byte[] config = Files.readAllBytes(path);
        HostileBytes limits = new HostileBytes("", bytes -> parse(path, bytes), 256);
        limits.refusesEveryTruncation(config);
        assertThat(limits.flipEveryBit(config)).isGreaterThan(4 * config.length);
    }

    private static void parse(Path path, MemorySegment bytes) {
        try {
            Files.write(path, bytes.toArray(ValueLayout.JAVA_BYTE));
            ConfigJson.read(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../model.safetensors",
                "/etc/model.safetensors",
                "a/b.safetensors",
                "a\\\\b.safetensors",
                "C:x.safetensors",
                ".safetensors",
                "",
                "model.bin",
                "model\\u0000.safetensors"
            })
    void indexesThatLeaveTheDirectory(String file) throws IOException {
        assertThat(index("{\"weight_map\": {\"a\": \"" + file + "\"}}"))
                .contains("index.json: tensor 'a' should be in the file")
                .contains("in the same directory");
    }

    @Test
    void indexesThatContradictTheFiles() throws IOException {
        assertThat(index("{}")).contains("key 'weight_map' is missing");
        assertThat(index("{\"weight_map\": []}")).contains("should be an object");
        assertThat(index("{\"weight_map\": {\"a\": 1}}")).contains("should be a string");
        assertThat(index("{\"weight_map\": {\"a\": \"part.safetensors\"}}"))
                .contains("does not put tensor 'model.embed_tokens.weight' into part.safetensors");
    }

    @Test
    void missingPartsAreNamed() throws IOException {
        Path path = good().write(folder.resolve("model"));
        Files.delete(path.resolve("model.safetensors"));
        Files.writeString(
                path.resolve("model.safetensors.index.json"),
                "{\"weight_map\": {\"a\": \"gone.safetensors\"}}");
        assertThatThrownBy(() -> Checkpoint.open(path).close())
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("gone.safetensors")
                .hasMessageContaining("download it too");
    }

    @ParameterizedTest
    @CsvSource({
        "1, NaN, model.norm.weight, 7",
        "8, Infinity, model.norm.weight, 0",
        "9, -Infinity, model.layers.0.mlp.down_proj.weight, 95"
    })
    void weightsThatAreNotFiniteAreNamed(int fromEnd, float value, String tensor, int element)
            throws IOException {
        Path path = good().write(folder.resolve("model"));
        Path weights = path.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        MemorySegment.ofArray(bytes).set(FLOAT, bytes.length - (long) fromEnd * Float.BYTES, value);
        Files.write(weights, bytes);
        assertThatThrownBy(() -> MobileLlm.load(path).close())
                .isInstanceOf(MalformedFileException.class)
                .hasMessageStartingWith(path.toString())
                .hasMessageContaining("tensor '%s' (F32)".formatted(tensor))
                .hasMessageEndingWith("NaN or infinity in element " + element);
    }

    private String index(String json) throws IOException {
        Path path = good().write(folder.resolve("model"));
        Files.move(path.resolve("model.safetensors"), path.resolve("part.safetensors"));
        Files.writeString(path.resolve("model.safetensors.index.json"), json);
        String message = refusal(path, MalformedFileException.class);
        Files.delete(path.resolve("part.safetensors"));
        return message;
    }

    private static ModelDirectory good() {
        return new ModelDirectory("llama");
    }

    private String malformed(ModelDirectory model) throws IOException {
        return refusal(model.write(folder.resolve("model")), MalformedFileException.class);
    }

    private String unsupported(ModelDirectory model) throws IOException {
        return refusal(model.write(folder.resolve("model")), UnsupportedModelException.class);
    }

    private static String refusal(Path path, Class<? extends Exception> type) {
        Throwable refusal = catchThrowable(() -> Checkpoint.open(path).close());
        assertThat(refusal).isInstanceOf(type);
        return String.valueOf(refusal.getMessage());
    }
}
