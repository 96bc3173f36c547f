package mobilellm.assembler;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Writes machine code for x86-64, one method call an instruction.
///
/// ```java
/// var a = new Assembler();
/// Label loop = a.label();
/// a.bind(loop);
/// a.vpaddd(zmm(0), zmm(1), mem(rdi, 64));
/// a.dec(rcx);
/// a.jnz(loop);
/// a.ret();
/// Code code = a.assemble();
/// ```
///
/// Operands of the wrong kind or of unequal widths do not compile. What the types cannot say (a mask where the
/// instruction takes none, 512 bits without AVX-512 form) throws [IllegalArgumentException] at the call.
public final class Assembler extends MaskInstructions {
    private final Set<Label> bound = new HashSet<>();
    private final List<Layout.Constant> constants = new ArrayList<>();
    private int labels;

    /// A new place, named after its number in the listing.
    public Label label() {
        return new Label("L" + ++labels);
    }

    /// Says that `label` is here.
    public void bind(Label label) {
        if (!bound.add(label)) {
            throw new IllegalStateException("label " + label + " is bound twice");
        }
        items.add(label);
    }

    /// Fills up with nops to an address that is a multiple of `boundary`: 2, 4, ... [Code#ALIGNMENT].
    public void align(int boundary) {
        if (Integer.bitCount(boundary) != 1 || boundary > Code.ALIGNMENT) {
            throw new IllegalArgumentException(
                    "alignment must be a power of two up to %d, got %d"
                            .formatted(Code.ALIGNMENT, boundary));
        }
        items.add(new Item.Align(boundary));
    }

    /// These bytes, stored once behind the code; aligned to the largest power of two, up to 64, that is not above their number.
    public <T> Memory<T> constant(byte[] bytes) {
        for (Layout.Constant known : constants) {
            if (Arrays.equals(known.bytes, bytes)) {
                return Registers.mem(known.label);
            }
        }
        var label = new Label("C" + (constants.size() + 1));
        constants.add(new Layout.Constant(label, bytes.clone()));
        return Registers.mem(label);
    }

    /// As [#constant], of dwords.
    public <T> Memory<T> dwords(int... values) {
        ByteBuffer bytes =
                ByteBuffer.allocate(values.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(values);
        return constant(bytes.array());
    }

    /// As [#constant], of f32.
    public <T> Memory<T> floats(float... values) {
        int[] bits = new int[values.length];
        Arrays.setAll(bits, i -> Float.floatToRawIntBits(values[i]));
        return dwords(bits);
    }

    /// As [#constant]: `dword` repeated over as many bytes as `like` has; 0x0F0F0F0F fills it with the byte 15.
    public <V extends Vector<V, ?>> Memory<V> filled(V like, int dword) {
        int[] values = new int[like.bytes() / Integer.BYTES];
        Arrays.fill(values, dword);
        return dwords(values);
    }

    /// The code so far.
    ///
    /// @throws IllegalStateException if a label is used but not bound
    public Code assemble() {
        // Largest first: no gaps between them.
        var pool = new ArrayList<>(constants);
        pool.sort(Comparator.comparingInt(constant -> -constant.bytes.length));
        return new Layout(List.copyOf(items), pool).code();
    }
}
