package mobilellm.gguf;

import mobilellm.testing.HostileBytes;

/// Holds the parser of GGUF files to its promise.
final class Limits {
    /// The smallest pair, description or array element takes a few bytes in the file and a few objects on the heap.
    private static final int HEAP_PER_BYTE = 32;

    private static final HostileBytes HOSTILE =
            new HostileBytes("bad.gguf", bytes -> GgufFile.parse(bytes, "bad.gguf"), HEAP_PER_BYTE);

    private Limits() {}

    /// Whether the bytes are a good file.
    static boolean isAccepted(byte[] file) {
        return HOSTILE.isAccepted(file);
    }

    /// The message with which the bytes are refused.
    static String refusal(byte[] file) {
        return HOSTILE.refusal(file);
    }
}
