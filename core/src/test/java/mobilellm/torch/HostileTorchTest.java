package mobilellm.torch;

import static mobilellm.torch.Pickle.dict;
import static mobilellm.torch.Pickle.storage;
import static mobilellm.torch.Pickle.tensor;
import static mobilellm.torch.Pickle.text;
import static mobilellm.torch.Pickle.tuple;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.testing.HostileBytes;
import mobilellm.torch.Pickle.Zip;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Files that have broken, or would break, a reader that believes them.
class HostileTorchTest {
    /// An opcode of one byte can make a list or a dict.
    private static final int HEAP_PER_BYTE = 256;

    private static final HostileBytes LIMITS =
            new HostileBytes(
                    "bad.bin",
                    bytes -> {
                        try (Arena arena = Arena.ofConfined()) {
                            TorchFile.parse(bytes, "bad.bin", arena);
                        }
                    },
                    HEAP_PER_BYTE);

    private static final String FLOATS = storage("FloatStorage", "0", 6);

    @Test
    void everyTruncationIsRefused() {
        Pickle.goodFiles().forEach(LIMITS::refusesEveryTruncation);
    }

    @Test
    void everyFlipIsRefusedOrHarmless() {
        for (byte[] good : Pickle.goodFiles()) {
            assertThat(LIMITS.flipEveryBit(good)).isGreaterThan(1000);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cposix\nsystem\n(X\u0004\u0000\u0000\u0000true tR",
                "cbuiltins\neval\n)R",
                "cbuiltins\n__import__\n)R",
                "ctorch\nload\n)R",
                "ctorch._utils\n_rebuild_qtensor\n)R",
                "ctorch\nQInt8Storage\n",
                "ctorch\nComplexFloatStorage\n",
                "cnumpy.core.multiarray\n_reconstruct\n",
            })
    void importsAreRefusedByName(String opcodes) {
        String[] lines = opcodes.substring(1).split("\n", -1);
        assertThat(refusal(Pickle.of(opcodes)))
                .contains("byte 2: the pickle wants '" + lines[0] + "." + lines[1] + "'")
                .contains("nothing is executed");
        String stacked = text(lines[0]) + text(lines[1]) + "\u0093";
        assertThat(refusal(Pickle.of(stacked))).contains("wants '" + lines[0]);
    }

    @ParameterizedTest
    @CsvSource({
        "o, OBJ",
        "i, INST",
        "P, PERSID",
        "2, DUP",
        "I, INT",
        "d, DICT",
        "g, GET",
        "\u0081, NEWOBJ",
        "\u0082, EXT1",
        "\u008b, LONG4",
        "\u0092, NEWOBJ_EX",
        "\u0096, BYTEARRAY8",
        "?, unknown"
    })
    void otherOpcodesAreRefusedByName(String opcode, String name) {
        assertThat(refusal(Pickle.of("}" + opcode))).contains("byte 3: opcode " + name);
    }

    @Test
    void callsOfWhatIsNoFunction() {
        assertThat(refusal(Pickle.of("ctorch\nFloatStorage\n)R"))).contains("calls a type");
        assertThat(refusal(Pickle.of("})R"))).contains("what is called is a dict of 0");
        assertThat(refusal(Pickle.of("ccollections\nOrderedDict\n]R"))).contains("is a list of 0");
        assertThat(refusal(Pickle.of("ccollections\nOrderedDict\n)R)b")))
                .contains("sets the state of a dict of 0 to a tuple of 0");
        assertThat(refusal(Pickle.of("]}b"))).contains("sets the state of a list of 0");
    }

    @Test
    void stackAndMemoAreAbused() {
        assertThat(refusal(Pickle.of(""))).contains("ends with 0 values");
        assertThat(refusal(Pickle.of("}}"))).contains("ends with 2 values");
        assertThat(refusal(Pickle.of("0"))).contains("stack is too short");
        assertThat(refusal(Pickle.of("q\u0000"))).contains("stack is too short");
        assertThat(refusal(Pickle.of("}(0"))).contains("stack is too short");
        assertThat(refusal(Pickle.of("t"))).contains("no mark");
        assertThat(refusal(Pickle.of("h\u0007"))).contains("nothing was put into memo 7");
        assertThat(refusal(Pickle.of("}j\u00ff\u00ff\u00ff\u00ff"))).contains("memo 4294967295");
        assertThat(refusal(Pickle.of("}(Ku"))).contains("bad.bin");
        assertThat(refusal(Pickle.of("](Nu"))).contains("should put into a dict");
        assertThat(refusal(Pickle.of("}Na"))).contains("should append to a list");
        assertThat(refusal(Pickle.of("}(Nu"))).contains("key without a value");
        assertThat(refusal(Pickle.of("}(}Nu"))).contains("key of a dict is a dict");
        assertThat(refusal(Pickle.of("}(K\u0001NK\u0001Nu"))).contains("key '1' is there twice");
        assertThat(refusal("\u0080\u0001}.")).contains("pickle protocol 1");
        assertThat(refusal("\u0080\u0006}.")).contains("pickle protocol 6");
        assertThat(refusal("}.")).contains("should start here");
        assertThat(refusal(Pickle.of("}") + "}")).contains("1 bytes follow the pickle");
        assertThat(refusal(Pickle.of("]"))).contains("something else than a dict");
    }

    /// Objects that hold themselves or each other many times over must not be walked for ever.
    @Test
    void cyclesAndDoublings() {
        assertThat(refusal(Pickle.of("}q\u0000(" + text("a") + "h\u0000u"))).contains("twice");
        StringBuilder doubling = new StringBuilder("}q\u0000");
        for (int i = 0; i < 40; i++) {
            doubling.append("0}q").append((char) (i + 1)).append("(");
            doubling.append(text("a")).append("h").append((char) i);
            doubling.append(text("b")).append("h").append((char) i).append("u");
        }
        assertThat(refusal(Pickle.of(doubling.toString()))).contains("twice");
        assertThat(LIMITS.isAccepted(zip(Pickle.of("}(" + text("a") + "]q\u0000h\u0000au"))))
                .isTrue();
    }

    @Test
    void lengthsBeyondThePickle() {
        assertThat(refusal(Pickle.of("X\u00ff\u00ff\u00ff\u00ff"))).contains("4294967295 bytes");
        assertThat(refusal(Pickle.of("\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff")))
                .contains("18446744073709551615 bytes");
        assertThat(refusal(Pickle.of("\u0095\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f")))
                .contains("a frame is said");
        assertThat(refusal(Pickle.of("\u008a\u00ff"))).contains("the file ends within the number");
        assertThat(refusal(Pickle.of("c" + "a".repeat(300)))).contains("longer than 256 letters");
        assertThat(refusal(Pickle.of("X\u0001\u0000\u0000\u0000\u00ff"))).contains("not UTF-8");
    }

    @Test
    void longPicklesAreRefusedBeforeTheyFillTheHeap() {
        assertThat(LIMITS.refusal(zip(Pickle.of("}".repeat(5 << 20))))).contains("longer than");
    }

    @Test
    void tensorsOutsideTheirStorage() {
        assertThat(w(FLOATS, 0, tuple(2, 4), tuple(4, 1))).contains("number 7 of a storage of 6");
        assertThat(w(FLOATS, 1, tuple(2, 3), tuple(3, 1))).contains("number 6 of a storage of 6");
        assertThat(w(FLOATS, 0, tuple(2), tuple(6))).contains("number 6 of a storage of 6");
        assertThat(w(FLOATS, -1, tuple(2), tuple(1))).contains("offset is -1");
        assertThat(w(FLOATS, 0, tuple(2), tuple(-1))).contains("strides is -1");
        assertThat(w(FLOATS, 0, tuple(-2), tuple(1))).contains("sizes is -2");
        assertThat(w(FLOATS, 0, tuple(2), tuple(1, 1))).contains("1 sizes and 2 strides");
        assertThat(w(FLOATS, 0, tuple(1L << 32, 1L << 32), tuple(0, 0))).contains("64 bits");
        assertThat(w(FLOATS, 0, tuple(1L << 32), tuple(1L << 32))).contains("64 bits");
        assertThat(w(FLOATS, Long.MAX_VALUE, tuple(2), tuple(1))).contains("64 bits");
        assertThat(w(FLOATS, 0, tuple(new long[65]), tuple(new long[65])))
                .contains("a tuple of 65");
    }

    /// One float, repeated until memory is full.
    @Test
    void repetitionBombs() {
        assertThat(w(FLOATS, 0, tuple(1L << 40), tuple(0))).contains("more than 16 times the file");
    }

    @Test
    void storagesThatContradictThePickle() {
        assertThat(w(storage("FloatStorage", "0", 7), 0, tuple(1), tuple(1)))
                .contains("has 24 bytes, but the pickle promises 28");
        assertThat(w(storage("FloatStorage", "0", Long.MAX_VALUE), 0, tuple(1), tuple(1)))
                .contains("64 bits");
        assertThat(w(storage("FloatStorage", "1", 6), 0, tuple(1), tuple(1)))
                .contains("'archive/data/1' is missing");
        assertThat(w(storage("FloatStorage", "../0", 6), 0, tuple(1), tuple(1)))
                .contains("is missing");
        String twice =
                text("a")
                        + tensor(FLOATS, 0, tuple(1), tuple(1))
                        + text("b")
                        + tensor(storage("IntStorage", "0", 6), 0, tuple(1), tuple(1));
        assertThat(refusal(dict(twice))).contains("two types or two sizes");
        assertThat(refusal(Pickle.of("(" + text("module") + "NNNNtQ")))
                .contains("something that is no storage");
        assertThat(refusal(dict(text("\u001b[2J") + tensor(FLOATS, 0, tuple(1), tuple(1)))))
                .contains("control characters")
                .doesNotContain("\u001b");
    }

    @Test
    void otherByteOrderIsRefused() {
        byte[] big =
                Zip.of(Pickle.good())
                        .with("archive/byteorder", Pickle.bytes("big"))
                        .with("archive/data/0", new byte[24])
                        .stored();
        assertThat(LIMITS.refusal(big)).contains("byte order 'big' is not supported");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"../data/0", "archive/../../x", "/archive/x", "archive\\x", "archive/c:x"})
    void namesThatLeaveTheFolder(String name) {
        byte[] file = Zip.of(Pickle.good()).with(name, new byte[1]).stored();
        assertThat(LIMITS.refusal(file)).contains("leaves its folder");
    }

