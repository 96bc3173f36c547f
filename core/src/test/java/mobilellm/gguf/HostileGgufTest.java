package mobilellm.gguf;

import static mobilellm.gguf.Limits.isAccepted;
import static mobilellm.gguf.Limits.refusal;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.tensor.DType;
import mobilellm.testing.GgufBuilder;
import mobilellm.testing.GgufBuilder.Bytes;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// Files that have broken, or would break, a reader that believes them.
class HostileGgufTest {
    private static final long HUGE = Long.MAX_VALUE;

    @ParameterizedTest
    @ValueSource(longs = {100, 1 << 20, Integer.MAX_VALUE, 1L << 32, HUGE - 1, -2})
    void countsInTheHeaderBeyondTheFile(long added) {
        assertThat(refusal(good().miscount(added, 0).build())).contains("byte 8: tensor count is");
        assertThat(refusal(new GgufBuilder().miscount(0, added).build()))
                .contains("byte 16: metadata count is");
    }

    @ParameterizedTest
    @ValueSource(longs = {6, 1 << 24, (1 << 24) + 1, 1L << 32, HUGE, -1})
    void lengthOfAStringBeyondTheFile(long length) {
        byte[] file =
                new GgufBuilder()
                        .pair("name", GgufBuilder.STRING, new Bytes().u64(length).raw(new byte[5]))
                        .build();
        assertThat(refusal(file)).contains("key 'name', byte 40: string length is");
    }

    @ParameterizedTest
    @ValueSource(longs = {3, 1 << 26, (1 << 26) + 1, 1L << 32, 1L << 62, HUGE, -1})
    void lengthOfAnArrayBeyondTheFile(long length) {
        for (int type : List.of(GgufBuilder.INT32, GgufBuilder.STRING, GgufBuilder.ARRAY)) {
            Bytes array = new Bytes().u32(type).u64(length).raw(new byte[8]);
            byte[] file = new GgufBuilder().pair("list", GgufBuilder.ARRAY, array).build();
            assertThat(refusal(file)).contains("key 'list', byte 44: length of the array is");
        }
    }

    @Test
    void productOfTheShapeWraps() {
        long[] wraps = {1L << 32, 1L << 32};
        assertThat(refusal(one(wraps))).contains("size of shape").contains("exceeds 64 bits");
        assertThat(refusal(one(1L << 62, 2, 2))).contains("exceeds 64 bits");
    }

    @Test
    void bytesOfTheTensorWrap() {
        assertThat(refusal(one(1L << 61, 1))).contains("exceeds 64 bits");
        assertThat(refusal(one(1L << 62))).contains("exceeds 64 bits");
    }

    @Test
    void bytesOfTheTensorBeyondTheFile() {
        assertThat(refusal(one(9)))
                .contains("tensor 'w'")
                .contains("takes 36 bytes, but 32 remain");
        assertThat(refusal(one((1L << 61) - 1))).contains("but 32 remain");
    }

    @Test
    void dimensionsThatAreNegativeAsSignedNumbers() {
        assertThat(refusal(one(-8))).contains("dimension 0 is 18446744073709551608");
        assertThat(refusal(one(-8, -1))).contains("dimension 0 is");
        assertThat(refusal(one(8, Long.MIN_VALUE))).contains("dimension 1 is");
    }

    @Test
    void numberOfDimensions() {
        assertThat(refusal(one())).contains("has 0 dimensions, expected 1 to 4");
        assertThat(refusal(one(2, 1, 2, 1, 2))).contains("has 5 dimensions");
        byte[] file = one(8);
        file[24 + 8 + 1 + 3] = (byte) 0x80;
        assertThat(refusal(file)).contains("has 2147483649 dimensions");
        assertThat(isAccepted(one(2, 2, 2, 1))).isTrue();
    }

