package mobilellm.kernel;

import mobilellm.kernel.ThreadTeam.Worker;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// What is to be known of the logits of some rows, and they themselves never stored: their product with the output head is
/// made tile by tile, and of each tile only the sum of exponentials, the largest logit and the logits that were asked for
/// are kept. 512 rows of a vocabulary of 49,152 would be 100 MB; this takes 0.7 MB and 0.3 MB a thread.
///
/// The bits do not depend on the batch or the team: one member sums a unit of [#UNIT] tokens from its first tile to its last, and
/// units are joined in their order.
public final class LogitReduction {
    /// Tokens of the vocabulary that one member sums by itself.
    static final int UNIT = 1024;

    /// Tokens of a tile; so many logits of 512 rows take 256 KB.
    public static final int TILE = 128;

    private static final int PAIR_BYTES = 2 * Float.BYTES;

    private final int capacity;
    private final int vocabulary;
    private final MemorySegment
            sums; // [unit, row] pairs: the largest logit and the sum of e^(logit - largest)
    private final Member[] members;
    private int[][] targets = {};
    private float[][] targetLogits = {};

    /// What one member of the team needs for itself.
    private static final class Member {
        final Activations tile; // [rows, TILE] logits
        final MemorySegment largest; // of each row of the tile
        final float[] best; // largest of each row in all tiles
        final int[] bestIds;

        Member(Arena arena, int rows) {
            tile = new Activations(arena, rows, TILE);
            largest = OffHeap.allocate(arena, (long) rows * Float.BYTES);
            best = new float[rows];
            bestIds = new int[rows];
        }
    }

    /// @param arena owns the memory
    /// @param threads members of the team
    /// @param rows the most rows
    public LogitReduction(Arena arena, int threads, int rows, int vocabulary) {
        capacity = rows;
        this.vocabulary = vocabulary;
        sums = OffHeap.allocate(arena, (long) units() * rows * PAIR_BYTES);
        members = new Member[threads];
        for (int i = 0; i < threads; i++) {
            members[i] = new Member(arena, rows);
        }
    }

    private int units() {
        return Math.ceilDiv(vocabulary, UNIT);
    }

    /// Rows that there is room for.
    public int capacity() {
        return capacity;
    }

    /// Forgets everything; before a team reduces the next rows.
    ///
    /// @param newTargets for each row, the tokens whose logits are wanted
    public void begin(int[][] newTargets) {
        targets = newTargets;
        targetLogits = new float[targets.length][];
        for (int row = 0; row < targets.length; row++) {
            targetLogits[row] = new float[targets[row].length];
        }
        sums.fill((byte) 0);
        for (long i = 0; i < (long) units() * capacity; i++) {
            sums.setAtIndex(ValueLayout.JAVA_FLOAT, 2 * i, Float.NEGATIVE_INFINITY);
        }
        for (Member member : members) {
            Arrays.fill(member.best, Float.NEGATIVE_INFINITY);
            Arrays.fill(member.bestIds, 0);
        }
    }

    /// Reduces `x W^T`; as many rows as there are lists of targets. All members of the team call it together; it contains
    /// no barrier.
    public void reduce(Operations operations, PackedMatrix head, Operand x, Worker worker) {
        Member member = members[worker.index()];
        int rows = targets.length;
        for (Worker piece : worker.pieces(units())) {
            for (int unit = piece.from(units()); unit < piece.to(units()); unit++) {
                MemorySegment sumsOfUnit =
                        sums.asSlice((long) unit * capacity * PAIR_BYTES, (long) rows * PAIR_BYTES);
                int end = Math.min(vocabulary, (unit + 1) * UNIT);
                for (int token = unit * UNIT; token < end; token += TILE) {
                    int count = Math.min(TILE, end - token);
                    operations.multiplyTile(head, x, rows, token, member.tile, piece);
                    hidePadding(member.tile, rows, count);
                    operations.addToLogSums(
                            member.tile, rows, count, sumsOfUnit, member.largest, piece);
                    take(member, token, count);
                }
            }
        }
    }

    /// The last group of the head's rows is padded; finite, since what is not tells of broken weights.
    private static void hidePadding(Activations tile, int rows, int count) {
        for (int row = 0; row < rows; row++) {
            for (int i = count; i % PackedMatrix.GROUP != 0; i++) {
                tile.set(row, i, -Float.MAX_VALUE);
            }
        }
    }

    private void take(Member member, int token, int count) {
        for (int row = 0; row < targets.length; row++) {
            float largest = member.largest.getAtIndex(ValueLayout.JAVA_FLOAT, row);
            if (isBetter(largest, token, member.best[row], member.bestIds[row])) {
                int i = 0;
                while (i < count - 1 && member.tile.get(row, i) != largest) {
                    i++;
                }
                member.best[row] = largest;
                member.bestIds[row] = token + i;
            }
            for (int i = 0; i < targets[row].length; i++) {
                int target = targets[row][i] - token;
                if (target >= 0 && target < count) {
                    targetLogits[row][i] = member.tile.get(row, target);
                }
            }
        }
    }

    /// `ln(sum(exp(logit)))` over the vocabulary, to about 1e-6; NaN where a logit is NaN or positive infinity.
    public double logSum(int row) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int unit = 0; unit < units(); unit++) {
            largest = Math.max(largest, sum(unit, row, 0));
        }
        double total = 0;
        for (int unit = 0; unit < units(); unit++) {
            total += sum(unit, row, 1) * Math.exp(sum(unit, row, 0) - largest);
        }
        return largest + Math.log(total);
    }

    /// As [#logSum].
    ///
    /// @throws ArithmeticException if it is NaN
    public double checkedLogSum(int row) {
        double logSum = logSum(row);
        if (Double.isNaN(logSum)) {
            throw new ArithmeticException(
                    "the logits are no numbers: the model's weights or a kernel are broken");
        }
        return logSum;
    }

    private double sum(int unit, int row, int field) {
        return sums.getAtIndex(ValueLayout.JAVA_FLOAT, 2L * (unit * capacity + row) + field);
    }

    /// The token with the largest logit, the lowest of several.
    public int best(int row) {
        return memberWithBest(row).bestIds[row];
    }

    /// The largest logit.
    public float bestLogit(int row) {
        return memberWithBest(row).best[row];
    }

    /// Pieces come in any order; of equals the lowest token counts.
    private static boolean isBetter(float logit, int token, float best, int bestToken) {
        return logit > best || (logit == best && token < bestToken);
    }

    private Member memberWithBest(int row) {
        Member best = members[0];
        for (Member member : members) {
            if (isBetter(
                    member.best[row], member.bestIds[row], best.best[row], best.bestIds[row])) {
                best = member;
            }
        }
        return best;
    }

    /// The logit of a row's `index`-th target.
    public float targetLogit(int row, int index) {
        return targetLogits[row][index];
    }
}
