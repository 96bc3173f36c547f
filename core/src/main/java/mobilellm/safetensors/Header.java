package mobilellm.safetensors;

import mobilellm.file.JsonReader;
import mobilellm.file.Printable;
import mobilellm.safetensors.SafetensorsFile.Contents;
import mobilellm.tensor.DType;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Shape;
import mobilellm.tensor.Tensor;
import mobilellm.tensor.UnsupportedModelException;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Reads the JSON header, `{"NAME": {"dtype": "F16", "shape": [2, 3], "data_offsets": [0, 12]}, ...}`, and cuts the
/// tensors out of the bytes behind it.
final class Header {
    private static final String METADATA = "__metadata__";

    /// As many as PyTorch allows.
    private static final int MOST_DIMENSIONS = 64;

    private static final Map<String, DType> SUPPORTED =
            Map.ofEntries(
                    Map.entry("F64", DType.F64),
                    Map.entry("F32", DType.F32),
                    Map.entry("F16", DType.F16),
                    Map.entry("BF16", DType.BF16),
                    Map.entry("BOOL", DType.BOOL),
                    Map.entry("U8", DType.U8),
                    Map.entry("I8", DType.I8),
                    Map.entry("U16", DType.U16),
                    Map.entry("I16", DType.I16),
                    Map.entry("U32", DType.U32),
                    Map.entry("I32", DType.I32),
                    Map.entry("U64", DType.U64),
                    Map.entry("I64", DType.I64));

    private static final Set<String> UNSUPPORTED =
            Set.of(
                    "F8_E4M3",
                    "F8_E5M2",
                    "F8_E4M3FNUZ",
                    "F8_E5M2FNUZ",
                    "F8_E8M0",
                    "F6_E2M3",
                    "F6_E3M2",
                    "F4",
                    "C64");

    private final String file;
    private final byte[] json;
    private final MemorySegment data;
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final List<Entry> entries = new ArrayList<>();

    /// @param data everything behind the header
    Header(String file, byte[] json, MemorySegment data) {
        this.file = file;
        this.json = json;
        this.data = data;
    }

    /// One tensor as the header describes it: `data` from byte `begin` to before byte `end`.
    private record Entry(String name, DType type, List<Long> shape, long begin, long end) {}

    Contents read() {
        JsonReader.read(
                json,
                file,
                Long.BYTES,
                reader -> {
                    reader.object("the header", name -> readMember(reader, name));
                    return metadata;
                });
        return new Contents(Collections.unmodifiableMap(metadata), tensors());
    }

    private void readMember(JsonReader reader, String name) {
        reader.enter(name.equals(METADATA) ? "member" : "tensor", name);
        if (name.equals(METADATA)) {
            reader.object("it", key -> metadata.put(key, reader.string("a value")));
            return;
        }
        if (name.isEmpty() || name.codePoints().anyMatch(Printable::isControl)) {
            throw reader.malformed("the name is empty or has control characters");
        }
        entries.add(new EntryReader(reader, name).read());
    }

    /// Reads the description of one tensor, its members in any order.
    private final class EntryReader {
        private final JsonReader reader;
        private final String name;
        private Optional<DType> type = Optional.empty();
        private Optional<List<Long>> shape = Optional.empty();
        private List<Long> offsets = List.of();

        EntryReader(JsonReader reader, String name) {
            this.reader = reader;
            this.name = name;
        }

        Entry read() {
            reader.object("it", this::readMember);
            if (type.isEmpty() || shape.isEmpty() || offsets.size() != 2) {
                throw reader.malformed("it has no dtype, no shape or not 2 data offsets");
            }
            return new Entry(name, type.get(), shape.get(), offsets.getFirst(), offsets.getLast());
        }

        private void readMember(String member) {
            switch (member) {
                case "dtype" -> type = Optional.of(readType());
                case "shape" -> shape = Optional.of(readSizes("dimension", MOST_DIMENSIONS));
                case "data_offsets" -> offsets = readSizes("data offset", 2);
                default ->
                        throw reader.malformed(
                                "it has an unknown member " + Printable.quote(member));
            }
        }

        private DType readType() {
            String text = reader.string("dtype");
            DType found = SUPPORTED.get(text);
            if (found != null) {
                return found;
            }
            String problem =
                    "dtype is %s; supported are %s"
                            .formatted(
                                    Printable.quote(text),
                                    SUPPORTED.keySet().stream().sorted().toList());
            if (UNSUPPORTED.contains(text)) {
                throw new UnsupportedModelException(
                        "%s: tensor %s: %s".formatted(file, Printable.quote(name), problem));
            }
            throw reader.malformed(problem);
        }

        private List<Long> readSizes(String what, int most) {
            List<Long> sizes = new ArrayList<>(2);
            reader.array(
                    what,
                    () -> {
                        sizes.add(reader.size(what));
                        if (sizes.size() > most) {
                            throw reader.malformed("it has more than %d %ss".formatted(most, what));
                        }
                    });
            return List.copyOf(sizes);
        }
    }

    /// By name, in the order of their bytes. Each starts where the one before ends, so they cover the data exactly.
    private Map<String, Tensor> tensors() {
        entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        long position = 0;
        for (Entry entry : entries) {
            if (entry.begin() != position) {
                throw malformed(
                        entry,
                        "its data is said to start at offset %d, but the tensor before it ends at %d"
                                .formatted(entry.begin(), position));
            }
            if (entry.end() < entry.begin() || entry.end() > data.byteSize()) {
                throw malformed(
                        entry,
                        "its data is said to end at offset %d, expected %d to %d, where the file ends"
                                .formatted(entry.end(), entry.begin(), data.byteSize()));
            }
            Shape shape = new Shape(entry.shape());
            requireSize(entry, shape);
            position = entry.end();
            tensors.put(
                    entry.name(),
                    new Tensor(
                            entry.name(),
                            entry.type(),
                            shape,
                            data.asSlice(entry.begin(), entry.end() - entry.begin())));
        }
        if (position != data.byteSize()) {
            throw new MalformedFileException(
                    "%s: %d bytes follow the last tensor"
                            .formatted(file, data.byteSize() - position));
        }
        return Collections.unmodifiableMap(tensors);
    }

    private void requireSize(Entry entry, Shape shape) {
        long bytes;
        try {
            bytes = entry.type().bytes(shape.elements());
        } catch (ArithmeticException e) {
            throw malformed(entry, "the size of shape %s exceeds 64 bits".formatted(shape));
        }
        if (bytes != entry.end() - entry.begin()) {
            throw malformed(
                    entry,
                    "%s %s takes %d bytes, but its data offsets give %d"
                            .formatted(entry.type(), shape, bytes, entry.end() - entry.begin()));
        }
    }

    private MalformedFileException malformed(Entry entry, String problem) {
        return new MalformedFileException(
                "%s: tensor %s: %s".formatted(file, Printable.quote(entry.name()), problem));
    }
}
