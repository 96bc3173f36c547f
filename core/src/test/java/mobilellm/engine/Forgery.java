package mobilellm.engine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/// Saved sessions whose checksum is right and whose numbers are not.
public final class Forgery {
    private static final int TEXT = 8 + 4 + 64;

    private Forgery() {}

    /// The file with another number of ids.
    static byte[] withIds(byte[] file, int ids) {
        return with(file, 0, ids);
    }

    /// The file with another first id.
    static byte[] withFirstId(byte[] file, int id) {
        return with(file, 1, id);
    }

    /// @param index 0 is the number of ids, and the ids follow
    private static byte[] with(byte[] file, int index, int number) {
        ByteBuffer forged = ByteBuffer.wrap(file.clone()).order(ByteOrder.LITTLE_ENDIAN);
        forged.putInt(TEXT + 4 + forged.getInt(TEXT) + 4 + 4 * index, number);
        return withSum(forged.array());
    }

    /// The file with its last four bytes made the checksum of the others.
    public static byte[] withSum(byte[] file) {
        if (file.length < Integer.BYTES) {
            return file;
        }
        int end = file.length - Integer.BYTES;
        CRC32C sum = new CRC32C();
        sum.update(file, 0, end);
        return ByteBuffer.wrap(file.clone())
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(end, (int) sum.getValue())
                .array();
    }
}