    @Test
    void foldersOfTheArchive() {
        assertThat(LIMITS.refusal(new Zip().with("a/x", new byte[1]).stored()))
                .contains("no entry data.pkl");
        assertThat(LIMITS.refusal(Zip.of(Pickle.good()).with("b/x", new byte[1]).stored()))
                .contains("'b/x' lies outside the folder");
        assertThat(LIMITS.refusal(Zip.of(Pickle.good()).with("data.pkl", new byte[1]).stored()))
                .contains("'data.pkl' lies outside the folder");
        assertThat(
                        LIMITS.refusal(
                                Zip.of(Pickle.good())
                                        .with("archive/constants.pkl", new byte[1])
                                        .stored()))
                .contains("TorchScript");
    }

    /// Ten megabytes of zeros deflate to ten kilobytes; a hundred do not fit into the allowance.
    @Test
    void zipBombs() {
        String pickle =
                dict(
                        text("w")
                                + tensor(
                                        storage("ByteStorage", "0", 100 << 20),
                                        0,
                                        tuple(1),
                                        tuple(1)));
        byte[] file = Zip.of(pickle).with("archive/data/0", new byte[100 << 20]).deflated();
        assertThat(file.length).isLessThan(200_000);
        assertThat(LIMITS.refusal(file)).contains("more than 16 times the file");
    }

