package mobilellm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.config.LayerSharing;
import mobilellm.quant.Dequantise;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.UnsupportedModelException;
import mobilellm.testing.GgufBuilder;
import mobilellm.testing.Shared;
import mobilellm.tokenizer.Tokenizer;
import mobilellm.tokenizer.TokenizerOptions;
import mobilellm.tokenizer.Tokenizers;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

class CheckpointTest {
    @TempDir Path folder;

    @Test
    void readsTheConfiguration() throws IOException {
        try (Checkpoint checkpoint = open(TinyModel.good())) {
            var config = checkpoint.config();
            assertThat(config.architecture()).isEqualTo("llama");
            assertThat(config.layers()).isEqualTo(2);
            assertThat(config.hiddenSize()).isEqualTo(TinyModel.HIDDEN);
            assertThat(config.intermediateSize()).isEqualTo(TinyModel.INTERMEDIATE);
            assertThat(config.heads()).isEqualTo(TinyModel.HEADS);
            assertThat(config.keyValueHeads()).isEqualTo(TinyModel.KEY_VALUE_HEADS);
            assertThat(config.headDim()).isEqualTo(TinyModel.HEAD_DIM);
            assertThat(config.vocabularySize()).isEqualTo(TinyModel.VOCABULARY);
            assertThat(config.contextLength()).isEqualTo(128);
            assertThat(config.rmsNormEpsilon()).isEqualTo(1e-5);
            assertThat(config.rope().theta()).isEqualTo(10_000);
            assertThat(config.tiedEmbedding()).isTrue();
            assertThat(config.sharing()).isEqualTo(LayerSharing.NONE);
        }
    }

    @Test
    void readsAHeadOfItsOwn() throws IOException {
        GgufBuilder untied = TinyModel.good();
        TinyModel.matrix(untied, "output.weight", TinyModel.VOCABULARY, TinyModel.HIDDEN);
        try (Checkpoint checkpoint = open(untied)) {
            assertThat(checkpoint.config().tiedEmbedding()).isFalse();
            assertThat(checkpoint.tensors().outputHead()).isPresent();
        }
    }

    @Test
    void headDimMayDifferFromHiddenSizeByHeads() throws IOException {
        GgufBuilder wide =
                TinyModel.metadata("llama", 1)
                        .uint32("llama.attention.head_count", 8)
                        .uint32("llama.attention.head_count_kv", 4)
                        .uint32("llama.attention.key_length", 8)
                        .uint32("llama.attention.value_length", 8)
                        .uint32("llama.rope.dimension_count", 8);
        try (Checkpoint checkpoint = open(TinyModel.weights(wide, 1))) {
            assertThat(checkpoint.config().headDim()).isEqualTo(8);
        }
    }

    /// Row `2i` of a head in the file is row `i`, row `2i + 1` is row `8 + i`; other matrices stay as they are.
    @Test
    void bringsQueryAndKeyRowsIntoHalfSplitOrder() throws IOException {
        try (Checkpoint checkpoint = open(TinyModel.good())) {
            BlockTensors block = checkpoint.tensors().blocks().getFirst();
            float[] query = Dequantise.toFloat(block.query().weight());
            float[] key = Dequantise.toFloat(block.key().weight());
            float[] value = Dequantise.toFloat(block.value().weight());
            for (int head = 0; head < TinyModel.HEADS; head++) {
                for (int i = 0; i < TinyModel.HEAD_DIM; i++) {
                    int row = head * TinyModel.HEAD_DIM + i;
                    int inFile = head * TinyModel.HEAD_DIM + (i < 8 ? 2 * i : 2 * (i - 8) + 1);
                    assertThat(query[row * TinyModel.HIDDEN + 5]).isEqualTo(inFile);
                    if (head < TinyModel.KEY_VALUE_HEADS) {
                        assertThat(key[row * TinyModel.HIDDEN + 63]).isEqualTo(inFile);
                        assertThat(value[row * TinyModel.HIDDEN]).isEqualTo(row);
                    }
                }
            }
        }
    }

    @Test
    void readsLayerSharing() throws IOException {
        try (Checkpoint checkpoint = open(shared("repeat-all-over", 3, "first-visit"))) {
            assertThat(checkpoint.config().architecture()).isEqualTo("mobilellm");
            assertThat(checkpoint.config().sharing())
                    .isEqualTo(
                            new LayerSharing(
                                    LayerSharing.Strategy.REPEAT_ALL_OVER,
                                    3,
                                    LayerSharing.Cache.FIRST_VISIT));
            assertThat(checkpoint.config().plan().visits()).hasSize(6);
        }
        assertThatThrownBy(() -> open(shared("sideways", 2, "own")))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining("key 'mobilellm.layer_sharing.strategy' is 'sideways'")
                .hasMessageContaining("repeat-all-over");
        assertThatThrownBy(() -> open(shared("immediate", 9, "own")))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining("1 to 8, got 9");
        assertThatThrownBy(() -> open(TinyModel.weights(TinyModel.metadata("mobilellm", 2), 2)))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining("key 'mobilellm.layer_sharing.strategy' is missing");
    }

