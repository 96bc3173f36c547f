package mobilellm.engine;

import static mobilellm.engine.TinyEngine.ids;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.checkpoint.ModelTensors;
import mobilellm.config.KvType;
import mobilellm.config.LayerSharing;
import mobilellm.config.LayerSharing.Cache;
import mobilellm.config.LayerSharing.Strategy;
import mobilellm.model.KvCache;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Tensor;
import mobilellm.testing.TinyModel;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/// A sequence that is split, taken back or kept in a file goes on as if nothing had happened, bit for bit.
class SessionFileTest {
    private static final LayerSharing OWN = new LayerSharing(Strategy.IMMEDIATE, 2, Cache.OWN);
    private static final LayerSharing FIRST_VISIT =
            new LayerSharing(Strategy.REVERSE, 3, Cache.FIRST_VISIT);
    private static final int PAGE_BYTES = 4096;

    @TempDir Path folder;

    static Stream<Arguments> kinds() {
        List<Arguments> kinds = new ArrayList<>();
        for (String kernels : List.of("vector", "scalar")) {
            for (KvType type : KvType.fitting(TinyModel.config().headDim())) {
                for (LayerSharing sharing : List.of(LayerSharing.NONE, OWN, FIRST_VISIT)) {
                    kinds.add(Arguments.of(kernels, type, sharing));
                }
            }
        }
        return kinds.stream();
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aRestoredSequenceGoesOnWithTheSameBits(String kernels, KvType type, LayerSharing sharing)
            throws IOException {
        Path file = folder.resolve("session");
        int[] ids = ids(40);
        try (TinyEngine engine = new TinyEngine(kernels, sharing);
                Session saved = engine.session(type)) {
            saved.prefill(Arrays.copyOf(ids, 37), (done, total) -> true);
            saved.save(file);
        }
        try (TinyEngine engine = new TinyEngine(kernels, sharing);
                Session restored = engine.session(type)) {
            List<Integer> progress = new ArrayList<>();
            restored.restore(file, (done, total) -> progress.add(done));
            assertThat(progress).containsExactly(36, 37);
            assertThat(restored.ids()).isEqualTo(Arrays.copyOf(ids, 37));
            for (int i = 37; i < 40; i++) {
                restored.append(ids[i]);
            }
            assertThat(restored.logits()).isEqualTo(engine.fresh(type, ids));
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aForkAndItsOriginalGoTheirOwnWays(String kernels, KvType type, LayerSharing sharing) {
        int[] ids = ids(40);
        int[] other = ids.clone();
        other[39] = 1;
        try (TinyEngine engine = new TinyEngine(kernels, sharing);
                Session original = engine.session(type)) {
            original.prefill(Arrays.copyOf(ids, 39), (done, total) -> true);
            try (Session fork = original.fork()) {
                assertThat(fork.logits()).isEqualTo(original.logits());
                original.append(ids[39]);
                fork.append(other[39]);
                assertThat(fork.logits()).isEqualTo(engine.fresh(type, other));
                assertThat(original.logits()).isEqualTo(engine.fresh(type, ids));
            }
            original.append(5);
            assertThat(original.length()).isEqualTo(41);
        }
    }

    @Test
    void aSequenceIsTakenBackToAnyPosition() {
        int[] ids = ids(30);
        try (TinyEngine engine = new TinyEngine("vector", OWN);
                Session session = engine.session(KvType.F16)) {
            session.prefill(ids, (done, total) -> true);
            for (int length : new int[] {29, 17, 16, 1}) {
                session.rollback(length);
                assertThat(session.ids()).isEqualTo(Arrays.copyOf(ids, length));
                assertThat(session.logits())
                        .isEqualTo(engine.fresh(KvType.F16, Arrays.copyOf(ids, length)));
            }
            session.rollback(0);
            assertThat(session.length()).isZero();
            assertThatThrownBy(() -> session.rollback(1)).hasMessageContaining("to 1 of 0 ids");
        }
    }

    /// Bits differ between kernels, element types and layer plans: what another computed is not gone on with.
    @Test
    void whatOthersComputedIsComputedAnewFromTheIds() throws IOException {
        Path file = save("vector", KvType.F16, OWN, ids(40));
        assertThatItIsComputedAnew(file, "scalar", KvType.F16, OWN);
        assertThatItIsComputedAnew(file, "vector", KvType.F32, OWN);
        assertThatItIsComputedAnew(file, "vector", KvType.F16, LayerSharing.NONE);
        assertThatItIsComputedAnew(file, "vector", KvType.F16, FIRST_VISIT);
    }

    private static void assertThatItIsComputedAnew(
            Path file, String kernels, KvType type, LayerSharing sharing) throws IOException {
        try (TinyEngine engine = new TinyEngine(kernels, sharing);
                Session session = engine.session(type)) {
            List<Integer> progress = new ArrayList<>();
            assertThat(session.restore(file, (done, total) -> progress.add(done))).isTrue();
            assertThat(progress).startsWith(0);
            assertThat(session.logits()).isEqualTo(engine.fresh(type, ids(40)));
        }
    }

    @Test
    void theSequenceThatWasThereBeforeIsReplaced() throws IOException {
        Path file = save("vector", KvType.F16, OWN, ids(40));
        try (TinyEngine engine = new TinyEngine("vector", OWN);
                Session session = engine.session(KvType.F16)) {
            session.prefill(new int[] {1, 2, 3}, (done, total) -> true);
            session.restore(file, (done, total) -> true);
            assertThat(session.logits()).isEqualTo(engine.fresh(KvType.F16, ids(40)));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anotherModelIsRefused(boolean inNorm) throws IOException {
        Path file = save("vector", KvType.F16, OWN, ids(40));
        ModelTensors old = TinyModel.tensors();
        ModelTensors tensors =
                new ModelTensors(
                        inNorm ? old.embedding() : nudged(old.embedding()),
                        old.blocks(),
                        inNorm ? nudged(old.finalNorm()) : old.finalNorm(),
                        old.outputHead());
        try (TinyEngine engine = new TinyEngine(tensors, "vector", OWN);
                Session session = engine.session(KvType.F16)) {
            session.prefill(new int[] {1, 2, 3}, (done, total) -> true);
            assertThatThrownBy(() -> session.restore(file, (done, total) -> true))
                    .isInstanceOf(MalformedFileException.class)
                    .hasMessageContaining(file.toString())
                    .hasMessageContaining("another model");
            assertThat(session.ids()).containsExactly(1, 2, 3);
        }
    }

    /// The last weight moves by one bit.
    private static Tensor nudged(Tensor tensor) {
        MemorySegment data = Arena.ofAuto().allocate(tensor.data().byteSize(), 64);
        data.copyFrom(tensor.data());
        long last = data.byteSize() / Float.BYTES - 1;
        float value = data.getAtIndex(ValueLayout.JAVA_FLOAT, last);
        data.setAtIndex(ValueLayout.JAVA_FLOAT, last, Math.nextUp(value));
        return new Tensor(tensor.name(), tensor.type(), tensor.shape(), data);
    }

    @Test
    void aFileThatIsCutShortIsRefused() throws IOException {
        Path file = save("vector", KvType.F16, LayerSharing.NONE, ids(5));
        byte[] whole = Files.readAllBytes(file);
        try (TinyEngine engine = new TinyEngine("vector", LayerSharing.NONE);
                Session session = engine.session(KvType.F16)) {
            for (int length = 0; length < whole.length; length += length < 200 ? 1 : 97) {
                Files.write(file, Arrays.copyOf(whole, length));
                assertRefused(session, file);
            }
        }
    }

    @Test
    void aFileWithAnyBitFlippedIsRefused() throws IOException {
        Path file = save("vector", KvType.F16, LayerSharing.NONE, ids(5));
        byte[] whole = Files.readAllBytes(file);
        Random random = new Random(3);
        try (TinyEngine engine = new TinyEngine("vector", LayerSharing.NONE);
                Session session = engine.session(KvType.F16)) {
            for (int i = 0; i < 400; i++) {
                byte[] damaged = whole.clone();
                int at = i < 200 ? i : random.nextInt(whole.length);
                damaged[at] ^= (byte) (1 << random.nextInt(8));
                Files.write(file, damaged);
                assertRefused(session, file);
            }
        }
    }

    /// Its checksum was right when the file was opened; a page that is gone afterwards cannot be read any more.
    @Test
    void aFileThatIsCutAfterItWasOpenedIsRefused() throws IOException {
        Path file = save("vector", KvType.F32, LayerSharing.NONE, ids(60));
        assertThat(Files.size(file)).isGreaterThan(2 * PAGE_BYTES);
        try (SessionFile session = SessionFile.open(file);
                KvCache cache = new KvCache(TinyModel.config(), 60, KvType.F32)) {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(PAGE_BYTES);
            }
            assertThatThrownBy(() -> session.fill(cache))
                    .isInstanceOf(MalformedFileException.class)
                    .hasMessageContaining(file.toString())
                    .hasMessageContaining("the file became shorter");
        }
    }

    private static void assertRefused(Session session, Path file) {
        assertThatThrownBy(() -> session.restore(file, (done, total) -> true))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining(file.toString());
    }

    /// Sums that are right do not make lengths right.
    @Test
    void aForgedLengthIsRefusedBeforeAnythingIsAllocated() throws IOException {
        Path file = save("vector", KvType.F16, LayerSharing.NONE, ids(5));
        byte[] whole = Files.readAllBytes(file);
        try (TinyEngine engine = new TinyEngine("vector", LayerSharing.NONE);
                Session session = engine.session(KvType.F16)) {
            for (int length : new int[] {-1, 0, 4, 6, Integer.MAX_VALUE}) {
                Files.write(file, Forgery.withIds(whole, length));
                assertThatThrownBy(() -> session.restore(file, (done, total) -> true))
                        .isInstanceOf(MalformedFileException.class)
                        .hasMessageContaining(file.toString());
            }
        }
    }

    @Test
    void aForgedIdIsRefused() throws IOException {
        Path file = save("vector", KvType.F16, LayerSharing.NONE, 1, 2, 3);
        byte[] whole = Files.readAllBytes(file);
        try (TinyEngine engine = new TinyEngine("vector", LayerSharing.NONE);
                Session session = engine.session(KvType.F16)) {
            for (int id : new int[] {-1, TinyModel.config().vocabularySize(), Integer.MAX_VALUE}) {
                Files.write(file, Forgery.withFirstId(whole, id));
                assertThatThrownBy(() -> session.restore(file, (done, total) -> true))
                        .isInstanceOf(MalformedFileException.class)
                        .hasMessageContaining("token id " + id + " at position 0");
            }
        }
    }

    @Test
    void aSequenceThatDoesNotFitIsRefused() throws IOException {
        Path file = save("vector", KvType.F16, LayerSharing.NONE, ids(40));
        try (TinyEngine engine = new TinyEngine("vector", LayerSharing.NONE);
                Session small =
                        new Session(engine.transformer(), new SessionOptions(39, KvType.F16))) {
            assertThatThrownBy(() -> small.restore(file, (done, total) -> true))
                    .isInstanceOf(ContextLengthException.class)
                    .hasMessageContaining("40 tokens");
        }
    }

    @Test
    void savingLeavesOneFileOrTheOldOne() throws IOException {
        Path file = save("vector", KvType.F16, LayerSharing.NONE, ids(40));
        byte[] before = Files.readAllBytes(file);
        assertThat(save("vector", KvType.F16, LayerSharing.NONE, ids(40))).hasBinaryContent(before);
        try (TinyEngine engine = new TinyEngine("vector", LayerSharing.NONE);
                Session session = engine.session(KvType.F16)) {
            assertThatThrownBy(() -> session.save(file))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("empty");
            session.prefill(ids(3), (done, total) -> true);
            assertThatThrownBy(() -> session.save(folder)).isInstanceOf(IOException.class);
        }
        assertThat(folder).isDirectoryContaining(file::equals);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(file);
        }
    }

    private Path save(String kernels, KvType type, LayerSharing sharing, int... ids)
            throws IOException {
        Path file = folder.resolve("session");
        try (TinyEngine engine = new TinyEngine(kernels, sharing);
                Session session = engine.session(type)) {
            session.prefill(ids, (done, total) -> true);
            session.save(file);
        }
        return file;
    }
}
