package mobilellm.model;

import mobilellm.config.ModelConfig;
import mobilellm.kernel.Activations;
import mobilellm.kernel.Operand;
import mobilellm.kernel.Operations;
import mobilellm.kernel.RotaryAngles;

import java.lang.foreign.Arena;
import java.util.List;

/// What a pass computes between reading tokens and the output head, for batches of up to `rows` rows: about 40 kB a row
/// for SmolLM2-135M.
///
/// @param hidden the residual stream, `[rows, hiddenSize]`
/// @param queries `[rows, heads * headDim]`
/// @param keys `[rows, keyValueHeads * headDim]`
/// @param values `[rows, keyValueHeads * headDim]`
/// @param gate `[rows, intermediateSize]`
/// @param up `[rows, intermediateSize]`
/// @param attentionInput `[rows, hiddenSize]`
/// @param attended `[rows, heads * headDim]`
/// @param feedForwardInput `[rows, hiddenSize]`
/// @param feedForwardInner `[rows, intermediateSize]`
record Buffers(
        Arena arena,
        int rows,
        RotaryAngles angles,
        Activations hidden,
        Activations queries,
        Activations keys,
        Activations values,
        Activations gate,
        Activations up,
        Operand attentionInput,
        Operand attended,
        Operand feedForwardInput,
        Operand feedForwardInner)
        implements AutoCloseable {
    static Buffers allocate(int rows, ModelConfig config, Weights weights, Operations kernels) {
        Arena arena = Arena.ofShared();
        int hidden = config.hiddenSize();
        int intermediate = config.intermediateSize();
        return new Buffers(
                arena,
                rows,
                new RotaryAngles(rows, config.headDim(), config.rope()),
                new Activations(arena, rows, hidden),
                new Activations(arena, rows, config.queryWidth()),
                new Activations(arena, rows, config.keyValueWidth()),
                new Activations(arena, rows, config.keyValueWidth()),
                new Activations(arena, rows, config.feedForward().gated() ? intermediate : 0),
                new Activations(arena, rows, intermediate),
                kernels.operand(
                        arena,
                        rows,
                        hidden,
                        weights.forms(block -> List.of(block.query(), block.key(), block.value()))),
                kernels.operand(
                        arena,
                        rows,
                        config.queryWidth(),
                        weights.forms(block -> List.of(block.attentionOutput()))),
                kernels.operand(arena, rows, hidden, weights.forms(Weights.Block::inner)),
                kernels.operand(
                        arena, rows, intermediate, weights.forms(block -> List.of(block.down()))));
    }

    @Override
    public void close() {
        arena.close();
    }
}
