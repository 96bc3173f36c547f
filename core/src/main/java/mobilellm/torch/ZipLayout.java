package mobilellm.torch;

import mobilellm.file.Cursor;
import mobilellm.file.Printable;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.UnsupportedModelException;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// The files of PyTorch 1.6 and later: a zip archive with one folder, called after the file or `archive`, in it `data.pkl`
/// and one entry `data/KEY` for each storage. Other entries say nothing about tensors.
final class ZipLayout {
    private static final String PICKLE = "/data.pkl";
    private static final int LONGEST_BYTE_ORDER = 16;

    private ZipLayout() {}

    static SavedObject read(MemorySegment bytes, String file, Allowance allowance) {
        ZipArchive archive = new ZipArchive(bytes, file, allowance);
        String root = root(archive, file);
        requireLittleEndian(archive, root, file);
        MemorySegment pickle = archive.bytes(root + PICKLE).orElseThrow();
        Cursor cursor = new Cursor(pickle, file);
        cursor.enter("entry " + Printable.quote(root + PICKLE));
        Object object = new Unpickler(cursor).read();
        if (cursor.remaining() > 0) {
            throw cursor.malformed(
                    cursor.offset(), "%d bytes follow the pickle".formatted(cursor.remaining()));
        }
        Map<Storage, MemorySegment> inflated = new HashMap<>();
        Function<Storage, MemorySegment> storages =
                storage ->
                        inflated.computeIfAbsent(storage, key -> storage(archive, root, key, file));
        return new SavedObject(object, storages);
    }

    private static String root(ZipArchive archive, String file) {
        Optional<String> root = Optional.empty();
        for (String name : archive.names()) {
            String folder = name.substring(0, Math.max(0, name.indexOf('/')));
            if (folder.isEmpty() || !root.orElse(folder).equals(folder)) {
                throw new MalformedFileException(
                        "%s: entry %s lies outside the folder of the archive"
                                .formatted(file, Printable.quote(name)));
            }
            if (name.equals(folder + "/constants.pkl")) {
                throw new UnsupportedModelException(
                        file + ": is a TorchScript program, of which nothing is executed");
            }
            root = Optional.of(folder);
        }
        return root.filter(folder -> archive.contains(folder + PICKLE))
                .orElseThrow(
                        () ->
                                new MalformedFileException(
                                        file
                                                + ": the zip archive has no entry data.pkl in its"
                                                + " folder, so PyTorch did not write it"));
    }

    private static void requireLittleEndian(ZipArchive archive, String root, String file) {
        String order =
                archive.bytes(root + "/byteorder")
                        .filter(bytes -> bytes.byteSize() <= LONGEST_BYTE_ORDER)
                        .map(bytes -> bytes.toArray(ValueLayout.JAVA_BYTE))
                        .map(bytes -> new String(bytes, StandardCharsets.ISO_8859_1))
                        .orElse("little");
        if (!order.equals("little")) {
            throw new UnsupportedModelException(
                    "%s: byte order %s is not supported, only 'little'"
                            .formatted(file, Printable.quote(order)));
        }
    }

    private static MemorySegment storage(
            ZipArchive archive, String root, Storage storage, String file) {
        String name = root + "/data/" + storage.key();
        MemorySegment bytes =
                archive.bytes(name)
                        .orElseThrow(
                                () ->
                                        new MalformedFileException(
                                                "%s: entry %s is missing"
                                                        .formatted(file, Printable.quote(name))));
        if (bytes.byteSize() != storage.bytes()) {
            throw new MalformedFileException(
                    "%s: entry %s has %d bytes, but the pickle promises %d"
                            .formatted(
                                    file,
                                    Printable.quote(name),
                                    bytes.byteSize(),
                                    storage.bytes()));
        }
        return bytes;
    }
}
