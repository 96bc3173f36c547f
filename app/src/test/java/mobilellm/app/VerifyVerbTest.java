package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.LoadOptions;
import mobilellm.MobileLlm;
import mobilellm.config.KvType;
import mobilellm.engine.Session;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// A model is held to outputs of its own, and to outputs that were tampered with.
class VerifyVerbTest {
    private static final int[] IDS = {258, 259, 111}; // He ll o

    private static final LoadOptions EXACT =
            LoadOptions.builder().kernels("scalar").keyValueType(KvType.F32).build();

    @TempDir Path folder;
    private final Shell shell = new Shell();
    private String model = "";
    private float[] logits = {};

    @BeforeEach
    void writeModelAndItsOutputs() throws IOException {
        Path file = TinyModel.write(folder.resolve("tiny.gguf"));
        model = file.toString();
        try (MobileLlm loaded = MobileLlm.load(file, EXACT);
                Session session = loaded.session()) {
            session.prefill(IDS, (done, total) -> true);
            logits = session.logits().clone();
        }
        reference("Hello", best(), 0);
    }

    private int best() {
        int best = 0;
        for (int id = 1; id < logits.length; id++) {
            best = logits[id] > logits[best] ? id : best;
        }
        return best;
    }

    /// One prompt, two logits of its last position and one id of its continuation.
    private void reference(String text, int next, float error) throws IOException {
        Files.writeString(
                folder.resolve("prompts.json"),
                """
                {"prompts": [{"name": "hello", "text": "%s", "ids": [258, 259, 111],
                  "greedy": {"ids": [%d], "gaps": [0.5]}}]}
                """
                        .formatted(text, next));
        String header =
                """
                {"hello.top_ids": {"dtype": "I32", "shape": [1, 2], "data_offsets": [0, 8]},
                 "hello.top_logits": {"dtype": "F32", "shape": [1, 2], "data_offsets": [8, 16]}}\
                """;
        byte[] bytes = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer buffer = ByteBuffer.allocate(8 + bytes.length + 16);
        buffer.order(ByteOrder.LITTLE_ENDIAN).putLong(bytes.length).put(bytes);
        buffer.putInt(7).putInt(42).putFloat(logits[7]).putFloat(logits[42] + error);
        Files.write(folder.resolve("logits.safetensors"), buffer.array());
    }

    private Shell.Result verify(String... options) {
        String[] reference = {"--reference", folder.toString()};
        return shell.run(
                Stream.of(List.of("verify", model), List.of(reference), List.of(options))
                        .flatMap(List::stream)
                        .toArray(String[]::new));
    }

    @Test
    void aModelEqualsItsOwnOutputs() {
        Map<String, Object> answer = verify("--json").json();
        assertThat((Double) answer.get("max_abs_error")).isLessThan(1e-5);
        assertThat(answer)
                .containsEntry("mismatches", 0)
                .containsEntry("positions", 1)
                .containsEntry("continuations", 1)
                .containsEntry("texts", 1);
        assertThat(verify().exitCode()).isZero();
        assertThat(verify().output()).contains("greedy continuations: 1 of 1 equal");
    }

    @Test
    void theWorstTokenIsShownAboveTheTolerance() throws IOException {
        reference("Hello", best(), 0.25f);
        Shell.Result result = verify();
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.output())
                .contains("largest difference is 2.50e-01", "sequence hello, position 2, token 42");
        assertThat(result.error()).contains("error: the model differs from the reference");
        assertThat(verify("--tolerance", "0.3").exitCode()).isZero();
    }

    @Test
    void anotherContinuationOrOtherIdsAreMismatches() throws IOException {
        reference("Hello!", best() == 0 ? 1 : 0, 0);
        Shell.Result result = verify("--json");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.json())
                .containsEntry("mismatches", 2)
                .containsEntry("continuations_differing", List.of("hello"))
                .containsEntry("texts_differing", List.of("hello"));
    }

    @Test
    void aFolderWithoutOutputsIsRefused() throws IOException {
        Files.delete(folder.resolve("prompts.json"));
        assertThat(verify().error()).contains("holds no reference outputs: expected prompts.json");
        Files.writeString(folder.resolve("prompts.json"), "{\"prompts\": 3}");
        assertThat(verify().error()).contains("'prompts' should be a list");
        assertThat(verify().exitCode()).isEqualTo(1);
        assertThat(shell.run("verify", model).exitCode()).isEqualTo(2);
    }
}
