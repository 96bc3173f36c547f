package mobilellm.torch;

import mobilellm.file.Printable;
import mobilellm.tensor.DType;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Shape;
import mobilellm.tensor.Tensor;

import java.lang.foreign.MemorySegment;
import java.util.List;

/// Makes tensors of views: a part of the storage where the elements lie in a row, else a copy in which they do.
final class ViewReader {
    private final String file;
    private final SavedObject saved;
    private final Allowance allowance;

    ViewReader(String file, SavedObject saved, Allowance allowance) {
        this.file = file;
        this.saved = saved;
        this.allowance = allowance;
    }

    Tensor read(String name, View view) {
        try {
            Shape shape = new Shape(view.sizes());
            long count = shape.elements();
            DType type = view.type();
            MemorySegment storage = saved.storages().apply(view.storage());
            requireInside(name, view, count, storage.byteSize() / type.blockBytes());
            MemorySegment data;
            if (count == 0) {
                data = storage.asSlice(0, 0);
            } else if (isDense(view)) {
                data = storage.asSlice(type.bytes(view.offset()), type.bytes(count));
            } else {
                data = allowance.allocate(type.bytes(count), what(name));
                copy(storage, data, view, type.blockBytes());
            }
            return new Tensor(name, type, shape, data);
        } catch (ArithmeticException e) {
            throw malformed(
                    name,
                    "sizes %s with strides %s from offset %d exceed 64 bits"
                            .formatted(view.sizes(), view.strides(), view.offset()));
        }
    }

    private void requireInside(String name, View view, long count, long available) {
        long last = view.offset();
        for (int i = 0; i < view.sizes().size(); i++) {
            long steps = Math.max(0, view.sizes().get(i) - 1);
            last = Math.addExact(last, Math.multiplyExact(steps, view.strides().get(i)));
        }
        if (count > 0 && last >= available) {
            throw malformed(
                    name,
                    "its last element is number %d of a storage of %d".formatted(last, available));
        }
    }

    private static boolean isDense(View view) {
        long expected = 1;
        for (int i = view.sizes().size() - 1; i >= 0; i--) {
            long size = view.sizes().get(i);
            if (size != 1 && view.strides().get(i) != expected) {
                return false;
            }
            expected *= size;
        }
        return true;
    }

    /// Row after row: the last dimension in a loop of its own, the others as an odometer.
    private static void copy(MemorySegment source, MemorySegment target, View view, int bytes) {
        List<Long> sizes = view.sizes();
        int last = sizes.size() - 1;
        long columns = sizes.get(last);
        long step = view.strides().get(last) * bytes;
        long[] index = new long[last];
        long from = view.offset() * bytes;
        long to = 0;
        while (to < target.byteSize()) {
            for (long column = 0; column < columns; column++, to += bytes) {
                MemorySegment.copy(source, from + column * step, target, to, bytes);
            }
            for (int i = last - 1; i >= 0; i--) {
                from += view.strides().get(i) * bytes;
                if (++index[i] < sizes.get(i)) {
                    break;
                }
                from -= index[i] * view.strides().get(i) * bytes;
                index[i] = 0;
            }
        }
    }

    private static String what(String name) {
        return "tensor " + Printable.quote(name);
    }

    private MalformedFileException malformed(String name, String problem) {
        return new MalformedFileException("%s: %s: %s".formatted(file, what(name), problem));
    }
}
