package mobilellm.tokenizer;

import mobilellm.file.Printable;
import mobilellm.tensor.UnsupportedModelException;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// A pattern as a deterministic automaton over classes of characters, built when the pattern is read: one look-up for
/// each character, no stack, no backtracking, and the match that a backtracking matcher would find first. States are
/// lists of places in the pattern, the preferred first; a list ends at the first place that has matched (Thompson
/// 1968; Cox 2009 for the order of preference).
final class Automaton {
    private static final int MOST_INSTRUCTIONS = 20_000;
    private static final int MOST_STATES = 2_000;
    private static final int CATEGORIES = 31;
    private static final int DEAD = 0;
    private static final long MOST_WORK = 50_000_000;

    /// Ranges of code points that the pattern does not tell apart but by category: where each begins.
    private final int[] intervals;

    /// The class of characters, by interval and category.
    private final int[] classes;

    private final int[] classOfAscii = new int[128];

    /// How many classes there are; the end of the text is one more.
    private final int end;

    /// By state and class: twice the next state, plus one if the match may end before this character.
    private final int[] transitions;

    private Automaton(int[] intervals, int[] classes, int end, int[] transitions) {
        this.intervals = intervals;
        this.classes = classes;
        this.end = end;
        this.transitions = transitions;
        for (int character = 0; character < classOfAscii.length; character++) {
            classOfAscii[character] = classOf(character);
        }
    }

    static Automaton of(String pattern) {
        return new Compiler().compile(PatternParser.parse(pattern), pattern);
    }

    /// For one stretch of text and one thread.
    Matcher matcher(byte[] utf8, int to) {
        return new Matcher(utf8, to);
    }

    private int classOf(int codePoint) {
        int found = Arrays.binarySearch(intervals, codePoint);
        int interval = found >= 0 ? found : -found - 2;
        return classes[interval * CATEGORIES + Character.getType(codePoint)];
    }

    /// Finds matches one after the other. An attempt reads on behind the match that it finds, until no longer one is
    /// possible. What it saw there in vain is kept, so that a later attempt stops where it would see it again: with that
    /// no place is read more than once in each state (Reps 1998).
    final class Matcher {
        /// Shorter ones are sooner read again than looked up.
        private static final int LONG = 16;

        private static final int MOST_KEPT_PER_BYTE = 16;

        private final byte[] utf8;
        private final int to;

        /// Places, with the state in which they are reached, behind which no match ends.
        private final LongSet vain = new LongSet();

        private Matcher(byte[] utf8, int to) {
            this.utf8 = utf8;
            this.to = to;
        }

        /// Where the match ends that begins at `from`, or -1.
        int match(int from) {
            int matched = -1;
            int matchedState = 1;
            int state = 1;
            int index = from;
            while (index < to) {
                byte lead = utf8[index];
                int transition = transitions[state * (end + 1) + kindAt(index)];
                if ((transition & 1) != 0) {
                    matched = index;
                    matchedState = state;
                }
                state = transition >>> 1;
                if (state == DEAD) {
                    break;
                }
                index += lead >= 0 ? 1 : Utf8.length(lead);
                if (vain.contains(key(index, state))) {
                    return matched;
                }
            }
            if (state != DEAD && (transitions[state * (end + 1) + end] & 1) != 0) {
                return to;
            }
            int start = matched < 0 ? from : matched;
            if (index - start > LONG) {
                keep(start, matched < 0 ? 1 : matchedState, index);
            }
            return matched;
        }

        /// Walks once more over what was read in vain.
        private void keep(int start, int firstState, int stopped) {
            int state = firstState;
            int index = start;
            while (index < stopped) {
                state = transitions[state * (end + 1) + kindAt(index)] >>> 1;
                index += Utf8.length(utf8[index]);
                vain.add(key(index, state));
            }
            if (vain.size() > MOST_KEPT_PER_BYTE * (long) utf8.length) {
                throw new UnsupportedModelException(
                        "a pattern of the tokenizer takes more than linear time on this text");
            }
        }

        private long key(int index, int state) {
            return (long) index * MOST_STATES + state;
        }

        private int kindAt(int index) {
            byte lead = utf8[index];
            return lead >= 0 ? classOfAscii[lead] : classOf(Utf8.codePoint(utf8, index));
        }
    }

    /// From tree to instructions to states.
    private static final class Compiler {
        private sealed interface Instruction {
            record Take(int set, int next) implements Instruction {}

            record Fork(int preferred, int other) implements Instruction {}

            record Look(int set, boolean atEnd, int next) implements Instruction {}

            record Match() implements Instruction {}
        }

        private final List<Instruction> program = new ArrayList<>();
        private final List<CharacterSet> sets = new ArrayList<>();
        private String source = "";
        private long work;

        Automaton compile(Pattern pattern, String text) {
            source = text;
            int start = emit(pattern, add(new Instruction.Match()));
            int[] intervals = intervals();
            Map<BitSet, Integer> classes = new HashMap<>();
            List<BitSet> members = new ArrayList<>();
            spend((long) intervals.length * CATEGORIES * sets.size());
            int[] classOf = new int[intervals.length * CATEGORIES];
            for (int interval = 0; interval < intervals.length; interval++) {
                for (int category = 0; category < CATEGORIES; category++) {
                    BitSet member = new BitSet();
                    for (int set = 0; set < sets.size(); set++) {
                        member.set(set, sets.get(set).contains(intervals[interval], category));
                    }
                    Integer known = classes.putIfAbsent(member, members.size());
                    if (known == null) {
                        members.add(member);
                    }
                    classOf[interval * CATEGORIES + category] =
                            known == null ? members.size() - 1 : known;
                }
            }
            return new Automaton(intervals, classOf, members.size(), states(start, members));
        }

