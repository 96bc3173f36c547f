package mobilellm.model;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.testing.Shared;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// The oracle against another program; [FixtureParityTest] holds it against PyTorch.
class ReferenceTest {
    /// What llama2.c prints with temperature 0; it begins with BOS.
    @Test
    void tellsTheStory() throws IOException {
        String expected =
                Files.readString(Shared.path("data/weights/stories260K/expected_greedy_n200.txt"));
        Path model = Shared.path("data/weights/stories260K/stories260K.f32.gguf");
        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            Reference reference = new Reference(checkpoint.tensors(), checkpoint.config());
            List<?> vocabulary =
                    (List<?>)
                            checkpoint.metadata().getOrDefault("tokenizer.ggml.tokens", List.of());
            int[] ids = {1};
            StringBuilder story = new StringBuilder();
            while (story.length() < 200) {
                int next = largest(reference.logits(ids));
                story.append(text((String) vocabulary.get(next)));
                ids = Arrays.copyOf(ids, ids.length + 1);
                ids[ids.length - 1] = next;
            }
            assertThat(expected).startsWith(story.toString().strip());
        }
    }

    private static int largest(double[][] logits) {
        double[] last = logits[logits.length - 1];
        int largest = 0;
        for (int id = 0; id < last.length; id++) {
            if (last[id] > last[largest]) {
                largest = id;
            }
        }
        return largest;
    }

    /// SentencePiece writes a space as U+2581 and a byte as `<0x0A>`.
    private static String text(String piece) {
        return piece.equals("<0x0A>") ? "\n" : piece.replace('\u2581', ' ');
    }
}
