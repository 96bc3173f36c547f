package mobilellm.app;

import mobilellm.ChatMessage;
import mobilellm.GenerationOptions;
import mobilellm.MobileLlm;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// `mobilellm generate [MODEL] --prompt T|--prompt-file F|-|--ids 1,2,3`
@Command(
        customSynopsis = {
            "mobilellm generate [MODEL] --prompt TEXT [options]",
            "       mobilellm generate [MODEL] --prompt-file FILE | - | --ids IDS | --batch-file"
                    + " FILE [options]"
        },
        description =
                "Continues a text. The continuation goes to stdout while it is made; with --json it"
                        + " is one JSON object when it is complete.",
        footer = {
            "  mobilellm generate smollm2:135m --prompt \"The three primary colours are\" -n 20",
            "  echo \"Name a river in Africa.\" | mobilellm generate smollm2:135m - --chat",
            "  mobilellm generate smollm2:135m --batch-file prompts.jsonl --batch-size 8 >"
                    + " answers.jsonl"
        })
final class GenerateVerb implements Verb {
    private static final int DEFAULT_STREAMS = 16;

    @Mixin PromptFlags prompts = new PromptFlags();

    @Option(
            names = "--chat",
            description = "put the prompt into the model's chat template, as a user's message")
    boolean chat;

    @Option(
            names = "--system",
            paramLabel = "TEXT",
            description = "the system message, with --chat")
    @Nullable String system;

    @Option(names = "--echo", description = "begin the answer with the prompt")
    boolean echo;

    @Option(
            names = "--logprobs",
            paramLabel = "N",
            description =
                    "tell the log-probability of each token, and N alternatives (with --json or"
                            + " --batch-file)")
    int logprobs;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            converter = Converters.Streams.class,
            description =
                    "prompts of a batch file that are continued at the same time (default: 16)")
    @Nullable Integer batchSize;

    @Mixin GenerationFlags generation = new GenerationFlags();
    @Mixin ModelOptions model = new ModelOptions();
    @Mixin EngineOptions engine = new EngineOptions();
    @Mixin KernelOption kernel = new KernelOption();

    @Override
    public void run(Context context) throws IOException, InterruptedException {
        check(context);
        GenerationOptions options = generation.options(engine, context.notes(), logprobs);
        Models.Located located = new Models(context).locate(prompts.model(), model.download.yes);
        // Before the model is loaded: a file that is not there is told at once.
        Optional<String> text =
                prompts.isText() ? Optional.of(prompts.text(context)) : Optional.empty();
        try (MobileLlm loaded = ModelLoader.load(context, located, model, engine, kernel.kernels)) {
            Generator generator =
                    new Generator(context, loaded, generation.recommended(options, loaded), echo);
            int vocabularySize = loaded.config().vocabularySize();
            if (prompts.batchFile != null) {
                PromptLines lines = new PromptLines(this::prompt, vocabularySize);
                new BatchRun(generator, lines.read(prompts.batchFile, context)).run(streams());
            } else if (prompts.ids != null) {
                generator.answer(new Prompt.OfIds(Texts.ids(prompts.ids, vocabularySize)));
            } else {
                generator.answer(prompt(text.orElseThrow()));
            }
        }
    }

    private Prompt prompt(String text) {
        if (!chat) {
            return new Prompt.OfText(text);
        }
        List<ChatMessage> messages = new ArrayList<>();
        if (system != null) {
            messages.add(ChatMessage.system(system));
        }
        messages.add(ChatMessage.user(text));
        return new Prompt.OfMessages(messages);
    }

    private int streams() {
        return batchSize == null ? DEFAULT_STREAMS : batchSize;
    }

    /// @throws UsageException if the options contradict each other
    private void check(Context context) {
        prompts.check();
        ModelLoader.checkKernels(kernel.kernels);
        if (chat && (prompts.ids != null || echo)) {
            throw new UsageException("--chat excludes --ids and --echo");
        }
        if (system != null && !chat) {
            throw new UsageException("--system needs --chat: a plain continuation has no messages");
        }
        if (batchSize != null && prompts.batchFile == null) {
            throw new UsageException("--batch-size needs --batch-file");
        }
        if (logprobs != 0 && !context.json() && prompts.batchFile == null) {
            throw new UsageException("--logprobs needs --json or --batch-file");
        }
    }
}
