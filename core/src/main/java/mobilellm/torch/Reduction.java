package mobilellm.torch;

import mobilellm.tensor.DType;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What a pickle of tensors may call, and the storages that it may refer to.
final class Reduction {
    /// As many as PyTorch allows.
    private static final int MOST_DIMENSIONS = 64;

    private final Unpickler unpickler;
    private final Map<String, Storage> storages = new HashMap<>();

    Reduction(Unpickler unpickler) {
        this.unpickler = unpickler;
    }

    /// `('storage', class, key, location, count)`, in the old format with a sixth that is `None`.
    Storage persistent(Object id) {
        List<Object> parts = elements(id, "id of a storage", 5, 6);
        if (!parts.getFirst().equals("storage")
                || (parts.size() == 6 && parts.getLast() != None.NONE)) {
            throw unpickler.unsupported(
                    "the pickle refers to something that is no storage, or a view of one");
        }
        Storage storage =
                new Storage(
                        unpickler.as(String.class, parts.get(2), "key of a storage"),
                        unpickler
                                .as(Known.StorageClass.class, parts.get(1), "class of a storage")
                                .type(),
                        size(parts.get(4), "size of a storage"));
        Storage before = storages.computeIfAbsent(storage.key(), _ -> storage);
        if (!before.equals(storage)) {
            throw unpickler.malformed("a storage has two types or two sizes");
        }
        return storage;
    }

    Map<String, Storage> storages() {
        return storages;
    }

    Object call(Object callable, Object arguments) {
        return switch (unpickler.as(Known.class, callable, "what is called")) {
            case Known.Callable.ORDERED_DICT -> {
                elements(arguments, "arguments of OrderedDict", 0, 0);
                yield new LinkedHashMap<>();
            }
            case Known.Callable.REBUILD_TENSOR -> {
                List<Object> parts = elements(arguments, "arguments of a tensor", 6, 7);
                requirePlain(parts, 6);
                Storage storage = storage(parts);
                yield view(parts, storage, elementType(storage));
            }
            case Known.Callable.REBUILD_TYPED_TENSOR -> {
                List<Object> parts = elements(arguments, "arguments of a tensor", 7, 8);
                requirePlain(parts, 7);
                DType type =
                        unpickler
                                .as(Known.ElementType.class, parts.get(6), "type of a tensor")
                                .type();
                yield view(parts, storage(parts), type);
            }
            case Known.Callable.REBUILD_PARAMETER -> {
                List<Object> parts = elements(arguments, "arguments of a parameter", 3, 3);
                yield unpickler.as(View.class, parts.getFirst(), "tensor of a parameter");
            }
            case Known.StorageClass _, Known.ElementType _ ->
                    throw unpickler.unsupported("the pickle calls a type, which is refused");
        };
    }

    private Storage storage(List<Object> parts) {
        return unpickler.as(Storage.class, parts.getFirst(), "storage of a tensor");
    }

    private DType elementType(Storage storage) {
        return storage.type()
                .orElseThrow(
                        () ->
                                unpickler.unsupported(
                                        "a tensor over an untyped storage, without a type"));
    }

    private View view(List<Object> parts, Storage storage, DType type) {
        List<Long> sizes = sizes(parts.get(2), "sizes");
        List<Long> strides = sizes(parts.get(3), "strides");
        if (sizes.size() != strides.size()) {
            throw unpickler.malformed(
                    "a tensor has %d sizes and %d strides".formatted(sizes.size(), strides.size()));
        }
        return new View(storage, type, size(parts.get(1), "offset"), sizes, strides);
    }

    /// Metadata may say that the numbers mean their negatives or conjugates.
    private void requirePlain(List<Object> parts, int metadata) {
        if (parts.size() > metadata
                && parts.get(metadata) != None.NONE
                && !parts.get(metadata).equals(Map.of())) {
            throw unpickler.unsupported("a tensor has metadata, which may change what it means");
        }
    }

    private List<Long> sizes(Object value, String what) {
        List<Long> sizes = new ArrayList<>();
        for (Object size : elements(value, what, 0, MOST_DIMENSIONS)) {
            sizes.add(size(size, what));
        }
        return List.copyOf(sizes);
    }

    private long size(Object value, String what) {
        long size = unpickler.as(Long.class, value, what);
        if (size < 0) {
            throw unpickler.malformed("%s is %d, expected at least 0".formatted(what, size));
        }
        return size;
    }

    private List<Object> elements(Object value, String what, int least, int most) {
        List<Object> elements = unpickler.as(Tuple.class, value, what).elements();
        if (elements.size() < least || elements.size() > most) {
            throw unpickler.malformed(
                    "%s: a tuple of %d, expected %d to %d"
                            .formatted(what, elements.size(), least, most));
        }
        return elements;
    }
}
