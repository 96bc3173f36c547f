package mobilellm.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;

import mobilellm.config.KvType;
import mobilellm.config.LayerSharing;
import mobilellm.testing.RealModel;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.management.ManagementFactory;

/// Decoding leaves nothing for the garbage collector once its code is compiled.
class AllocationTest {
    private static final int TOKENS = 64;
    private static final long BYTES_PER_TOKEN = 1024;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void decodingAllocatesNothingToSpeakOf(int threads) {
        var config = MixedModel.biased(LayerSharing.NONE);
        var tensors = MixedModel.tensors(config, 0);
        try (RunningModel model = new RunningModel(tensors, config, "auto", threads)) {
            assertThat(bytesPerToken(model, 100_000)).isLessThan(BYTES_PER_TOKEN);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void decodingTheRealModelAllocatesNothingToSpeakOf(int threads) throws IOException {
        try (RunningModel model = RunningModel.open(RealModel.path(), "auto", threads)) {
            assertThat(bytesPerToken(model, 3000)).isLessThan(BYTES_PER_TOKEN);
        }
    }

    /// Of the first run of tokens that stays below the limit, else of the last one. How soon the kernels are compiled is
    /// the machine's affair, and vectors lie on the heap until they are.
    private static long bytesPerToken(RunningModel model, int mostTokens) {
        Batch batch = new Batch();
        float[] logits = new float[model.transformer().config().vocabularySize()];
        long bytes = Long.MAX_VALUE;
        int decoded = 0;
        long[] threads = model.threads();
        try (KvCache cache = model.cache(4 * TOKENS, KvType.F16)) {
            while (decoded < mostTokens && bytes >= BYTES_PER_TOKEN) {
                if (cache.length() == cache.capacity()) {
                    cache.truncate(0);
                }
                long before = allocated(threads);
                for (int i = 0; i < TOKENS; i++) {
                    batch.clear();
                    batch.add(cache, (7 * i + 1) % logits.length, true);
                    model.transformer().forward(batch);
                    model.transformer().logits(0, logits);
                }
                bytes = (allocated(threads) - before) / TOKENS;
                decoded += TOKENS;
            }
        }
        System.out.printf("%d bytes a token after %d tokens%n", bytes, decoded);
        return bytes;
    }

    /// Bytes that these threads have allocated so far.
    private static long allocated(long[] threads) {
        long bytes = 0;
        for (long thread : THREADS.getThreadAllocatedBytes(threads)) {
            bytes += thread;
        }
        return bytes;
    }
}
