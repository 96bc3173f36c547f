package mobilellm.app;

import mobilellm.Generation;
import mobilellm.GenerationOptions;
import mobilellm.MobileLlm;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;

/// Continues prompts and prints what comes.
///
/// @param echo whether an answer begins with its prompt
record Generator(Context context, MobileLlm model, GenerationOptions options, boolean echo) {
    /// Streams text, or prints one JSON object, or ids where there is no tokenizer.
    void answer(Prompt prompt) {
        if (context.json()) {
            try (Generation answer = model.generate(prompt.ids(model), options)) {
                answer.onPrefill(Answers.progress(context.notes()));
                context.output().json(object(prompt, answer));
            }
            return;
        }
        if (!model.hasTokenizer()) {
            answerInIds(prompt);
            return;
        }
        boolean terminal = context.environment().outputTerminal();
        TerminalText shown = new TerminalText(terminal);
        if (echo) {
            context.output().text(shown.of(prompt.shown(model)));
        }
        try (Generation answer = model.generate(prompt.ids(model), options)) {
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

    private void answerInIds(Prompt prompt) {
        context.notes().note("no tokenizer of this model can be used: ids instead of text");
        int[] ids = prompt.ids(model);
        try (Generation answer = model.generate(ids, options)) {
            answer.onPrefill(Answers.progress(context.notes()));
            IntStream shown = IntStream.of(answer.ids());
            context.output()
                    .line(
                            Texts.joined(
                                    (echo ? IntStream.concat(IntStream.of(ids), shown) : shown)
                                            .toArray()));
            context.notes().detail(Answers.speeds(answer));
        }
    }

    /// What is told of an answer. Without a tokenizer its text is empty.
    Map<String, Object> object(Prompt prompt, Generation answer) {
        String before = echo && model.hasTokenizer() ? prompt.shown(model) : "";
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("text", before + answer.text());
        object.put("token_ids", answer.ids());
        object.put("finish_reason", Answers.finishReason(answer.finishReason()));
        object.put("usage", Answers.usage(answer.usage()));
        object.put("timings", Answers.timings(answer.timings()));
        object.put("seed", options.sampling().seed());
        if (options.logprobs() > 0) {
            object.put("logprobs", Answers.logprobs(answer, model));
        }
        return object;
    }
}
