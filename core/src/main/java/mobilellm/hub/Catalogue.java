package mobilellm.hub;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The models that are known by a short name, read from `catalogue.json` beside this class.
public final class Catalogue {
    private final List<CatalogueEntry> entries;

    private Catalogue(List<CatalogueEntry> entries) {
        this.entries = List.copyOf(entries);
    }

    /// The catalogue that comes with the library.
    public static Catalogue builtIn() {
        try (InputStream resource = Catalogue.class.getResourceAsStream("catalogue.json")) {
            if (resource == null) {
                throw new IllegalStateException(
                        "the library's jar lacks mobilellm/hub/catalogue.json");
            }
            return read(resource.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException("the library's catalogue.json cannot be read", e);
        }
    }

    /// @throws IllegalArgumentException if a member is missing, naming it
    static Catalogue read(byte[] json) {
        return new Catalogue(
                Json.objects(Json.object(json), "models").stream().map(Catalogue::entry).toList());
    }

    /// In the order of the file.
    public List<CatalogueEntry> entries() {
        return entries;
    }

    public Optional<CatalogueEntry> find(String name) {
        return entries.stream().filter(entry -> entry.name().equals(name)).findFirst();
    }

    /// The model to take when nothing is said.
    public CatalogueEntry defaultEntry() {
        return entries.stream()
                .filter(CatalogueEntry::isDefault)
                .findFirst()
                .orElseThrow(
                        () ->
                                new IllegalStateException(
                                        "no model of the catalogue is marked as the default"));
    }

    /// The model that comes with the library.
    public CatalogueEntry builtInEntry() {
        return entries.stream()
                .filter(CatalogueEntry::isBuiltIn)
                .findFirst()
                .orElseThrow(
                        () -> new IllegalStateException("no model of the catalogue is built in"));
    }

    private static CatalogueEntry entry(Map<?, ?> json) {
        return new CatalogueEntry(
                text(json, "name"),
                text(json, "display_name"),
                number(json, "parameters"),
                text(json, "licence"),
                text(json, "description"),
                Boolean.TRUE.equals(json.get("default")),
                Json.objects(json, "sources").stream().map(Catalogue::source).toList());
    }

    private static ModelSource source(Map<?, ?> json) {
        String kind = text(json, "kind");
        return switch (kind) {
            case "hub" ->
                    new ModelSource.HubFile(
                            text(json, "repository"),
                            text(json, "revision"),
                            text(json, "file"),
                            Json.string(json, "sha256"),
                            Json.number(json, "bytes"));
            case "python-package" ->
                    new ModelSource.PythonPackage(
                            text(json, "project"),
                            text(json, "version"),
                            text(json, "entry"),
                            number(json, "download_bytes"),
                            Json.string(json, "sha256"),
                            Json.number(json, "bytes"));
            case "bundled" ->
                    new ModelSource.Bundled(
                            text(json, "resource"),
                            Json.string(json, "sha256"),
                            Json.number(json, "bytes"));
            default ->
                    throw new IllegalArgumentException(
                            "catalogue: source kind '"
                                    + kind
                                    + "'; known are hub, python-package and bundled");
        };
    }

    private static String text(Map<?, ?> json, String member) {
        return Json.string(json, member).orElseThrow(() -> missing(json, member));
    }

    private static long number(Map<?, ?> json, String member) {
        return Json.number(json, member).orElseThrow(() -> missing(json, member));
    }

    private static IllegalArgumentException missing(Map<?, ?> json, String member) {
        return new IllegalArgumentException("catalogue: '" + member + "' is missing in " + json);
    }
}
