package mobilellm.app;

import java.util.Optional;

/// The verbs, in the order of `mobilellm --help`. A verb's class is loaded, and its annotations are read, only when that
/// verb is typed: reading all of them would cost every start some 100 ms.
enum Verbs {
    CHAT("chat", Group.TALK, "talk with a model"),
    GENERATE("generate", Group.TALK, "continue a text"),
    PULL("pull", Group.MODELS, "download a model"),
    LIST("list", Group.MODELS, "show the models of the local store"),
    RM("rm", Group.MODELS, "delete a model from the local store"),
    INFO("info", Group.MODELS, "show what a model is made of"),
    QUANTIZE("quantize", Group.MODELS, "write a model with smaller types"),
    IMATRIX("imatrix", Group.MODELS, "measure what the columns of its matrices are worth"),
    PLAN("plan", Group.MODELS, "count parameters and bytes before there are any"),
    CONVERT("convert", Group.MODELS, "write a model in another format"),
    LOGITS("logits", Group.INSPECT, "show what may come next, and how likely"),
    BENCH("bench", Group.INSPECT, "measure how fast a model runs here"),
    PERPLEXITY("perplexity", Group.INSPECT, "measure how well a model predicts a text"),
    EVAL("eval", Group.INSPECT, "measure how well a model answers benchmarks"),
    COMPARE_TENSORS("compare-tensors", Group.INSPECT, "compare two models tensor by tensor"),
    ANSWER("answer", Group.INSPECT, "answer the questions of MT-Bench or AlpacaEval"),
    JUDGE("judge", Group.INSPECT, "have answers judged by another model"),
    VERIFY("verify", Group.INSPECT, "compare a model with another program's outputs"),
    TOKENIZE("tokenize", Group.INSPECT, "turn text into token ids, or back"),
    TEMPLATE("template", Group.INSPECT, "render messages with a chat template"),
    COMPLETION("completion", Group.HIDDEN, "print a completion script for a shell");

    /// A heading of `mobilellm --help`.
    enum Group {
        TALK("Talk to a model"),
        MODELS("Models"),
        INSPECT("Look inside"),
        HIDDEN("");

        private final String heading;

        Group(String heading) {
            this.heading = heading;
        }

        String heading() {
            return heading;
        }
    }

    private final String word;
    private final Group group;
    private final String summary;

    Verbs(String word, Group group, String summary) {
        this.word = word;
        this.group = group;
        this.summary = summary;
    }

    /// What the user types.
    String word() {
        return word;
    }

    Group group() {
        return group;
    }

    String summary() {
        return summary;
    }

    static Optional<Verbs> of(String word) {
        for (Verbs verb : values()) {
            if (verb.word.equals(word)) {
                return Optional.of(verb);
            }
        }
        return Optional.empty();
    }

    Verb create() {
        return switch (this) {
            case CHAT -> new ChatVerb();
            case GENERATE -> new GenerateVerb();
            case PULL -> new PullVerb();
            case LIST -> new ListVerb();
            case RM -> new RemoveVerb();
            case INFO -> new InfoVerb();
            case QUANTIZE -> new QuantizeVerb();
            case IMATRIX -> new ImatrixVerb();
            case PLAN -> new PlanVerb();
            case CONVERT -> new ConvertVerb();
            case LOGITS -> new LogitsVerb();
            case BENCH -> new BenchVerb();
            case PERPLEXITY -> new PerplexityVerb();
            case EVAL -> new EvalVerb();
            case COMPARE_TENSORS -> new CompareTensorsVerb();
            case ANSWER -> new AnswerVerb();
            case JUDGE -> new JudgeVerb();
            case VERIFY -> new VerifyVerb();
            case TOKENIZE -> new TokenizeVerb();
            case TEMPLATE -> new TemplateVerb();
            case COMPLETION -> new CompletionVerb();
        };
    }
}
