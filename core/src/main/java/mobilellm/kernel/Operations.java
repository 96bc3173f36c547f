package mobilellm.kernel;

import mobilellm.kernel.ThreadTeam.Worker;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Set;

/// The operations of a transformer block. All members of a team call each operation together; only [#attend] contains barriers.
///
/// Most operations share out the rows, always in the same way: a member may go on with the rows that it has just written
/// itself. A matrix product shares out the rows of the matrix, which are columns of its result, in the same way for any two
/// matrices of equal height: a member may go on with the columns that it has just written itself, which is what [#addBias],
/// [#swiGlu] and [#relu] do. [#attend] shares out work in its own way. Of a single row a provider may share out the heads, in the same way in
/// [#normaliseHeads], [#rotate] and [#store].
///
/// A piece ([Worker#pieces]) is a share like any other to all but [#attend]: what is said of a member holds for each of its pieces.
public interface Operations {
    /// These rows, which will meet matrices of these forms.
    Operand operand(Arena arena, Activations rows, Set<PackedForm> weights);

    /// Room for what the team's members do in one stretch of a pass, as long as the arena.
    default Recording recording(Arena arena) {
        return Recording.NONE;
    }

    /// [Worker#barrier], within what is recorded.
    default void barrier(Worker worker) {
        worker.barrier();
    }

    /// Embeddings of the tokens, one a row.
    void embed(PackedMatrix embedding, int[] tokens, int rows, Activations target, Worker worker);

    /// `target = x / sqrt(mean(x^2) + epsilon) * weight` for each row (Zhang and Sennrich 2019); `weight` is one row.
    void rmsNorm(
            Activations x,
            int rows,
            Activations weight,
            double epsilon,
            Activations target,
            Worker worker);

    /// Makes the provider's own form of the operand's f32 rows. With [Worker#alone] a member makes an operand that only it reads.
    void prepare(Operand operand, int rows, Worker worker);

    /// [#rmsNorm] to the rows of an operand, and [#prepare], with the bits of both one after the other. With [Worker#alone] a member makes an operand
    /// that only it reads.
    default void normalise(
            Activations x,
            int rows,
            Activations weight,
            double epsilon,
            Operand target,
            Worker worker) {
        rmsNorm(x, rows, weight, epsilon, target.values(), worker);
        prepare(target, rows, worker);
    }

    /// `y = x W^T` for each row, or `y += x W^T`.
    void multiply(
            PackedMatrix matrix,
            Operand x,
            int rows,
            Activations y,
            boolean accumulate,
            Worker worker);

    /// Columns `column` and on of `x W^T` for each row, as many as `tile` is wide or the matrix still has, all of them by this
    /// member. The bits are those of [#multiply].
    ///
    /// @param column a multiple of 16
    /// @param tile `[rows, 128]`; its columns beyond the matrix are undefined
    void multiplyTile(
            PackedMatrix matrix, Operand x, int rows, int column, Activations tile, Worker worker);

    /// Takes up a tile into sums of exponentials, by this member alone: of the pair (m, l) of each row, m becomes the larger one of m
    /// and the row's largest number N, and l becomes `l e^(m - N) + sum(e^(x - N))` (Milakov and Gimelshein 2018, arXiv
    /// 1805.02867); NaN where a number of the row is NaN or positive infinity.
    ///
    /// @param tile `[rows, 128]`, of which `columns` count; up to the next multiple of 16 they are `-Float.MAX_VALUE`
    /// @param sums f32 pairs
    /// @param largest overwritten with the largest number of each row of the tile, f32
    void addToLogSums(
            Activations tile,
            int rows,
            int columns,
            MemorySegment sums,
            MemorySegment largest,
            Worker worker);

    /// The largest of each [Activations#BLOCK] columns of each row: `target[r, b] = max(x[r, 32 b], ...)`; NaN where one of them is not
    /// finite.
    void largestOfBlocks(Activations x, int rows, Activations target, Worker worker);

    /// `y += bias` for each row, on the columns that this member's share of a product of that height wrote; `bias` is one
    /// row.
    void addBias(Activations y, int rows, Activations bias, Worker worker);

    /// `gate = silu(gate) * up` of the operand's f32 rows, on the columns that this member's share of a product of that height wrote;
    /// [Operand#isMadeByColumns] says whether the operand is to be prepared then.
    void swiGlu(Operand gate, Activations up, int rows, Worker worker);

    /// `x = max(x, 0)`, as [#swiGlu].
    void relu(Operand x, int rows, Worker worker);

    /// [#rmsNorm] of each head of each row by itself, in place; `weight` is one row as wide as a head.
    void normaliseHeads(
            Activations x, int heads, int rows, Activations weight, double epsilon, Worker worker);

    /// Rotates each head of each row; dimension `i` is paired with `i + headDim / 2`.
    void rotate(Activations x, int heads, RotaryAngles angles, int rows, Worker worker);

    /// Stores the rotated keys and the values of each row at its position of a key/value slot.
    void store(
            Activations keys,
            Activations values,
            Sequences sequences,
            int rows,
            int slot,
            Worker worker);

    /// Causal grouped-query attention of each row over its sequence up to and including its own position, scores scaled
    /// by `1 / sqrt(headDim)`.
    ///
    /// @param queries [rows, heads * headDim], rotated
    /// @param slot key/value slot, in which all positions up to the rows' own are stored
    void attend(
            Activations queries,
            Sequences sequences,
            int rows,
            int slot,
            Activations target,
            Worker worker);
}
