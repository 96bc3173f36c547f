package mobilellm.evaluation;

import mobilellm.evaluation.task.Document;
import mobilellm.evaluation.task.Question;
import mobilellm.evaluation.task.Task;
import mobilellm.evaluation.task.Task.Examples;
import mobilellm.evaluation.task.Task.Framing;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// What stands around a task's questions: solved examples, a system instruction, a chat template.
///
/// @param examples solved ones before each question
/// @param system an instruction, or nothing
/// @param chat the model's chat template, if it shall be used
public record Presentation(int examples, String system, Optional<ChatFormat> chat) {
    private static final int SEED = 1234; // of the harness

    /// Writes a conversation down, up to where the model's answer begins.
    @FunctionalInterface
    public interface ChatFormat {
        /// Renders a question.
        ///
        /// @param system empty for none
        String render(String system, String user);
    }

    /// The questions as they are.
    public static final Presentation PLAIN = new Presentation(0, "", Optional.empty());

    /// The documents with their questions as the model shall read them. Examples are drawn as lm-evaluation-harness draws
    /// them: anew for each document in order, from one sequence of random numbers.
    ///
    /// @param documents the first ones of the set
    /// @param from what to draw examples from; a document is never its own example
    /// @throws IllegalArgumentException if there are too few
    public List<Document> present(Task task, List<Document> documents, Examples from) {
        List<Document> pool = from.pool();
        int drawn = examples == 0 ? 0 : examples + (from.isOneMoreDrawn() ? 1 : 0);
        if (drawn > pool.size()) {
            throw new IllegalArgumentException(
                    "%d examples of task %s cannot be drawn from %d documents"
                            .formatted(examples, task.name(), pool.size()));
        }
        PythonRandom random = new PythonRandom(SEED);
        List<Document> presented = new ArrayList<>();
        for (Document document : documents) {
            StringBuilder shown = new StringBuilder();
            int count = 0;
            for (int index : random.sample(pool.size(), drawn)) {
                Document example = pool.get(index);
                if (count < examples && !example.fields().equals(document.fields())) {
                    shown.append(example.question().solved()).append(task.framing().separator());
                    count++;
                }
            }
            presented.add(
                    new Document(
                            document.place(),
                            document.fields(),
                            question(document.question(), shown.toString(), task.framing())));
        }
        return presented;
    }

    private Question question(Question plain, String shown, Framing framing) {
        String description = framing.description();
        String between = system.isEmpty() || description.isEmpty() ? "" : "\n\n";
        String instruction = system + between + description;
        if (chat.isPresent()) {
            ChatFormat format = chat.get();
            return plain.reworded(
                    context -> format.render(instruction, shown + context),
                    // The template ends where an answer begins, without a blank.
                    continuation -> continuation.substring(1));
        }
        String before = instruction + shown;
        return before.isEmpty()
                ? plain
                : plain.reworded(context -> before + context, UnaryOperator.identity());
    }
}
