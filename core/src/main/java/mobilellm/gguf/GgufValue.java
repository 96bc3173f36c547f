package mobilellm.gguf;

/// A value of a GGUF file's metadata with its type in the file, which its Java type alone does not tell: INT64 and UINT32
/// are both `Long`.
///
/// @param value of the Java type that [GgufFile#metadata] names; an array is a [GgufArray]
public record GgufValue(ValueType type, Object value) {
    /// @throws IllegalArgumentException if it is no value of the type
    public GgufValue {
        type.require(value);
    }

    public static GgufValue text(String value) {
        return new GgufValue(ValueType.STRING, value);
    }

    public static GgufValue flag(boolean value) {
        return new GgufValue(ValueType.BOOL, value);
    }

    /// The type of sizes and ids.
    ///
    /// @throws IllegalArgumentException if it is negative or 2^32 or more
    public static GgufValue uint32(long value) {
        return new GgufValue(ValueType.UINT32, value);
    }

    public static GgufValue float32(float value) {
        return new GgufValue(ValueType.FLOAT32, value);
    }

    public static GgufValue array(GgufArray value) {
        return new GgufValue(ValueType.ARRAY, value);
    }
}
