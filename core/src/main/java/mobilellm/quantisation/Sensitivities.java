package mobilellm.quantisation;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.checkpoint.Linear;
import mobilellm.config.KvType;
import mobilellm.engine.Session;
import mobilellm.engine.SessionOptions;
import mobilellm.evaluation.Divergence;
import mobilellm.evaluation.KeptPredictions;
import mobilellm.evaluation.Predictions;
import mobilellm.evaluation.Windows;
import mobilellm.file.Sha256;
import mobilellm.kernel.KernelProvider;
import mobilellm.kernel.PackedForm;
import mobilellm.kernel.PackedMatrix;
import mobilellm.kernel.ThreadTeam;
import mobilellm.kernel.WatchedKernels;
import mobilellm.model.Transformer;
import mobilellm.model.Weights;
import mobilellm.quant.Quantise;
import mobilellm.quant.Rounding;
import mobilellm.tensor.DType;
import mobilellm.tensor.Tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Collectors;

/// What it costs to round matrices, as the divergence of the model's predictions from its own before: one after the other,
/// or some together.
///
/// The model stays in memory once; while rounded matrices are tried, one of two forward passes takes them in the place of the
/// others.
public final class Sensitivities implements AutoCloseable {
    /// Rows that a member rounds at a time.
    private static final int ROWS = 64;

    /// Of the model's own logits, which are the same for all that is tried.
    private static final long MOST_KEPT_BYTES = 512L << 20;

    private final ThreadTeam team;
    private final Weights weights;
    private final Map<String, Linear> layers;
    private final List<PackedMatrix> matrices;
    private final IdentityHashMap<PackedMatrix, PackedMatrix> replaced = new IdentityHashMap<>();
    private final Transformer plain;
    private final Transformer watched;
    private final Predictions baseline;
    private final Session plainSession;
    private final Session session;
    private final int[] ids;
    private final Windows windows;
    private final int most;

    /// Loads a model.
    ///
    /// @param types that matrices may be rounded to
    /// @param ids of the text
    /// @param windows in which the text is compared
    /// @param most windows
    /// @throws IllegalArgumentException if a window is longer than the model's context
    public Sensitivities(
            Checkpoint checkpoint,
            Set<DType> types,
            int[] ids,
            Windows windows,
            int most,
            KernelProvider kernels,
            int threads) {
        this.ids = ids.clone();
        this.windows = windows;
        this.most = most;
        var options = new SessionOptions(windows.length(), KvType.F16);
        options.check(checkpoint.config());
        layers = checkpoint.tensors().matrices();
        team = new ThreadTeam(threads);
        weights = Weights.load(checkpoint.tensors(), kernels, team);
        matrices = weights.matrices();
        var watcher =
                new WatchedKernels.Watcher() {
                    @Override
                    public PackedMatrix instead(PackedMatrix matrix) {
                        return replaced.getOrDefault(matrix, matrix);
                    }
                };
        plain = new Transformer(checkpoint.config(), weights, kernels, team);
        watched =
                new Transformer(
                        checkpoint.config(),
                        weights,
                        new WatchedKernels(kernels, watcher, forms(types)),
                        team);
        plainSession = new Session(plain, options);
        baseline = new KeptPredictions(Predictions.of(plainSession), MOST_KEPT_BYTES);
        session = new Session(watched, options);
    }

    private static Set<PackedForm> forms(Set<DType> types) {
        return types.stream().map(PackedForm::of).collect(Collectors.toUnmodifiableSet());
    }

    /// The divergence that comes of rounding one matrix, all others as they are.
    ///
    /// @throws IllegalArgumentException if the text has less than two ids, or one lies outside the vocabulary
    public Divergence of(String matrix, DType type, Rounding rounding) {
        return of(Map.of(matrix, type), (name, tensor) -> rounding);
    }

    /// The divergence that comes of rounding some matrices.
    ///
    /// @param rounding by name and tensor
    public Divergence of(Map<String, DType> types, BiFunction<String, Tensor, Rounding> rounding) {
        try (Arena arena = Arena.ofShared()) {
            int index = 0;
            for (Map.Entry<String, Linear> each : layers.entrySet()) {
                DType type = types.get(each.getKey());
                Linear layer = each.getValue();
                if (type != null && type != layer.stored().type()) {
                    Rounding how = rounding.apply(each.getKey(), layer.stored());
                    try (Arena own = Arena.ofShared()) {
                        Tensor rounded = rounded(layer.stored(), type, how, own);
                        Tensor ordered =
                                new Linear(rounded, layer.order(), Optional.empty()).weight();
                        replaced.put(matrices.get(index), PackedMatrix.pack(ordered, arena, team));
                    }
                }
                index++;
            }
            return windows.compare(session, baseline, ids, most, _ -> {});
        } finally {
            replaced.clear();
        }
    }

    /// Outside the heap, which would grow by all that is tried.
    private Tensor rounded(Tensor tensor, DType type, Rounding rounding, Arena arena) {
        long rowBytes = type.bytes(tensor.columns());
        MemorySegment all = arena.allocate(rowBytes * tensor.rows(), Float.BYTES);
        team.run(
                worker -> {
                    int end = worker.to(tensor.rows());
                    for (int row = worker.from(tensor.rows()); row < end; row += ROWS) {
                        int count = Math.min(ROWS, end - row);
                        byte[] rows = Quantise.rows(tensor, row, count, type, rounding);
                        MemorySegment.copy(
                                MemorySegment.ofArray(rows), 0, all, row * rowBytes, rows.length);
                    }
                });
        return new Tensor(tensor.name(), type, tensor.shape(), all);
    }

    /// What the divergences depend on besides the rounding: the model, the text and its windows. 64 hexadecimal digits.
    public String identity() {
        return Sha256.of(
                "%s %s %s %d".formatted(plain.identity(), Arrays.toString(ids), windows, most));
    }

    @Override
    public void close() {
        session.close();
        plainSession.close();
        watched.close();
        plain.close();
        weights.close();
        team.close();
    }
}