    /// By its first bytes, whatever it is called, and as the only one of a directory.
    @Test
    void findsTheFile() throws IOException {
        Path named = TinyModel.good().write(folder.resolve("sha256-1234"));
        try (Checkpoint checkpoint = Checkpoint.open(named)) {
            assertThat(checkpoint.format()).isEqualTo("GGUF v3");
            assertThat(checkpoint.fileBytes()).isEqualTo(Files.size(named));
        }
        assertThatThrownBy(() -> Checkpoint.open(folder))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("holds neither a .gguf file nor config.json with weights");
        Files.copy(named, folder.resolve("a.gguf"));
        Checkpoint.open(folder).close();
        Files.copy(named, folder.resolve("b.gguf"));
        assertThatThrownBy(() -> Checkpoint.open(folder))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("holds 2 .gguf files, such as a.gguf");

        Path text = Files.writeString(folder.resolve("c.gguf"), "version https://");
        assertThatThrownBy(() -> Checkpoint.open(text))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining("not a GGUF file");
        assertThatThrownBy(() -> Checkpoint.open(folder.resolve("absent")))
                .isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void opensADirectoryWithOneModelInTwoFiles() throws IOException {
        TinyModel.good()
                .uint32("split.no", 0)
                .uint32("split.count", 2)
                .write(folder.resolve("tiny-00001-of-00002.gguf"));
        new GgufBuilder()
                .uint32("split.no", 1)
                .uint32("split.count", 2)
                .write(folder.resolve("tiny-00002-of-00002.gguf"));
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.config().layers()).isEqualTo(2);
        }
    }

    @Test
    void opensAnotherEnginesFile() throws IOException {
        try (Checkpoint checkpoint =
                Checkpoint.open(Shared.path("data/weights/stories260K/stories260K.f32.gguf"))) {
            assertThat(checkpoint.config().layers()).isEqualTo(5);
            assertThat(checkpoint.config().headDim()).isEqualTo(8);
            assertThat(checkpoint.config().tiedEmbedding()).isFalse();
            assertThat(checkpoint.chatTemplate()).isEmpty();
        }
    }

    /// The SentencePiece vocabulary of a GGUF file is the one of the `tokenizer.model` that it was made from.
    @Test
    void readsASentencePieceVocabulary() throws IOException {
        Tokenizer original =
                Tokenizers.sentencePiece(
                        Files.readAllBytes(
                                Shared.path("fixtures/models/plain-96x4/bin/tokenizer.model")),
                        TokenizerOptions.defaults());
        try (Checkpoint checkpoint =
                Checkpoint.open(Shared.path("fixtures/models/plain-96x4/gguf-f16"))) {
            Tokenizer tokenizer = checkpoint.tokenizer();
            for (String text : List.of("", " ", "Hello  world\n", "日本 🙂", "<s>a</s> b", "▁▁x")) {
                assertThat(tokenizer.encode(text, false)).isEqualTo(original.encode(text, false));
                assertThat(tokenizer.encode(text, true)).isEqualTo(original.encode(text, true));
            }
            assertThat(tokenizer.vocabularySize()).isEqualTo(original.vocabularySize());
            assertThat(tokenizer.bos()).isEqualTo(original.bos());
            assertThat(tokenizer.addBos()).isTrue();
        }
    }

    @Test
    void namesATokenizerThatItDoesNotKnow() throws IOException {
        GgufBuilder strange = TinyModel.good().text("tokenizer.ggml.model", "rwkv");
        try (Checkpoint checkpoint = open(strange)) {
            assertThatThrownBy(checkpoint::tokenizer)
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining("key 'tokenizer.ggml.model' is 'rwkv'")
                    .hasMessageContaining("SentencePiece");
        }
        GgufBuilder unruly =
                TinyModel.good()
                        .text("tokenizer.ggml.model", "gpt2")
                        .text("tokenizer.ggml.pre", "afmoe");
        try (Checkpoint checkpoint = open(unruly)) {
            assertThatThrownBy(checkpoint::tokenizer)
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining("key 'tokenizer.ggml.pre' is 'afmoe'")
                    .hasMessageContaining("llama-bpe");
        }
        try (Checkpoint checkpoint = open(TinyModel.good())) {
            assertThatThrownBy(checkpoint::tokenizer)
                    .isInstanceOf(MalformedFileException.class)
                    .hasMessageContaining("key 'tokenizer.ggml.model' is missing");
        }
    }

    private Checkpoint open(GgufBuilder file) throws IOException {
        return Checkpoint.open(file.write(folder.resolve("model.gguf")));
    }

    private static GgufBuilder shared(String strategy, int repeats, String cache) {
        GgufBuilder metadata =
                TinyModel.metadata("mobilellm", 2)
                        .text("mobilellm.layer_sharing.strategy", strategy)
                        .uint32("mobilellm.layer_sharing.repeats", repeats)
                        .text("mobilellm.layer_sharing.cache", cache);
        return TinyModel.weights(metadata, 2);
    }
}
