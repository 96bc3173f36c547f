package mobilellm.model;

import mobilellm.config.LayerSharing;
import mobilellm.config.ModelConfig;
import mobilellm.file.Sha256;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/// What tells a model from others, wherever its file lies and in whichever format: a digest of what is computed with.
final class Identity {
    private Identity() {}

    /// 64 hexadecimal digits.
    static String of(ModelConfig config, Weights weights) {
        MessageDigest digest = Sha256.start();
        String sizes = config.withSharing(LayerSharing.NONE).toString();
        digest.update(sizes.getBytes(StandardCharsets.UTF_8));
        weights.digest(digest);
        return Sha256.finish(digest);
    }
}
