package mobilellm.model;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.checkpoint.ModelTensors;
import mobilellm.config.KvType;
import mobilellm.config.ModelConfig;
import mobilellm.config.Precision;
import mobilellm.kernel.Kernels;
import mobilellm.kernel.ThreadTeam;

import java.io.IOException;
import java.nio.file.Path;

/// A model ready to run, with the team and the weights that it owns.
final class RunningModel implements AutoCloseable {
    private final ThreadTeam team;
    private final Weights weights;
    private final Transformer transformer;

    RunningModel(ModelTensors tensors, ModelConfig config, String kernels, int threads) {
        this(tensors, config, Precision.NATIVE, kernels, threads);
    }

    RunningModel(
            ModelTensors tensors,
            ModelConfig config,
            Precision precision,
            String kernels,
            int threads) {
        team = new ThreadTeam(threads);
        weights = Weights.load(tensors, precision, Kernels.of(kernels), team);
        transformer = new Transformer(config, weights, Kernels.of(kernels), team);
    }

    static RunningModel open(Path path, String kernels, int threads) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(path)) {
            return new RunningModel(checkpoint.tensors(), checkpoint.config(), kernels, threads);
        }
    }

    Transformer transformer() {
        return transformer;
    }

    /// Ids of the threads that compute, the caller's first.
    long[] threads() {
        long[] ids = new long[team.threads()];
        team.run(worker -> ids[worker.index()] = Thread.currentThread().threadId());
        return ids;
    }

    KvCache cache(int capacity, KvType type) {
        return new KvCache(transformer.config(), capacity, type);
    }

    /// The logits at every position of sequences that are run side by side, so many tokens of each at a time.
    ///
    /// @return `[sequence][position][vocabulary]`
    float[][][] logits(int[][] sequences, int chunk, KvType type) {
        float[][][] logits = new float[sequences.length][][];
        KvCache[] caches = new KvCache[sequences.length];
        int longest = 0;
        for (int s = 0; s < sequences.length; s++) {
            logits[s] = new float[sequences[s].length][transformer.config().vocabularySize()];
            caches[s] = cache(sequences[s].length, type);
            longest = Math.max(longest, sequences[s].length);
        }
        Batch batch = new Batch();
        for (int from = 0; from < longest; from += chunk) {
            batch.clear();
            for (int s = 0; s < sequences.length; s++) {
                for (int i = from; i < Math.min(from + chunk, sequences[s].length); i++) {
                    batch.add(caches[s], sequences[s][i], true);
                }
            }
            transformer.forward(batch);
            int row = 0;
            for (int s = 0; s < sequences.length; s++) {
                for (int i = from; i < Math.min(from + chunk, sequences[s].length); i++) {
                    transformer.logits(row++, logits[s][i]);
                }
            }
        }
        for (KvCache cache : caches) {
            cache.close();
        }
        return logits;
    }

    /// The ids that follow a prompt when always the best one is taken.
    int[] greedy(int[] prompt, int count) {
        int[] ids = new int[count];
        float[] logits = new float[transformer.config().vocabularySize()];
        Batch batch = new Batch();
        try (KvCache cache = cache(prompt.length + count, KvType.F32)) {
            for (int i = 0; i < prompt.length; i++) {
                batch.add(cache, prompt[i], i == prompt.length - 1);
            }
            for (int i = 0; i < count; i++) {
                transformer.forward(batch);
                transformer.logits(0, logits);
                ids[i] = best(logits);
                batch.clear();
                batch.add(cache, ids[i], true);
            }
        }
        return ids;
    }

    /// The id with the largest logit, the lowest of several.
    static int best(float[] logits) {
        int best = 0;
        for (int id = 0; id < logits.length; id++) {
            if (logits[id] > logits[best]) {
                best = id;
            }
        }
        return best;
    }

    @Override
    public void close() {
        transformer.close();
        weights.close();
        team.close();
    }
}
