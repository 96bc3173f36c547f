package mobilellm.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;

final class ModelStoreTest {
    private static final byte[] CONTENT = LocalHub.bytes(5000, 1);
    private static final String SHA256 = LocalHub.sha256(CONTENT);

    @TempDir Path folder;
    private ModelStore store = new ModelStore(Path.of("unset"));
    private Path file = Path.of("unset");

    @BeforeEach
    void prepare() throws IOException {
        store = new ModelStore(folder.resolve("store"));
        file = Files.write(folder.resolve("model"), CONTENT);
    }

    @Test
    void keepsOneFileForTwoNamesUntilBothAreGone() throws IOException {
        assertThat(store.list()).isEmpty();
        StoredModel one = store.add("one", file, SHA256, "here");
        StoredModel two = store.add("hf:A/b:c.gguf", file, SHA256, "there");
        assertThat(one)
                .isEqualTo(new StoredModel("one", two.path(), CONTENT.length, SHA256, "here"));
        assertThat(one.path()).hasBinaryContent(CONTENT).hasFileName("sha256-" + SHA256);
        assertThat(store.list()).containsExactly(two, one);
        assertThat(store.find("one")).contains(one);
        assertThat(file).exists();

        assertThat(store.remove("one")).isTrue();
        assertThat(store.remove("one")).isFalse();
        assertThat(store.find("one")).isEmpty();
        assertThat(two.path()).exists();
        assertThat(store.remove("hf:A/b:c.gguf")).isTrue();
        assertThat(two.path()).doesNotExist();
        assertThat(store.list()).isEmpty();
    }

    @Test
    void refusesAFileOfAnotherSum() throws IOException {
        String other = "0".repeat(64);
        assertThatThrownBy(() -> store.add("one", file, other, "here"))
                .isInstanceOf(HubException.class)
                .hasMessageContaining(SHA256)
                .hasMessageContaining(other);
        assertThat(store.list()).isEmpty();
        assertThat(files(store.home().resolve("partial"))).isEmpty();
    }

    @Test
    void refusesNamesThatAreNone() throws IOException {
        assertThatThrownBy(() -> store.add("../one", file, SHA256, "here"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(store.find("../model")).isEmpty();
        assertThat(store.remove("../model")).isFalse();
        assertThat(file).exists();
    }

    @Test
    void survivesGarbageInItsIndex() throws IOException {
        StoredModel model = store.add("one", file, SHA256, "here");
        Path index;
        try (Stream<Path> names = Files.list(store.home().resolve("names"))) {
            index = names.findFirst().orElseThrow();
        }
        String good = Files.readString(index);
        List<String> garbage =
                List.of(
                        "",
                        "[]",
                        "null",
                        "{",
                        good.substring(0, good.length() / 2),
                        "{\"name\": \"one\"}",
                        good.replace(SHA256, "../../model"),
                        good.replace(SHA256, "0".repeat(64)),
                        good.replace("5000", "4999"),
                        good.replace("5000", "1e999999999"),
                        good.replace("\"one\"", "\"two\""),
                        good.replace("\"one\"", "17"),
                        "[".repeat(100_000),
                        "\u0000\uFFFF");
        for (String text : garbage) {
            Files.writeString(index, text);
            assertThat(store.find("one")).as(text).isEmpty();
            assertThat(store.list()).as(text).isEmpty();
        }
        Files.write(index, new byte[] {(byte) 0xff, (byte) 0xfe, 0});
        assertThat(store.find("one")).isEmpty();
        assertThat(store.add("one", file, SHA256, "here")).isEqualTo(model);
        assertThat(store.list()).containsExactly(model);
    }

    @Test
    void doesNotShowAModelWhoseFileIsCutShort() throws IOException {
        StoredModel model = store.add("one", file, SHA256, "here");
        Files.write(model.path(), new byte[17]);
        assertThat(store.find("one")).isEmpty();
        store.add("one", file, SHA256, "here");
        assertThat(store.find("one")).contains(model);
        assertThat(model.path()).hasBinaryContent(CONTENT);
    }

    @Test
    void takesManyThreadsAtOnce() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            List<Callable<StoredModel>> adds =
                    IntStream.range(0, 40)
                            .<Callable<StoredModel>>mapToObj(
                                    i ->
                                            () -> {
                                                store.remove("m" + (i + 3) % 8);
                                                return store.add("m" + i % 8, file, SHA256, "here");
                                            })
                            .toList();
            for (Future<StoredModel> add : threads.invokeAll(adds)) {
                assertThat(add.get().sha256()).isEqualTo(SHA256);
            }
        }
        for (StoredModel model : store.list()) {
            assertThat(model.path()).hasBinaryContent(CONTENT);
            assertThat(store.remove(model.name())).isTrue();
        }
        assertThat(files(store.home().resolve("blobs"))).isEmpty();
    }

    @Test
    void livesInThePlatformsCacheFolder() {
        String home = folder.toString();
        assertThat(ModelStore.defaultHome(Map.of("MOBILELLM_HOME", "/x/y"), "Linux", home))
                .isEqualTo(Path.of("/x/y"));
        assertThat(ModelStore.defaultHome(Map.of("MOBILELLM_HOME", ""), "Linux", home))
                .isEqualTo(folder.resolve(".cache/mobilellm"));
        assertThat(ModelStore.defaultHome(Map.of("XDG_CACHE_HOME", "/c"), "Linux", home))
                .isEqualTo(Path.of("/c/mobilellm"));
        assertThat(ModelStore.defaultHome(Map.of("XDG_CACHE_HOME", "c"), "FreeBSD", home))
                .isEqualTo(folder.resolve(".cache/mobilellm"));
        assertThat(ModelStore.defaultHome(Map.of(), "Mac OS X", home))
                .isEqualTo(folder.resolve("Library/Caches/mobilellm"));
        assertThat(ModelStore.defaultHome(Map.of("LOCALAPPDATA", "/local"), "Windows 11", home))
                .isEqualTo(Path.of("/local/mobilellm"));
        assertThat(ModelStore.defaultHome(Map.of(), "Windows 11", home))
                .isEqualTo(folder.resolve("AppData/Local/mobilellm"));
    }

    private static List<Path> files(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).toList();
        }
    }
}