    @Test
    void manyTensorsAndEntriesTakeLittleHeapAndTime() {
        int count = 20_000;
        StringBuilder items = new StringBuilder();
        Zip zip = new Zip();
        for (int i = 0; i < count; i++) {
            String storage = storage("ByteStorage", Integer.toString(i), 1);
            items.append(text("w" + i)).append(tensor(storage, 0, tuple(1), tuple(1)));
            zip.with("archive/data/" + i, new byte[1]);
        }
        zip.with("archive/data.pkl", Pickle.bytes(dict(items.toString())));
        assertThat(LIMITS.isAccepted(zip.stored())).isTrue();
    }

    @Test
    void sizesThatLie() {
        byte[] file = deflated();
        int central = find(file, 0x02014b50);
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putInt(central + 24, 1);
        assertThat(LIMITS.refusal(file)).contains("does not inflate to the 1 bytes");
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putInt(central + 24, 10_000);
        assertThat(LIMITS.refusal(file)).contains("size or its checksum");
    }

    /// Two entries of the directory that share the same bytes.
    @Test
    void entriesThatOverlap() {
        byte[] file =
                Zip.of(Pickle.good())
                        .with("archive/data/0", new byte[24])
                        .with("archive/data/1", new byte[24])
                        .stored();
        ByteBuffer buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int first = find(file, 0x02014b50);
        int size = buffer.getInt(first + 24);
        buffer.putInt(first + 20, size + 8);
        buffer.putInt(first + 24, size + 8);
        assertThat(LIMITS.refusal(file)).contains("overlaps the entry before it");
    }

