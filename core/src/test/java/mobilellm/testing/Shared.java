package mobilellm.testing;

import org.opentest4j.TestAbortedException;

import java.nio.file.Files;
import java.nio.file.Path;

/// Reference outputs that live beside the project, in the folder that system property `mobilellm.shared` names.
public final class Shared {
    private Shared() {}

    /// A file or folder under the shared one.
    ///
    /// @throws TestAbortedException with the reason, which is also printed, if it is absent
    public static Path path(String relative) {
        String root = System.getProperty("mobilellm.shared", "../../shared");
        Path path = Path.of(root).resolve(relative);
        if (!Files.exists(path)) {
            String reason =
                    "skipped: no %s; system property mobilellm.shared names the folder (%s)"
                            .formatted(path.toAbsolutePath().normalize(), root);
            System.out.println(reason);
            throw new TestAbortedException(reason);
        }
        return path;
    }
}
