package mobilellm.evaluation;

import mobilellm.engine.Prediction;
import mobilellm.evaluation.Evaluation.Prompt;
import mobilellm.file.Sha256;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/// Names of requests, the same for the same tokens, whichever task and document asks for them: 32 hexadecimal digits of a SHA-256 sum.
final class RequestKey {
    private static final int DIGITS = 32;

    private RequestKey() {}

    static String of(Prediction prediction) {
        MessageDigest digest = Sha256.start();
        add(digest, prediction.predicted());
        add(digest, prediction.ids());
        return finish(digest);
    }

    static String of(Prompt prompt) {
        MessageDigest digest = Sha256.start();
        add(digest, prompt.maxTokens());
        add(digest, prompt.stops().size());
        for (String stop : prompt.stops()) {
            byte[] bytes = stop.getBytes(StandardCharsets.UTF_8);
            add(digest, bytes.length);
            digest.update(bytes);
        }
        add(digest, prompt.ids());
        return finish(digest);
    }

    private static void add(MessageDigest digest, int... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Integer.BYTES);
        bytes.asIntBuffer().put(values);
        digest.update(bytes);
    }

    private static String finish(MessageDigest digest) {
        return Sha256.finish(digest).substring(0, DIGITS);
    }
}
