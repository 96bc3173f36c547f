package mobilellm.testing;

import mobilellm.tensor.DType;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Writes GGUF files for tests: good ones by default, and whatever is asked for where a test wants a bad one.
public final class GgufBuilder {
    public static final int UINT8 = 0;
    public static final int UINT32 = 4;
    public static final int INT32 = 5;
    public static final int FLOAT32 = 6;
    public static final int BOOL = 7;
    public static final int STRING = 8;
    public static final int ARRAY = 9;
    public static final int UINT64 = 10;

    private static final Map<DType, Integer> TYPES =
            Map.ofEntries(
                    Map.entry(DType.F32, 0),
                    Map.entry(DType.F16, 1),
                    Map.entry(DType.Q4_0, 2),
                    Map.entry(DType.Q4_1, 3),
                    Map.entry(DType.Q5_0, 6),
                    Map.entry(DType.Q5_1, 7),
                    Map.entry(DType.Q8_0, 8),
                    Map.entry(DType.Q8_1, 9),
                    Map.entry(DType.Q2_K, 10),
                    Map.entry(DType.Q3_K, 11),
                    Map.entry(DType.Q4_K, 12),
                    Map.entry(DType.Q5_K, 13),
                    Map.entry(DType.Q6_K, 14),
                    Map.entry(DType.Q8_K, 15),
                    Map.entry(DType.IQ4_NL, 20),
                    Map.entry(DType.IQ4_XS, 23),
                    Map.entry(DType.I8, 24),
                    Map.entry(DType.I16, 25),
                    Map.entry(DType.I32, 26),
                    Map.entry(DType.I64, 27),
                    Map.entry(DType.F64, 28),
                    Map.entry(DType.BF16, 30),
                    Map.entry(DType.TQ1_0, 34),
                    Map.entry(DType.TQ2_0, 35),
                    Map.entry(DType.MXFP4, 39));

    /// Little-endian bytes.
    public static final class Bytes {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        public Bytes u8(int value) {
            out.write(value);
            return this;
        }

        public Bytes u32(long value) {
            return raw(buffer(Integer.BYTES).putInt((int) value).array());
        }

        public Bytes u64(long value) {
            return raw(buffer(Long.BYTES).putLong(value).array());
        }

        public Bytes f32(float value) {
            return u32(Float.floatToRawIntBits(value));
        }

        public Bytes text(String value) {
            byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
            return u64(utf8.length).raw(utf8);
        }

        public Bytes raw(byte[] value) {
            out.writeBytes(value);
            return this;
        }

        public Bytes padTo(int alignment) {
            while (out.size() % alignment != 0) {
                out.write(0);
            }
            return this;
        }

        public byte[] toArray() {
            return out.toByteArray();
        }

