package mobilellm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import mobilellm.tensor.DType;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Attention of every provider against the formula in 64 bits over the stored keys and values: grouped and ungrouped
/// heads, lengths around blocks of 16 keys and pages of 256 positions, several sequences in one batch.
@Tag("kernels")
class AttentionTest {
    private static final int[] LENGTHS = {1, 15, 16, 17, 31, 33, 127, 128, 129, 255, 256, 257, 600};

    /// The last of two slots, so that slots must not overlap.
    private static final int SLOT = 1;

    private final Arena arena = Arena.ofShared();
    private final ThreadTeam team = new ThreadTeam(2);
    private final Random random = new Random(6);
    private final List<KeyValueStore> stores = new ArrayList<>();

    private record Rows(List<KeyValueStore> storeOfRow, List<Integer> positionOfRow)
            implements Sequences {
        @Override
        public KeyValueStore store(int row) {
            return storeOfRow.get(row);
        }

        @Override
        public int position(int row) {
            return positionOfRow.get(row);
        }

        int count() {
            return storeOfRow.size();
        }
    }

    @AfterEach
    void close() {
        stores.forEach(KeyValueStore::close);
        team.close();
        arena.close();
    }

    @ParameterizedTest
    @CsvSource({
        "9, 3, 64, F16",
        "9, 3, 64, F32",
        "4, 4, 16, F16",
        "4, 4, 32, F32",
        "6, 1, 32, F16",
        "6, 1, 64, F32",
        "9, 3, 16, F32",
        "2, 1, 24, F16",
        "2, 2, 24, F32",
        "1, 1, 128, F16",
        "9, 3, 64, Q8_0",
        "6, 1, 32, Q8_0",
        "4, 4, 96, Q8_0"
    })
    void attendsAsTheFormulaSays(int heads, int keyValueHeads, int headDim, DType type) {
        for (int newRows : new int[] {1, 3, 11}) {
            Rows rows = new Rows(new ArrayList<>(), new ArrayList<>());
            for (int length : LENGTHS) {
                KeyValueStore store = filled(keyValueHeads, headDim, length, type);
                for (int position = Math.max(0, length - newRows); position < length; position++) {
                    rows.storeOfRow().add(store);
                    rows.positionOfRow().add(position);
                }
            }
            Activations queries = gaussian(rows.count(), heads * headDim);
            if (type == DType.Q8_0) {
                roundToBytes(queries);
            }
            double[][] expected = new double[rows.count() * heads][];
            for (int i = 0; i < expected.length; i++) {
                expected[i] = attend(queries, i / heads, i % heads, heads, rows);
            }
            for (KernelProvider provider : Kernels.usable()) {
                Operations operations = provider.open(2, arena);
                Activations y = new Activations(arena, rows.count(), heads * headDim);
                team.run(worker -> operations.attend(queries, rows, rows.count(), SLOT, y, worker));
                for (int row = 0; row < rows.count(); row++) {
                    double worst = 0;
                    for (int i = 0; i < heads * headDim; i++) {
                        double wanted = expected[row * heads + i / headDim][i % headDim];
                        worst = Math.max(worst, Math.abs(y.get(row, i) - wanted));
                    }
                    assertThat(worst)
                            .as("%s, position %d", provider.name(), rows.position(row))
                            .isLessThanOrEqualTo(tolerance(provider, type));
                }
            }
        }
    }

    /// Machine code makes whole multiples of weights that meet values in Q8_0: an error of half a 32,767th of the largest each.
    private static double tolerance(KernelProvider provider, DType type) {
        return type == DType.Q8_0 && provider.name().startsWith("machine") ? 3e-4 : 3e-6;
    }

    /// A first key that takes most of the weight and whose values are tiny, as models learn it, values of zero, and ones as large as they come.
    @ParameterizedTest
    @CsvSource({"9, 3, 64", "2, 2, 96"})
    void smallWeightsOfLargeValuesCount(int heads, int keyValueHeads, int headDim) {
        int length = 300;
        KeyValueStore store = new KeyValueStore(2, keyValueHeads, headDim, length, DType.Q8_0);
        stores.add(store);
        store.reserve(length);
        Activations keys = gaussian(length, keyValueHeads * headDim);
        Activations values = gaussian(length, keyValueHeads * headDim);
        Activations queries = gaussian(1, heads * headDim);
        roundToBytes(queries);
        for (int i = 0; i < keyValueHeads * headDim; i++) {
            float query =
                    queries.get(0, i / headDim * (heads / keyValueHeads) * headDim + i % headDim);
            keys.set(0, i, query * (float) (6 / Math.sqrt(headDim)));
            values.set(0, i, 1e-4f);
            values.set(200, i, 0);
            values.set(201, i, i % 2 == 0 ? 1e4f : -1e4f);
        }
        for (int position = 0; position < length; position++) {
            store.write(SLOT, position, keys, values, position);
        }
        Rows rows = new Rows(List.of(store), List.of(length - 1));
        for (KernelProvider provider : Kernels.usable()) {
            float[] actual = attendAll(provider, 2, queries, rows);
            for (int head = 0; head < heads; head++) {
                double[] expected = attend(queries, 0, head, heads, rows);
                double largest = 0;
                for (double x : expected) {
                    largest = Math.max(largest, Math.abs(x));
                }
                for (int i = 0; i < headDim; i++) {
                    assertThat(actual[head * headDim + i] / largest)
                            .as("%s, head %d, dimension %d", provider.name(), head, i)
                            .isCloseTo(expected[i] / largest, within(3e-4));
                }
            }
        }
    }

