package mobilellm.file;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// Takes bytes, one piece after the other.
@FunctionalInterface
public interface ByteSink {
    /// Appends a piece; it may be changed or freed when this returns.
    void write(MemorySegment bytes) throws IOException;
}
