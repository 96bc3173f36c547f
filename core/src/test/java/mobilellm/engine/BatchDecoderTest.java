package mobilellm.engine;

import static mobilellm.engine.TinyEngine.ids;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.config.KvType;
import mobilellm.config.LayerSharing;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Sessions that advance together compute what each computes alone.
class BatchDecoderTest {
    @ParameterizedTest
    @ValueSource(strings = {"vector", "scalar"})
    void sessionsThatComeAndGoHaveTheBitsThatTheyHaveAlone(String kernels) {
        try (TinyEngine engine = new TinyEngine(kernels, LayerSharing.NONE)) {
            BatchDecoder decoder = new BatchDecoder(engine.transformer());
            List<Session> sessions = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                sessions.add(engine.session(KvType.F16));
            }
            // One more session joins at each step, with a prompt of several chunks; then they
            // leave.
            int[] fed = new int[5];
            for (int step = 0; step < 20; step++) {
                for (int i = 0; i < Math.min(5, step + 1); i++) {
                    int[] prompt = ids(20 + 5 * i);
                    if (sessions.get(i).length() < prompt.length) {
                        decoder.prefill(sessions.get(i), prompt);
                    } else if (step < 12 + i) {
                        decoder.append(sessions.get(i), fed[i]++);
                    }
                }
                decoder.step();
            }
            for (int i = 0; i < 5; i++) {
                int[] sequence = Arrays.copyOf(ids(20 + 5 * i), 20 + 5 * i + fed[i]);
                for (int k = 0; k < fed[i]; k++) {
                    sequence[20 + 5 * i + k] = k;
                }
                assertThat(fed[i]).isPositive();
                assertThat(sessions.get(i).ids()).isEqualTo(sequence);
                assertThat(sessions.get(i).logits()).isEqualTo(engine.fresh(KvType.F16, sequence));
                sessions.get(i).close();
            }
        }
    }

    /// A step reads 128 ids of prompts; who comes late waits, who writes does not.
    @Test
    void manyPromptsAreReadInSeveralSteps() {
        try (TinyEngine engine = new TinyEngine("vector", LayerSharing.NONE)) {
            BatchDecoder decoder = new BatchDecoder(engine.transformer());
            List<Session> sessions = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                sessions.add(engine.session(KvType.F32));
            }
            List<Integer> complete = new ArrayList<>();
            for (int step = 0; step < 2; step++) {
                for (int i = 0; i < 10; i++) {
                    if (!complete.contains(i) && decoder.prefill(sessions.get(i), ids(16))) {
                        complete.add(i);
                    }
                }
                decoder.step();
                assertThat(complete).hasSize(step == 0 ? 8 : 10);
            }
            for (Session session : sessions) {
                assertThat(session.logits()).isEqualTo(engine.fresh(KvType.F32, ids(16)));
                session.close();
            }
        }
    }

    @Test
    void theLargestLogitsComeWithTheLogits() {
        try (TinyEngine engine = new TinyEngine("auto", LayerSharing.NONE);
                Session one = engine.session(KvType.F16);
                Session two = engine.session(KvType.F16)) {
            BatchDecoder decoder = new BatchDecoder(engine.transformer());
            decoder.prefill(one, ids(7));
            decoder.prefill(two, ids(3));
            decoder.step();
            assertLargest(one);
            assertLargest(two);
            two.append(5);
            assertLargest(two);
            try (Session fork = two.fork()) {
                two.append(6);
                assertLargest(fork);
            }
        }
    }

    private static void assertLargest(Session session) {
        float[] logits = session.logits();
        float[] largest = session.largestLogits();
        assertThat(largest).hasSize(Math.ceilDiv(logits.length, 32));
        for (int block = 0; block < largest.length; block++) {
            float expected = Float.NEGATIVE_INFINITY;
            for (int i = 32 * block; i < Math.min(logits.length, 32 * block + 32); i++) {
                expected = Math.max(expected, logits[i]);
            }
            assertThat(largest[block]).isEqualTo(expected);
        }
    }

    @Test
    void aPromptThatDoesNotFitDisturbsNobody() {
        try (TinyEngine engine = new TinyEngine("vector", LayerSharing.NONE);
                Session session = engine.session(KvType.F32);
                Session small =
                        new Session(engine.transformer(), new SessionOptions(8, KvType.F32))) {
            BatchDecoder decoder = new BatchDecoder(engine.transformer());
            assertThat(decoder.prefill(session, ids(10))).isTrue();
            assertThatThrownBy(() -> decoder.prefill(small, ids(9)))
                    .isInstanceOf(ContextLengthException.class);
            decoder.step();
            assertThat(session.logits()).isEqualTo(engine.fresh(KvType.F32, ids(10)));
        }
    }
}
