package mobilellm.safetensors;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.testing.GgufBuilder.Bytes;
import mobilellm.testing.HostileBytes;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;

/// Files that have broken, or would break, a reader that believes them.
class HostileSafetensorsTest {
    private static final HostileBytes LIMITS =
            new HostileBytes(
                    "bad.safetensors",
                    bytes -> SafetensorsFile.parse(bytes, "bad.safetensors"),
                    40);

    private static final String GOOD =
            """
            {"__metadata__": {"format": "pt"},
             "b": {"dtype": "F16", "shape": [2, 2], "data_offsets": [4, 12]},
             "a": {"data_offsets": [0, 4], "shape": [], "dtype": "F32"},
             "none": {"dtype": "I64", "shape": [3, 0], "data_offsets": [12, 12]},
             "ä b": {"dtype": "BOOL", "shape": [1, 3], "data_offsets": [12, 15]}}  \
            """;

    @Test
    void everyTruncationIsRefused() {
        LIMITS.refusesEveryTruncation(file(GOOD, 15));
    }

    @Test
    void everyFlipIsRefusedOrHarmless() {
        byte[] good = file(GOOD, 15);
        assertThat(LIMITS.flipEveryBit(good)).isGreaterThan(4 * good.length);
    }

    @ParameterizedTest
    @ValueSource(
            longs = {0, 1, 100_000_001, Integer.MAX_VALUE, 1L << 32, Long.MAX_VALUE - 7, -1, -8})
    void lengthOfTheHeaderIsWrong(long length) {
        byte[] file = new Bytes().u64(length).raw(new byte[64]).toArray();
        assertThat(LIMITS.refusal(file)).contains("byte 0").contains("the header is said to have");
    }

    @Test
    void headerIsNoJsonObject() {
        assertThat(refusal("[]", 0)).contains("byte 8").contains("does not start with '{'");
        assertThat(refusal(" {}", 0)).contains("does not start with '{'");
        assertThat(refusal("{\"a\": ", 0)).contains("not well-formed JSON");
        assertThat(refusal("{} {}", 0)).contains("something follows");
        assertThat(refusal("{}\0", 0)).contains("not well-formed JSON");
        assertThat(refusal("{\"\u001b[2J\": 1}", 0))
                .contains("not well-formed JSON")
                .doesNotContain("\u001b");
        byte[] noUtf8 = "{\"\u00ff\": 1}".getBytes(StandardCharsets.ISO_8859_1);
        assertThat(LIMITS.refusal(new Bytes().u64(noUtf8.length).raw(noUtf8).toArray()))
                .contains("UTF-8");
    }

    @Test
    void deepNestingIsRefusedEarly() {
        String deep = "{\"a\": " + "[".repeat(100_000);
        assertThat(refusal(deep, 0)).contains("byte");
        assertThat(refusal("{\"a\": {\"shape\": " + "[".repeat(100_000), 0))
                .contains("should be a whole number");
    }

    @Test
    void dataOutsideTheFile() {
        assertThat(refusal(one("U8", "5", "0, 5"), 4)).contains("end at offset 5, expected 0 to 4");
        assertThat(refusal(one("U8", "4", "4, 0"), 4)).contains("start at offset 4");
        assertThat(refusal(one("U8", "4", "0, 9223372036854775807"), 4)).contains("end at offset");
        assertThat(refusal(one("U8", "4", "0, 9223372036854775808"), 4))
                .contains("expected 0 to 2^63 - 1");
        assertThat(refusal(one("U8", "4", "-4, 0"), 4)).contains("expected 0 to 2^63 - 1");
        assertThat(refusal(one("U8", "4", "0.0, 4"), 4)).contains("should be a whole number");
    }

    @Test
    void holesAndOverlaps() {
        String a = "\"a\": {\"dtype\": \"U8\", \"shape\": [4], \"data_offsets\": [0, 4]}";
        String b = "\"b\": {\"dtype\": \"U8\", \"shape\": [4], \"data_offsets\": [%d, %d]}";
        assertThat(refusal("{" + a + ", " + b.formatted(5, 9) + "}", 9))
                .contains("'b'")
                .contains("start at offset 5, but the tensor before it ends at 4");
        assertThat(refusal("{" + a + ", " + b.formatted(3, 7) + "}", 7))
                .contains("start at offset 3");
        assertThat(refusal("{" + a + ", " + b.formatted(0, 4) + "}", 4))
                .contains("start at offset 0");
        assertThat(refusal("{" + a + "}", 5)).contains("1 bytes follow the last tensor");
        assertThat(refusal("{}", 1)).contains("1 bytes follow the last tensor");
    }

