package mobilellm.quantisation;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.config.KvType;
import mobilellm.engine.Session;
import mobilellm.engine.SessionOptions;
import mobilellm.evaluation.Perplexity;
import mobilellm.evaluation.Windows;
import mobilellm.kernel.KernelProvider;
import mobilellm.kernel.ThreadTeam;
import mobilellm.model.InputSquares;
import mobilellm.model.Transformer;
import mobilellm.model.Weights;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// Runs a text through a model to see what its matrices are multiplied with.
public final class ImportanceRun {
    private ImportanceRun() {}

    /// Runs the first windows of a text.
    ///
    /// @param dataset name of the text
    /// @param ids of the text
    /// @param most windows to run
    /// @param listener is told after each window how well the model predicts the text: a hint that it is one of its kind
    /// @throws IllegalArgumentException if there are less than two ids, one lies outside the vocabulary, or a window is
    ///     longer than the model's context
    public static ImportanceMatrix run(
            Checkpoint checkpoint,
            String dataset,
            int[] ids,
            Windows windows,
            int most,
            KernelProvider kernels,
            int threads,
            Consumer<Perplexity> listener) {
        var options = new SessionOptions(windows.length(), KvType.F32);
        options.check(checkpoint.config());
        try (ThreadTeam team = new ThreadTeam(threads);
                Weights weights = Weights.load(checkpoint.tensors(), kernels, team)) {
            InputSquares squares = new InputSquares(weights, kernels);
            try (Transformer transformer =
                            new Transformer(checkpoint.config(), weights, squares.kernels(), team);
                    Session session = new Session(transformer, options)) {
                windows.measure(session, ids, most, listener);
            }
            List<String> names = List.copyOf(checkpoint.tensors().matrices().keySet());
            Map<String, ImportanceMatrix.Columns> matrices = new LinkedHashMap<>();
            for (int i = 0; i < names.size(); i++) {
                matrices.put(
                        names.get(i),
                        new ImportanceMatrix.Columns(squares.sums(i), squares.rows(i)));
            }
            return new ImportanceMatrix(
                    List.of(dataset),
                    Math.min(most, windows.count(ids.length)),
                    windows.length(),
                    matrices);
        }
    }
}
