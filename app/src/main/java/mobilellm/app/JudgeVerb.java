package mobilellm.app;

import mobilellm.judge.JudgeOptions;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// `mobilellm judge --endpoint URL --judge NAME --questions FILE --answers FILE --prompts FILE --out DIR`
@Command(
        customSynopsis = {
            "mobilellm judge --endpoint URL --judge NAME --questions FILE --answers FILE",
            "                --prompts FILE --out DIR [--baseline FILE] [options]"
        },
        description = {
            "Has answers judged by a model behind any endpoint that speaks OpenAI's protocol: rated"
                + " from 1 to 10 as MT-Bench does, or with --baseline compared with another"
                + " model's, in both orders. No judge comes with the program. The key is read from "
                    + JudgeVerb.KEY
                    + ".",
        },
        footer = {
            "  mobilellm judge --endpoint https://HOST/v1 --judge NAME --questions question.jsonl"
                + " --answers smollm2.jsonl --references gpt-4.jsonl --prompts judge_prompts.jsonl"
                + " --out judged",
            "  mobilellm judge --endpoint http://localhost:8080/v1 --judge NAME --questions"
                + " alpaca_eval.json --answers outputs.json --baseline alpaca_eval.json --prompts"
                + " judge_prompts.jsonl --out judged"
        })
final class JudgeVerb implements Verb {
    static final String KEY = "MOBILELLM_JUDGE_KEY";

    @Option(
            names = "--endpoint",
            paramLabel = "URL",
            required = true,
            converter = UriConverter.class,
            description = "address to which /chat/completions is added, such as https://HOST/v1")
    URI endpoint = URI.create("");

    @Option(
            names = "--judge",
            paramLabel = "NAME",
            required = true,
            description = "the model that judges, by the name that the endpoint knows")
    String judge = "";

    @Option(
            names = "--questions",
            paramLabel = "FILE",
            required = true,
            description = "MT-Bench's or AlpacaEval's questions")
    Path questions = Path.of("");

    @Option(
            names = "--answers",
            paramLabel = "FILE",
            required = true,
            description = "the answers to judge, as 'mobilellm answer' writes them")
    Path answers = Path.of("");

    @Option(
            names = "--baseline",
            paramLabel = "FILE",
            description = "answers of another model to compare with; without it answers are rated")
    @Nullable Path baseline;

    @Option(
            names = "--references",
            paramLabel = "FILE",
            description =
                    "right answers for math, reasoning and coding, such as MT-Bench's gpt-4.jsonl")
    @Nullable Path references;

    @Option(
            names = "--prompts",
            paramLabel = "FILE",
            required = true,
            description = "how the judge is asked: FastChat's judge_prompts.jsonl")
    Path prompts = Path.of("");

    @Option(
            names = "--out",
            paramLabel = "DIR",
            required = true,
            description = "folder for the judgements; what a judge said once is not asked again")
    Path out = Path.of("");

    @Option(
            names = "--limit",
            paramLabel = "N",
            converter = EvalLimit.Converter.class,
            description = "only the first N questions, or that share if below 1")
    EvalLimit limit = EvalLimit.NONE;

    @Option(
            names = "--max-requests",
            paramLabel = "N",
            converter = Converters.PositiveInteger.class,
            description =
                    "stop before more requests than this, repeated ones included (default: 2000)")
    int maxRequests = 2000;

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            converter = Converters.PositiveInteger.class,
            description =
                    "stop before more tokens than this, of requests and replies (default: 5000000)")
    int maxTokens = 5_000_000;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            converter = Converters.PositiveInteger.class,
            description = "how long the endpoint may stay silent (default: 120)")
    int timeout = 120;

    @Option(
            names = {"-y", "--yes"},
            description = "do not ask before the requests are made")
    boolean yes;

    static final class UriConverter implements ITypeConverter<URI> {
        @Override
        public URI convert(String value) {
            try {
                return URI.create(value);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(
                        "expected an address such as https://HOST/v1, got '" + value + "'");
            }
        }
    }

    @Override
    public void run(Context context) throws IOException, InterruptedException {
        Optional<String> key = context.environment().variable(KEY);
        JudgeOptions judgeOptions =
                new JudgeOptions(endpoint, judge, key).withSilence(Duration.ofSeconds(timeout));
        new JudgeRun(context, this, judgeOptions).run();
    }
}