    @Test
    void legacyFilesThatContradictThemselves() {
        byte[] data = new byte[24];
        assertThat(LIMITS.refusal(Pickle.legacy(Pickle.good(), "0", 5, data)))
                .contains("it has 5 elements, but the pickle promises 6");
        assertThat(LIMITS.refusal(Pickle.legacy(Pickle.good(), "1", 6, data)))
                .contains("nothing refers to one of the storages");
        assertThat(LIMITS.refusal(Pickle.legacy(Pickle.good(), "0", 6, new byte[25])))
                .contains("1 bytes follow the last storage");
        assertThat(LIMITS.refusal(Pickle.bytes(Pickle.good()))).contains("magic number");
        String other = new String(legacy(), StandardCharsets.ISO_8859_1);
        assertThat(
                        LIMITS.refusal(
                                Pickle.bytes(
                                        other.replace(
                                                "little_endian\u0088", "little_endian\u0089"))))
                .contains("does not say that it is little-endian");
    }

    @Test
    void filesThatAreNone() {
        assertThat(LIMITS.refusal(new byte[0])).contains("not a PyTorch file");
        assertThat(LIMITS.refusal(Pickle.bytes("version https://"))).contains("not a PyTorch file");
        assertThat(LIMITS.refusal(Pickle.bytes("PK\u0003\u0004"))).contains("central directory");
    }

    private static String w(String storage, long offset, String sizes, String strides) {
        return refusal(dict(text("w") + tensor(storage, offset, sizes, strides)));
    }

    private static String refusal(String pickle) {
        return LIMITS.refusal(zip(pickle));
    }

    private static byte[] zip(String pickle) {
        return Zip.of(pickle).with("archive/data/0", new byte[24]).stored();
    }

    private static byte[] deflated() {
        return Pickle.goodFiles().get(1);
    }

    private static byte[] legacy() {
        return Pickle.goodFiles().get(2);
    }

    private static int find(byte[] file, int signature) {
        ByteBuffer buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < file.length - 4; i++) {
            if (buffer.getInt(i) == signature) {
                return i;
            }
        }
        throw new AssertionError("no such signature");
    }
}
