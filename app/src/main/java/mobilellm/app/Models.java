package mobilellm.app;

import mobilellm.hub.Catalogue;
import mobilellm.hub.CatalogueEntry;
import mobilellm.hub.HubException;
import mobilellm.hub.HubOptions;
import mobilellm.hub.ModelPuller;
import mobilellm.hub.ModelSource;
import mobilellm.hub.ModelStore;
import mobilellm.hub.StoredModel;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/// Finds the model that a user means, and downloads it where that is wanted.
final class Models {
    private static final String HUB_PREFIX = "hf:";

    private final Context context;
    private final ModelStore store;
    private @Nullable Catalogue catalogue;

    Models(Context context) {
        this.context = context;
        this.store = new ModelStore(context.environment().home());
    }

    /// A model on this machine.
    ///
    /// @param name what to call it to the user
    /// @param path file or directory
    record Located(String name, Path path) {}

    ModelStore store() {
        return store;
    }

    /// Read when it is first wanted: whoever names a file does not wait for it.
    Catalogue catalogue() {
        Catalogue known = catalogue;
        if (known == null) {
            known = Catalogue.builtIn();
            catalogue = known;
        }
        return known;
    }

    /// The model that `argument` names: a path, a name of the store or the catalogue, or a place on the hub. Without
    /// one: `MOBILELLM_MODEL`, else the only downloaded model of the store, else the catalogue's default, else the model that
    /// is built in.
    ///
    /// @param yes download what is missing without a question
    /// @throws IOException if there is no such model, or it is not there and nobody agreed to a download
    Located locate(@Nullable String argument, boolean yes)
            throws IOException, InterruptedException {
        if (argument != null) {
            return named(argument, yes);
        }
        Optional<String> variable = context.environment().variable("MOBILELLM_MODEL");
        if (variable.isPresent()) {
            return named(variable.get(), yes);
        }
        List<StoredModel> downloaded =
                store.list().stream().filter(model -> !isBuiltIn(model.name())).toList();
        return downloaded.size() == 1 ? located(downloaded.getFirst()) : byDefault(yes);
    }

    /// The catalogue's default; where it cannot be downloaded, the model that is built in.
    private Located byDefault(boolean yes) throws IOException, InterruptedException {
        String wanted = catalogue().defaultEntry().name();
        String builtIn = catalogue().builtInEntry().name();
        HubOptions options = HubOptions.fromEnvironment(context.environment().variables());
        String reason = "downloads are switched off";
        if (!options.offline() || store.find(wanted).isPresent()) {
            try {
                return named(wanted, yes);
            } catch (HubException e) {
                reason = e.getMessage();
            }
        }
        context.notes()
                .note(
                        "%s is not to be had (%s); this is the built-in model '%s', which only tells simple stories"
                                .formatted(wanted, reason, builtIn));
        return named(builtIn, yes);
    }

    private boolean isBuiltIn(String name) {
        return catalogue().find(name).filter(CatalogueEntry::isBuiltIn).isPresent();
    }

    /// Whether `word` alone tells that a model is meant: by its form, or because there is one of that name.
    boolean isModel(String word) throws IOException {
        if (word.startsWith(HUB_PREFIX) || word.endsWith(".gguf")) {
            return true;
        }
        return catalogue().find(word).isPresent()
                || store.find(word).isPresent()
                || existing(word).filter(Models::holdsModel).isPresent();
    }

    /// Downloads a model, or finds it complete in the store.
    StoredModel pull(String name) throws IOException, InterruptedException {
        HubOptions options = HubOptions.fromEnvironment(context.environment().variables());
        DownloadProgress progress = new DownloadProgress(name, context.notes(), System::nanoTime);
        try {
            return new ModelPuller(store, options).pull(name, progress);
        } finally {
            context.notes().clearTransientLine();
        }
    }

    private Located named(String name, boolean yes) throws IOException, InterruptedException {
        Optional<Path> path = existing(name);
        if (path.isPresent()) {
            return new Located(fileName(path.get()), path.get());
        }
        Optional<StoredModel> stored = store.find(name);
        if (stored.isPresent()) {
            return located(stored.get());
        }
        if (!name.startsWith(HUB_PREFIX) && catalogue().find(name).isEmpty()) {
            throw new IOException(unknown(name));
        }
        requireConsent(name, yes || isBuiltIn(name));
        return located(pull(name));
    }

    private static String fileName(Path path) {
        @Nullable Path last = path.toAbsolutePath().normalize().getFileName();
        return (last == null ? path : last).toString();
    }

    private static Located located(StoredModel model) {
        return new Located(model.name(), model.path());
    }

    private String unknown(String name) {
        String what = "there is no model '" + Text.printable(name) + "'";
        if (name.contains("/") || name.contains("\\") || name.endsWith(".gguf")) {
            return what + ": no such file or directory";
        }
        String known =
                catalogue().entries().stream()
                        .map(CatalogueEntry::name)
                        .collect(Collectors.joining(", "));
        return what
                + ": it is neither a file, nor in the local store ('mobilellm list'), nor in the"
                + " catalogue ("
                + known
                + "), nor of the form hf:OWNER/NAME";
    }

    private void requireConsent(String name, boolean yes) throws IOException {
        if (yes) {
            return;
        }
        String size = catalogue().find(name).map(Models::details).orElse("");
        if (!context.environment().interactive()) {
            throw new IOException(
                    "the model "
                            + name
                            + size
                            + " is not on this machine: type 'mobilellm pull "
                            + name
                            + "', or add --yes to download it now; the model '"
                            + catalogue().builtInEntry().name()
                            + "', which only tells simple stories, is built in");
        }
        context.notes().question("Download " + name + size + "? [Y/n]");
        String answer =
                context.readLine()
                        .orElseThrow(() -> new IOException("no answer; nothing was downloaded"))
                        .strip();
        if (!answer.isEmpty() && !"yes".startsWith(answer.toLowerCase(Locale.ROOT))) {
            throw new IOException("without a model there is nothing to do; nothing was downloaded");
        }
    }

    /// ` (98.4 MB, Apache-2.0)`
    private static String details(CatalogueEntry entry) {
        OptionalLong bytes =
                entry.sources().stream()
                        .map(ModelSource::bytes)
                        .filter(OptionalLong::isPresent)
                        .findFirst()
                        .orElse(OptionalLong.empty());
        String size = bytes.isPresent() ? "about " + Text.bytes(bytes.getAsLong()) + ", " : "";
        return " (" + size + entry.licence() + ")";
    }

    private static Optional<Path> existing(String name) {
        try {
            return Optional.of(Path.of(name)).filter(Files::exists);
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    private static boolean holdsModel(Path path) {
        if (!Files.isDirectory(path)) {
            return false;
        }
        try (var entries = Files.newDirectoryStream(path, "{config.json,*.gguf}")) {
            return entries.iterator().hasNext();
        } catch (IOException unreadable) {
            return false;
        }
    }
}
