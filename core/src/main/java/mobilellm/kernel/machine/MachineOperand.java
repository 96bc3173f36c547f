package mobilellm.kernel.machine;

import mobilellm.assembler.Routine;
import mobilellm.kernel.Activations;
import mobilellm.kernel.Operand;
import mobilellm.kernel.PackedMatrix;
import mobilellm.kernel.machine.PlainProduct.Tokens;
import mobilellm.tensor.DType;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/// Activations in tiles of int8 ([Int8Rows]) where a matrix is quantised; plain matrices meet the f32 rows themselves. With the
/// routines that multiply it.
final class MachineOperand extends Operand {
    private final Routines routines;
    private final int widest;
    private final MemorySegment int8;
    private final Map<DType, @Nullable Routine[]> products = new EnumMap<>(DType.class);

    MachineOperand(Activations values, Arena arena, Set<DType> weights, Routines routines) {
        super(values);
        this.routines = routines;
        widest = routines.widestTile(weights);
        boolean quantised = weights.stream().anyMatch(DType::isQuantised);
        int8 = arena.allocate(quantised ? values.rows() * int8RowBytes() : 0, Simd.BYTES);
        for (DType type : weights) {
            products.put(type, new Routine[2 * (widest + 1)]);
        }
    }

    /// Rows of the widest tiles.
    int widestTile() {
        return widest;
    }

    /// The next narrower width of tiles; 1 after 2, so that any number of rows can be cut into whole tiles.
    static int narrower(int width) {
        return width > 4 ? 4 : width / 2;
    }

    int blocks() {
        return values().columns() / PackedMatrix.BLOCK;
    }

    boolean hasInt8() {
        return int8.byteSize() > 0;
    }

    /// Where the int8 tile that begins with a row lies: tiles take as much as their rows would alone.
    long int8Tile(int row) {
        return int8.address() + row * int8RowBytes();
    }

    private long int8RowBytes() {
        return (long) blocks() * Int8Rows.BLOCK_BYTES;
    }

    /// Where the activations of a tile lie that begins with a row.
    long tile(PackedMatrix matrix, int row) {
        return matrix.type().isQuantised()
                ? int8Tile(row)
                : values().data().address() + values().offset(row);
    }

    /// From one tile of `width` rows to the next.
    long tileBytes(PackedMatrix matrix, int width) {
        return width * (matrix.type().isQuantised() ? int8RowBytes() : rowBytes());
    }

    private long rowBytes() {
        return (long) values().stride() * Float.BYTES;
    }

    /// What multiplies tiles of `width` rows by a matrix.
    Routine product(PackedMatrix matrix, int width) {
        @Nullable Routine[] routinesOfType =
                Objects.requireNonNull(products.get(matrix.type()), "a type not promised");
        int index = 2 * width + (matrix.hasMinimums() ? 1 : 0);
        Routine known = routinesOfType[index];
        if (known == null) {
            DType type = matrix.type();
            known =
                    type.isQuantised()
                            ? routines.int8Product(type, matrix.hasMinimums(), width)
                            : routines.plainProduct(
                                    type,
                                    Tokens.rows(width, (int) rowBytes()),
                                    PackedMatrix.GROUP * type.blockBytes());
            routinesOfType[index] = known;
        }
        return known;
    }
}
