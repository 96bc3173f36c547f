package mobilellm.model;

import mobilellm.checkpoint.BlockTensors;
import mobilellm.checkpoint.Linear;
import mobilellm.checkpoint.ModelTensors;
import mobilellm.config.Attention.QueryKeyNorm;
import mobilellm.config.LayerPlan;
import mobilellm.config.ModelConfig;
import mobilellm.quant.Dequantise;
import mobilellm.tensor.Tensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// The model in 64-bit arithmetic, plain loops and no cache: what every faster path is measured against.
///
/// It is written to be read beside the papers: Llama's decoder block (Touvron et al. 2023), RMSNorm (Zhang and
/// Sennrich 2019), rotary positions (Su et al. 2021), grouped-query attention (Ainslie et al. 2023), SwiGLU (Shazeer
/// 2020), and MobileLLM's tied embedding and repeated blocks (Liu et al. 2024). Weights are dequantised to `float`,
/// which is exact; everything after that is `double`. A sequence is computed from its start, all positions at once.
/// Rows of a matrix are spread over the common pool; each output element is one sum in index order, so the bits do not
/// depend on how many threads there are.
///
/// Names in shapes: `n` positions, `hidden`, `intermediate` and `vocabulary` as in [ModelConfig].
public final class Reference {
    private final ModelConfig config;
    private final LayerPlan plan;
    private final Matrix embedding; // [vocabulary, hidden]
    private final List<Block> blocks;
    private final Matrix finalNorm; // [hidden]
    private final Matrix outputHead; // [vocabulary, hidden]

    /// Takes 4 bytes of heap a weight. The tensors may be unmapped afterwards.
    public Reference(ModelTensors tensors, ModelConfig config) {
        this.config = config;
        plan = config.plan();
        embedding = new Matrix(tensors.embedding());
        blocks = tensors.blocks().stream().map(Block::of).toList();
        finalNorm = new Matrix(tensors.finalNorm());
        outputHead = tensors.outputHead().map(Matrix::new).orElse(embedding);
    }

    /// Next-token logits at every position.
    ///
    /// @return `[n, vocabulary]`
    /// @throws IllegalArgumentException if there is no id, or one lies outside the vocabulary
    public double[][] logits(int[] ids) {
        return times(rmsNorm(hiddenStates(ids).getLast(), finalNorm), outputHead);
    }

    /// The residual stream: the embedding first, then as each visit of the layer plan leaves it.
    ///
    /// @return `visits + 1` matrices of `[n, hidden]`
    /// @throws IllegalArgumentException if there is no id, or one lies outside the vocabulary
    public List<double[][]> hiddenStates(int[] ids) {
        List<double[][]> states = new ArrayList<>();
        double[][][] keys =
                new double[plan.cacheSlots()][][]; // per slot [n, keyValueHeads * headDim]
        double[][][] values = new double[plan.cacheSlots()][][];
        double[][] stream = embed(ids); // [n, hidden]
        states.add(stream);
        for (LayerPlan.Visit visit : plan.visits()) {
            Block block = blocks.get(visit.block());
            int slot = visit.cacheSlot();

            double[][] attentionInput = rmsNorm(stream, block.attentionNorm);
            double[][] queries = // [n, heads * headDim]
                    positioned(block.query.of(attentionInput), block.queryNorm);
            if (visit.writesCache()) {
                keys[slot] = positioned(block.key.of(attentionInput), block.keyNorm);
                values[slot] = block.value.of(attentionInput);
            }
            double[][] attended = attend(queries, keys[slot], values[slot]); // [n, heads * headDim]
            stream = plus(stream, block.attentionOutput.of(attended));

            double[][] feedForwardInput = rmsNorm(stream, block.feedForwardNorm);
            double[][] up = block.up.of(feedForwardInput); // [n, intermediate]
            double[][] inner = // [n, intermediate]
                    block.gate.isPresent()
                            ? swiGlu(block.gate.get().of(feedForwardInput), up)
                            : relu(up);
            stream = plus(stream, block.down.of(inner));
            states.add(stream);
        }
        return states;
    }