    @Test
    void sizesThatContradictEachOther() {
        assertThat(refusal(one("F32", "2", "0, 4"), 4)).contains("takes 8 bytes", "give 4");
        String wraps = "4294967296, 4294967296";
        assertThat(refusal(one("U8", wraps, "0, 4"), 4)).contains("exceeds 64 bits");
        assertThat(refusal(one("F64", "2305843009213693952", "0, 0"), 0))
                .contains("exceeds 64 bits");
        assertThat(refusal(one("U8", "1, ".repeat(64) + "1", "0, 1"), 1))
                .contains("more than 64 dimensions");
        assertThat(refusal(one("U8", "1", "0, 1, 1"), 1)).contains("more than 2 data offsets");
        assertThat(refusal(one("U8", "1", "0"), 1)).contains("not 2 data offsets");
    }

    @Test
    void membersThatAreMissingDoubledOrUnknown() {
        assertThat(refusal("{\"a\": {\"shape\": [1], \"data_offsets\": [0, 1]}}", 1))
                .contains("no dtype");
        assertThat(refusal("{\"a\": {\"dtype\": \"U8\", \"data_offsets\": [0, 1]}}", 1))
                .contains("no shape");
        assertThat(refusal("{\"a\": {}, \"a\": {}}", 0)).contains("no dtype");
        String a = "\"a\": {\"dtype\": \"U8\", \"shape\": [0], \"data_offsets\": [0, 0]}";
        assertThat(refusal("{" + a + ", " + a + "}", 0)).contains("names 'a' twice");
        assertThat(refusal("{\"a\": {\"dtype\": \"U8\", \"dtype\": \"U8\"}}", 0))
                .contains("names 'dtype' twice");
        assertThat(refusal("{\"a\": {\"dtipe\": \"U8\"}}", 0)).contains("unknown member 'dtipe'");
        assertThat(refusal("{\"a\": 1}", 0)).contains("should be an object");
        assertThat(refusal("{\"a\": null}", 0)).contains("should be an object");
        assertThat(refusal("{\"\": {}}", 0)).contains("empty or has control characters");
        assertThat(refusal("{\"a\\u001b[2J\": {}}", 0))
                .contains("control")
                .doesNotContain("\u001b");
    }

    @Test
    void metadataAreTextsOnly() {
        assertThat(refusal("{\"__metadata__\": {\"a\": 1}}", 0)).contains("should be a string");
        assertThat(refusal("{\"__metadata__\": [\"a\"]}", 0)).contains("should be an object");
        assertThat(refusal("{\"__metadata__\": {\"a\": {\"b\": \"c\"}}}", 0)).contains("string");
    }

    @ParameterizedTest
    @ValueSource(strings = {"F8_E4M3", "F8_E5M2", "F8_E8M0", "F4", "C64", "f32", "", "Q4_0"})
    void otherTypesAreRefusedByName(String type) {
        assertThat(refusal(one(type, "1", "0, 1"), 1)).contains("dtype is '" + type + "'");
    }

    @Test
    void manyTensorsTakeLittleHeapAndTime() {
        assertAccepted(IntStream.range(0, 100_000).mapToObj(Integer::toString).toList());
    }

    @Test
    void namesOfOneHashCodeTakeLittleHeapAndTime() {
        assertAccepted(HostileBytes.collidingNames(16));
    }

    private static void assertAccepted(List<String> names) {
        StringBuilder header = new StringBuilder("{");
        for (int i = 0; i < names.size(); i++) {
            header.append(
                    "\"%s\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[%d,%d]},"
                            .formatted(names.get(i), i, i + 1));
        }
        header.setCharAt(header.length() - 1, '}');
        assertThat(LIMITS.isAccepted(file(header.toString(), names.size()))).isTrue();
    }

    private static String one(String type, String shape, String offsets) {
        return "{\"a\": {\"dtype\": \"%s\", \"shape\": [%s], \"data_offsets\": [%s]}}"
                .formatted(type, shape, offsets);
    }

    private static String refusal(String header, int dataBytes) {
        return LIMITS.refusal(file(header, dataBytes));
    }

    private static byte[] file(String header, int dataBytes) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return new Bytes().u64(json.length).raw(json).raw(new byte[dataBytes]).toArray();
    }
}
