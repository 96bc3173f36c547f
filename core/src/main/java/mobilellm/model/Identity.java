package mobilellm.model;

import mobilellm.config.LayerSharing;
import mobilellm.config.ModelConfig;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// What tells a model from others, wherever its file lies and in whichever format: a digest of what is computed with.
final class Identity {
    private Identity() {}

    /// 64 hexadecimal digits.
    static String of(ModelConfig config, Weights weights) {
        MessageDigest digest = sha256();
        String sizes = config.withSharing(LayerSharing.NONE).toString();
        digest.update(sizes.getBytes(StandardCharsets.UTF_8));
        weights.digest(digest);
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
