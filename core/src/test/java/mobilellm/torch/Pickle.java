package mobilellm.torch;

import mobilellm.testing.GgufBuilder.Bytes;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/// Writes PyTorch files for tests, good and bad ones; a pickle is text of which each character is a byte.
public final class Pickle {
    private static final String DICT = "ccollections\nOrderedDict\n)R";

    private Pickle() {}

    /// A pickle of protocol 2 that makes what the opcodes make.
    static String of(String opcodes) {
        return "\u0080\u0002" + opcodes + ".";
    }

    /// A state dict of these items, each a [#text] and a [#tensor].
    static String dict(String items) {
        return of(DICT + "(" + items + "u");
    }

    static String text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        return "X" + number32(utf8.length) + new String(utf8, StandardCharsets.ISO_8859_1);
    }

    static String number(long value) {
        StringBuilder bytes = new StringBuilder("\u008a\u0008");
        for (int i = 0; i < 8; i++) {
            bytes.append((char) ((value >> (8 * i)) & 0xff));
        }
        return bytes.toString();
    }

    static String tuple(long... values) {
        StringBuilder tuple = new StringBuilder("(");
        for (long value : values) {
            tuple.append(number(value));
        }
        return tuple.append("t").toString();
    }

    /// A reference to a storage.
    static String storage(String kind, String key, long count) {
        return "("
                + text("storage")
                + "ctorch\n"
                + kind
                + "\n"
                + text(key)
                + text("cpu")
                + number(count)
                + "tQ";
    }

    static String tensor(String storage, long offset, String sizes, String strides) {
        return "ctorch._utils\n_rebuild_tensor_v2\n("
                + storage
                + number(offset)
                + sizes
                + strides
                + "\u0089"
                + DICT
                + "tR";
    }

    /// A tensor `w` of 2 x 3 floats in a storage `0`.
    static String good() {
        return dict(
                text("w") + tensor(storage("FloatStorage", "0", 6), 0, tuple(2, 3), tuple(3, 1)));
    }

    /// A zip archive as `torch.save` writes it, one that is compressed, and a file of the older kind, of [#good] each.
    public static List<byte[]> goodFiles() {
        Zip zip = Zip.of(good()).with("archive/data/0", new byte[24]);
        return List.of(zip.stored(), zip.deflated(), legacy(good(), "0", 6, new byte[24]));
    }

    static byte[] bytes(String pickle) {
        return pickle.getBytes(StandardCharsets.ISO_8859_1);
    }

    /// A legacy file of one storage.
    static byte[] legacy(String object, String key, long count, byte[] data) {
        String magic = "\u008a\nl\u00fc\u009cF\u00f9 j\u00a8P\u0019";
        String system = of("}(" + text("little_endian") + "\u0088u");
        return new Bytes()
                .raw(bytes(of(magic) + of(number(1001)) + system + object))
                .raw(bytes(of("](" + text(key) + "e")))
                .u64(count)
                .raw(data)
                .toArray();
    }

    private static String number32(int value) {
        StringBuilder bytes = new StringBuilder();
        for (int i = 0; i < 4; i++) {
            bytes.append((char) ((value >> (8 * i)) & 0xff));
        }
        return bytes.toString();
    }

    /// Writes zip archives.
    static final class Zip {
        private final List<String> names = new ArrayList<>();
        private final List<byte[]> contents = new ArrayList<>();

        /// With the pickle in folder `archive`.
        static Zip of(String pickle) {
            return new Zip().with("archive/data.pkl", bytes(pickle));
        }

        Zip with(String name, byte[] content) {
            names.add(name);
            contents.add(content);
            return this;
        }

        byte[] stored() {
            return write(ZipEntry.STORED);
        }

        byte[] deflated() {
            return write(ZipEntry.DEFLATED);
        }

        private byte[] write(int method) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
                for (int i = 0; i < names.size(); i++) {
                    byte[] content = contents.get(i);
                    ZipEntry entry = new ZipEntry(names.get(i));
                    entry.setMethod(method);
                    entry.setTime(315_600_000_000L);
                    if (method == ZipEntry.STORED) {
                        CRC32 crc = new CRC32();
                        crc.update(content);
                        entry.setSize(content.length);
                        entry.setCrc(crc.getValue());
                    }
                    zip.putNextEntry(entry);
                    zip.write(content);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return bytes.toByteArray();
        }
    }
}
