package mobilellm.quantisation;

import mobilellm.file.ByteSink;
import mobilellm.file.MappedFile;
import mobilellm.file.TensorContents;
import mobilellm.quant.Quantise;
import mobilellm.quant.Rounding;
import mobilellm.tensor.DType;
import mobilellm.tensor.Tensor;
import mobilellm.tensor.TensorInfo;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Quantises rows on several threads, some pieces ahead of the writer, who takes them in order: memory does not grow with
/// the model, and what is written does not depend on the number of threads.
final class RowPipeline implements TensorContents, AutoCloseable {
    /// Weights of a piece: 1 MB as floats, which stay in a core's cache.
    private static final int PIECE = 1 << 18;

    /// Pieces of each thread that may wait for the writer.
    private static final int AHEAD = 4;

    /// A tensor on its way.
    record Job(Tensor source, DType type, Rounding rounding) {}

    private record Piece(Job job, int first, int rows) {
        byte[] quantised() {
            return Quantise.rows(job.source(), first, rows, job.type(), job.rounding());
        }
    }

    private record Running(Piece piece, Future<byte[]> result) {}

    private final ExecutorService threads;
    private final Iterator<Piece> pieces;
    private final Queue<Running> running = new ArrayDeque<>();
    private final int most;
    private final LongConsumer done;

    /// @param jobs in the order in which they are asked for
    /// @param done is told the number of weights of each piece that was written
    RowPipeline(List<Job> jobs, int threads, LongConsumer done) {
        this.threads = pool("mobilellm-quantise-", threads);
        this.pieces = jobs.stream().flatMap(RowPipeline::cut).iterator();
        this.most = threads * AHEAD;
        this.done = done;
    }

    /// Threads that end with the process.
    static ExecutorService pool(String name, int threads) {
        return Executors.newFixedThreadPool(
                threads, Thread.ofPlatform().daemon().name(name, 0).factory());
    }

    private static Stream<Piece> cut(Job job) {
        int rows = job.source().rows();
        int some = Math.max(1, PIECE / Math.max(1, job.source().columns()));
        return IntStream.range(0, Math.ceilDiv(rows, some))
                .mapToObj(i -> new Piece(job, i * some, Math.min(some, rows - i * some)));
    }

    @Override
    public void write(TensorInfo tensor, ByteSink to) throws IOException {
        int rows = 0;
        Tensor source;
        do {
            while (running.size() < most && pieces.hasNext()) {
                Piece next = pieces.next();
                running.add(new Running(next, threads.submit(next::quantised)));
            }
            Running first = running.remove();
            source = first.piece().job().source();
            to.write(MemorySegment.ofArray(result(first.result())));
            rows += first.piece().rows();
            done.accept((long) first.piece().rows() * source.columns());
        } while (rows < source.rows());
        MappedFile.release(source.data());
    }

    /// Waits for what a thread of the [#pool] makes.
    static <T> T result(Future<T> future) throws InterruptedIOException {
        try {
            return future.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while tensors were read");
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException failure -> throw failure;
                case Error failure -> throw failure;
                case null, default -> throw new IllegalStateException(e);
            }
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
