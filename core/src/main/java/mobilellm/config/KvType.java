package mobilellm.config;

import mobilellm.tensor.DType;

/// In which precision keys and values are kept.
public enum KvType {
    F32(DType.F32),
    F16(DType.F16);

    private final DType type;

    KvType(DType type) {
        this.type = type;
    }

    /// The element type.
    public DType type() {
        return type;
    }
}