        private int[] states(int start, List<BitSet> members) {
            Map<List<Integer>, Integer> known = new HashMap<>();
            List<List<Integer>> states = new ArrayList<>();
            for (List<Integer> state : List.of(List.<Integer>of(), List.of(start))) {
                known.put(state, states.size());
                states.add(state);
            }
            int width = members.size() + 1;
            int[] transitions = new int[16 * width];
            for (int state = 1; state < states.size(); state++) {
                if ((state + 1) * width > transitions.length) {
                    transitions = Arrays.copyOf(transitions, 2 * transitions.length);
                }
                for (int kind = 0; kind < width; kind++) {
                    List<Integer> next = new ArrayList<>();
                    BitSet member = kind < members.size() ? members.get(kind) : null;
                    boolean matched = step(states.get(state), member, next);
                    Integer target = known.putIfAbsent(next, states.size());
                    if (target == null) {
                        target = states.size();
                        states.add(next);
                        if (states.size() > MOST_STATES) {
                            throw unsupported("needs more than %d states".formatted(MOST_STATES));
                        }
                    }
                    transitions[state * width + kind] = 2 * target + (matched ? 1 : 0);
                }
            }
            return Arrays.copyOf(transitions, states.size() * width);
        }

        /// Where the places of one state lead over one character of the class `member`, or over the end (null).
        ///
        /// @return whether a place has matched before that character
        private boolean step(List<Integer> state, @Nullable BitSet member, List<Integer> next) {
            BitSet seen = new BitSet();
            BitSet reached = new BitSet();
            List<Integer> stack = new ArrayList<>(state.reversed());
            while (!stack.isEmpty()) {
                int place = stack.removeLast();
                spend(1);
                if (seen.get(place)) {
                    continue;
                }
                seen.set(place);
                switch (program.get(place)) {
                    case Instruction.Match() -> {
                        return true;
                    }
                    case Instruction.Fork(int preferred, int other) -> {
                        stack.add(other);
                        stack.add(preferred);
                    }
                    case Instruction.Take(int set, int target) -> {
                        if (member != null && member.get(set) && !reached.get(target)) {
                            reached.set(target);
                            next.add(target);
                        }
                    }
                    case Instruction.Look(int set, boolean atEnd, int target) -> {
                        if (member == null ? atEnd : member.get(set)) {
                            stack.add(target);
                        }
                    }
                }
            }
            return false;
        }

        /// Emits `pattern` so that it goes on at `next`.
        ///
        /// @return where it begins
        private int emit(Pattern pattern, int next) {
            return switch (pattern) {
                case Pattern.One(CharacterSet set) -> add(new Instruction.Take(number(set), next));
                case Pattern.Ahead(CharacterSet set, boolean atEnd) ->
                        add(new Instruction.Look(number(set), atEnd, next));
                case Pattern.Sequence(List<Pattern> parts) -> {
                    int start = next;
                    for (Pattern part : parts.reversed()) {
                        start = emit(part, start);
                    }
                    yield start;
                }
                case Pattern.Choice(List<Pattern> alternatives) -> {
                    int start = emit(alternatives.getLast(), next);
                    for (Pattern alternative :
                            alternatives.reversed().subList(1, alternatives.size())) {
                        start = add(new Instruction.Fork(emit(alternative, next), start));
                    }
                    yield start;
                }
                case Pattern.Repeat repeat -> emitRepeat(repeat, next);
            };
        }

        private int emitRepeat(Pattern.Repeat repeat, int next) {
            int start = next;
            if (repeat.most() < 0) {
                start =
                        add(
                                new Instruction
                                        .Match()); // a place for the fork, which has to know what
                // follows it
                program.set(start, fork(repeat, emit(repeat.part(), start), next));
            }
            for (int i = repeat.least(); i < repeat.most(); i++) {
                start = add(fork(repeat, emit(repeat.part(), start), next));
            }
            for (int i = 0; i < repeat.least(); i++) {
                start = emit(repeat.part(), start);
            }
            return start;
        }

        private static Instruction fork(Pattern.Repeat repeat, int again, int next) {
            return repeat.greedy()
                    ? new Instruction.Fork(again, next)
                    : new Instruction.Fork(next, again);
        }

        private int add(Instruction instruction) {
            if (program.size() == MOST_INSTRUCTIONS) {
                throw unsupported("has more than %d parts".formatted(MOST_INSTRUCTIONS));
            }
            program.add(instruction);
            return program.size() - 1;
        }

        private int number(CharacterSet set) {
            int known = sets.indexOf(set);
            if (known >= 0) {
                return known;
            }
            spend(sets.size());
            sets.add(set);
            return sets.size() - 1;
        }

        private int[] intervals() {
            Set<Integer> starts = new TreeSet<>();
            starts.add(0);
            sets.forEach(set -> addStarts(set, starts));
            return starts.stream().mapToInt(Integer::intValue).toArray();
        }

        private static void addStarts(CharacterSet set, Set<Integer> starts) {
            for (int i = 0; i < set.ranges().length; i += 2) {
                starts.add(set.ranges()[i]);
                starts.add(set.ranges()[i + 1] + 1);
            }
            set.parts().forEach(part -> addStarts(part, starts));
        }

        private void spend(long steps) {
            work += steps;
            if (work > MOST_WORK) {
                throw unsupported("is too large");
            }
        }

        private UnsupportedModelException unsupported(String problem) {
            return new UnsupportedModelException(
                    "pattern %s of the tokenizer %s; that is not supported"
                            .formatted(Printable.quote(source), problem));
        }
    }
}
