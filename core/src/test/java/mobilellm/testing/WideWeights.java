package mobilellm.testing;

import mobilellm.checkpoint.BlockTensors;
import mobilellm.checkpoint.Linear;
import mobilellm.checkpoint.ModelTensors;
import mobilellm.quant.Dequantise;
import mobilellm.tensor.DType;
import mobilellm.tensor.Tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A model's weights in 32 bits: kernels round no activations then, so results are those of plain float32 arithmetic.
public final class WideWeights {
    private WideWeights() {}

    public static ModelTensors of(ModelTensors narrow) {
        return new ModelTensors(
                wide(narrow.embedding()),
                narrow.blocks().stream().map(WideWeights::wide).toList(),
                wide(narrow.finalNorm()),
                narrow.outputHead().map(WideWeights::wide));
    }

    private static BlockTensors wide(BlockTensors block) {
        return new BlockTensors(
                wide(block.attentionNorm()),
                wide(block.query()),
                wide(block.key()),
                wide(block.value()),
                block.queryNorm().map(WideWeights::wide),
                block.keyNorm().map(WideWeights::wide),
                wide(block.attentionOutput()),
                wide(block.feedForwardNorm()),
                block.gate().map(WideWeights::wide),
                wide(block.up()),
                wide(block.down()));
    }

    private static Linear wide(Linear linear) {
        return new Linear(wide(linear.weight()), linear.bias().map(WideWeights::wide));
    }

    private static Tensor wide(Tensor tensor) {
        float[] values = Dequantise.toFloat(tensor);
        MemorySegment data = Arena.ofAuto().allocate(4L * values.length, 64);
        MemorySegment.copy(MemorySegment.ofArray(values), 0, data, 0, data.byteSize());
        return new Tensor(tensor.name(), DType.F32, tensor.shape(), data);
    }
}
