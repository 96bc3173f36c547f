package mobilellm.testing;

import mobilellm.hub.Catalogue;
import mobilellm.hub.CatalogueEntry;
import mobilellm.hub.HubOptions;
import mobilellm.hub.ModelPuller;
import mobilellm.hub.ModelStore;
import mobilellm.hub.ProgressListener;
import mobilellm.hub.StoredModel;

import org.opentest4j.TestAbortedException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// The small real model, in the one file whose outputs the tests know: the system property `mobilellm.model`, else the local store,
/// else pulled into the store once.
public final class RealModel {
    private static final String NAME = "smollm2:135m-q4_1";

    private RealModel() {}

    /// Found on first use; every later call of this process has the same result.
    private static final class Holder {
        static final Outcome OUTCOME = locate();
    }

    private sealed interface Outcome {
        record Found(Path path) implements Outcome {}

        record Missing(String reason) implements Outcome {}
    }

    /// The model's GGUF file. Aborts the calling test, with the reason, where it cannot be had.
    public static Path path() {
        return switch (Holder.OUTCOME) {
            case Outcome.Found(Path path) -> path;
            case Outcome.Missing(String reason) -> throw new TestAbortedException(reason);
        };
    }

    private static Outcome locate() {
        try {
            Path path = find();
            if (Files.isReadable(path)) {
                return new Outcome.Found(path);
            }
            return missing("there is no file " + path + " (system property mobilellm.model)");
        } catch (IOException e) {
            return missing(String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return missing("interrupted while pulling " + NAME);
        }
    }

    private static Path find() throws IOException, InterruptedException {
        Optional<String> chosen = Optional.ofNullable(System.getProperty("mobilellm.model"));
        if (chosen.isPresent()) {
            return Path.of(chosen.get());
        }
        Map<String, String> environment = System.getenv();
        ModelStore store =
                new ModelStore(
                        ModelStore.defaultHome(
                                environment,
                                System.getProperty("os.name"),
                                System.getProperty("user.home")));
        CatalogueEntry entry = Catalogue.builtIn().find(NAME).orElseThrow();
        String sha256 = entry.sources().getFirst().sha256().orElseThrow();
        for (StoredModel model : store.list()) {
            if (model.sha256().equals(sha256)) {
                return model.path();
            }
        }
        return new ModelPuller(store, HubOptions.fromEnvironment(environment))
                .pull(NAME, ProgressListener.SILENT)
                .path();
    }

    private static Outcome missing(String reason) {
        String full = "skipped: the real model is not here: " + reason;
        System.out.println(full);
        return new Outcome.Missing(full);
    }
}
