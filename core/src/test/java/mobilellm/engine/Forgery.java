package mobilellm.engine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32C;

/// Saved sessions whose checksum is right and whose numbers are not.
final class Forgery {
    private static final int TEXT = 8 + 4 + 64;

    private Forgery() {}

    /// The file with another number of ids.
    static byte[] withIds(byte[] file, int ids) {
        ByteBuffer forged =
                ByteBuffer.wrap(Arrays.copyOf(file, file.length)).order(ByteOrder.LITTLE_ENDIAN);
        forged.putInt(TEXT + 4 + forged.getInt(TEXT) + 4, ids);
        CRC32C sum = new CRC32C();
        sum.update(forged.array(), 0, file.length - 4);
        return forged.putInt(file.length - 4, (int) sum.getValue()).array();
    }
}