    /// Rows behind short and long contexts, alone and with others, by teams of several sizes, which share out heads or positions.
    @ParameterizedTest
    @CsvSource({"9, 3, 64, F32", "9, 3, 64, F16", "9, 3, 64, Q8_0", "13, 1, 40, F16"})
    void hasTheSameBitsForAnyTeamAndCompany(int heads, int keyValueHeads, int headDim, DType type) {
        for (int length : new int[] {1, 129, 2049}) {
            Rows rows = new Rows(new ArrayList<>(), new ArrayList<>());
            KeyValueStore store = filled(keyValueHeads, headDim, length, type);
            for (int position = Math.max(0, length - 3); position < length; position++) {
                rows.storeOfRow().add(store);
                rows.positionOfRow().add(position);
            }
            Activations queries = gaussian(rows.count(), heads * headDim);
            int last = rows.count() - 1;
            Rows alone = new Rows(List.of(store), List.of(rows.position(last)));
            Activations query = new Activations(arena, 1, heads * headDim);
            for (int i = 0; i < heads * headDim; i++) {
                query.set(0, i, queries.get(last, i));
            }
            for (KernelProvider provider : Kernels.usable()) {
                float[] expected = attendAll(provider, 1, query, alone);
                for (int members : new int[] {2, 3}) {
                    String company =
                            provider.name() + ", length " + length + ", team of " + members;
                    assertThat(attendAll(provider, members, query, alone))
                            .as(company)
                            .isEqualTo(expected);
                    assertThat(attendAll(provider, members, queries, rows))
                            .as(company + ", with others")
                            .endsWith(expected);
                }
            }
        }
    }

    /// The outputs of all rows, one behind the other.
    private float[] attendAll(
            KernelProvider provider, int members, Activations queries, Rows rows) {
        int columns = queries.columns();
        Activations y = new Activations(arena, rows.count(), columns);
        Operations operations = provider.open(members, arena);
        try (var ownTeam = new ThreadTeam(members)) {
            ownTeam.run(worker -> operations.attend(queries, rows, rows.count(), SLOT, y, worker));
        }
        float[] all = new float[rows.count() * columns];
        for (int row = 0; row < rows.count(); row++) {
            y.read(row, 0, all, row * columns, columns);
        }
        return all;
    }

    private static double[] attend(Activations queries, int row, int head, int heads, Rows rows) {
        KeyValueStore store = rows.store(row);
        int headDim = store.headDim();
        int keyHead = head / (heads / store.heads());
        double[] mixed = new double[headDim];
        double sum = 0;
        for (int position = 0; position <= rows.position(row); position++) {
            double score = 0;
            for (int i = 0; i < headDim; i++) {
                score +=
                        (double) queries.get(row, head * headDim + i)
                                * store.key(SLOT, keyHead, position, i);
            }
            double weight = Math.exp(score / Math.sqrt(headDim));
            sum += weight;
            for (int i = 0; i < headDim; i++) {
                mixed[i] += weight * store.value(SLOT, keyHead, position, i);
            }
        }
        for (int i = 0; i < headDim; i++) {
            mixed[i] /= sum;
        }
        return mixed;
    }

    /// A sequence of the length; the other slot holds numbers that would be noticed.
    private KeyValueStore filled(int heads, int headDim, int length, DType type) {
        KeyValueStore store = new KeyValueStore(2, heads, headDim, length, type);
        stores.add(store);
        store.reserve(length);
        Activations keys = gaussian(length, heads * headDim);
        Activations values = gaussian(length, heads * headDim);
        Activations other = gaussian(1, heads * headDim);
        for (int i = 0; i < heads * headDim; i++) {
            other.set(0, i, 1000);
        }
        for (int position = 0; position < length; position++) {
            store.write(SLOT, position, keys, values, position);
            store.write(0, position, other, other, 0);
        }
        return store;
    }

    /// Machine code rounds queries that meet keys in Q8_0 to bytes; these it rounds to themselves.
    private static void roundToBytes(Activations queries) {
        for (int r = 0; r < queries.rows(); r++) {
            for (int i = 0; i < queries.columns(); i++) {
                float rounded = Math.clamp(Math.round(32 * queries.get(r, i)), -127, 127) / 32f;
                queries.set(r, i, i % 32 == r % 32 ? 127 / 32f : rounded);
            }
        }
    }

    private Activations gaussian(int rows, int columns) {
        Activations x = new Activations(arena, rows, columns);
        for (int r = 0; r < rows; r++) {
            for (int i = 0; i < columns; i++) {
                x.set(r, i, (float) random.nextGaussian());
            }
        }
        return x;
    }
}