    private double[][] embed(int[] ids) {
        if (ids.length == 0) {
            throw new IllegalArgumentException("expected at least one token id, got none");
        }
        double[][] stream = new double[ids.length][config.hiddenSize()];
        for (int position = 0; position < ids.length; position++) {
            int id = ids[position];
            if (id < 0 || id >= embedding.rows) {
                throw new IllegalArgumentException(
                        "token id %d at position %d lies outside the vocabulary of %d"
                                .formatted(id, position, embedding.rows));
            }
            int start = id * embedding.columns;
            for (int i = 0; i < embedding.columns; i++) {
                stream[position][i] = embedding.values[start + i];
            }
        }
        return stream;
    }

    /// `x * weight / sqrt(mean(x^2) + epsilon)`, each row by itself.
    private double[][] rmsNorm(double[][] input, Matrix weight) {
        double[][] output = new double[input.length][];
        for (int position = 0; position < input.length; position++) {
            output[position] = input[position].clone();
            rmsNorm(output[position], 0, weight.values);
        }
        return output;
    }

    /// The same in place for as many dimensions as there are weights, from `start` on.
    private void rmsNorm(double[] row, int start, float[] weights) {
        double squares = 0;
        for (int i = 0; i < weights.length; i++) {
            squares += row[start + i] * row[start + i];
        }
        double scale = 1 / Math.sqrt(squares / weights.length + config.rmsNormEpsilon());
        for (int i = 0; i < weights.length; i++) {
            row[start + i] *= scale * weights[i];
        }
    }

    /// Queries or keys as attention compares them: rotated, and each head normalised before (with a weight: Qwen3) or
    /// after that (without: Llama 4) where the model does.
    private double[][] positioned(double[][] heads, Optional<Matrix> norm) {
        norm.ifPresent(weight -> normaliseHeads(heads, weight.values));
        rotate(heads);
        if (config.attention().norm() == QueryKeyNorm.PLAIN_AFTER_ROPE) {
            float[] ones = new float[config.headDim()];
            Arrays.fill(ones, 1);
            normaliseHeads(heads, ones);
        }
        return heads;
    }

    private void normaliseHeads(double[][] heads, float[] weights) {
        for (double[] row : heads) {
            for (int head = 0; head < row.length; head += weights.length) {
                rmsNorm(row, head, weights);
            }
        }
    }

    /// Rotates every head in place: dimensions `i` and `i + headDim / 2` are one pair, turned by
    /// `position * frequencies[i]`.
    private void rotate(double[][] heads) {
        int headDim = config.headDim();
        int half = headDim / 2;
        double[] frequencies = config.rope().frequencies(headDim);
        double factor = config.rope().attentionFactor();
        for (int position = 0; position < heads.length; position++) {
            double[] row = heads[position];
            for (int i = 0; i < half; i++) {
                double angle = position * frequencies[i];
                double cos = factor * Math.cos(angle);
                double sin = factor * Math.sin(angle);
                for (int head = 0; head < row.length; head += headDim) {
                    double first = row[head + i];
                    double second = row[head + half + i];
                    row[head + i] = first * cos - second * sin;
                    row[head + half + i] = second * cos + first * sin;
                }
            }
        }
    }

    /// Causal attention; query head `h` reads key/value head `h / groupSize`.
    private double[][] attend(double[][] queries, double[][] keys, double[][] values) {
        int headDim = config.headDim();
        double[][] output = new double[queries.length][config.queryWidth()];
        for (int position = 0; position < queries.length; position++) {
            for (int head = 0; head < config.heads(); head++) {
                int query = head * headDim;
                int keyValue = head / config.groupSize() * headDim;
                double[] weights = new double[position + 1];
                for (int earlier = 0; earlier <= position; earlier++) {
                    double score = 0;
                    for (int i = 0; i < headDim; i++) {
                        score += queries[position][query + i] * keys[earlier][keyValue + i];
                    }
                    weights[earlier] = score / Math.sqrt(headDim);
                }
                softmax(weights);
                for (int earlier = 0; earlier <= position; earlier++) {
                    for (int i = 0; i < headDim; i++) {
                        output[position][query + i] +=
                                weights[earlier] * values[earlier][keyValue + i];
                    }
                }
            }
        }
        return output;
    }

