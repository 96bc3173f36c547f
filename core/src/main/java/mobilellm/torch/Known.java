package mobilellm.torch;

import mobilellm.tensor.DType;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// The few names that a pickle may import. None is what it names in Python: each stands for what we do about it.
sealed interface Known {
    /// Something that a pickle may call.
    enum Callable implements Known {
        ORDERED_DICT,
        REBUILD_TENSOR,
        /// As the one before, with the element type beside an untyped storage.
        REBUILD_TYPED_TENSOR,
        REBUILD_PARAMETER
    }

    /// A class of storage.
    ///
    /// @param type of its elements; empty where the storage is bytes
    record StorageClass(Optional<DType> type) implements Known {}

    /// An element type, such as `torch.float16`.
    record ElementType(DType type) implements Known {}

    /// By module and name.
    Map<String, Known> BY_NAME = byName();

    private static Map<String, Known> byName() {
        Map<String, Known> known = new HashMap<>();
        known.put("collections.OrderedDict", Callable.ORDERED_DICT);
        known.put("torch._utils._rebuild_tensor_v2", Callable.REBUILD_TENSOR);
        known.put("torch._utils._rebuild_tensor_v3", Callable.REBUILD_TYPED_TENSOR);
        known.put("torch._utils._rebuild_parameter", Callable.REBUILD_PARAMETER);
        known.put("torch.storage.UntypedStorage", new StorageClass(Optional.empty()));
        add(known, DType.F64, "Double", "float64", "double");
        add(known, DType.F32, "Float", "float32", "float");
        add(known, DType.F16, "Half", "float16", "half");
        add(known, DType.BF16, "BFloat16", "bfloat16");
        add(known, DType.I64, "Long", "int64", "long");
        add(known, DType.I32, "Int", "int32", "int");
        add(known, DType.I16, "Short", "int16", "short");
        add(known, DType.I8, "Char", "int8");
        add(known, DType.U8, "Byte", "uint8");
        add(known, DType.BOOL, "Bool", "bool");
        known.put("torch.uint16", new ElementType(DType.U16));
        known.put("torch.uint32", new ElementType(DType.U32));
        known.put("torch.uint64", new ElementType(DType.U64));
        return Map.copyOf(known);
    }

    private static void add(Map<String, Known> known, DType type, String storage, String... names) {
        known.put("torch." + storage + "Storage", new StorageClass(Optional.of(type)));
        for (String name : names) {
            known.put("torch." + name, new ElementType(type));
        }
    }
}
