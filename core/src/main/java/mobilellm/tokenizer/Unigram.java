package mobilellm.tokenizer;

import java.util.Arrays;

/// The unigram model: of all ways to cut a text into pieces the most probable (Kudo 2018), found by the algorithm of
/// Viterbi (1967).
final class Unigram implements TextTokenizer.Model {
    /// How much less probable than the least probable piece a character is that no piece covers (SentencePiece).
    private static final double UNKNOWN_PENALTY = 10;

    /// A piece that the user defined wins over whatever the others would make of its text (SentencePiece).
    private static final double USER_DEFINED_MALUS = 0.1;

    /// @param ids the pieces that text becomes
    /// @param texts their UTF-8
    /// @param scores logarithms of their probabilities
    /// @param userDefined which of them the user defined
    /// @param singlePrecision whether sums are rounded to float, as SentencePiece does, or not, as Hugging Face does
    @SuppressWarnings("ArrayRecordComponent") // made once, never compared
    record Pieces(
            int[] ids,
            byte[][] texts,
            double[] scores,
            boolean[] userDefined,
            boolean singlePrecision) {}

    private final Pieces pieces;
    private final ByteTrie trie;
    private final double leastScore;
    private final double bestScore;
    private final int unknown;
    private final int[] bytes;

    /// @param unknown the token of an unknown run of characters; -1 if there is none
    /// @param bytes by byte: its token, in which unknown characters are written; or empty
    Unigram(Pieces pieces, int unknown, int[] bytes) {
        this.pieces = pieces;
        this.unknown = unknown;
        this.bytes = bytes;
        int[] places = new int[pieces.ids().length];
        double least = Double.MAX_VALUE;
        double best = -Double.MAX_VALUE;
        for (int place = 0; place < places.length; place++) {
            places[place] = place;
            if (!pieces.userDefined()[place]) {
                least = Math.min(least, pieces.scores()[place]);
                best = Math.max(best, pieces.scores()[place]);
            }
        }
        leastScore = least;
        bestScore = best;
        trie = new ByteTrie(pieces.texts(), places);
    }

    @Override
    public Stage.Sink encoder(IdList ids) {
        return (utf8, from, to, first) -> new Path(utf8, from, to).addTo(ids);
    }

    private final class Path {
        private static final int UNKNOWN = -1;

        private final byte[] utf8;
        private final int from;
        private final int length;

        /// By end, relative to `from`: the best score up to there, and where and what its last piece is.
        private final double[] scores;

        private final int[] starts;
        private final int[] lasts;

        Path(byte[] utf8, int from, int to) {
            this.utf8 = utf8;
            this.from = from;
            length = to - from;
            scores = new double[length + 1];
            starts = new int[length + 1];
            lasts = new int[length + 1];
            Arrays.fill(starts, -1);
            for (int start = 0; start < length; start += Utf8.length(utf8[from + start])) {
                extend(start);
            }
        }

        private void extend(int start) {
            int character = start + Utf8.length(utf8[from + start]);
            boolean covered = false;
            int node = ByteTrie.ROOT;
            for (int end = start + 1; end <= length; end++) {
                node = trie.child(node, utf8[from + end - 1]);
                if (node == ByteTrie.NONE) {
                    break;
                }
                int piece = trie.tokenAt(node);
                if (piece != ByteTrie.NONE) {
                    reach(start, end, piece, score(piece, end - start));
                    covered |= end == character;
                }
            }
            if (!covered) {
                reach(start, character, UNKNOWN, round(leastScore - UNKNOWN_PENALTY));
            }
        }

        private double score(int piece, int bytesLong) {
            return pieces.userDefined()[piece]
                    ? round(bytesLong * bestScore) - USER_DEFINED_MALUS
                    : pieces.scores()[piece];
        }

        private void reach(int start, int end, int piece, double score) {
            double sum = scores[start] + score;
            if (starts[end] < 0 || sum > scores[end]) {
                scores[end] = round(sum);
                starts[end] = start;
                lasts[end] = piece;
            }
        }

        private double round(double value) {
            return pieces.singlePrecision() ? (float) value : value;
        }

        void addTo(IdList ids) {
            int count = 0;
            int[] ends = new int[length];
            for (int end = length; end > 0; end = starts[end]) {
                ends[count++] = end;
            }
            boolean afterUnknown = false;
            for (int i = count - 1; i >= 0; i--) {
                int end = ends[i];
                boolean isUnknown = lasts[end] == UNKNOWN;
                if (!isUnknown) {
                    ids.add(pieces.ids()[lasts[end]]);
                } else if (bytes.length > 0) {
                    for (int place = from + starts[end]; place < from + end; place++) {
                        ids.add(bytes[utf8[place] & 0xFF]);
                    }
                } else if (!afterUnknown && unknown >= 0) {
                    ids.add(unknown);
                }
                afterUnknown = isUnknown;
            }
        }
    }
}
