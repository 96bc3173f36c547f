package mobilellm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.config.KvType;
import mobilellm.kernel.KernelProvider;
import mobilellm.kernel.Kernels;
import mobilellm.kernel.ThreadTeam;
import mobilellm.model.Transformer;
import mobilellm.model.Weights;
import mobilellm.testing.TinyModel;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// However a sequence comes about, its logits are those of a fresh session, bit for bit.
class SessionTest {
    private static final PrefillListener SILENT = (done, total) -> true;

    private final ThreadTeam team = new ThreadTeam(2);
    private final KernelProvider kernels = Kernels.of("scalar");
    private final Weights weights = Weights.load(TinyModel.tensors(), kernels, team);
    private final Transformer transformer =
            new Transformer(TinyModel.config(), weights, kernels, team);

    @AfterEach
    void free() {
        transformer.close();
        weights.close();
        team.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 64})
    void theChunkDoesNotMatter(int chunk) {
        int[] prompt = ids(50);
        try (Session session = session(64, chunk)) {
            session.prefill(prompt, SILENT);

            assertThat(session.logits()).isEqualTo(fresh(prompt));
            assertThat(session.ids()).isEqualTo(prompt);
        }
    }

    @Test
    void anAppendedIdCountsAsIfItHadBeenInThePrompt() {
        int[] prompt = ids(20);
        try (Session session = session(64, 16)) {
            session.prefill(Arrays.copyOf(prompt, 15), SILENT);
            for (int i = 15; i < 20; i++) {
                session.append(prompt[i]);
            }

            assertThat(session.logits()).isEqualTo(fresh(prompt));
        }
    }

    @Test
    void aSharedPrefixIsNotComputedAgain() {
        int[] first = ids(40);
        int[] second = first.clone();
        second[30]++;
        List<Integer> progress = new ArrayList<>();
        try (Session session = session(64, 16)) {
            session.prefill(first, SILENT);

            assertThat(session.reusable(second)).isEqualTo(30);
            session.prefill(second, (done, total) -> progress.add(done));

            assertThat(progress).containsExactly(30, 40);
            assertThat(session.logits()).isEqualTo(fresh(second));
        }
    }

    @Test
    void theSamePromptAgainComputesItsLastId() {
        int[] prompt = ids(20);
        try (Session session = session(64, 16)) {
            session.prefill(prompt, SILENT);
            session.append(3);

            assertThat(session.reusable(prompt)).isEqualTo(19);
            session.prefill(prompt, SILENT);

            assertThat(session.logits()).isEqualTo(fresh(prompt));
        }
    }

    @Test
    void aStoppedPrefillCanBeTakenUpAgain() {
        int[] prompt = ids(50);
        try (Session session = session(64, 8)) {
            boolean complete = session.prefill(prompt, (done, total) -> done < 20);

            assertThat(complete).isFalse();
            assertThat(session.ids()).isEqualTo(Arrays.copyOf(prompt, 24));
            assertThat(session.prefill(prompt, SILENT)).isTrue();
            assertThat(session.logits()).isEqualTo(fresh(prompt));
        }
    }

    @Test
    void aShiftLeavesTheBeginningAndTheNewerHalfOfTheRest() {
        int[] prompt = ids(21);
        try (Session session = session(32, 16)) {
            session.prefill(prompt, SILENT);

            session.shift(5);

            int[] kept =
                    IntStream.concat(
                                    Arrays.stream(prompt, 0, 5),
                                    Arrays.stream(prompt, 13, prompt.length))
                            .toArray();
            assertThat(session.ids()).isEqualTo(kept);
            assertThat(session.logits()).isEqualTo(fresh(kept));
        }
    }

    @Test
    void aShiftThatWouldDropNothingIsRefused() {
        try (Session session = session(32, 16)) {
            session.prefill(ids(10), SILENT);

            assertThatThrownBy(() -> session.shift(10))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("first 10 of 10");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 512})
    void logitsAtEveryPositionAreThoseOfDecoding(int chunk) {
        int[] sequence = ids(12);
        List<float[]> rows = new ArrayList<>();
        try (Session session = session(16, 16)) {
            session.logits(sequence, 0, chunk, (position, logits) -> rows.add(logits.clone()));
        }

        assertThat(rows).hasSize(12);
        for (int position = 0; position < 12; position++) {
            assertThat(rows.get(position)).isEqualTo(fresh(Arrays.copyOf(sequence, position + 1)));
        }
    }

    @Test
    void aPromptThatDoesNotFitIsRefusedBeforeAnythingIsComputed() {
        try (Session session = session(16, 16)) {
            session.prefill(ids(10), SILENT);

            assertThatThrownBy(() -> session.prefill(ids(17), SILENT))
                    .isInstanceOf(ContextLengthException.class)
                    .hasMessageContaining("17 tokens")
                    .hasMessageContaining("room for 16");
            assertThat(session.ids()).isEqualTo(ids(10));
        }
    }

    @Test
    void aPromptWithoutIdsOrWithUnknownOnesIsRefused() {
        try (Session session = session(16, 16)) {
            assertThatThrownBy(() -> session.prefill(new int[0], SILENT))
                    .hasMessageContaining("empty");
            assertThatThrownBy(() -> session.prefill(new int[] {1, -1}, SILENT))
                    .hasMessageContaining("token id -1 at position 1");
            assertThatThrownBy(() -> session.prefill(new int[] {102}, SILENT))
                    .hasMessageContaining("vocabulary of 102");
        }
    }

    @Test
    void nothingIsAppendedToAFullContext() {
        try (Session session = session(4, 16)) {
            session.prefill(ids(4), SILENT);

            assertThatThrownBy(() -> session.append(1))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("all 4 positions");
        }
    }

    @Test
    void aContextBeyondWhatTheModelWasTrainedForIsRefused() {
        assertThatThrownBy(() -> session(TinyModel.CONTEXT + 1, 16))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("193")
                .hasMessageContaining("192");
    }

    private float[] fresh(int[] ids) {
        try (Session session = session(ids.length, 512)) {
            session.prefill(ids, SILENT);
            return session.logits().clone();
        }
    }

    private Session session(int context, int chunk) {
        return new Session(transformer, new SessionOptions(context, KvType.F32, chunk));
    }

    private static int[] ids(int count) {
        return IntStream.range(0, count).map(i -> (i * 37 + 11) % 96).toArray();
    }
}
