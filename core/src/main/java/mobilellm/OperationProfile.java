package mobilellm;

import mobilellm.engine.Session;
import mobilellm.kernel.TimedKernels;
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
    /// Shares of the first thread's time, the largest of decoding first, without what the model never does.
    ///
    /// @param prompt to read, and to take one by one
    /// @param decode ids of it that are taken one by one
    List<OperationShare> shares(int[] prompt, int decode) {
        int[] steps = Arrays.copyOf(prompt, decode);
        // Twice: the first time is for the compiler.
        decode(steps);
        Map<Operation, Double> decoding = decode(steps);
        prefill(prompt);
        Map<Operation, Double> reading = prefill(prompt);
        return Arrays.stream(Operation.values())
                .map(
                        operation ->
                                new OperationShare(
                                        operation.name().toLowerCase(Locale.ROOT),
                                        decoding.getOrDefault(operation, 0.0),
                                        reading.getOrDefault(operation, 0.0)))
                .filter(share -> share.decode() + share.prefill() > 0)
                .sorted((a, b) -> Double.compare(b.decode(), a.decode()))
                .toList();
    }

    private Map<Operation, Double> decode(int[] ids) {
        session.rollback(0);
        kernels.reset();
        for (int id : ids) {
            session.append(id);
        }
        return shares();
    }

    private Map<Operation, Double> prefill(int[] prompt) {
        session.rollback(0);
        kernels.reset();
        session.prefill(prompt, (done, total) -> true);
        return shares();
    }

    private Map<Operation, Double> shares() {
        long all = Arrays.stream(Operation.values()).mapToLong(kernels::nanos).sum();
        Map<Operation, Double> shares = new EnumMap<>(Operation.class);
        for (Operation operation : Operation.values()) {
            shares.put(operation, (double) kernels.nanos(operation) / all);
        }
        return shares;
    }
}
