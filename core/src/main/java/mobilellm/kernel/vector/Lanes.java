package mobilellm.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

import java.nio.ByteOrder;

/// The vector shapes of this machine. A group of 16 matrix rows is one vector of 512 bits, two of 256 or four of 128;
/// every kernel works on a pair of vectors, so that it has two independent chains of arithmetic on each of them.
final class Lanes {
    static final VectorSpecies<Float> FLOATS = species();

    /// f32 lanes of a vector: 16, 8 or 4.
    static final int COUNT = FLOATS.length();

    /// Matrix rows that a pair of vectors covers.
    static final int PAIR = 2 * COUNT;

    static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, FLOATS.vectorShape());
    static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class, FLOATS.vectorShape());

    /// As many 16-bit lanes as [#FLOATS] has 32-bit lanes.
    static final VectorSpecies<Short> HALVES =
            VectorSpecies.of(short.class, VectorShape.forBitSize(COUNT * Short.SIZE));

    /// Whether 16-bit lanes can be shifted by a vector of counts in one instruction (`vpsrlvw` of AVX-512BW); AVX2 has none,
    /// and emulates it three times slower than masks are.
    static final boolean SHIFTS_SHORTS = COUNT == 16;

    /// Mask and factor that widen finite f16 numbers exactly: sign-extended to 32 bits and shifted left by 13, the bits lie at
    /// their f32 places; this mask clears what the sign extension left, and 2^112 mends the exponent's bias, subnormals
    /// included.
    static final int HALF_BITS = 0x8FFFE000;

    static final float HALF_BIAS = 0x1p112f;

    static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

    /// The step of hot loops, which C2 must not see as a constant: it would unroll what is unrolled already, hoist loads
    /// and spill (measured on AVX2: decode 5.0 against 3.7 ms).
    @SuppressWarnings("NonFinalStaticField")
    private static int step = 1;

    private Lanes() {}

    private static VectorSpecies<Float> species() {
        var preferred = FloatVector.SPECIES_PREFERRED;
        return preferred.length() > 16 ? FloatVector.SPECIES_512 : preferred;
    }

    static int step() {
        return step;
    }
}
