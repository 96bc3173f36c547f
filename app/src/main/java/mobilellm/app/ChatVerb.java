package mobilellm.app;

import mobilellm.Generation;
import mobilellm.GenerationOptions;
import mobilellm.MobileLlm;
import mobilellm.kernel.Kernels;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/// `mobilellm chat [MODEL]`
@Command(
        description = {
            "Talks with a model. Ctrl-C stops an answer, Ctrl-D leaves, /help lists the commands.",
            "",
            "Where stdin or stdout is no terminal, or with --json, each line of stdin is a message"
                    + " and is answered; there are no commands then."
        },
        footer = {
            "  mobilellm chat smollm2:135m",
            "  echo \"Why is the sky blue?\" | mobilellm chat smollm2:135m --temperature 0 --json"
        })
final class ChatVerb implements Verb {
    @Parameters(arity = "0..1", paramLabel = "MODEL", description = "the model")
    @Nullable String name;

    @Option(names = "--system", paramLabel = "TEXT", description = "the system message")
    @Nullable String system;

    @Mixin GenerationFlags generation = new GenerationFlags();
    @Mixin ModelOptions model = new ModelOptions();
    @Mixin EngineOptions engine = new EngineOptions();
    @Mixin KernelOption kernel = new KernelOption();

    @Override
    public void run(Context context) throws IOException, InterruptedException {
        ModelLoader.checkKernels(kernel.kernels);
        GenerationOptions options = generation.options(engine, context.notes(), 0);
        Models.Located located = new Models(context).locate(name, model.download.yes);
        if (!isTerminal(context)) {
            MobileLlm loaded = ModelLoader.load(context, located, model, engine, kernel.kernels);
            try (Conversation conversation = conversation(loaded, options)) {
                new ChatPipe(context, conversation).run();
            }
            return;
        }
        Path history = context.environment().home().resolve("chat-history");
        String welcome =
                "%s, %s kernels. Ctrl-C stops an answer, Ctrl-D leaves, /help lists commands."
                        .formatted(
                                Text.printable(located.name()), Kernels.of(kernel.kernels).name());
        ChatTerminal.run(
                context,
                history,
                welcome,
                () -> {
                    MobileLlm loaded = ModelLoader.load(located, model, engine, kernel.kernels);
                    Conversation conversation = conversation(loaded, options);
                    warmUp(loaded);
                    return conversation;
                });
    }

    /// Has the kernels compiled while the person types: the first answer would otherwise begin seconds late.
    private static void warmUp(MobileLlm loaded) {
        if (loaded.contextLength() >= 64) {
            GenerationOptions few = GenerationOptions.greedy().toBuilder().maxTokens(8).build();
            try (Generation generation = loaded.generate("The sea is calm today.", few)) {
                generation.text();
            }
        }
    }

    private static boolean isTerminal(Context context) {
        return !context.json()
                && context.environment().inputTerminal()
                && context.environment().outputTerminal();
    }

    private Conversation conversation(MobileLlm loaded, GenerationOptions options) {
        try {
            return new Conversation(
                    loaded,
                    Optional.ofNullable(system),
                    new ChatSettings(generation.recommended(options, loaded)));
        } catch (RuntimeException e) {
            loaded.close();
            throw e;
        }
    }
}
