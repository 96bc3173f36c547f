package mobilellm.model;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.config.Footprint;
import mobilellm.config.KvType;
import mobilellm.config.LayerSharing;
import mobilellm.config.ModelConfig;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Random;

/// A cache that was copied, or read and filled again, goes on with the same bits; none costs more memory than is told.
class KvCacheTest {
    private static final int LENGTH = 300; // more than a page

    @ParameterizedTest
    @EnumSource
    void copiesAndRefillsGoOnWithTheSameBits(KvType type) {
        ModelConfig config = MixedModel.config(LayerSharing.NONE);
        try (RunningModel model =
                        new RunningModel(MixedModel.tensors(config, 0), config, "auto", 2);
                KvCache cache = model.cache(LENGTH + 1, type);
                KvCache filled = model.cache(LENGTH + 1, type)) {
            Batch batch = new Batch();
            int[] ids = new Random(2).ints(LENGTH, 0, config.vocabularySize()).toArray();
            for (int id : ids) {
                batch.add(cache, id, false);
            }
            model.transformer().forward(batch);
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            cache.read(piece -> bytes.writeBytes(piece.toArray(ValueLayout.JAVA_BYTE)));
            assertThat((long) bytes.size()).isEqualTo(cache.bytesToRead(LENGTH));
            ByteBuffer source = ByteBuffer.wrap(bytes.toByteArray());
            filled.fill(
                    LENGTH,
                    piece -> {
                        byte[] part = new byte[(int) piece.byteSize()];
                        source.get(part);
                        piece.copyFrom(MemorySegment.ofArray(part));
                    });
            try (KvCache copy = cache.copy()) {
                float[] expected = next(model, cache);
                assertThat(next(model, copy)).isEqualTo(expected);
                assertThat(next(model, filled)).isEqualTo(expected);
            }
            assertThat(cache.bytes()).isEqualTo(2 * 256 * KvCache.bytesPerPosition(config, type));
            assertThat(KvCache.bytesPerPosition(config, type))
                    .isEqualTo(new Footprint(config).cacheBytesPerToken(type));
        }
    }

    private static float[] next(RunningModel model, KvCache cache) {
        Batch batch = new Batch();
        batch.add(cache, 7, true);
        model.transformer().forward(batch);
        float[] logits = new float[model.transformer().config().vocabularySize()];
        model.transformer().logits(0, logits);
        return logits;
    }
}
