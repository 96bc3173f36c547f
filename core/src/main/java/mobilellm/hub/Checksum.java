package mobilellm.hub;

import mobilellm.file.Sha256;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/// SHA-256 sums as 64 lower-case hexadecimal digits.
final class Checksum {
    private static final Pattern FORM = Pattern.compile("[0-9a-f]{64}");
    private static final int CHUNK = 1 << 20;

    private Checksum() {}

    static boolean isSum(String text) {
        return FORM.matcher(text).matches();
    }

    static String of(String text) {
        return Sha256.of(text);
    }

    static String of(Path file, ProgressListener listener) throws IOException {
        MessageDigest digest = Sha256.start();
        try (FileChannel channel = FileChannel.open(file)) {
            OptionalLong total = OptionalLong.of(channel.size());
            ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
            long done = 0;
            while (channel.read(chunk) >= 0) {
                done += chunk.flip().remaining();
                digest.update(chunk);
                chunk.clear();
                listener.bytes(done, total);
            }
        }
        return Sha256.finish(digest);
    }
}
