package mobilellm.app;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.tokenizer.Tokenizer;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/// `mobilellm tokenize [MODEL] [TEXT|-]`
@Command(
        customSynopsis = "mobilellm tokenize [MODEL] [TEXT|-] [OPTIONS]",
        description = {
            "Turns text into token ids, or with --decode ids into text. The text is TEXT, a file,"
                    + " or stdin.",
            "",
            "A single argument is the MODEL if it names one (a .gguf file, a model directory, a"
                    + " name that 'list' or 'pull' knows, hf:...) or if --file or --jsonl gives the"
                    + " text; else it is the TEXT."
        },
        footer = {
            "  mobilellm tokenize smollm2:135m \"Hello, world\" --pieces",
            "  mobilellm tokenize smollm2:135m --decode \"19556 28 905\""
        })
final class TokenizeVerb implements Verb {
    @Parameters(
            index = "0..1",
            arity = "0..1",
            paramLabel = "MODEL|TEXT",
            hideParamSyntax = true,
            description = "the model whose tokenizer is wanted, and the text (- is stdin)")
    List<String> words = List.of();

    @Mixin DownloadOption download = new DownloadOption();

    @Option(
            names = "--decode",
            description = "the way back: TEXT is ids, such as 1,2,3 or \"1 2 3\"")
    boolean decode;

    @Option(names = "--pieces", description = "one token a line: id and text")
    boolean pieces;

    @Option(names = "--count", description = "only how many tokens there are")
    boolean count;

    @Option(
            names = "--no-special",
            description = {
                "text that looks like a special token is plain text;",
                "with --decode special tokens are left out"
            })
    boolean noSpecial;

    @Option(
            names = "--no-bos",
            description = "no beginning-of-sequence token, even if the model wants one")
    boolean noBos;

    @Option(names = "--file", paramLabel = "FILE", description = "the text of a file (- is stdin)")
    @Nullable String file;

    @Option(
            names = "--jsonl",
            paramLabel = "FILE",
            description =
                    "many texts, one {\"text\": ...} a line, or with --decode one {\"ids\": [...]}"
                            + " a line; one JSON object a line answers (- is stdin)")
    @Nullable String jsonl;

    @Override
    public void run(Context context) throws IOException, InterruptedException {
        Models models = new Models(context);
        Arguments arguments = arguments(models);
        Models.Located model = models.locate(arguments.model(), download.yes);
        Tokenizer tokenizer;
        try (Checkpoint checkpoint = Checkpoint.open(model.path())) {
            tokenizer = checkpoint.tokenizer();
        }
        if (jsonl != null) {
            answerLines(context, tokenizer, jsonl);
            return;
        }
        String text = text(context, arguments.text());
        if (decode) {
            print(context, decoded(tokenizer, Texts.ids(text, tokenizer.vocabularySize())));
        } else {
            print(context, tokenizer, encoded(tokenizer, text));
        }
    }

    private record Arguments(@Nullable String model, @Nullable String text) {}

    private Arguments arguments(Models models) throws IOException {
        if (file != null && jsonl != null) {
            throw new UsageException("--file and --jsonl exclude each other");
        }
        if (decode && (pieces || count || noBos)) {
            throw new UsageException("--pieces, --count and --no-bos say nothing about --decode");
        }
        if (pieces && count) {
            throw new UsageException("--pieces and --count exclude each other");
        }
        boolean textElsewhere = file != null || jsonl != null;
        if (words.size() == 2 && textElsewhere) {
            throw new UsageException("the text is given twice: TEXT, and --file or --jsonl");
        }
        return switch (words.size()) {
            case 0 -> new Arguments(null, null);
            case 1 ->
                    textElsewhere || models.isModel(words.getFirst())
                            ? new Arguments(words.getFirst(), null)
                            : new Arguments(null, words.getFirst());
            default -> new Arguments(words.getFirst(), words.getLast());
        };
    }

    private String text(Context context, @Nullable String argument) throws IOException {
        if (file != null) {
            return Texts.read(file, context);
        }
        return argument == null || argument.equals("-") ? Texts.readInput(context) : argument;
    }

    private int[] encoded(Tokenizer tokenizer, String text) {
        int[] ids = tokenizer.encode(text, !noSpecial);
        OptionalInt bos = tokenizer.bos();
        if (noBos || !tokenizer.addBos() || bos.isEmpty()) {
            return ids;
        }
        int[] withBos = new int[ids.length + 1];
        withBos[0] = bos.getAsInt();
        System.arraycopy(ids, 0, withBos, 1, ids.length);
        return withBos;
    }

    private String decoded(Tokenizer tokenizer, int[] ids) {
        return tokenizer.decode(ids, noSpecial);
    }

    private void print(Context context, String text) {
        if (context.json()) {
            context.output().json(Map.of("text", text));
        } else {
            context.printText(text);
        }
    }

    private void print(Context context, Tokenizer tokenizer, int[] ids) {
        if (context.json()) {
            context.output().json(json(tokenizer, ids));
        } else if (count) {
            context.output().line(String.valueOf(ids.length));
        } else if (pieces) {
            for (int id : ids) {
                context.output().line(id + "\t" + Text.printable(tokenizer.piece(id)));
            }
        } else {
            context.output().line(Texts.joined(ids));
        }
    }

    private static Map<String, Object> json(Tokenizer tokenizer, int[] ids) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("ids", ids);
        object.put("pieces", Arrays.stream(ids).mapToObj(tokenizer::piece).toList());
        object.put("count", ids.length);
        return object;
    }

    private void answerLines(Context context, Tokenizer tokenizer, String source)
            throws IOException {
        try (InputStream stream = Texts.open(source, context);
                BufferedReader lines = Texts.lines(stream)) {
            int number = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                if (!line.isBlank()) {
                    String where = "line " + number + " of " + Texts.name(source);
                    context.output().json(answer(tokenizer, Json.readObject(line, where), where));
                }
            }
        }
    }

    private Map<String, Object> answer(
            Tokenizer tokenizer, Map<String, Object> question, String where) {
        if (decode) {
            int[] ids = Texts.ids(question.get("ids"), where, tokenizer.vocabularySize());
            return Map.of("text", decoded(tokenizer, ids));
        }
        if (!(question.get("text") instanceof String text)) {
            throw new IllegalArgumentException(where + ": expected {\"text\": \"…\"}");
        }
        return json(tokenizer, encoded(tokenizer, text));
    }
}
