package mobilellm.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What a download may cost.
final class Space {
    private Space() {}

    /// @param bytes size of the file that is about to be fetched
    /// @throws HubException if it is larger than the user allows
    static void checkLimit(String what, long bytes, HubOptions options) throws HubException {
        if (bytes > options.maximumBytes()) {
            throw new HubException(
                    what
                            + " has "
                            + Shown.bytes(bytes)
                            + "; the limit is "
                            + Shown.bytes(options.maximumBytes()));
        }
    }

    /// @param bytes how many more will be written
    /// @throws HubException if the folder's disk has less
    static void checkFree(String what, Path folder, long bytes) throws IOException {
        long free = Files.getFileStore(folder).getUsableSpace();
        if (bytes > free) {
            throw new HubException(
                    what
                            + " needs "
                            + Shown.bytes(bytes)
                            + " on the disk of "
                            + folder
                            + ", which has "
                            + Shown.bytes(free)
                            + " free; make room, or set MOBILELLM_HOME to another disk");
        }
    }
}
