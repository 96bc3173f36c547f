package mobilellm.evaluation.task;

import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/// What is asked about one document.
public sealed interface Question {
    /// The texts whose log-likelihoods answer the question, in the order in which they are asked; none where a text is
    /// scored as a whole or generated.
    List<Pair> pairs();

    /// The right answer, as a text.
    String target();

    /// Which of several choices is the most likely.
    ///
    /// @param choices what a likelihood is normalised by the length of
    /// @param scored one for each choice
    /// @param baseline one for each choice, or none: the same continuations without the question
    /// @param gold index of the right choice
    record Choice(List<String> choices, List<Pair> scored, List<Pair> baseline, int gold)
            implements Question {

        /// Choices that continue one context, after a blank.
        static Choice of(String context, List<String> choices, int gold) {
            List<Pair> scored = pairs(context, choices);
            return new Choice(choices, scored, List.of(), gold);
        }

        /// The same question, whose likelihoods are divided by those without a question (Brown et al. 2020, section 2.4).
        Choice over(String context) {
            return new Choice(choices, scored, pairs(context, choices), gold);
        }

        private static List<Pair> pairs(String context, List<String> choices) {
            return choices.stream().map(choice -> new Pair(context, " " + choice)).toList();
        }

        @Override
        public List<Pair> pairs() {
            return Stream.concat(scored.stream(), baseline.stream()).toList();
        }

        @Override
        public String target() {
            return String.valueOf(gold);
        }
    }

    /// How likely one continuation is, and whether the model would write it.
    record Cloze(Pair pair) implements Question {
        @Override
        public List<Pair> pairs() {
            return List.of(pair);
        }

        @Override
        public String target() {
            return pair.continuation();
        }
    }

    /// How likely a whole text is.
    ///
    /// @param words of the text as it was published
    /// @param bytes of the text as it was published, in UTF-8
    record Page(String text, long words, long bytes) implements Question {
        @Override
        public List<Pair> pairs() {
            return List.of();
        }

        @Override
        public String target() {
            return text;
        }
    }

    /// What a model writes next.
    ///
    /// @param stops texts that end it
    /// @param accepted any of which is right
    record Open(String prompt, List<String> stops, int maxTokens, List<String> accepted)
            implements Question {
        @Override
        public List<Pair> pairs() {
            return List.of();
        }

        @Override
        public String target() {
            return accepted.getFirst();
        }
    }

    /// The question with its answer, as an example for another question.
    default String solved() {
        return switch (this) {
            case Choice choice -> joined(choice.scored.get(choice.gold));
            case Cloze cloze -> joined(cloze.pair);
            case Page page -> page.text;
            case Open open -> open.prompt + " " + open.accepted.getFirst();
        };
    }

    private static String joined(Pair pair) {
        return pair.context() + pair.continuation();
    }

    /// The question in other words: each context is handed over, and each continuation.
    default Question reworded(UnaryOperator<String> context, UnaryOperator<String> continuation) {
        UnaryOperator<Pair> pair =
                old ->
                        new Pair(
                                context.apply(old.context()),
                                continuation.apply(old.continuation()));
        return switch (this) {
            case Choice choice ->
                    new Choice(
                            choice.choices,
                            choice.scored.stream().map(pair).toList(),
                            choice.baseline.stream().map(pair).toList(),
                            choice.gold);
            case Cloze cloze -> new Cloze(pair.apply(cloze.pair));
            case Page page -> page;
            case Open open ->
                    new Open(context.apply(open.prompt), open.stops, open.maxTokens, open.accepted);
        };
    }
}
