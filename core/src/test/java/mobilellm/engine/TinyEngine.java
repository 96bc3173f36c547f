package mobilellm.engine;

import mobilellm.checkpoint.ModelTensors;
import mobilellm.config.KvType;
import mobilellm.config.LayerSharing;
import mobilellm.kernel.Kernels;
import mobilellm.kernel.ThreadTeam;
import mobilellm.model.Transformer;
import mobilellm.model.Weights;
import mobilellm.testing.TinyModel;

import java.util.stream.IntStream;

/// A transformer of random weights, and sessions of it.
public final class TinyEngine implements AutoCloseable {
    private final ThreadTeam team;
    private final Weights weights;
    private final Transformer transformer;

    TinyEngine(String kernels, LayerSharing sharing) {
        this(kernels, sharing, 2);
    }

    public TinyEngine(String kernels, LayerSharing sharing, int threads) {
        this(TinyModel.tensors(), kernels, sharing, threads);
    }

    TinyEngine(ModelTensors tensors, String kernels, LayerSharing sharing) {
        this(tensors, kernels, sharing, 2);
    }

    private TinyEngine(ModelTensors tensors, String kernels, LayerSharing sharing, int threads) {
        team = new ThreadTeam(threads);
        weights = Weights.load(tensors, Kernels.of(kernels), team);
        transformer =
                new Transformer(
                        TinyModel.config().withSharing(sharing),
                        weights,
                        Kernels.of(kernels),
                        team);
    }

    Transformer transformer() {
        return transformer;
    }

    public Session session(KvType type) {
        return new Session(transformer, new SessionOptions(TinyModel.CONTEXT, type, 16));
    }

    public PredictionScorer scorer(int batchRows) {
        return new PredictionScorer(
                transformer, new SessionOptions(TinyModel.CONTEXT, KvType.F16), batchRows);
    }

    /// The logits after a sequence that a fresh session is given at once.
    float[] fresh(KvType type, int... ids) {
        try (Session session = session(type)) {
            session.prefill(ids, (done, total) -> true);
            return session.logits().clone();
        }
    }

    public static int[] ids(int count) {
        return IntStream.range(0, count).map(i -> (i * 37 + 11) % 96).toArray();
    }

    @Override
    public void close() {
        transformer.close();
        weights.close();
        team.close();
    }
}
