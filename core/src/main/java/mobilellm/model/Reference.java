package mobilellm.model;

import mobilellm.checkpoint.BlockTensors;
import mobilellm.checkpoint.ModelTensors;
import mobilellm.config.LayerPlan;
import mobilellm.config.ModelConfig;
import mobilellm.quant.Dequantise;
import mobilellm.tensor.Tensor;

import java.util.ArrayList;
import java.util.List;
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
            double[][] queries = rotate(times(attentionInput, block.query)); // [n, heads * headDim]
            if (visit.writesCache()) {
                keys[slot] = rotate(times(attentionInput, block.key));
                values[slot] = times(attentionInput, block.value);
            }
            double[][] attended = attend(queries, keys[slot], values[slot]); // [n, heads * headDim]
            stream = plus(stream, times(attended, block.attentionOutput));

            double[][] feedForwardInput = rmsNorm(stream, block.feedForwardNorm);
            double[][] gate = times(feedForwardInput, block.gate); // [n, intermediate]
            double[][] up = times(feedForwardInput, block.up); // [n, intermediate]
            stream = plus(stream, times(swiGlu(gate, up), block.down));
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
        int width = weight.columns;
        double[][] output = new double[input.length][width];
        for (int position = 0; position < input.length; position++) {
            double squares = 0;
            for (double x : input[position]) {
                squares += x * x;
            }
            double scale = 1 / Math.sqrt(squares / width + config.rmsNormEpsilon());
            for (int i = 0; i < width; i++) {
                output[position][i] = input[position][i] * scale * weight.values[i];
            }
        }
        return output;
    }

    /// Rotates every head in place: dimensions `i` and `i + headDim / 2` are one pair, turned by
    /// the position times the frequency of the pair ([mobilellm.config.Rope#frequencies]).
    private double[][] rotate(double[][] heads) {
        int headDim = config.headDim();
        int half = headDim / 2;
        double[] frequencies = config.rope().frequencies(headDim);
        for (int position = 0; position < heads.length; position++) {
            double[] row = heads[position];
            for (int i = 0; i < half; i++) {
                double angle = position * frequencies[i];
                double cos = Math.cos(angle) * config.rope().attentionFactor();
                double sin = Math.sin(angle) * config.rope().attentionFactor();
                for (int head = 0; head < row.length; head += headDim) {
                    double first = row[head + i];
                    double second = row[head + half + i];
                    row[head + i] = first * cos - second * sin;
                    row[head + half + i] = second * cos + first * sin;
                }
            }
        }
        return heads;
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

    private record Block(
            Matrix attentionNorm, // [hidden]
            Matrix query, // [heads * headDim, hidden]
            Matrix key, // [keyValueHeads * headDim, hidden]
            Matrix value, // [keyValueHeads * headDim, hidden]
            Matrix attentionOutput, // [hidden, heads * headDim]
            Matrix feedForwardNorm, // [hidden]
            Matrix gate, // [intermediate, hidden]
            Matrix up, // [intermediate, hidden]
            Matrix down // [hidden, intermediate]
            ) {
        static Block of(BlockTensors tensors) {
            return new Block(
                    new Matrix(tensors.attentionNorm()),
                    new Matrix(tensors.query().weight()),
                    new Matrix(tensors.key().weight()),
                    new Matrix(tensors.value().weight()),
                    new Matrix(tensors.attentionOutput().weight()),
                    new Matrix(tensors.feedForwardNorm()),
                    new Matrix(tensors.gate().orElseThrow().weight()),
                    new Matrix(tensors.up().weight()),
                    new Matrix(tensors.down().weight()));
        }
    }
}
