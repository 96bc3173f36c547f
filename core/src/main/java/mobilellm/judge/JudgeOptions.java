package mobilellm.judge;

import mobilellm.http.Address;
import mobilellm.http.Patience;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/// Whom to ask, and how patiently.
///
/// @param endpoint the address to which `/chat/completions` is added: `https://HOST/v1`
/// @param model the judge, by the name that the endpoint knows
/// @param key sent as a bearer token, to encrypted addresses and this machine only
/// @param maxTokens most tokens of a judgement; MT-Bench's judge has 2048
/// @param silence how long the endpoint may say nothing before it is asked again
/// @param attempts how often a request may fail in a row before it is given up
public record JudgeOptions(
        URI endpoint,
        String model,
        Optional<String> key,
        int maxTokens,
        Duration silence,
        int attempts) {
    /// 2048 tokens, two minutes of silence, 5 attempts.
    public JudgeOptions(URI endpoint, String model, Optional<String> key) {
        this(endpoint, model, key, 2048, Duration.ofMinutes(2), 5);
    }

    public JudgeOptions {
        String scheme = endpoint.getScheme();
        if (endpoint.getHost() == null
                || !("https".equals(scheme) || "http".equals(scheme))
                || endpoint.getUserInfo() != null
                || endpoint.getQuery() != null
                || endpoint.getFragment() != null) {
            throw new IllegalArgumentException(
                    "the endpoint is '%s', expected https://HOST/v1 or the like"
                            .formatted(Address.shown(endpoint)));
        }
        if (key.isPresent() && !key.get().matches("[!-~]+")) {
            throw new IllegalArgumentException(
                    "the judge's key is empty or holds spaces or characters outside ASCII");
        }
        if (key.isPresent() && !Address.isConfidential(endpoint)) {
            throw new IllegalArgumentException(
                    "the endpoint %s is not encrypted: a key is not sent there; use https"
                            .formatted(Address.shown(endpoint)));
        }
    }

    public JudgeOptions withSilence(Duration other) {
        return new JudgeOptions(endpoint, model, key, maxTokens, other, attempts);
    }

    /// A busy endpoint may ask for pauses up to two minutes.
    Patience patience() {
        return new Patience(Duration.ofSeconds(10), silence, attempts, Duration.ofMinutes(2));
    }

    /// Where requests go.
    URI address() {
        return URI.create(endpoint.toString().replaceAll("/+$", "") + "/chat/completions");
    }

    /// Without the key, so that no log can hold it.
    @Override
    public String toString() {
        return "JudgeOptions[endpoint=%s, model=%s%s]"
                .formatted(endpoint, model, key.isPresent() ? ", with a key" : "");
    }
}
