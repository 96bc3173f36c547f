package mobilellm.tokenizer;

/// Cuts text where a pattern matches.
final class Split implements Stage {
    /// GPT-2's words (Radford et al. 2019).
    static final String GPT2 =
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

    /// What becomes of a match.
    enum Behaviour {
        REMOVED,
        ISOLATED,
        MERGED_WITH_PREVIOUS,
        MERGED_WITH_NEXT,
        CONTIGUOUS
    }

    private final Automaton pattern;
    private final Behaviour behaviour;
    private final boolean inverted;

    /// @param inverted whether to treat the text between the matches as if it had matched, and the matches as if not
    private Split(String pattern, Behaviour behaviour, boolean inverted) {
        this.pattern = Automaton.of(pattern);
        this.behaviour = behaviour;
        this.inverted = inverted;
    }

    static Stage of(String pattern, Behaviour behaviour, boolean inverted) {
        return behaviour == Behaviour.ISOLATED && !inverted && DigitGroups.knows(pattern)
                ? new DigitGroups(pattern)
                : new Split(pattern, behaviour, inverted);
    }

    /// Every match and everything between two is a word.
    static Stage isolating(String pattern) {
        return of(pattern, Behaviour.ISOLATED, false);
    }

    @Override
    public void apply(byte[] utf8, int from, int to, boolean first, Sink next) {
        Words words = new Words(utf8, from, first, next);
        Automaton.Matcher matcher = pattern.matcher(utf8, to);
        int between = from;
        int index = from;
        while (index < to) {
            int end = matcher.match(index);
            if (end <= index) { // none, or an empty one
                index += Utf8.length(utf8[index]);
            } else {
                words.add(between, index, inverted);
                words.add(index, end, !inverted);
                index = end;
                between = end;
            }
        }
        words.add(between, to, inverted);
        words.flush();
    }

    private final class Words {
        private final byte[] utf8;
        private final int start;
        private final boolean first;
        private final Sink next;
        private int wordFrom;
        private int wordTo;
        private boolean wordIsMatch;

        Words(byte[] utf8, int start, boolean first, Sink next) {
            this.utf8 = utf8;
            this.start = start;
            this.first = first;
            this.next = next;
            wordFrom = start;
            wordTo = start;
        }

        void add(int from, int to, boolean match) {
            if (from == to) {
                return;
            }
            boolean joins =
                    switch (behaviour) {
                        case REMOVED, ISOLATED -> false;
                        case MERGED_WITH_PREVIOUS -> match && !wordIsMatch;
                        case MERGED_WITH_NEXT -> wordIsMatch && !match;
                        case CONTIGUOUS -> wordIsMatch == match;
                    };
            if (!joins) {
                flush();
                wordFrom = from;
            }
            wordTo = to;
            wordIsMatch = match;
            if (behaviour == Behaviour.REMOVED && match) {
                wordFrom = to;
            }
        }

        void flush() {
            if (wordFrom < wordTo) {
                next.accept(utf8, wordFrom, wordTo, first && wordFrom == start);
                wordFrom = wordTo;
            }
        }
    }
}
