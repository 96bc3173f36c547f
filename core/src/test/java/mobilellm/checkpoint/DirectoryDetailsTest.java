package mobilellm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.config.LayerSharing;
import mobilellm.config.ModelConfig;
import mobilellm.config.RopeScaling;
import mobilellm.tensor.MalformedFileException;
import mobilellm.testing.Shared;
import mobilellm.tokenizer.Tokenizer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Set;

/// What model directories leave out, say twice or say in several ways.
class DirectoryDetailsTest {
    @TempDir Path folder;

    @Test
    void missingKeysHaveTransformersDefaults() throws IOException {
        ModelConfig llama = config(new ModelDirectory("llama").without("max_position_embeddings"));
        assertThat(llama.contextLength()).isEqualTo(2048);
        assertThat(llama.keyValueHeads()).isEqualTo(2);
        assertThat(llama.headDim()).isEqualTo(4);
        assertThat(llama.rmsNormEpsilon()).isEqualTo(1e-6);
        assertThat(llama.rope().theta()).isEqualTo(10_000);
        assertThat(llama.sharing()).isEqualTo(LayerSharing.NONE);
    }

    /// MobileLLM's embedding is shared unless it says otherwise; blocks are shared only if it says so.
    @Test
    void missingKeysOfMobileLlm() throws IOException {
        ModelDirectory silent = new ModelDirectory("mobilellm").without("tie_word_embeddings");
        try (Checkpoint checkpoint = open(silent)) {
            assertThat(checkpoint.config().tiedEmbedding()).isTrue();
            assertThat(checkpoint.config().sharing()).isEqualTo(LayerSharing.NONE);
            assertThat(checkpoint.warnings())
                    .singleElement()
                    .asString()
                    .contains("does not say whether layers are shared");
        }
    }

    @Test
    void layerSharingInAllItsForms() throws IOException {
        ModelConfig config =
                config(
                        new ModelDirectory("mobilellm")
                                .set("layer_sharing", true)
                                .set("layer_sharing_strategy", "\"repeat-all-over\"")
                                .set("layer_sharing_repeats", 3)
                                .set("layer_sharing_cache", "\"first-visit\""));
        assertThat(config.sharing())
                .isEqualTo(
                        new LayerSharing(
                                LayerSharing.Strategy.REPEAT_ALL_OVER,
                                3,
                                LayerSharing.Cache.FIRST_VISIT));
        assertThat(config(new ModelDirectory("llama").set("layer_sharing", true)).sharing())
                .isEqualTo(
                        new LayerSharing(
                                LayerSharing.Strategy.IMMEDIATE, 2, LayerSharing.Cache.OWN));
    }

    @Test
    void rotationsInOldAndNewSpelling() throws IOException {
        String dynamic = "{\"type\": \"dynamic\", \"factor\": 2.0}";
        assertThat(scaling("rope_scaling", dynamic)).isEqualTo(new RopeScaling.Dynamic(2, 64));
        String yarn =
                "{\"rope_type\": \"yarn\", \"factor\": 4, \"original_max_position_embeddings\":"
                        + " 16}";
        assertThat(scaling("rope_scaling", yarn))
                .isEqualTo(
                        new RopeScaling.Yarn(
                                4, 16, 32, 1, RopeScaling.Yarn.attentionFactor(4), true));
        assertThat(scaling("rope_scaling", "null")).isEqualTo(new RopeScaling.None());
        String newer = "{\"rope_type\": \"default\", \"rope_theta\": 500}";
        ModelConfig config = config(new ModelDirectory("llama").set("rope_parameters", newer));
        assertThat(config.rope().theta()).isEqualTo(500);
        assertThat(config.rope().scaling()).isEqualTo(new RopeScaling.None());
    }

    private RopeScaling scaling(String key, String json) throws IOException {
        return config(new ModelDirectory("llama").set(key, json)).rope().scaling();
    }

    @Test
    void aHeadThatDiffersFromASharedEmbedding() throws IOException {
        ModelDirectory wrong =
                new ModelDirectory("mobilellm")
                        .set("share_embedding", true)
                        .set("layer_sharing", false)
                        .tensor("lm_head.weight", ModelDirectory.VOCABULARY, ModelDirectory.HIDDEN);
        try (Checkpoint checkpoint = open(wrong)) {
            assertThat(checkpoint.tensors().outputHead()).isEmpty();
            assertThat(checkpoint.warnings())
                    .singleElement()
                    .asString()
                    .contains("'lm_head.weight' differs from the embedding")
                    .contains("pytorch_model.bin");
        }
    }

    @Test
    void storedFrequenciesAreLeftOut() throws IOException {
        ModelDirectory old =
                new ModelDirectory("llama")
                        .tensor("model.layers.0.self_attn.rotary_emb.inv_freq", 2);
        try (Checkpoint checkpoint = open(old)) {
            assertThat(checkpoint.storedTensors()).hasSize(12);
            assertThat(checkpoint.warnings()).isEmpty();
        }
    }

