package mobilellm.tokenizer;

import mobilellm.tensor.MalformedFileException;

import java.util.Arrays;
import java.util.stream.Collectors;

/// Cuts text into the words inside which tokens are merged. Each rule is a regular expression of its model's authors;
/// here they are scanners over UTF-8 that look at each byte at most twice, where a backtracking matcher would need
/// quadratic time on a long run of spaces.
enum PreTokenizer {
    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
    GPT2("gpt-2", false),

    /// Every number alone, and what lies between, each stretch for itself, cut as by [#GPT2].
    SMOLLM("smollm", true);

    private final String ggufName;
    private final boolean numbersAlone;

    PreTokenizer(String ggufName, boolean numbersAlone) {
        this.ggufName = ggufName;
        this.numbersAlone = numbersAlone;
    }

    /// @throws MalformedFileException if there is none of that name
    static PreTokenizer named(String ggufName) {
        for (PreTokenizer candidate : values()) {
            if (candidate.ggufName.equals(ggufName)) {
                return candidate;
            }
        }
        String known =
                Arrays.stream(values())
                        .map(each -> each.ggufName)
                        .collect(Collectors.joining(", "));
        throw new MalformedFileException(
                "unknown pre-tokenizer %s; known are: %s".formatted(Quotation.of(ggufName), known));
    }

    /// Where the word ends that begins at `from`.
    ///
    /// @param to end of the text, more than `from`
    int endOfWord(byte[] utf8, int from, int to) {
        int kind = CharacterClass.at(utf8, from);
        if (kind == CharacterClass.SPACE) {
            return endAfterSpace(utf8, from, to);
        }
        if (kind == CharacterClass.NUMBER && numbersAlone) {
            return from + Utf8.length(utf8[from]);
        }
        int contraction = utf8[from] == '\'' ? contractionLength(utf8, from + 1, to) : 0;
        return contraction > 0 ? from + contraction : CharacterClass.endOfRun(utf8, from, to, kind);
    }

    /// White space goes together except for its last character, which is left to what follows; there a plain space
    /// joins the next word, and any other stands alone. At the end of the stretch nothing follows.
    private int endAfterSpace(byte[] utf8, int from, int to) {
        int end = CharacterClass.endOfRun(utf8, from, to, CharacterClass.SPACE);
        if (end == to) {
            return end;
        }
        int next = CharacterClass.at(utf8, end);
        if (next == CharacterClass.NUMBER && numbersAlone) {
            return end;
        }
        int last = Utf8.previous(utf8, end);
        if (last > from) {
            return last;
        }
        return utf8[from] == ' ' ? CharacterClass.endOfRun(utf8, end, to, next) : end;
    }

    /// The length with the apostrophe of `'s 't 're 've 'm 'll 'd`, or 0; `letter` is the place after the apostrophe.
    private static int contractionLength(byte[] utf8, int letter, int to) {
        if (letter >= to) {
            return 0;
        }
        int second = letter + 1 < to ? utf8[letter + 1] : -1;
        return switch (utf8[letter]) {
            case 's', 't', 'm', 'd' -> 2;
            case 'r', 'v' -> second == 'e' ? 3 : 0;
            case 'l' -> second == 'l' ? 3 : 0;
            default -> 0;
        };
    }
}
