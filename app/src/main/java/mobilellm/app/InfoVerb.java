package mobilellm.app;

import mobilellm.checkpoint.Checkpoint;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `mobilellm info [MODEL]`
@Command(
        description = {
            "Shows architecture, layers as stored and as executed, parameters, bytes by element"
                + " type, the cost of the key/value cache, tokenizer, chat template and metadata."
                + " Reads the file, runs nothing."
        },
        footer = {
            "  mobilellm info smollm2:135m",
            "  mobilellm info model.gguf --sharing immediate:2:own --context 2048 --json"
        })
final class InfoVerb implements Verb {
    @Parameters(
            arity = "0..1",
            paramLabel = "MODEL",
            description = "a file, a directory, a name, or hf:OWNER/NAME")
    @Nullable String model;

    @Mixin ModelOptions options = new ModelOptions();

    @Option(names = "--tensors", description = "list every stored tensor: name, type, shape, bytes")
    boolean tensors;

    @Override
    public void run(Context context) throws IOException, InterruptedException {
        Models.Located located = new Models(context).locate(model, options.download.yes);
        try (Checkpoint checkpoint = Checkpoint.open(located.path())) {
            ModelLoader.tell(context, checkpoint.warnings());
            ModelReport report = ModelReport.of(located, checkpoint, options);
            if (context.json()) {
                context.output().json(InfoJson.of(report));
            } else {
                context.output().text(InfoPage.of(report, tensors));
            }
        }
    }
}
