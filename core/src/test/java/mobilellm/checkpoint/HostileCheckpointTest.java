package mobilellm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import mobilellm.LoadOptions;
import mobilellm.MobileLlm;
import mobilellm.tensor.DType;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.UnsupportedModelException;
import mobilellm.testing.GgufBuilder;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Well-formed files that contradict themselves, or ask for what we do not have.
class HostileCheckpointTest {
    @TempDir Path folder;

    @Test
    void unknownArchitecture() throws IOException {
        assertThat(unsupported(TinyModel.good().text("general.architecture", "gemma3")))
                .contains("key 'general.architecture' is 'gemma3'")
                .contains("'llama', 'mobilellm', 'qwen2' and 'qwen3'");
        assertThat(malformed(TinyModel.good().without("general.architecture")))
                .contains("key 'general.architecture' is missing");
        assertThat(malformed(TinyModel.good().uint32("general.architecture", 1)))
                .contains("should be a string, but is '1'");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "block_count",
                "context_length",
                "embedding_length",
                "feed_forward_length",
                "attention.head_count",
                "attention.layer_norm_rms_epsilon"
            })
    void missingZeroOrMistypedKey(String name) throws IOException {
        String key = "llama." + name;
        assertThat(malformed(TinyModel.good().without(key))).contains("'" + key + "' is missing");
        assertThat(malformed(TinyModel.good().uint32(key, 0))).contains("'" + key + "'");
        assertThat(malformed(TinyModel.good().text(key, "many"))).contains("but is 'many'");
        assertThat(malformed(TinyModel.good().integers(key, 4, 4))).contains("but is an array");
    }

    @Test
    void epsilonAndThetaThatAreNoNumbers() throws IOException {
        String epsilon = "llama.attention.layer_norm_rms_epsilon";
        for (float value : new float[] {Float.NaN, -1e-5f, 0, 2}) {
            assertThat(malformed(TinyModel.good().float32(epsilon, value))).contains("epsilon");
        }
        for (float value : new float[] {Float.NaN, 0, Float.POSITIVE_INFINITY}) {
            assertThat(malformed(TinyModel.good().float32("llama.rope.freq_base", value)))
                    .contains("RoPE theta");
        }
    }

    @Test
    void moreLayersThanSane() throws IOException {
        assertThat(malformed(TinyModel.good().uint32("llama.block_count", 1025)))
                .contains("'llama.block_count' is 1025, expected at most 1024");
        assertThat(malformed(TinyModel.good().uint32("llama.block_count", 0xffff_ffffL)))
                .contains("is 4294967295, expected 1 to 2147483647");
    }

    @Test
    void headsThatDoNotFit() throws IOException {
        assertThat(malformed(TinyModel.good().uint32("llama.attention.head_count_kv", 3)))
                .contains("4 query heads are not a multiple of 3 key/value heads");
        assertThat(malformed(TinyModel.good().uint32("llama.attention.head_count", 5)))
                .contains("is 5, which does not divide the embedding length 64");
        assertThat(malformed(TinyModel.good().uint32("llama.attention.key_length", 15)))
                .contains("head dim must be even");
        assertThat(malformed(TinyModel.good().uint32("llama.attention.key_length", 1 << 30)))
                .contains("too large for 4 heads");
        assertThat(unsupported(TinyModel.good().uint32("llama.attention.value_length", 32)))
                .contains("'llama.attention.value_length' is 32")
                .contains("head dim, here 16");
        assertThat(unsupported(TinyModel.good().uint32("llama.rope.dimension_count", 8)))
                .contains("'llama.rope.dimension_count' is 8");
    }

    @Test
    void vocabularyAgainstTokenizerAndEmbedding() throws IOException {
        assertThat(malformed(TinyModel.good().uint32("llama.vocab_size", 41)))
                .contains("'llama.vocab_size' gives a vocabulary of 41 tokens")
                .contains("embedding has 40 rows");
        List<String> tokens = TinyModel.tokens(39);
        assertThat(malformed(TinyModel.good().texts("tokenizer.ggml.tokens", tokens)))
                .contains("'tokenizer.ggml.tokens' gives a vocabulary of 39 tokens");
        assertThat(malformed(TinyModel.good().uint32("tokenizer.ggml.tokens", 40)))
                .contains("should be an array");
    }

    @Test
    void shapeAgainstConfiguration() throws IOException {
        assertThat(malformed(TinyModel.good().uint32("llama.embedding_length", 128)))
                .contains("tensor 'token_embd.weight' has shape [40, 64]")
                .contains("asks for [40, 128]");
        assertThat(malformed(TinyModel.good().uint32("llama.feed_forward_length", 64)))
                .contains("'blk.0.ffn_gate.weight' has shape [96, 64]")
                .contains("[64, 64]");
    }

    @Test
    void missingTensor() throws IOException {
        assertThat(malformed(TinyModel.good().uint32("llama.block_count", 3)))
                .contains("tensor 'blk.2.attn_norm.weight' is missing")
                .contains("promises 3 blocks");
        assertThat(malformed(TinyModel.metadata("llama", 1)))
                .contains("tensor 'token_embd.weight' is missing");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "blk.0.attn_norm.bias",
                "blk.0.attn_q_norm.weight",
                "blk.1.ffn_gate_inp.weight",
                "blk.2.attn_norm.weight"
            })
    void tensorThatNobodyReads(String name) throws IOException {
        assertThat(unsupported(TinyModel.norm(TinyModel.good(), name)))
                .contains("tensor '" + name + "' [64] is not part of a llama model of 2 blocks");
    }

    /// The first block tells what the others have.
    @Test
    void tensorThatOnlyOneBlockHas() throws IOException {
        assertThat(malformed(TinyModel.norm(TinyModel.good(), "blk.0.attn_q.bias")))
                .contains("tensor 'blk.0.attn_k.bias' is missing");
    }

    @Test
    void scalingThatMakesNoSense() throws IOException {
        assertThat(malformed(TinyModel.norm(TinyModel.good(), "rope_freqs.weight")))
                .contains("divisor must be positive and finite, got 0.0");
        assertThat(malformed(TinyModel.good().text("llama.rope.scaling.type", "yarn")))
                .contains("key 'llama.rope.scaling.factor' is missing");
        assertThat(
                        malformed(
                                TinyModel.good()
                                        .text("llama.rope.scaling.type", "linear")
                                        .float32("llama.rope.scaling.factor", 0)))
                .contains("factor must be positive and finite");
    }

    @Test
    void keyThatNobodyReads() throws IOException {
        assertThat(unsupported(TinyModel.good().text("llama.rope.scaling.type", "longrope")))
                .contains("'longrope'; supported are none, linear and yarn");
        assertThat(unsupported(TinyModel.good().float32("llama.rope.scale_linear", 4)))
                .contains("'llama.rope.scale_linear' (value '4.0')");
        assertThat(unsupported(TinyModel.good().uint32("llama.expert_count", 8)))
                .contains("'llama.expert_count' (value '8')");
        assertThat(unsupported(TinyModel.good().float32("llama.logit_scale", 0.5f)))
                .contains("'llama.logit_scale'");
        assertThat(malformed(TinyModel.good().uint32("mobilellm.layer_sharing.repeats", 2)))
                .contains("belongs to architecture 'mobilellm'");
    }

    @Test
    void keyThatSaysThatThereIsNothingSpecial() throws IOException {
        GgufBuilder file =
                TinyModel.good()
                        .text("llama.rope.scaling.type", "none")
                        .float32("llama.rope.scale_linear", 1)
                        .uint32("llama.expert_count", 0)
                        .uint32("split.count", 1);
        Checkpoint.open(write(file)).close();
    }

    @Test
    void partOfASplitModel() throws IOException {
        assertThat(malformed(TinyModel.good().uint32("split.count", 3)))
                .contains("part 1 of a model in 3 files")
                .contains("merge");
        assertThat(malformed(TinyModel.good().uint32("split.tensors.count", 7)))
                .contains("'split.tensors.count' is 7, but the file has 20 tensors");
    }

    @Test
    void scalesAndNormsThatAreNotFinite() throws IOException {
        byte[] embedding = new byte[TinyModel.VOCABULARY * 2 * 34];
        embedding[5 * 34 + 1] = 0x7c; // the f16 scale of block 5 is infinity
        assertThat(unloadable(DType.Q8_0, embedding))
                .contains("bad.gguf: tensor 'token_embd.weight' (Q8_0) holds NaN or infinity")
                .contains("scales of block 5");

        byte[] minimum = new byte[TinyModel.VOCABULARY * 2 * 20];
        minimum[7 * 20 + 3] = (byte) 0xfe; // the f16 minimum of block 7 is NaN
        assertThat(unloadable(DType.Q4_1, minimum)).contains("scales of block 7");

        byte[] bfloats = new byte[TinyModel.VOCABULARY * TinyModel.HIDDEN * 2];
        bfloats[100] = (byte) 0x80;
        bfloats[101] = (byte) 0xff; // minus infinity
        assertThat(unloadable(DType.BF16, bfloats)).contains("element 50");

        byte[] doubles = new byte[TinyModel.VOCABULARY * TinyModel.HIDDEN * 8];
        Arrays.fill(doubles, 80, 88, (byte) 0x70); // finite, but not as f32
        assertThat(unloadable(DType.F64, doubles)).contains("element 10");

        GgufBuilder broken = TinyModel.metadata("llama", 1);
        TinyModel.matrix(broken, "token_embd.weight", TinyModel.VOCABULARY, TinyModel.HIDDEN);
        byte[] norm = new byte[TinyModel.HIDDEN * 4];
        norm[62 * 4 + 2] = (byte) 0xc0;
        norm[62 * 4 + 3] = 0x7f;
        broken.tensor("blk.0.attn_norm.weight", DType.F32, norm, TinyModel.HIDDEN);
        assertThat(malformed(broken))
                .contains("'blk.0.attn_norm.weight' (F32)")
                .contains("element 62");
    }

    /// Nothing else may come out of a checkpoint whose metadata and descriptions are bent anywhere.
    @Test
    void everyFlipIsRefusedOrHarmless() throws IOException {
        byte[] good = TinyModel.good().build();
        int headerBytes = good.length - Math.toIntExact(dataBytes());
        Path path = Files.write(folder.resolve("flipped.gguf"), good);
        int refused = 0;
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
            for (int i = 0; i < headerBytes; i++) {
                file.write(ByteBuffer.wrap(new byte[] {(byte) (good[i] ^ (1 << i % 8))}), i);
                try {
                    Checkpoint.open(path).close();
                } catch (MalformedFileException | UnsupportedModelException e) {
                    assertThat(e.getMessage()).contains("flipped.gguf");
                    refused++;
                }
                file.write(ByteBuffer.wrap(good, i, 1), i);
            }
        }
        assertThat(refused).isGreaterThan(headerBytes / 3);
    }

    private long dataBytes() throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(write(TinyModel.good()))) {
            return checkpoint.storedTensors().stream().mapToLong(t -> t.data().byteSize()).sum();
        }
    }

    private static GgufBuilder withEmbedding(DType type, byte[] bytes) {
        GgufBuilder file =
                TinyModel.metadata("llama", 1)
                        .tensor(
                                "token_embd.weight",
                                type,
                                bytes,
                                TinyModel.VOCABULARY,
                                TinyModel.HIDDEN);
        TinyModel.block(file, "blk.0.");
        return TinyModel.norm(file, "output_norm.weight");
    }

    private String malformed(GgufBuilder file) throws IOException {
        return refusal(file, MalformedFileException.class);
    }

    /// What loading says of a file that can be opened: matrices are looked at when they are packed.
    private String unloadable(DType type, byte[] embedding) throws IOException {
        Path path = write(withEmbedding(type, embedding));
        Checkpoint.open(path).close();
        Set<String> messages = new HashSet<>();
        for (String kernels : List.of("auto", "scalar")) {
            LoadOptions options = LoadOptions.builder().kernels(kernels).build();
            Throwable thrown = catchThrowable(() -> MobileLlm.load(path, options).close());
            assertThat(thrown).isInstanceOf(MalformedFileException.class);
            messages.add(String.valueOf(thrown.getMessage()));
        }
        assertThat(messages).hasSize(1);
        return messages.iterator().next();
    }

    private String unsupported(GgufBuilder file) throws IOException {
        return refusal(file, UnsupportedModelException.class);
    }

    private String refusal(GgufBuilder file, Class<? extends Exception> expected)
            throws IOException {
        Path path = write(file);
        Throwable thrown = catchThrowable(() -> Checkpoint.open(path).close());
        assertThat(thrown).isInstanceOf(expected).hasMessageContaining("bad.gguf: ");
        return String.valueOf(thrown.getMessage());
    }

    private Path write(GgufBuilder file) throws IOException {
        return file.write(folder.resolve("bad.gguf"));
    }
}