        private static ByteBuffer buffer(int size) {
            return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // nobody compares descriptions
    private record Description(String name, long[] dimensions, long type, long offset) {}

    private final Map<String, byte[]> pairs = new LinkedHashMap<>();
    private final List<byte[]> repeatedPairs = new ArrayList<>();
    private final List<Description> descriptions = new ArrayList<>();
    private final Bytes data = new Bytes();
    private int version = 3;
    private int alignment = 32;
    private long addedTensors;
    private long addedPairs;

    /// Every kind of value and tensors of several types, in less than 1 kB; the last tensor needs no padding.
    public static byte[] everyKindOfValue() {
        Bytes nested =
                new Bytes()
                        .u32(ARRAY)
                        .u64(2)
                        .u32(UINT8)
                        .u64(3)
                        .u8(1)
                        .u8(2)
                        .u8(3)
                        .u32(STRING)
                        .u64(1)
                        .text("ä");
        return new GgufBuilder()
                .uint32("general.alignment", 32)
                .text("text", "zażółć")
                .flag("flag", true)
                .float32("real", 1e-5f)
                .pair("long", UINT64, new Bytes().u64(-1))
                .texts("texts", List.of("a", "", "日本"))
                .integers("integers", 1, -2, 3)
                .pair("nested", ARRAY, nested)
                .tensor("vector", DType.F32, new byte[20], 5)
                .tensor("matrix", DType.Q8_0, new byte[68], 2, 32)
                .tensor("last", DType.F16, new byte[64], 2, 4, 4)
                .build();
    }

    public GgufBuilder version(int value) {
        version = value;
        return this;
    }

    /// What data are really aligned to, without saying so in the metadata.
    public GgufBuilder alignment(int value) {
        alignment = value;
        return this;
    }

    /// Makes the counts in the header differ from what follows.
    public GgufBuilder miscount(long tensors, long metadataPairs) {
        addedTensors = tensors;
        addedPairs = metadataPairs;
        return this;
    }

    public GgufBuilder text(String key, String value) {
        return pair(key, STRING, new Bytes().text(value));
    }

    public GgufBuilder uint32(String key, long value) {
        return pair(key, UINT32, new Bytes().u32(value));
    }

    public GgufBuilder float32(String key, float value) {
        return pair(key, FLOAT32, new Bytes().f32(value));
    }

    public GgufBuilder flag(String key, boolean value) {
        return pair(key, BOOL, new Bytes().u8(value ? 1 : 0));
    }

    public GgufBuilder texts(String key, List<String> values) {
        Bytes bytes = new Bytes().u32(STRING).u64(values.size());
        values.forEach(bytes::text);
        return pair(key, ARRAY, bytes);
    }

    public GgufBuilder integers(String key, int... values) {
        Bytes bytes = new Bytes().u32(INT32).u64(values.length);
        for (int value : values) {
            bytes.u32(value);
        }
        return pair(key, ARRAY, bytes);
    }

    /// A pair with any type number and any bytes; replaces an earlier one of the same key.
    public GgufBuilder pair(String key, int type, Bytes value) {
        pairs.put(key, new Bytes().text(key).u32(type).raw(value.toArray()).toArray());
        return this;
    }

    /// Bytes that follow the other pairs and count as one.
    public GgufBuilder rawPair(Bytes bytes) {
        repeatedPairs.add(bytes.toArray());
        return this;
    }

    public GgufBuilder without(String key) {
        pairs.remove(key);
        return this;
    }

    /// A tensor with its data, padded; outermost dimension first.
    public GgufBuilder tensor(String name, DType type, byte[] bytes, long... shape) {
        long[] dimensions = new long[shape.length];
        for (int i = 0; i < shape.length; i++) {
            dimensions[i] = shape[shape.length - 1 - i];
        }
        data.padTo(alignment);
        return description(
                        name, dimensions, Objects.requireNonNull(TYPES.get(type)), data.out.size())
                .data(bytes);
    }

    /// Appends to the tensor data.
    public GgufBuilder data(byte[] bytes) {
        data.raw(bytes);
        return this;
    }

    /// A description alone; innermost dimension first.
    public GgufBuilder description(String name, long[] dimensions, long type, long offset) {
        descriptions.add(new Description(name, dimensions, type, offset));
        return this;
    }

    public byte[] build() {
        Bytes file = new Bytes().raw("GGUF".getBytes(StandardCharsets.US_ASCII)).u32(version);
        file.u64(descriptions.size() + addedTensors);
        file.u64(pairs.size() + repeatedPairs.size() + addedPairs);
        pairs.values().forEach(file::raw);
        repeatedPairs.forEach(file::raw);
        for (Description description : descriptions) {
            file.text(description.name()).u32(description.dimensions().length);
            for (long dimension : description.dimensions()) {
                file.u64(dimension);
            }
            file.u32(description.type()).u64(description.offset());
        }
        if (!descriptions.isEmpty()) {
            file.padTo(alignment).raw(data.toArray());
        }
        return file.toArray();
    }

    public Path write(Path path) throws IOException {
        return Files.write(path, build());
    }
}
