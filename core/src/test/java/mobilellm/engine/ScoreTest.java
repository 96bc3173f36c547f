package mobilellm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import mobilellm.config.KvType;
import mobilellm.config.LayerSharing;
import mobilellm.sampling.Sampler;
import mobilellm.sampling.TokenLogprob;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Scores of the ids of a sequence against the logits before each of them.
class ScoreTest {
    private final TinyEngine engine = new TinyEngine("auto", LayerSharing.NONE);

    @AfterEach
    void close() {
        engine.close();
    }

    @Test
    void eachIdHasTheProbabilityThatTheLogitsBeforeItGive() {
        int[] ids = TinyEngine.ids(100);
        try (Session session = engine.session(KvType.F16)) {
            for (int first : new int[] {1, 40, 99}) {
                List<TokenScore> scores = scores(session, ids, first);
                assertThat(scores).hasSize(100 - first);
                for (int position = first; position < 100; position++) {
                    float[] logits = engine.fresh(KvType.F16, Arrays.copyOf(ids, position));
                    TokenLogprob expected = Sampler.logprob(logits, ids[position]);
                    TokenLogprob best = Sampler.topLogprobs(logits, 1).getFirst();
                    TokenScore score = scores.get(position - first);
                    assertThat(score.logprob()).isCloseTo(expected.logprob(), within(2e-6));
                    assertThat(score.best()).isEqualTo(best.id());
                    assertThat(score.bestLogprob()).isCloseTo(best.logprob(), within(2e-6));
                }
            }
        }
    }

    /// Continuations of one context, as of a question with several answers.
    @Test
    void whatTheSessionHoldsIsNotComputedAgainAndChangesNothing() {
        int[] context = TinyEngine.ids(50);
        try (Session session = engine.session(KvType.F32)) {
            for (int answer = 0; answer < 3; answer++) {
                int[] ids = Arrays.copyOf(context, 60);
                Arrays.fill(ids, 50, 60, answer);
                try (Session fresh = engine.session(KvType.F32)) {
                    assertThat(scores(session, ids, 50)).isEqualTo(scores(fresh, ids, 50));
                }
                assertThat(session.ids()).isEqualTo(Arrays.copyOf(ids, 59));
            }
        }
    }

    private static List<TokenScore> scores(Session session, int[] ids, int first) {
        List<TokenScore> scores = new ArrayList<>();
        session.score(
                ids,
                first,
                (position, score) -> {
                    assertThat(position).isEqualTo(first + scores.size());
                    scores.add(score);
                });
        return scores;
    }

    @Test
    void whatCannotBeScoredIsRefused() {
        try (Session session = engine.session(KvType.F32)) {
            int[] ids = TinyEngine.ids(3);
            assertThatThrownBy(() -> session.score(ids, 0, (_, _) -> {}))
                    .hasMessageContaining("must be 1 to 2, got 0");
            assertThatThrownBy(() -> session.score(ids, 3, (_, _) -> {}))
                    .hasMessageContaining("must be 1 to 2, got 3");
            assertThatThrownBy(() -> session.score(new int[] {1, 2, 7777}, 1, (_, _) -> {}))
                    .hasMessageContaining("7777");
            assertThatThrownBy(
                            () ->
                                    session.score(
                                            new int[session.contextLength() + 2], 1, (_, _) -> {}))
                    .isInstanceOf(ContextLengthException.class);
        }
    }
}
