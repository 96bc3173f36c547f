package mobilellm.quantisation;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.checkpoint.Linear;
import mobilellm.config.KvType;
import mobilellm.engine.Session;
import mobilellm.engine.SessionOptions;
import mobilellm.evaluation.Divergence;
import mobilellm.evaluation.Windows;
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
    private final ThreadTeam team;
    private final Weights weights;
    private final Map<String, Linear> layers;
    private final List<PackedMatrix> matrices;
    private final IdentityHashMap<PackedMatrix, PackedMatrix> replaced = new IdentityHashMap<>();
    private final Transformer plain;
    private final Transformer watched;
    private final Session baseline;
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
        baseline = new Session(plain, options);
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
                    Tensor rounded =
                            rounded(
                                    layer.stored(),
                                    type,
                                    rounding.apply(each.getKey(), layer.stored()));
                    Tensor ordered = new Linear(rounded, layer.order(), Optional.empty()).weight();
                    replaced.put(matrices.get(index), PackedMatrix.pack(ordered, arena, team));
                }
                index++;
            }
            return windows.compare(session, baseline, ids, most, soFar -> {});
        } finally {
            replaced.clear();
        }
    }

    private Tensor rounded(Tensor tensor, DType type, Rounding rounding) {
        byte[][] shares = new byte[team.threads()][];
        team.run(
                worker -> {
                    int from = worker.from(tensor.rows());
                    int count = worker.to(tensor.rows()) - from;
                    shares[worker.index()] = Quantise.rows(tensor, from, count, type, rounding);
                });
        MemorySegment all =
                MemorySegment.ofArray(
                        new byte[Math.toIntExact(type.bytes(tensor.shape().elements()))]);
        long at = 0;
        for (byte[] share : shares) {
            MemorySegment.copy(MemorySegment.ofArray(share), 0, all, at, share.length);
            at += share.length;
        }
        return new Tensor(tensor.name(), type, tensor.shape(), all);
    }

    @Override
    public void close() {
        session.close();
        baseline.close();
        watched.close();
        plain.close();
        weights.close();
        team.close();
    }
}
