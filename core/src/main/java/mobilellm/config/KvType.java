package mobilellm.config;

import mobilellm.tensor.DType;

import java.util.List;
import java.util.stream.Stream;

/// In which precision keys and values are kept.
public enum KvType {
    F32(DType.F32),
    F16(DType.F16),
    /// Bytes; 32 of a head share an f16 scale.
    Q8_0(DType.Q8_0);

    private final DType type;

    KvType(DType type) {
        this.type = type;
    }

    /// Whether heads of this width can be kept so.
    public boolean fits(int headDim) {
        return headDim % type.blockSize() == 0;
    }

    /// All that heads of this width can be kept in.
    public static List<KvType> fitting(int headDim) {
        return Stream.of(values()).filter(type -> type.fits(headDim)).toList();
    }

    /// The element type.
    public DType type() {
        return type;
    }
}
