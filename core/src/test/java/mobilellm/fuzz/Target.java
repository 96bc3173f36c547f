package mobilellm.fuzz;

import mobilellm.testing.HostileBytes;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// A parser, and good files to start from.
///
/// @param name of the parser; `mobilellm.fuzz.NameFuzz` is the class that Jazzer runs
/// @param promise what the parser does with any bytes
/// @param seeds good files, small ones
record Target(String name, HostileBytes promise, List<byte[]> seeds) {
    /// Room for what templates may use and torch may unpack, whatever the size of the file.
    private static final long FIXED_HEAP = 64 << 20;

    /// Reads a file, to its end, and gives back what it took.
    interface Parser {
        void parse(byte[] file) throws IOException;
    }

    /// @param heapPerByte bytes of heap that a byte of the file may cost, beside [#FIXED_HEAP]
    static Target of(String name, Parser parser, int heapPerByte, List<byte[]> seeds) {
        return new Target(
                name,
                new HostileBytes(
                        name,
                        bytes -> {
                            try {
                                parser.parse(bytes.toArray(ValueLayout.JAVA_BYTE));
                            } catch (IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        },
                        FIXED_HEAP,
                        heapPerByte),
                seeds);
    }

    /// Fails unless the bytes are read or refused as promised.
    void run(byte[] bytes) {
        var _ = promise.isAccepted(bytes);
    }
}
