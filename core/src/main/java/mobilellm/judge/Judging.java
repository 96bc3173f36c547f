package mobilellm.judge;

import mobilellm.evaluation.Journal;
import mobilellm.file.Sha256;
import mobilellm.judge.JudgePrompts.Wording;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;

/// Has tasks judged, and remembers what the judge said: no question is paid for twice, also after a kill.
public final class Judging implements AutoCloseable {
    private static final Map<String, String> KIND = Map.of("kind", "what judges said");

    private final JudgeOptions options;
    private final Journal memory;

    /// @param memory file of what judges said, of any run; it is made where it is missing
    /// @throws IOException if it cannot be written, or another process writes it
    public Judging(JudgeOptions options, Path memory) throws IOException {
        this.options = options;
        this.memory = Journal.open(memory, KIND, List.of("kind"), true);
    }

    /// What is still to be asked.
    ///
    /// @param requests if none has to be repeated
    /// @param mostTokens of all of them together
    public record Estimate(long requests, long mostTokens) {}

    /// What tasks will cost that were not judged before.
    public Estimate estimate(List<JudgeTask> tasks) {
        Set<String> seen = new HashSet<>();
        long requests = 0;
        long tokens = 0;
        for (JudgeTask task : tasks) {
            for (Wording wording : task.wordings()) {
                String body = JudgeClient.body(options, wording);
                if (memory.text(key(body)).isEmpty() && seen.add(body)) {
                    requests++;
                    tokens += JudgeClient.mostTokens(options, body);
                }
            }
        }
        return new Estimate(requests, tokens);
    }

    private String key(String body) {
        return Sha256.of(options.address() + "\0" + body);
    }

    /// Judges all tasks, in their order.
    ///
    /// @param progress hears how many wordings have a reply
    /// @throws JudgeException if the judge cannot be asked, or the budget is used up; what it said is remembered
    public List<Judgement> judge(List<JudgeTask> tasks, JudgeClient client, LongConsumer progress)
            throws IOException, InterruptedException {
        List<Judgement> judgements = new ArrayList<>();
        long done = 0;
        for (JudgeTask task : tasks) {
            List<String> texts = new ArrayList<>();
            for (Wording wording : task.wordings()) {
                String body = JudgeClient.body(options, wording);
                Optional<String> reply = memory.text(key(body));
                if (reply.isEmpty()) {
                    reply = Optional.of(client.ask(body));
                    memory.add(key(body), reply.get());
                }
                texts.add(reply.get());
                progress.accept(++done);
            }
            judgements.add(new Judgement(task, texts));
        }
        return judgements;
    }

    @Override
    public void close() throws IOException {
        memory.close();
    }
}
