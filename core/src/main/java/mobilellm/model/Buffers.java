package mobilellm.model;

import mobilellm.config.ModelConfig;
import mobilellm.kernel.Activations;
import mobilellm.kernel.Operand;
import mobilellm.kernel.Operations;
import mobilellm.kernel.PackedForm;
import mobilellm.kernel.Recording;
import mobilellm.kernel.RotaryAngles;
import mobilellm.kernel.ThreadTeam.Worker;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/// What a pass computes between reading tokens and the output head, for batches of up to `rows` rows: about 40 kB a row
/// for SmolLM2-135M.
///
/// @param hidden the residual stream, `[rows, hiddenSize]`
/// @param queries `[rows, heads * headDim]`
/// @param keys `[rows, keyValueHeads * headDim]`
/// @param values `[rows, keyValueHeads * headDim]`
/// @param up `[rows, intermediateSize]` beside a gate, which is what becomes the hidden layer
/// @param shared what matrices are multiplied with, for all rows
/// @param projections of each visit, to queries, keys and values
/// @param feedForwards of each visit, from what was attended to the residual stream
/// @param own for a single row: each member of the team makes its own copy, which costs less than waiting for another's
record Buffers(
        Arena arena,
        int rows,
        RotaryAngles angles,
        Activations hidden,
        Activations queries,
        Activations keys,
        Activations values,
        Activations up,
        Operands shared,
        List<Operands> own,
        List<Recording> projections,
        List<Recording> feedForwards)
        implements AutoCloseable {
    /// @param attentionInput `[rows, hiddenSize]`
    /// @param attended `[rows, heads * headDim]`; all members write to the same f32 values
    /// @param feedForwardInput `[rows, hiddenSize]`
    /// @param feedForwardInner `[rows, intermediateSize]`; all members write to the same f32 values, and to the same operand where it is made by columns
    record Operands(
            Operand attentionInput,
            Operand attended,
            Operand feedForwardInput,
            Operand feedForwardInner) {
        static Operands of(
                Arena arena,
                Activations attentionInput,
                Activations attended,
                Activations feedForwardInput,
                Operand feedForwardInner,
                Weights weights,
                Operations kernels) {
            return new Operands(
                    kernels.operand(
                            arena,
                            attentionInput,
                            weights.forms(
                                    block -> List.of(block.query(), block.key(), block.value()))),
                    kernels.operand(
                            arena,
                            attended,
                            weights.forms(block -> List.of(block.attentionOutput()))),
                    kernels.operand(arena, feedForwardInput, weights.forms(Weights.Block::inner)),
                    feedForwardInner);
        }
    }

    static Buffers allocate(
            int rows, int threads, ModelConfig config, Weights weights, Operations kernels) {
        Arena arena = Arena.ofShared();
        int hidden = config.hiddenSize();
        int intermediate = config.intermediateSize();
        var attended = new Activations(arena, rows, config.queryWidth());
        var innerValues = new Activations(arena, rows, intermediate);
        Set<PackedForm> ofInner = weights.forms(block -> List.of(block.down()));
        Operand inner = kernels.operand(arena, innerValues, ofInner);
        Operands shared =
                Operands.of(
                        arena,
                        new Activations(arena, rows, hidden),
                        attended,
                        new Activations(arena, rows, hidden),
                        inner,
                        weights,
                        kernels);
        List<Operands> own = new ArrayList<>();
        for (int member = 0; member < threads; member++) {
            own.add(
                    Operands.of(
                            arena,
                            new Activations(arena, 1, hidden),
                            attended.firstRow(),
                            new Activations(arena, 1, hidden),
                            inner.isMadeByColumns()
                                    ? inner
                                    : kernels.operand(arena, innerValues.firstRow(), ofInner),
                            weights,
                            kernels));
        }
        return new Buffers(
                arena,
                rows,
                new RotaryAngles(rows, config.headDim(), config.rope()),
                new Activations(arena, rows, hidden),
                new Activations(arena, rows, config.queryWidth()),
                new Activations(arena, rows, config.keyValueWidth()),
                new Activations(arena, rows, config.keyValueWidth()),
                new Activations(arena, rows, config.feedForward().gated() ? intermediate : 0),
                shared,
                List.copyOf(own),
                recordings(arena, config, kernels),
                recordings(arena, config, kernels));
    }

    private static List<Recording> recordings(Arena arena, ModelConfig config, Operations kernels) {
        return Stream.generate(() -> kernels.recording(arena))
                .limit(config.plan().visits().size())
                .toList();
    }

    /// What a member works with in a pass of so many rows.
    Operands operands(int count, Worker worker) {
        return count == 1 ? own.get(worker.index()) : shared;
    }

    @Override
    public void close() {
        arena.close();
    }
}
