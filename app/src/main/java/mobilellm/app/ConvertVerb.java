package mobilellm.app;

import mobilellm.checkpoint.Conversion;
import mobilellm.file.OutputFile.Written;
import mobilellm.tensor.DType;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// `mobilellm convert IN OUT`
@Command(
        customSynopsis = "mobilellm convert IN OUT [options]",
        description = {
            "Writes a model as a GGUF file, if OUT ends in .gguf, else as a directory as the"
                    + " Hugging Face hub has it. What OUT cannot say is refused; a run that fails"
                    + " or is interrupted leaves nothing."
        },
        footer = {
            "  mobilellm convert MobileLLM-125M model.gguf",
            "  mobilellm convert smollm2:135m SmolLM2 --type f16 --shards 100MB"
        })
final class ConvertVerb implements Verb {
    @Parameters(
            index = "0",
            paramLabel = "IN",
            description = "a file, a directory, a name, or hf:OWNER/NAME")
    String in = "";

    @Parameters(index = "1", paramLabel = "OUT", description = "the file or directory to write")
    Path out = Path.of("");

    @Option(
            names = "--type",
            paramLabel = "TYPE",
            converter = TypeConverter.class,
            description = {
                "of the weights: f32, f16 or bf16; in GGUF files also q8_0, q5_1, q5_0, q4_1, q4_0"
                        + " or iq4_nl (default: as they are)"
            })
    @Nullable DType type;

    @Option(
            names = "--expand-layers",
            description = "write shared layers out, as a plain Llama that computes the same")
    boolean expandLayers;

    @Option(
            names = "--shards",
            paramLabel = "SIZE",
            converter = Converters.Bytes.class,
            description = "weights in several files of at most SIZE, such as 2GB (directories)")
    @Nullable Long shards;

    @Option(names = "--force", description = "replace OUT if it is there")
    boolean force;

    @Mixin DownloadOption download = new DownloadOption();

    @Override
    public void run(Context context) throws IOException, InterruptedException {
        if (shards != null && Conversion.isGguf(out)) {
            throw new UsageException("--shards is for directories; a GGUF file is one file");
        }
        Path from = new Models(context).locate(in, download.yes).path();
        Conversion.Options options =
                new Conversion.Options(
                        Optional.ofNullable(type),
                        expandLayers,
                        shards == null ? OptionalLong.empty() : OptionalLong.of(shards),
                        force);
        Conversion.Result result;
        try {
            result =
                    Conversion.run(
                            from,
                            out,
                            options,
                            (name, done, total) ->
                                    context.notes()
                                            .transientLine(
                                                    "%3d %%   %s of %s   %s"
                                                            .formatted(
                                                                    100 * done / total,
                                                                    Text.bytes(done),
                                                                    Text.bytes(total),
                                                                    Text.printable(name))));
        } finally {
            context.notes().clearTransientLine();
        }
        result.notes().forEach(context.notes()::note);
        if (context.json()) {
            context.output().json(json(result));
        } else {
            print(context, result);
        }
    }

    private static Map<String, Object> json(Conversion.Result result) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("path", result.path().toString());
        json.put("tensors", result.tensors());
        json.put("bytes", result.bytes());
        json.put("sha256", result.sha256());
        List<Map<String, Object>> files = result.files().stream().map(WrittenJson::of).toList();
        json.put("files", files);
        return json;
    }

    private static void print(Context context, Conversion.Result result) {
        for (Written file : result.files()) {
            context.output()
                    .line(
                            "%s  %s"
                                    .formatted(
                                            file.sha256(), Text.printable(file.path().toString())));
        }
        context.notes()
                .note(
                        "wrote %d tensors, %s"
                                .formatted(result.tensors(), Text.bytes(result.bytes())));
    }
}