    @Test
    void endsOfGenerationAreCollected() throws IOException {
        ModelDirectory model =
                new ModelDirectory("llama")
                        .set("eos_token_id", 2)
                        .file(
                                "generation_config.json",
                                """
                                {"eos_token_id": [3, 5], "do_sample": true, "temperature": 0.6,
                                 "top_k": 20, "top_p": 0.95, "repetition_penalty": 1, "min_p": 0.0}
                                """);
        try (Checkpoint checkpoint = open(model)) {
            GenerationDefaults defaults = checkpoint.generationDefaults();
            assertThat(defaults.endOfGeneration()).isEqualTo(Set.of(2, 3, 5));
            assertThat(defaults.sample()).contains(true);
            assertThat(defaults.temperature()).hasValue(0.6);
            assertThat(defaults.topK()).hasValue(20);
            assertThat(defaults.topP()).hasValue(0.95);
            assertThat(defaults.minP()).hasValue(0);
            assertThat(defaults.repeatPenalty()).hasValue(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"12", "-1", "\"</s>\"", "[2, 99]", "[2.5]", "{}", "9999999999"})
    void endsOutsideTheVocabularyAreRefused(String json) throws IOException {
        try (Checkpoint checkpoint = open(new ModelDirectory("llama").set("eos_token_id", json))) {
            assertThatThrownBy(checkpoint::generationDefaults)
                    .isInstanceOf(MalformedFileException.class)
                    .hasMessageContaining("'eos_token_id'")
                    .hasMessageContaining("0 to 11");
        }
    }

    @Test
    void chatTemplatesInAllTheirPlaces() throws IOException {
        String config = "tokenizer_config.json";
        ModelDirectory one =
                new ModelDirectory("llama").file(config, "{\"chat_template\": \"one\"}");
        assertThat(template(one)).isEqualTo("one");
        ModelDirectory several =
                new ModelDirectory("llama")
                        .file(
                                config,
                                """
                                {"chat_template": [{"name": "tool_use", "template": "no"},
                                                   {"name": "default", "template": "yes"}]}
                                """);
        assertThat(template(several)).isEqualTo("yes");
        assertThat(template(several.file("chat_template.jinja", "file"))).isEqualTo("file");
    }

    private String template(ModelDirectory model) throws IOException {
        try (Checkpoint checkpoint = open(model)) {
            return checkpoint.chatTemplate().orElseThrow();
        }
    }

    @Test
    void withoutATokenizerItSaysSo() throws IOException {
        try (Checkpoint checkpoint = open(new ModelDirectory("llama"))) {
            assertThatThrownBy(checkpoint::tokenizer)
                    .isInstanceOf(MalformedFileException.class)
                    .hasMessageContaining("neither tokenizer.json nor tokenizer.model");
        }
    }

    /// The release has empty special tokens and means `<s>`, `</s>` and `<unk>`.
    @Test
    void tokenizerOfMobileLlm() throws IOException {
        Path path = Shared.path("fixtures/models/plain-96x4/bin");
        try (Checkpoint checkpoint = Checkpoint.open(path)) {
            Tokenizer tokenizer = checkpoint.tokenizer();
            assertThat(tokenizer.vocabularySize()).isEqualTo(512);
            assertThat(tokenizer.bos()).hasValue(1);
            assertThat(tokenizer.eos()).hasValue(2);
            assertThat(tokenizer.addBos()).isTrue();
            assertThat(tokenizer.endOfGeneration()).contains(2);
            assertThat(tokenizer.isSpecial(1)).isTrue();
        }
    }

    /// Of MobileLLM the .bin is the authors', model.safetensors may be the wrong one that a bot made.
    @Test
    void ofTwoFilesOfMobileLlmTheAuthorsIsTaken() throws IOException {
        Path both = new ModelDirectory("mobilellm").write(folder.resolve("both"));
        Path bin = Shared.path("fixtures/models/plain-96x4/bin");
        Files.copy(
                bin.resolve("config.json"),
                both.resolve("config.json"),
                StandardCopyOption.REPLACE_EXISTING);
        Files.copy(bin.resolve("pytorch_model.bin"), both.resolve("pytorch_model.bin"));
        try (Checkpoint checkpoint = Checkpoint.open(both)) {
            assertThat(checkpoint.format()).isEqualTo("PyTorch");
            assertThat(checkpoint.warnings())
                    .singleElement()
                    .asString()
                    .contains("model.safetensors")
                    .contains("pytorch_model.bin is used");
        }
    }

    private ModelConfig config(ModelDirectory model) throws IOException {
        try (Checkpoint checkpoint = open(model)) {
            return checkpoint.config();
        }
    }

    private Checkpoint open(ModelDirectory model) throws IOException {
        return Checkpoint.open(model.write(folder.resolve("model")));
    }
}
