package mobilellm.app;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/// Where the prompt comes from: exactly one of five places.
final class PromptFlags {
    private static final String STDIN = "-";

    @Parameters(
            arity = "0..2",
            paramLabel = "MODEL|-",
            hideParamSyntax = true,
            description = "the model, and - for a prompt from stdin")
    List<String> words = List.of();

    @Option(
            names = {"-p", "--prompt"},
            paramLabel = "TEXT",
            description = "the text to continue")
    @Nullable String prompt;

    @Option(
            names = "--prompt-file",
            paramLabel = "FILE",
            description = "the text of a file (- is stdin)")
    @Nullable String promptFile;

    @Option(
            names = "--ids",
            paramLabel = "IDS",
            description = "token ids to continue, such as 1,2,3")
    @Nullable String ids;

    @Option(
            names = "--batch-file",
            paramLabel = "FILE",
            description = {
                "many prompts, one {\"prompt\": ...}, {\"ids\": [...]} or {\"messages\": [...]} a"
                        + " line;",
                "one JSON object a line answers, each as if it were asked alone (- is stdin)"
            })
    @Nullable String batchFile;

    /// @throws UsageException if there is no prompt, or more than one, or more than one model
    void check() {
        long prompts =
                Stream.of(prompt, promptFile, ids, batchFile).filter(Objects::nonNull).count()
                        + words.stream().filter(STDIN::equals).count();
        if (prompts != 1) {
            throw new UsageException(
                    (prompts == 0
                                    ? "there is nothing to continue"
                                    : "there is more than one prompt")
                            + ": give one of --prompt, --prompt-file, -, --ids, --batch-file");
        }
        if (words.stream().filter(word -> !word.equals(STDIN)).count() > 1) {
            throw new UsageException(
                    "there is more than one model: %s; the text to continue is given by --prompt"
                            .formatted(String.join(" and ", words)));
        }
    }

    /// The model that was named, if one was.
    @Nullable String model() {
        return words.stream().filter(word -> !word.equals(STDIN)).findFirst().orElse(null);
    }

    boolean isText() {
        return ids == null && batchFile == null;
    }

    /// The text to continue, where [#isText()].
    String text(Context context) throws IOException {
        if (prompt != null) {
            return prompt;
        }
        return promptFile == null ? Texts.readInput(context) : Texts.read(promptFile, context);
    }
}
