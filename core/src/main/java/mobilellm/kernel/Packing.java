package mobilellm.kernel;

import mobilellm.file.MappedFile;
import mobilellm.kernel.ThreadTeam.Worker;
import mobilellm.quant.NonFinite;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.RowOrder;
import mobilellm.tensor.Tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// Packs the matrices of a model: [#add] says which, [#run] packs them all at once. Each member of the team begins with matrices of its
/// own: who touches a large page first waits until the system has cleared it, and two would wait for the same one.
///
/// Bytes go from the mapped file through a small buffer that stays in the processor's cache, and only Java touches the file: a page
/// that vanishes is an `InternalError` there, in machine code it would be the end of the process. Pages of the file are
/// given back on the way, so that packing takes little more memory than its result.
public final class Packing {
    /// Bytes of rows that are brought into the cache at once.
    private static final long BUFFER_BYTES = 128 << 10;

    private final Arena arena;
    private final Function<Arena, GroupPacker> packers;
    private final List<Task> tasks = new ArrayList<>();

    private record Task(Tensor tensor, RowOrder order, PackedMatrix matrix) {
        long groupBytes() {
            return PackedMatrix.GROUP * tensor.rowBytes();
        }
    }

    /// Groups of a matrix's rows that are brought into the cache at once.
    private record Lot(Task task, int first, int groups) {
        long bytes() {
            return groups * task.groupBytes();
        }
    }

    /// @param arena owns the matrices
    /// @param packers makes a packer for a member of the team, such as [KernelProvider#packer]; the arena owns its memory
    public Packing(Arena arena, Function<Arena, GroupPacker> packers) {
        this.arena = arena;
        this.packers = packers;
    }

    /// A matrix that [#run] will fill.
    ///
    /// @param order in which the tensor's rows are wanted
    /// @param form one that [PackedForm] gives for the tensor's type
    public PackedMatrix add(Tensor tensor, RowOrder order, PackedForm form) {
        var matrix = new PackedMatrix(arena, form, tensor.rows(), tensor.columns());
        tasks.add(new Task(tensor, order, matrix));
        return matrix;
    }

    /// Fills the matrices.
    ///
    /// @throws MalformedFileException if a tensor holds infinities or NaN, or the file behind it became shorter since it was
    ///     opened
    public void run(ThreadTeam team) {
        List<Lot> lots = new ArrayList<>();
        for (Task task : tasks) {
            int step = (int) Math.max(1, BUFFER_BYTES / task.groupBytes());
            int groups = task.matrix.groups();
            for (int first = 0; first < groups; first += step) {
                lots.add(new Lot(task, first, Math.min(step, groups - first)));
            }
        }
        long bufferBytes = lots.stream().mapToLong(Lot::bytes).max().orElse(0);
        team.run(
                worker -> {
                    try (Arena own = Arena.ofConfined()) {
                        MemorySegment buffer = OffHeap.allocate(own, bufferBytes);
                        GroupPacker packer = packers.apply(own);
                        Touched touched = new Touched();
                        for (Worker piece : worker.pieces(lots.size())) {
                            int to = piece.to(lots.size());
                            for (int i = piece.from(lots.size()); i < to; i++) {
                                pack(lots.get(i), packer, buffer, touched);
                            }
                        }
                        touched.release();
                    }
                });
        tasks.clear();
    }

    private static void pack(Lot lot, GroupPacker packer, MemorySegment buffer, Touched touched) {
        Task task = lot.task;
        Tensor tensor = task.tensor;
        MemorySegment rows = buffer.asSlice(0, lot.bytes());
        MappedFile.reading("tensor " + tensor.name(), () -> read(task, lot.first, rows));
        if (!packer.pack(tensor.type(), rows, task.matrix, lot.first, lot.groups)) {
            NonFinite.requireNone(tensor);
            throw new MalformedFileException(
                    "tensor '%s' was changed while it was read; see that nobody writes to its file, and load it again"
                            .formatted(tensor.name()));
        }
        long begin = lot.first * task.groupBytes();
        touched.add(tensor.data(), begin, Math.min(tensor.data().byteSize() - begin, lot.bytes()));
    }

    /// The pages of the file that a member of the team has read last. Touching a page can bring the 2 MB around it back that were
    /// given back before, so what is given back is given back again with what follows it. Giving back interrupts the other
    /// processors: neighbours go together.
    private static final class Touched {
        private static final long ROUND_BYTES = 1 << 20;

        private List<MemorySegment> before = List.of();
        private List<MemorySegment> now = new ArrayList<>();
        private long bytes;
        private MemorySegment data = MemorySegment.NULL;
        private long from;
        private long to;

        void add(MemorySegment tensor, long begin, long size) {
            if (!tensor.equals(data) || begin != to) {
                finish();
                data = tensor;
                from = begin;
            }
            to = begin + size;
            bytes += size;
            if (bytes >= ROUND_BYTES) {
                release();
            }
        }

        private void finish() {
            now.add(data.asSlice(from, to - from));
            from = to;
        }

        void release() {
            finish();
            before.forEach(MappedFile::release);
            now.forEach(MappedFile::release);
            before = now;
            now = new ArrayList<>();
            bytes = 0;
        }
    }

    /// Fills the buffer; rows that the last group lacks become zeros.
    private static void read(Task task, int firstGroup, MemorySegment buffer) {
        MemorySegment data = task.tensor.data();
        long rowBytes = task.tensor.rowBytes();
        long start = firstGroup * task.groupBytes();
        long bytes = Math.min(buffer.byteSize(), data.byteSize() - start);
        if (task.order.equals(RowOrder.STORED)) {
            MemorySegment.copy(data, start, buffer, 0, bytes);
        } else {
            int firstRow = firstGroup * PackedMatrix.GROUP;
            for (int row = 0; row * rowBytes < bytes; row++) {
                long from = task.order.stored(firstRow + row) * rowBytes;
                MemorySegment.copy(data, from, buffer, row * rowBytes, rowBytes);
            }
        }
        buffer.asSlice(bytes).fill((byte) 0);
    }
}
