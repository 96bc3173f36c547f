package mobilellm.app;

import mobilellm.Generation;
import mobilellm.GenerationOptions;
import mobilellm.MobileLlm;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/// Continues prompts and prints what comes.
///
/// @param echo whether an answer begins with its prompt
record Generator(Context context, MobileLlm model, GenerationOptions options, boolean echo) {
    /// Streams text, or prints one JSON object.
    void answer(Prompt prompt) {
        if (context.json()) {
            context.output().json(object(prompt));
            return;
        }
        boolean terminal = context.environment().outputTerminal();
        TerminalText shown = new TerminalText(terminal);
        if (echo) {
            context.output().text(shown.of(prompt.shown(model.tokenizer())));
        }
        try (Generation answer = prompt.generate(model, options)) {
            answer.onPrefill(Answers.progress(context.notes()));
            for (String piece : answer) {
                context.output().text(shown.of(piece));
                context.output().flush();
            }
            if (terminal && !answer.text().endsWith("\n")) {
                context.output().text("\n");
            }
            context.output().flush();
            context.notes().detail(Answers.speeds(answer));
        }
    }

    /// Answers each line of a file, `{"prompt": "…"}` or `{"ids": [1, 2, 3]}`, with a JSON object.
    void answerBatch(String source, Function<String, Prompt> ofText) throws IOException {
        try (InputStream stream = Texts.open(source, context);
                BufferedReader lines = Texts.lines(stream)) {
            int number = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                if (!line.isBlank()) {
                    String where = "line " + number + " of " + Texts.name(source);
                    context.output().json(object(parse(line, where, ofText)));
                    context.output().flush();
                    context.notes().transientLine("answered line " + number);
                }
            }
            context.notes().clearTransientLine();
        }
    }

    private Prompt parse(String line, String where, Function<String, Prompt> ofText) {
        Map<String, Object> question = Json.readObject(line, where);
        boolean hasIds = question.containsKey("ids");
        if (question.get("prompt") instanceof String text && !hasIds) {
            return ofText.apply(text);
        }
        if (hasIds && !question.containsKey("prompt")) {
            int vocabularySize = model.config().vocabularySize();
            return new Prompt.OfIds(Texts.ids(question.get("ids"), where, vocabularySize));
        }
        throw new IllegalArgumentException(
                where + ": expected {\"prompt\": \"…\"} or {\"ids\": [1, 2, 3]}");
    }

    private Map<String, Object> object(Prompt prompt) {
        try (Generation answer = prompt.generate(model, options)) {
            answer.onPrefill(Answers.progress(context.notes()));
            String before = echo ? prompt.shown(model.tokenizer()) : "";
            Map<String, Object> object = new LinkedHashMap<>();
            object.put("text", before + answer.text());
            object.put("token_ids", answer.ids());
            object.put("finish_reason", Answers.finishReason(answer.finishReason()));
            object.put("usage", Answers.usage(answer.usage()));
            object.put("timings", Answers.timings(answer.timings()));
            object.put("seed", options.sampling().seed());
            if (options.logprobs() > 0) {
                object.put("logprobs", Answers.logprobs(answer, model.tokenizer()));
            }
            return object;
        }
    }
}