    private static void softmax(double[] scores) {
        double largest = Double.NEGATIVE_INFINITY;
        for (double score : scores) {
            largest = Math.max(largest, score);
        }
        double sum = 0;
        for (int i = 0; i < scores.length; i++) {
            scores[i] = Math.exp(scores[i] - largest);
            sum += scores[i];
        }
        for (int i = 0; i < scores.length; i++) {
            scores[i] /= sum;
        }
    }

    /// `silu(gate) * up`, where `silu(x) = x / (1 + exp(-x))`.
    private static double[][] swiGlu(double[][] gate, double[][] up) {
        double[][] output = new double[gate.length][up[0].length];
        for (int position = 0; position < gate.length; position++) {
            for (int i = 0; i < output[position].length; i++) {
                double x = gate[position][i];
                output[position][i] = x / (1 + Math.exp(-x)) * up[position][i];
            }
        }
        return output;
    }

    private static double[][] relu(double[][] input) {
        double[][] output = new double[input.length][];
        for (int position = 0; position < input.length; position++) {
            output[position] = Arrays.stream(input[position]).map(x -> Math.max(x, 0)).toArray();
        }
        return output;
    }

    private static double[][] plus(double[][] left, double[][] right) {
        double[][] sum = new double[left.length][left[0].length];
        for (int position = 0; position < left.length; position++) {
            for (int i = 0; i < sum[position].length; i++) {
                sum[position][i] = left[position][i] + right[position][i];
            }
        }
        return sum;
    }

    /// `input * matrix^T`.
    ///
    /// @param input `[n, columns]`
    /// @return `[n, rows]`
    private static double[][] times(double[][] input, Matrix matrix) {
        double[][] output = new double[input.length][matrix.rows];
        IntStream.range(0, matrix.rows)
                .parallel()
                .forEach(
                        row -> {
                            int start = row * matrix.columns;
                            for (int position = 0; position < input.length; position++) {
                                double sum = 0;
                                for (int i = 0; i < matrix.columns; i++) {
                                    sum += input[position][i] * matrix.values[start + i];
                                }
                                output[position][row] = sum;
                            }
                        });
        return output;
    }

    /// A dequantised matrix, row after row; a vector is a matrix of one row.
    private static final class Matrix {
        private final int rows;
        private final int columns;
        private final float[] values;

        Matrix(Tensor tensor) {
            rows = tensor.rows();
            columns = tensor.columns();
            values = Dequantise.toFloat(tensor);
        }
    }

    /// `W x + b`.
    private record Layer(Matrix weight, Optional<Matrix> bias) {
        Layer(Linear linear) {
            this(new Matrix(linear.weight()), linear.bias().map(Matrix::new));
        }

        double[][] of(double[][] input) {
            double[][] output = times(input, weight);
            if (bias.isPresent()) {
                for (double[] row : output) {
                    for (int i = 0; i < row.length; i++) {
                        row[i] += bias.get().values[i];
                    }
                }
            }
            return output;
        }
    }

    private record Block(
            Matrix attentionNorm, // [hidden]
            Layer query, // [heads * headDim, hidden]
            Layer key, // [keyValueHeads * headDim, hidden]
            Layer value, // [keyValueHeads * headDim, hidden]
            Optional<Matrix> queryNorm, // [headDim]
            Optional<Matrix> keyNorm, // [headDim]
            Layer attentionOutput, // [hidden, heads * headDim]
            Matrix feedForwardNorm, // [hidden]
            Optional<Layer> gate, // [intermediate, hidden]
            Layer up, // [intermediate, hidden]
            Layer down // [hidden, intermediate]
            ) {
        static Block of(BlockTensors tensors) {
            return new Block(
                    new Matrix(tensors.attentionNorm()),
                    new Layer(tensors.query()),
                    new Layer(tensors.key()),
                    new Layer(tensors.value()),
                    tensors.queryNorm().map(Matrix::new),
                    tensors.keyNorm().map(Matrix::new),
                    new Layer(tensors.attentionOutput()),
                    new Matrix(tensors.feedForwardNorm()),
                    tensors.gate().map(Layer::new),
                    new Layer(tensors.up()),
                    new Layer(tensors.down()));
        }
    }
}
