package mobilellm.kernel.machine;

import mobilellm.assembler.CpuTier;
import mobilellm.assembler.Routine;
import mobilellm.kernel.Activations;
import mobilellm.kernel.Operand;
import mobilellm.kernel.PackedForm;
import mobilellm.kernel.PackedMatrix;
import mobilellm.kernel.machine.Int8Quantiser.Kind;
import mobilellm.kernel.machine.PlainProduct.Columns;
import mobilellm.kernel.machine.PlainProduct.Tokens;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/// Activations in tiles of int8 ([Int8Rows]) where a matrix is quantised; plain matrices meet the f32 rows themselves. With the
/// routines that multiply it.
final class MachineOperand extends Operand {
    private final Routines routines;
    private final Routine quantiser;
    private final Optional<Routine> normaliser;
    private final Optional<Routine> swiGlu;
    private final Optional<Routine> relu;
    private final int widest;
    private final boolean hasPanels;
    private final MemorySegment int8;
    private final Map<PackedForm, @Nullable Routine[]> products = new EnumMap<>(PackedForm.class);

    /// Fewer rows do not pay for unpacking weights to memory.
    private static final int PANEL_ROWS = 32;

    MachineOperand(Activations values, Arena arena, Set<PackedForm> weights, Routines routines) {
        super(values);
        this.routines = routines;
        boolean wholeRows = PackedForm.wholeRows(weights);
        quantiser = routines.int8Quantiser(wholeRows ? Kind.WHOLE_ROWS : Kind.BLOCKS);
        widest = routines.widestTile(weights);
        List<PackedForm> quantised = weights.stream().filter(PackedForm::isQuantised).toList();
        hasPanels =
                routines.tier() == CpuTier.AVX512_VNNI
                        && quantised.stream().allMatch(Int8Panel::holds);
        boolean byBlocks = !quantised.isEmpty() && !wholeRows;
        normaliser = quantiser(byBlocks, Kind.NORMALISED_BLOCKS);
        swiGlu = quantiser(byBlocks, Kind.SWIGLU_BLOCKS);
        relu = quantiser(byBlocks, Kind.RELU_BLOCKS);
        int8 = arena.allocate(quantised.isEmpty() ? 0 : values.rows() * int8RowBytes(), Simd.BYTES);
        for (PackedForm form : weights) {
            products.put(form, new Routine[2 * (widest + 1)]);
        }
    }

    /// Whether so many rows meet the matrix as [Int8Panel].
    boolean meetsPanels(PackedMatrix matrix, int rows) {
        return matrix.form().isQuantised() && meetsPanels(rows);
    }

    private boolean meetsPanels(int rows) {
        return hasPanels && rows >= PANEL_ROWS;
    }

    /// Rows of the int8 tile that begins with a row, of so many.
    int int8Width(int row, int rows) {
        return meetsPanels(rows)
                ? Math.min(Int8PanelProduct.MOST_TOKENS, rows - row)
                : width(rows - row);
    }

    /// Where the int8 tile begins that holds a row, of so many.
    int firstOfInt8Tile(int row, int rows) {
        int first = 0;
        while (true) {
            int width = int8Width(first, rows);
            int end = first + (rows - first) / width * width;
            if (row < end) {
                return row - (row - first) % width;
            }
            first = end;
        }
    }

    /// Rows of the tile that begins with a row, of so many, as the matrix meets it.
    int width(PackedMatrix matrix, int row, int rows) {
        return matrix.form().isQuantised() ? int8Width(row, rows) : width(rows - row);
    }

    /// The widest tile of at most so many rows, of widths that end with 2 and 1.
    private int width(int rows) {
        int width = widest;
        while (width > rows) {
            width = width > 8 ? 8 : width > 4 ? 4 : width / 2;
        }
        return width;
    }

    private Optional<Routine> quantiser(boolean isWanted, Kind kind) {
        return isWanted ? Optional.of(routines.int8Quantiser(kind)) : Optional.empty();
    }

    @Override
    public boolean isMadeByColumns() {
        return swiGlu.isPresent();
    }

    int blocks() {
        return Math.ceilDiv(values().columns(), PackedMatrix.BLOCK);
    }

    /// What rounds a row to int8.
    Routine quantiser() {
        return quantiser;
    }

    /// What normalises rows and rounds them in one sweep; not where the scale is the row's, which is known after the whole norm.
    Optional<Routine> normaliser() {
        return normaliser;
    }

    /// The same of SwiGLU.
    Optional<Routine> swiGlu() {
        return swiGlu;
    }

    /// The same of ReLU.
    Optional<Routine> relu() {
        return relu;
    }

    boolean hasInt8() {
        return int8.byteSize() > 0;
    }

    /// Where the int8 tile that begins with a row lies: tiles take as much as their rows would alone.
    long int8Tile(int row) {
        return int8.address() + row * int8RowBytes();
    }

    long int8RowBytes() {
        return (long) blocks() * Int8Rows.BLOCK_BYTES;
    }

    /// Where the activations of a tile lie that begins with a row.
    long tile(PackedMatrix matrix, int row) {
        return matrix.form().isQuantised()
                ? int8Tile(row)
                : values().data().address() + values().offset(row);
    }

    /// From one tile of `width` rows to the next.
    long tileBytes(PackedMatrix matrix, int width) {
        return width * (matrix.form().isQuantised() ? int8RowBytes() : rowBytes());
    }

    private long rowBytes() {
        return (long) values().stride() * Float.BYTES;
    }

    /// Groups of the matrix's rows that a product makes at once, of so many.
    int groupsTogether(PackedMatrix matrix, int groups) {
        int most = matrix.form().isQuantised() ? 1 : PlainProduct.groupsTogether(routines.tier());
        return Math.min(most, groups);
    }

    /// What multiplies panels of a matrix with whole tiles and one of `rest` rows.
    Routine panelProduct(PackedMatrix matrix, int rest) {
        @Nullable Routine[] known = known(matrix);
        int index = 2 * rest + 1; // Nothing else makes two groups of a quantised matrix at once.
        Routine routine = known[index];
        if (routine == null) {
            routine = routines.panelProduct(matrix.form(), rest);
            known[index] = routine;
        }
        return routine;
    }

    /// What multiplies tiles of `width` rows by some groups of a matrix's rows.
    Routine product(PackedMatrix matrix, int width, int groups) {
        PackedForm form = matrix.form();
        @Nullable Routine[] known = known(matrix);
        int index = 2 * width + groups - 1;
        Routine routine = known[index];
        if (routine == null) {
            routine =
                    form.isQuantised()
                            ? routines.int8Product(form, width)
                            : routines.plainProduct(
                                    form.type(),
                                    Tokens.rows(width, (int) rowBytes()),
                                    Columns.of(form, matrix.columns(), groups));
            known[index] = routine;
        }
        return routine;
    }

    private @Nullable Routine[] known(PackedMatrix matrix) {
        return Objects.requireNonNull(products.get(matrix.form()), "a form not promised");
    }
}
