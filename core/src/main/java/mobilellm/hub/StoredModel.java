package mobilellm.hub;

import java.nio.file.Path;

/// A model file in the local store.
///
/// @param name what it was asked for by: `smollm2:135m`, `hf:OWNER/NAME:FILE`
/// @param path the file, named by its content; do not write to it
/// @param bytes its size
/// @param sha256 the sum of its content, 64 lower-case hexadecimal digits
/// @param source where it came from, for people
public record StoredModel(String name, Path path, long bytes, String sha256, String source) {}
