package mobilellm.hub;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// The model files of this machine.
///
/// A file is named by its content (`blobs/sha256-…`), so two names of one file cost its size once. `names/` holds one small JSON
/// file for each name. Both come into being under another name and are then renamed: a reader sees the old state or the new one,
/// and several processes may use one store. A name whose JSON cannot be read, or whose file is missing or has another size, is
/// not in the store; pulling it again repairs it.
///
/// ```
/// blobs/sha256-b179…   names/smollm2-135m-0a1b….json   partial/NAME/ (unfinished downloads)   locks/
/// ```
public final class ModelStore {
    private final Path home;

    /// A store in the given directory, which need not exist yet.
    public ModelStore(Path home) {
        this.home = home.toAbsolutePath().normalize();
    }

    /// Where the store is when nobody says otherwise: `MOBILELLM_HOME`, else `mobilellm` in the platform's folder for data that can be
    /// fetched again.
    ///
    /// @param environment the process's variables
    /// @param osName the system property `os.name`
    /// @param userHome the system property `user.home`
    public static Path defaultHome(
            Map<String, String> environment, String osName, String userHome) {
        String chosen = environment.getOrDefault("MOBILELLM_HOME", "");
        if (!chosen.isBlank()) {
            return Path.of(chosen);
        }
        String system = osName.toLowerCase(Locale.ROOT);
        if (system.startsWith("windows")) {
            String local = environment.getOrDefault("LOCALAPPDATA", "");
            Path data = local.isBlank() ? Path.of(userHome, "AppData", "Local") : Path.of(local);
            return data.resolve("mobilellm");
        }
        if (system.startsWith("mac")) {
            return Path.of(userHome, "Library", "Caches", "mobilellm");
        }
        // The XDG base directory specification says to ignore a relative path.
        String cache = environment.getOrDefault("XDG_CACHE_HOME", "");
        return (cache.startsWith("/") ? Path.of(cache) : Path.of(userHome, ".cache"))
                .resolve("mobilellm");
    }

    /// The store's directory.
    public Path home() {
        return home;
    }

