package mobilellm.app;

import mobilellm.FinishReason;
import mobilellm.Generation;
import mobilellm.MobileLlm;
import mobilellm.Timings;
import mobilellm.TokenLogprobs;
import mobilellm.Usage;
import mobilellm.engine.PrefillListener;
import mobilellm.sampling.TokenLogprob;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What `generate` and `chat` tell about an answer, for people and for programs.
final class Answers {
    /// Shorter prompts are read before anyone could wonder.
    private static final int SHORT_PROMPT = 256;

    private Answers() {}

    /// Shows how far a long prompt is read.
    static PrefillListener progress(Notes notes) {
        return (done, total) -> {
            if (total > SHORT_PROMPT) {
                notes.transientLine("reading the prompt: %d of %d tokens".formatted(done, total));
            }
            if (done == total) {
                notes.clearTransientLine();
            }
            return true;
        };
    }

    static String finishReason(FinishReason reason) {
        return reason.name().toLowerCase(Locale.ROOT);
    }

    static Map<String, Object> usage(Usage usage) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("prompt_tokens", usage.promptTokens());
        object.put("completion_tokens", usage.completionTokens());
        object.put("cached_tokens", usage.cachedTokens());
        return object;
    }

    static Map<String, Object> timings(Timings timings) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("prefill_tokens", timings.prefillTokens());
        object.put("prefill_ms", timings.prefillSeconds() * 1e3);
        object.put("prefill_tps", timings.prefillTokensPerSecond());
        object.put("first_token_ms", timings.firstTokenSeconds() * 1e3);
        object.put("decode_tokens", timings.decodeTokens());
        object.put("decode_ms", timings.decodeSeconds() * 1e3);
        object.put("decode_tps", timings.decodeTokensPerSecond());
        return object;
    }

    /// One entry a token: itself, then its alternatives.
    static List<Object> logprobs(Generation generation, MobileLlm model) {
        List<Object> entries = new ArrayList<>();
        for (TokenLogprobs token : generation.logprobs()) {
            Map<String, Object> entry = logprob(token.chosen(), model);
            entry.put("top", token.top().stream().map(top -> logprob(top, model)).toList());
            entries.add(entry);
        }
        return entries;
    }

    private static Map<String, Object> logprob(TokenLogprob token, MobileLlm model) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("id", token.id());
        if (model.hasTokenizer()) {
            object.put("piece", model.tokenizer().piece(token.id()));
        }
        object.put("logprob", token.logprob());
        return object;
    }

    /// `34 tokens at 52.1 tokens/s (prompt: 12 of 40 tokens read at 210.4 tokens/s)`
    static String speeds(Generation generation) {
        Usage usage = generation.usage();
        Timings timings = generation.timings();
        return String.format(
                Locale.ROOT,
                "%d tokens at %.1f tokens/s (prompt: %d of %d tokens read at %.1f tokens/s)",
                usage.completionTokens(),
                timings.decodeTokensPerSecond(),
                timings.prefillTokens(),
                usage.promptTokens(),
                timings.prefillTokensPerSecond());
    }
}
