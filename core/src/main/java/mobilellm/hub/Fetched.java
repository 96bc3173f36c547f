package mobilellm.hub;

import java.nio.file.Path;
import java.util.Optional;

/// A file that has arrived in full and is not yet verified.
///
/// @param file on the store's file system
/// @param sha256 the sum it should have, if anyone said so
record Fetched(Path file, Optional<String> sha256) {}