    /// What is there, by name.
    ///
    /// @throws IOException if the store's folder is a file, or cannot be read
    public List<StoredModel> list() throws IOException {
        Path names = home.resolve("names");
        for (Path folder : List.of(home, names)) {
            if (!Files.exists(folder)) {
                return List.of();
            }
            if (!Files.isDirectory(folder)) {
                throw new FileSystemException(
                        folder.toString(), null, "is no folder, expected that of the model store");
            }
        }
        List<StoredModel> models = new ArrayList<>();
        try (Stream<Path> files = Files.list(names)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                read(file)
                        .filter(model -> nameFile(model.name()).equals(file))
                        .ifPresent(models::add);
            }
        }
        models.sort(Comparator.comparing(StoredModel::name));
        return models;
    }

    /// The model of this name, if it is there in full.
    public Optional<StoredModel> find(String name) throws IOException {
        return read(nameFile(name)).filter(model -> model.name().equals(name));
    }

    /// Puts a copy of a file into the store under a name; what the name meant before is forgotten.
    ///
    /// @param sha256 the sum that the file must have
    /// @throws HubException if it has another one
    /// @throws IllegalArgumentException if the name is none
    public StoredModel add(String name, Path file, String sha256, String source)
            throws IOException {
        ModelReference.parse(name);
        Path folder = Files.createDirectories(partialFolder(name));
        Path copy = Files.createTempFile(folder, "copy-", "");
        try {
            Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
            String actual = Checksum.of(copy, ProgressListener.SILENT);
            if (!actual.equals(sha256)) {
                throw new HubException(file + " has the sha256 " + actual + "; expected " + sha256);
            }
            return adopt(name, copy, sha256, source);
        } finally {
            Files.deleteIfExists(copy);
        }
    }

    /// Forgets a name, and deletes its file when no other name refers to it.
    ///
    /// @return whether there was anything of that name
    public boolean remove(String name) throws IOException {
        try (StoreLock _ = indexLock()) {
            Path file = nameFile(name);
            Optional<StoredModel> model = read(file);
            if (model.isPresent() && names(model.get().sha256()) == 1) {
                Files.deleteIfExists(model.get().path());
            }
            return Files.deleteIfExists(file);
        }
    }

    /// Moves a verified file of the store's own file system into the store.
    StoredModel adopt(String name, Path verified, String sha256, String source) throws IOException {
        long bytes = Files.size(verified);
        try (FileChannel channel = FileChannel.open(verified, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        try (StoreLock _ = indexLock()) {
            Path blob = blob(sha256);
            // A file that is there already may be mapped by a running model: it stays.
            if (!isFile(blob, bytes)) {
                Files.createDirectories(home.resolve("blobs"));
                Files.move(verified, blob, StandardCopyOption.ATOMIC_MOVE);
            }
            StoredModel model = new StoredModel(name, blob, bytes, sha256, source);
            write(model);
            return model;
        }
    }

    /// Gives a file that is in the store already a further name.
    Optional<StoredModel> adoptExisting(String name, String sha256, long bytes, String source)
            throws IOException {
        try (StoreLock _ = indexLock()) {
            if (!isFile(blob(sha256), bytes)) {
                return Optional.empty();
            }
            StoredModel model = new StoredModel(name, blob(sha256), bytes, sha256, source);
            write(model);
            return Optional.of(model);
        }
    }

    /// Where the unfinished download of a name lies.
    Path partialFolder(String name) {
        return home.resolve("partial").resolve(fileName(name));
    }

    /// Held by whoever downloads this name.
    StoreLock downloadLock(String name, Runnable waiting) throws IOException, InterruptedException {
        return StoreLock.take(home.resolve("locks").resolve(fileName(name)), waiting);
    }

    private StoreLock indexLock() throws IOException {
        try {
            return StoreLock.take(home.resolve("locks").resolve("index"), () -> {});
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException)
                    new InterruptedIOException(
                                    "interrupted while waiting for the model store " + home)
                            .initCause(e);
        }
    }

    private Path blob(String sha256) {
        return home.resolve("blobs").resolve("sha256-" + sha256);
    }

    private Path nameFile(String name) {
        return home.resolve("names").resolve(fileName(name) + ".json");
    }

    /// Readable in the front, unique in the back; holds no character of the name that a file system could object to.
    private static String fileName(String name) {
        String readable = name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
        return readable.substring(0, Math.min(40, readable.length()))
                + "-"
                + Checksum.of(name).substring(0, 16);
    }

    private long names(String sha256) throws IOException {
        return list().stream().filter(model -> model.sha256().equals(sha256)).count();
    }

    private static boolean isFile(Path file, long bytes) throws IOException {
        return Files.isRegularFile(file) && Files.size(file) == bytes;
    }

    private Optional<StoredModel> read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        Map<String, Object> json;
        try {
            json = Json.object(Files.readAllBytes(file));
        } catch (JacksonException | NoSuchFileException e) {
            return Optional.empty();
        }
        String sha256 = Json.string(json, "sha256").filter(Checksum::isSum).orElse("");
        long bytes = Json.number(json, "bytes").orElse(-1);
        Optional<String> name = Json.string(json, "name");
        if (name.isEmpty() || sha256.isEmpty() || !isFile(blob(sha256), bytes)) {
            return Optional.empty();
        }
        String source = Json.string(json, "source").orElse("");
        return Optional.of(new StoredModel(name.get(), blob(sha256), bytes, sha256, source));
    }

    private void write(StoredModel model) throws IOException {
        Path target = nameFile(model.name());
        Files.createDirectories(home.resolve("names"));
        Path temporary = target.resolveSibling(target.getFileName() + ".new");
        try (var writer = Files.newBufferedWriter(temporary, StandardCharsets.UTF_8);
                JsonGenerator json =
                        Json.FACTORY.createGenerator(ObjectWriteContext.empty(), writer)) {
            json.writeStartObject();
            json.writeStringProperty("name", model.name());
            json.writeNumberProperty("bytes", model.bytes());
            json.writeStringProperty("sha256", model.sha256());
            json.writeStringProperty("source", model.source());
            json.writeEndObject();
        }
        Files.move(
                temporary,
                target,
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }
}
