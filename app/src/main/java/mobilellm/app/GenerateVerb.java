package mobilellm.app;

import mobilellm.Chat;
import mobilellm.GenerationOptions;
import mobilellm.MobileLlm;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.util.Optional;
import java.util.function.Function;

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
            "  echo \"Name a river in Africa.\" | mobilellm generate smollm2:135m - --chat"
        })
final class GenerateVerb implements Verb {
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

    @Mixin GenerationFlags generation = new GenerationFlags();
    @Mixin ModelOptions model = new ModelOptions();
    @Mixin EngineOptions engine = new EngineOptions();
    @Mixin KernelOption kernel = new KernelOption();

    @Override
    public void run(Context context) throws IOException, InterruptedException {
        check(context);
        GenerationOptions options = generation.options(engine, context.notes(), logprobs);
        Models.Located located = new Models(context).locate(prompts.model(), model.yes);
        // Before the model is loaded: a file that is not there is told at once.
        Optional<String> text =
                prompts.isText() ? Optional.of(prompts.text(context)) : Optional.empty();
        try (MobileLlm loaded = ModelLoader.load(context, located, model, engine, kernel.kernels)) {
            Generator generator = new Generator(context, loaded, options, echo);
            Function<String, Prompt> ofText = chat ? messages(loaded) : Prompt.OfText::new;
            if (prompts.batchFile != null) {
                generator.answerBatch(prompts.batchFile, ofText);
            } else if (prompts.ids != null) {
                int[] ids = Texts.ids(prompts.ids, loaded.config().vocabularySize());
                generator.answer(new Prompt.OfIds(ids));
            } else {
                generator.answer(ofText.apply(text.orElseThrow()));
            }
        }
    }

    private Function<String, Prompt> messages(MobileLlm loaded) {
        Chat conversation = loaded.chat();
        if (system != null) {
            conversation.system(system);
        }
        return text -> new Prompt.OfChat(conversation, text);
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
        if (logprobs != 0 && !context.json() && prompts.batchFile == null) {
            throw new UsageException("--logprobs needs --json or --batch-file");
        }
    }
}