    @Test
    void dimensionOfZero() {
        assertThat(refusal(one(0))).contains("dimension 0 is 0, expected 1 to 2^63 - 1");
        assertThat(refusal(one(8, 0))).contains("dimension 1 is 0");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 3, 48, 0xffff_ffffL})
    void alignmentThatIsNoPowerOfTwo(long alignment) {
        assertThat(refusal(good().uint32("general.alignment", alignment).build()))
                .contains("key 'general.alignment', byte 53: expected a power of two as UINT32")
                .contains("UINT32 '" + alignment + "'");
    }

    @Test
    void alignmentOfAnotherType() {
        for (int type : List.of(GgufBuilder.UINT64, GgufBuilder.INT32, GgufBuilder.FLOAT32)) {
            Bytes value = new Bytes().u32(32).u32(0);
            byte[] file = new GgufBuilder().pair("general.alignment", type, value).build();
            assertThat(refusal(file)).contains("expected a power of two as UINT32");
        }
        assertThat(refusal(good().text("general.alignment", "32").build()))
                .contains("got STRING '32'");
    }

    @Test
    void alignmentLargerThanTheFile() {
        assertThat(refusal(good().uint32("general.alignment", 1L << 31).build()))
                .contains("0 remain");
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 255, Integer.MAX_VALUE, Integer.MIN_VALUE, -1})
    void typeOfAValueOrOfTheElementsOfAnArray(int type) {
        byte[] file = new GgufBuilder().pair("key", type, new Bytes().u64(0).u64(0)).build();
        assertThat(refusal(file)).contains("key 'key', byte 35: value type is").contains("0 to 12");
        Bytes array = new Bytes().u32(type).u64(1).u64(0);
        assertThat(refusal(new GgufBuilder().pair("key", GgufBuilder.ARRAY, array).build()))
                .contains("key 'key', byte 39: value type is");
    }

    @Test
    void flagThatIsNeitherTrueNorFalse() {
        byte[] one = new GgufBuilder().pair("flag", GgufBuilder.BOOL, new Bytes().u8(2)).build();
        assertThat(refusal(one)).contains("BOOL is 2, expected 0 or 1");
        Bytes array = new Bytes().u32(GgufBuilder.BOOL).u64(3).u8(1).u8(0).u8(255);
        assertThat(refusal(new GgufBuilder().pair("flags", GgufBuilder.ARRAY, array).build()))
                .contains("BOOL is 255");
    }

    @Test
    void emptyKeysAndNames() {
        assertThat(refusal(new GgufBuilder().uint32("", 1).build()))
                .contains("metadata pair 0, byte 24: the key is empty");
        assertThat(refusal(new GgufBuilder().tensor("", DType.F32, new byte[4], 1).build()))
                .contains("tensor description 0")
                .contains("the tensor name is empty");
    }

    @Test
    void duplicateKeysAndNames() {
        Bytes again = new Bytes().text("key").u32(GgufBuilder.UINT32).u32(2);
        assertThat(refusal(new GgufBuilder().uint32("key", 1).rawPair(again).build()))
                .contains("key 'key', byte 43: the key is there twice");
        byte[] tensors =
                new GgufBuilder()
                        .tensor("w", DType.F32, new byte[32], 8)
                        .tensor("w", DType.F32, new byte[32], 8)
                        .build();
        assertThat(refusal(tensors)).contains("tensor 'w'").contains("the name is there twice");
    }

    @Test
    void overLongKeysAndNames() {
        assertThat(refusal(new GgufBuilder().uint32("k".repeat(65_536), 1).build()))
                .contains("string length is 65536, at most 65535");
        assertThat(isAccepted(new GgufBuilder().uint32("k".repeat(65_535), 1).build())).isTrue();
        byte[] file = new GgufBuilder().tensor("t".repeat(65), DType.F32, new byte[4], 1).build();
        assertThat(refusal(file)).contains("string length is 65, at most 64");
    }

    @Test
    void keysNamesAndStringsThatAreNotText() {
        assertThat(refusal(new GgufBuilder().uint32("\u001b[2Jkey", 1).build()))
                .contains("control characters")
                .contains("\\u001b[2Jkey")
                .doesNotContain("\u001b");
        Bytes notUtf8 = new Bytes().u64(2).u8(0xc3).u8(0x28);
        assertThat(refusal(new GgufBuilder().pair("key", GgufBuilder.STRING, notUtf8).build()))
                .contains("key 'key'")
                .contains("is not UTF-8");
        assertThat(isAccepted(new GgufBuilder().text("key", "\uFFFD").build())).isTrue();
    }

    @Test
    void dataBeyondTheFileOverlappingOutOfOrderOrWithHoles() {
        assertThat(refusal(two(0, 1 << 20))).contains("start at offset 1048576, but the tensor");
        assertThat(refusal(two(0, -32))).contains("start at offset 18446744073709551584");
        assertThat(refusal(two(0, 0)))
                .contains("tensor 'b'")
                .contains("offset 0, but the tensor before it ends at 32");
        assertThat(refusal(two(0, 16))).contains("tensor 'b'");
        assertThat(refusal(two(32, 0))).contains("tensor 'a'");
        assertThat(refusal(two(0, 64))).contains("tensor 'b'");
        assertThat(isAccepted(two(0, 32))).isTrue();
    }

    @Test
    void bytesBehindTheLastTensor() {
        byte[] file =
                new GgufBuilder().tensor("w", DType.F32, new byte[32], 8).data(new byte[5]).build();
        assertThat(refusal(file)).contains("5 bytes follow the last tensor");
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_NONE, names = "BOOL|U\\d+")
    void rowThatIsNoMultipleOfItsBlock(DType type) {
        int block = type.blockSize();
        byte[] bytes = new byte[(int) type.bytes(6L * block)];
        byte[] good = new GgufBuilder().tensor("w", type, bytes, 2, 3L * block).build();
        assertThat(isAccepted(good)).isTrue();
        if (block > 1) {
            // Two rows of one and a half blocks are three whole blocks, but no row is.
            byte[] file = good.clone();
            ByteBuffer.wrap(file)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(24 + 8 + 1 + 4, 3L * block / 2);
            assertThat(refusal(file))
                    .contains(
                            "rows of %d elements are not whole blocks of %d, as %s needs"
                                    .formatted(3 * block / 2, block, type));
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_NONE, names = "BOOL|U\\d+")
    void sizeOfEveryType(DType type) {
        int block = type.blockSize();
        byte[] bytes = new byte[(int) type.bytes(2L * block)];
        byte[] good = new GgufBuilder().tensor("w", type, bytes, 2, block).build();
        assertThat(isAccepted(good)).isTrue();
        for (int length = 0; length < good.length; length++) {
            assertThat(refusal(Arrays.copyOf(good, length))).isNotEmpty();
        }
        byte[] padded = Arrays.copyOf(good, good.length + 32);
        assertThat(refusal(padded)).contains("follow the last tensor");
        long most = Long.MAX_VALUE / block * block;
        byte[] huge = new GgufBuilder().tensor("w", type, bytes, most).build();
        assertThat(refusal(huge)).containsAnyOf("exceeds 64 bits", "remain");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4, 1000, Integer.MIN_VALUE, -1})
    void versionFromTheFuture(int version) {
        assertThat(refusal(good().version(version).build())).contains("byte 4: version is");
    }

    @Test
    void oldVersionAndOtherByteOrder() {
        assertThat(refusal(good().version(1).build()))
                .contains("GGUF version 1")
                .contains("only 2 and 3");
        assertThat(refusal(good().version(3 << 24).build())).contains("the file is big-endian");
        assertThat(refusal(good().version(2 << 24).build())).contains("the file is big-endian");
    }

    /// A quadratic check of 100,000 names would take minutes.
    @Test
    void manyKeysAndTensors() {
        GgufBuilder builder = new GgufBuilder();
        for (int i = 0; i < 100_000; i++) {
            builder.uint32("key." + i, i);
            builder.tensor("tensor." + i, DType.F32, new byte[4], 1);
        }
        assertThat(isAccepted(builder.build())).isTrue();
    }

    /// Strings of one hash code, which would make a list out of a plain hash table.
    @Test
    void manyKeysOfOneHashCode() {
        GgufBuilder builder = new GgufBuilder();
        for (int i = 0; i < 1 << 14; i++) {
            StringBuilder key = new StringBuilder();
            for (int bit = 0; bit < 14; bit++) {
                key.append((i >> bit & 1) == 0 ? "Aa" : "BB");
            }
            builder.uint32(key.toString(), i);
        }
        assertThat(isAccepted(builder.build())).isTrue();
    }

    @Test
    void nestedArrays() {
        assertThat(isAccepted(nested(4))).isTrue();
        assertThat(refusal(nested(5))).contains("arrays are nested deeper than 4 levels");
        assertThat(refusal(nested(100_000))).contains("arrays are nested deeper than 4 levels");
    }

    @Test
    void arraysOfManyEmptyArrays() {
        int count = 200_000;
        Bytes array = new Bytes().u32(GgufBuilder.ARRAY).u64(count);
        for (int i = 0; i < count; i++) {
            array.u32(GgufBuilder.ARRAY).u64(0);
        }
        assertThat(isAccepted(new GgufBuilder().pair("list", GgufBuilder.ARRAY, array).build()))
                .isTrue();
    }

    @Test
    void typeOfATensor() {
        for (Map.Entry<Integer, String> type :
                Map.of(16, "IQ2_XXS", 21, "IQ3_S", 29, "IQ1_M", 40, "NVFP4").entrySet()) {
            assertThat(refusal(ofType(type.getKey())))
                    .contains("tensor 'w'")
                    .contains(
                            "type %s (number %d) is not supported; fetch another quantisation"
                                    .formatted(type.getValue(), type.getKey()))
                    .contains("Q4_K_M");
        }
        assertThat(refusal(ofType(31))).contains("type Q4_0_4_4 (number 31) was withdrawn");
        assertThat(refusal(ofType(43))).contains("type number 43 is unknown").contains("IQ4_XS");
        assertThat(refusal(ofType(-1))).contains("type number 4294967295 is unknown");
    }

    private static byte[] ofType(int type) {
        return new GgufBuilder().description("w", new long[] {256}, type, 0).build();
    }

    private static GgufBuilder good() {
        return new GgufBuilder().tensor("w", DType.F32, new byte[32], 8);
    }

    /// One F32 tensor `w` with 32 bytes of data.
    private static byte[] one(long... dimensions) {
        return new GgufBuilder().description("w", dimensions, 0, 0).data(new byte[32]).build();
    }

    /// Two tensors of 32 bytes, said to lie at these offsets.
    private static byte[] two(long first, long second) {
        return new GgufBuilder()
                .description("a", new long[] {8}, 0, first)
                .description("b", new long[] {8}, 0, second)
                .data(new byte[64])
                .build();
    }

    private static byte[] nested(int depth) {
        Bytes array = new Bytes();
        for (int i = 1; i < depth; i++) {
            array.u32(GgufBuilder.ARRAY).u64(1);
        }
        return new GgufBuilder()
                .pair("list", GgufBuilder.ARRAY, array.u32(GgufBuilder.UINT8).u64(1).u8(7))
                .build();
    }
}
