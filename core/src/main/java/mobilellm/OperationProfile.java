package mobilellm;

import mobilellm.OperationCost.Work;
import mobilellm.engine.Session;
import mobilellm.kernel.TimedKernels;
import mobilellm.kernel.TimedKernels.Amounts;
import mobilellm.kernel.TimedKernels.Operation;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Measures what a session's passes spend their time on.
///
/// @param session an empty one, whose transformer computes with `kernels`
record OperationProfile(Session session, TimedKernels kernels) {
    private static final Work NONE = new Work(0, 0, 0, 0, 0, 0);

    /// The dearest of decoding first, without what the model never does.
    ///
    /// @param prompt to read, and to take one by one
    /// @param depth ids of it, over and over, that are in the cache before those
    /// @param decode ids of it that are taken one by one
    List<OperationCost> costs(int[] prompt, int depth, int decode) {
        int[] steps = Arrays.copyOf(prompt, decode);
        if (depth > 0) {
            int[] before = new int[depth];
            Arrays.setAll(before, i -> prompt[i % prompt.length]);
            session.prefill(before, (done, total) -> true);
        }
        // Twice: the first time is for the compiler.
        decode(depth, steps);
        Map<Operation, Work> decoding = decode(depth, steps);
        prefill(prompt);
        Map<Operation, Work> reading = prefill(prompt);
        return Arrays.stream(Operation.values())
                .map(
                        operation ->
                                new OperationCost(
                                        operation.name().toLowerCase(Locale.ROOT),
                                        decoding.getOrDefault(operation, NONE),
                                        reading.getOrDefault(operation, NONE)))
                .filter(cost -> cost.decode().share() + cost.prefill().share() > 0)
                .sorted((a, b) -> Double.compare(b.decode().share(), a.decode().share()))
                .toList();
    }

    private Map<Operation, Work> decode(int depth, int[] ids) {
        session.rollback(depth);
        kernels.reset();
        for (int id : ids) {
            session.append(id);
        }
        return works();
    }

    private Map<Operation, Work> prefill(int[] prompt) {
        session.rollback(0);
        kernels.reset();
        session.prefill(prompt, (done, total) -> true);
        return works();
    }

    private Map<Operation, Work> works() {
        double all = Arrays.stream(Operation.values()).mapToDouble(one -> kernels.nanos(one)).sum();
        Map<Operation, Work> works = new EnumMap<>(Operation.class);
        for (Operation operation : Operation.values()) {
            double nanos = kernels.nanos(operation);
            Amounts amounts = kernels.amounts(operation);
            works.put(
                    operation,
                    new Work(
                            nanos / all,
                            nanos / 1e9,
                            amounts.modelBytes(),
                            amounts.activationBytes(),
                            amounts.int8Operations(),
                            amounts.floatOperations()));
        }
        return works;
    }
}
