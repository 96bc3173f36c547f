package mobilellm.app;

import mobilellm.ChatMessage;
import mobilellm.Generation;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/// Answers each line of stdin, until it ends. A line is a message whatever it looks like: what comes through a pipe may be
/// a stranger's text, which must not write files.
record ChatPipe(Context context, Conversation conversation) {
    void run() throws IOException {
        BufferedReader lines = Texts.lines(context.input());
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (!line.isBlank()) {
                answer(line);
            }
        }
    }

    private void answer(String message) {
        try (Generation answer = conversation.send(message)) {
            answer.onPrefill(Answers.progress(context.notes()));
            if (context.json()) {
                context.output().json(object(answer));
            } else {
                TerminalText shown = new TerminalText(context.environment().outputTerminal());
                for (String piece : answer) {
                    context.output().text(shown.of(piece));
                    context.output().flush();
                }
                context.output().line("");
            }
            context.output().flush();
            context.notes().detail(Answers.speeds(answer));
        }
    }

    private static Map<String, Object> object(Generation answer) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("role", ChatMessage.ASSISTANT);
        object.put("content", answer.text());
        object.put("finish_reason", Answers.finishReason(answer.finishReason()));
        object.put("usage", Answers.usage(answer.usage()));
        object.put("timings", Answers.timings(answer.timings()));
        return object;
    }
}
