package mobilellm.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.zip.CRC32C;

/// Writes bytes, and at last their CRC-32C.
final class SummedOutput {
    private final FileChannel channel;
    private final CRC32C sum = new CRC32C();

    SummedOutput(FileChannel channel) {
        this.channel = channel;
    }

    /// @throws UncheckedIOException if they cannot be written
    void write(ByteBuffer bytes) {
        sum.update(bytes.duplicate());
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void finish() {
        int value = (int) sum.getValue();
        write(
                ByteBuffer.allocate(Integer.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putInt(value)
                        .flip());
    }
}
