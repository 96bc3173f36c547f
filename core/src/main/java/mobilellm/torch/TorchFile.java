package mobilellm.torch;

import mobilellm.file.MappedFile;
import mobilellm.file.Printable;
import mobilellm.file.TensorFile;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Tensor;
import mobilellm.tensor.UnsupportedModelException;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The tensors of a file that `torch.save` wrote, such as `pytorch_model.bin`: a zip archive (PyTorch 1.6 and later) or
/// the pickles of earlier versions.
///
/// The file may come from a stranger, and a pickle is a program. Nothing of it is executed: see [Unpickler]. Whatever the
/// bytes, [#open] gives tensors that lie inside the file or throws an exception that says what was read, what was
/// expected and where. Heap is bounded by the length of the pickle, which has at most 4 MiB, and other memory by 16 times
/// the file (and 16 MiB), for deflated entries and tensors whose elements do not lie in a row; all others are views of
/// the mapped file. Checksums of stored entries are not computed, because that would read the whole file.
///
/// The tensors are valid until [#close], and are not read before they are touched: see [MappedFile].
public final class TorchFile implements TensorFile {
    private final MappedFile file;
    private final Arena arena;
    private final Map<String, Tensor> tensors;

    private TorchFile(MappedFile file, Arena arena, Map<String, Tensor> tensors) {
        this.file = file;
        this.arena = arena;
        this.tensors = tensors;
    }

    /// Maps a file and reads its pickle.
    ///
    /// @throws MalformedFileException if it is not a well-formed file of `torch.save`
    /// @throws UnsupportedModelException if its pickle asks for anything but tensors, or for a type that is not supported
    /// @throws IOException if it is not there, not a regular file, or cannot be read
    public static TorchFile open(Path path) throws IOException {
        MappedFile file = MappedFile.open(path, "a PyTorch file");
        Arena arena = Arena.ofShared();
        try {
            return new TorchFile(file, arena, parse(file.bytes(), path.toString(), arena));
        } catch (Throwable e) {
            arena.close();
            file.close();
            throw e;
        }
    }

    /// Parses the bytes of a whole file; `file` names it in messages.
    ///
    /// @param arena owner of the tensors that are not views of `bytes`
    static Map<String, Tensor> parse(MemorySegment bytes, String file, Arena arena) {
        return MappedFile.reading(
                file,
                () -> {
                    Allowance allowance = new Allowance(arena, file, bytes.byteSize());
                    SavedObject saved =
                            switch (firstByte(bytes)) {
                                case 'P' -> ZipLayout.read(bytes, file, allowance);
                                case 0x80 -> LegacyLayout.read(bytes, file);
                                default ->
                                        throw new MalformedFileException(
                                                file
                                                        + ": byte 0: not a PyTorch file: it starts"
                                                        + " neither as a zip archive nor as a"
                                                        + " pickle");
                            };
                    return new Flattening(new ViewReader(file, saved, allowance), file)
                            .tensors(saved.object());
                });
    }

    private static int firstByte(MemorySegment bytes) {
        return bytes.byteSize() == 0 ? -1 : bytes.get(ValueLayout.JAVA_BYTE, 0) & 0xff;
    }

    /// Collects the tensors of a dict; a dict within it gives names with a dot: `state_dict.w`. Numbers and texts, which
    /// training scripts put beside the weights, are left out.
    private static final class Flattening {
        private final ViewReader reader;
        private final String file;
        private final Map<String, Tensor> tensors = new LinkedHashMap<>();
        private final Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());

        Flattening(ViewReader reader, String file) {
            this.reader = reader;
            this.file = file;
        }

        Map<String, Tensor> tensors(Object object) {
            if (!(object instanceof Map<?, ?> dict)) {
                throw new UnsupportedModelException(
                        file + ": holds something else than a dict of tensors");
            }
            List<Map<?, ?>> dicts = new ArrayList<>(List.of(dict));
            List<String> prefixes = new ArrayList<>(List.of(""));
            while (!dicts.isEmpty()) {
                add(dicts.removeLast(), prefixes.removeLast(), dicts, prefixes);
            }
            return Collections.unmodifiableMap(tensors);
        }

        private void add(
                Map<?, ?> dict, String prefix, List<Map<?, ?>> dicts, List<String> prefixes) {
            if (!seen.add(dict)) {
                throw new MalformedFileException(file + ": a dict is there twice, or in itself");
            }
            dict.forEach(
                    (key, value) -> {
                        String name = prefix + key;
                        if (value instanceof View view) {
                            requireName(name);
                            if (tensors.putIfAbsent(name, reader.read(name, view)) != null) {
                                throw new MalformedFileException(
                                        "%s: tensor %s is there twice"
                                                .formatted(file, Printable.quote(name)));
                            }
                        } else if (value instanceof Map<?, ?> inner) {
                            dicts.add(inner);
                            prefixes.add(name + ".");
                        }
                    });
        }

        private void requireName(String name) {
            if (name.isEmpty() || name.codePoints().anyMatch(Printable::isControl)) {
                throw new MalformedFileException(
                        "%s: tensor name %s is empty or has control characters"
                                .formatted(file, Printable.quote(name)));
            }
        }
    }

    /// Tensors in the order of the pickle.
    @Override
    public List<Tensor> tensors() {
        return List.copyOf(tensors.values());
    }

    public Optional<Tensor> tensor(String name) {
        return Optional.ofNullable(tensors.get(name));
    }

    public Path path() {
        return file.path();
    }

    @Override
    public long bytes() {
        return file.size();
    }

    @Override
    public void requireUnchanged() throws IOException {
        file.requireUnchanged();
    }

    @Override
    public void close() {
        arena.close();
        file.close();
    }
}
