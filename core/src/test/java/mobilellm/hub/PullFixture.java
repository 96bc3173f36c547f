package mobilellm.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

/// A hub with one repository, an empty store, and a puller whose pauses take no time.
final class PullFixture implements AutoCloseable {
    static final String NAME = "hf:owner/name:model.gguf";
    static final String FILE = "owner/name/main/model.gguf";
    static final String TOKEN = "hf_secret";
    static final byte[] CONTENT = LocalHub.bytes(1_000_000, 7);

    final LocalHub hub = new LocalHub();
    final ModelStore store;
    final RecordingListener listener = new RecordingListener();
    final List<Duration> pauses = new CopyOnWriteArrayList<>();
    HubOptions options;

    PullFixture(Path folder) throws IOException {
        store = new ModelStore(folder);
        options =
                HubOptions.defaults()
                        .withEndpoint(hub.endpoint())
                        .withToken(TOKEN)
                        .withTimeouts(Duration.ofSeconds(5), Duration.ofSeconds(20))
                        .withRetries(3, Duration.ofSeconds(60));
        hub.put(FILE, CONTENT);
    }

    ModelPuller puller() {
        return new ModelPuller(store, options, Catalogue.builtIn(), List.of(), pauses::add);
    }

    StoredModel pull() throws IOException, InterruptedException {
        return puller().pull(NAME, listener);
    }

    Partial partial() {
        var file =
                new ModelSource.HubFile(
                        "owner/name",
                        "main",
                        "model.gguf",
                        java.util.Optional.empty(),
                        java.util.OptionalLong.empty());
        return new Partial(store.partialFolder(NAME), new HubAddresses(hub.endpoint()).file(file));
    }

    /// Every file of the store but its empty locks.
    List<Path> files() throws IOException {
        if (!Files.exists(store.home())) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(store.home())) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> !file.startsWith(store.home().resolve("locks")))
                    .toList();
        }
    }

    @Override
    public void close() {
        hub.close();
    }
}
