package mobilellm.tokenizer;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/// Does the same on several threads.
///
/// @param count how many
record Workers(int count) {
    Workers {
        if (count < 1) {
            throw new IllegalArgumentException("expected at least one thread: " + count);
        }
    }

    /// Runs `task` once on each thread and waits.
    ///
    /// @param task takes the number of the thread, from 0
    /// @return what the tasks return, in the order of their numbers
    <T> List<T> each(IntFunction<T> task) {
        try (ExecutorService pool = Executors.newFixedThreadPool(count)) {
            List<CompletableFuture<T>> results =
                    IntStream.range(0, count)
                            .mapToObj(
                                    number ->
                                            CompletableFuture.supplyAsync(
                                                    () -> task.apply(number), pool))
                            .toList();
            return results.stream().map(CompletableFuture::join).toList();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }
}
