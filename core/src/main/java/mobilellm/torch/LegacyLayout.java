package mobilellm.torch;

import mobilellm.file.Cursor;
import mobilellm.file.Printable;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.UnsupportedModelException;

import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The files of PyTorch before 1.6: pickles of a magic number, a protocol version, facts about the machine, the object
/// and the keys of its storages; then for each key a 64-bit count of elements and the elements.
final class LegacyLayout {
    private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
    private static final long PROTOCOL = 1001;

    private final Cursor cursor;
    private final String file;

    private LegacyLayout(MemorySegment bytes, String file) {
        this.cursor = new Cursor(bytes, file);
        this.file = file;
    }

    static SavedObject read(MemorySegment bytes, String file) {
        return new LegacyLayout(bytes, file).read();
    }

    private SavedObject read() {
        if (!unpickle("magic number").equals(MAGIC)) {
            throw cursor.malformed(
                    0, "not a PyTorch file: a pickle, but not of PyTorch's magic number");
        }
        Object protocol = unpickle("protocol version");
        if (!protocol.equals(PROTOCOL)) {
            throw new UnsupportedModelException(
                    cursor.describe(
                            cursor.offset(), "the protocol version is not %d".formatted(PROTOCOL)));
        }
        if (!(unpickle("system information") instanceof Map<?, ?> system
                && Boolean.TRUE.equals(system.get("little_endian")))) {
            throw new UnsupportedModelException(
                    cursor.describe(
                            cursor.offset(), "the file does not say that it is little-endian"));
        }
        cursor.enter("object");
        Unpickler unpickler = new Unpickler(cursor);
        Object object = unpickler.read();
        Map<String, MemorySegment> data = readStorages(unpickler.storages());
        return new SavedObject(
                object,
                storage ->
                        Optional.ofNullable(data.get(storage.key()))
                                .orElseThrow(
                                        () ->
                                                new MalformedFileException(
                                                        "%s: the bytes of storage %s are missing"
                                                                .formatted(
                                                                        file,
                                                                        Printable.quote(
                                                                                storage.key())))));
    }

    private Map<String, MemorySegment> readStorages(Map<String, Storage> storages) {
        if (!(unpickle("keys of the storages") instanceof List<?> keys)) {
            throw cursor.malformed(cursor.offset(), "expected a list");
        }
        Map<String, MemorySegment> data = new HashMap<>();
        for (Object key : keys) {
            Optional<Storage> storage =
                    key instanceof String text
                            ? Optional.ofNullable(storages.get(text))
                            : Optional.empty();
            cursor.enter("storage");
            if (storage.isEmpty()) {
                throw cursor.malformed(cursor.offset(), "nothing refers to one of the storages");
            }
            long at = cursor.offset();
            long count = cursor.readLong("number of elements");
            if (count != storage.get().count()) {
                throw cursor.malformed(
                        at,
                        "it has %d elements, but the pickle promises %d"
                                .formatted(count, storage.get().count()));
            }
            MemorySegment bytes = cursor.take(storage.get().bytes(), "elements");
            if (data.putIfAbsent(storage.get().key(), bytes) != null) {
                throw cursor.malformed(at, "its key is there twice");
            }
        }
        if (cursor.remaining() > 0) {
            throw cursor.malformed(
                    cursor.offset(),
                    "%d bytes follow the last storage".formatted(cursor.remaining()));
        }
        return data;
    }

    private Object unpickle(String what) {
        cursor.enter(what);
        return new Unpickler(cursor).read();
    }
}
