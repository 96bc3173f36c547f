package mobilellm.hub;

import java.util.List;

/// A model that is known by a short name.
///
/// @param name short name, such as `smollm2:135m`
/// @param displayName name for people
/// @param parameters number of weights
/// @param licence SPDX identifier
/// @param description one sentence
/// @param isDefault whether it is the one to take when nothing is said
/// @param sources where its file is to be had, best first
public record CatalogueEntry(
        String name,
        String displayName,
        long parameters,
        String licence,
        String description,
        boolean isDefault,
        List<ModelSource> sources) {
    public CatalogueEntry {
        sources = List.copyOf(sources);
    }

    /// Whether it comes with the library, so that no download is needed.
    public boolean isBuiltIn() {
        return sources.stream().anyMatch(ModelSource.Bundled.class::isInstance);
    }
}
