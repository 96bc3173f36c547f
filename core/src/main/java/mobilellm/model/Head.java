package mobilellm.model;

import mobilellm.kernel.Activations;
import mobilellm.kernel.LogitReduction;
import mobilellm.kernel.Operand;
import mobilellm.kernel.Operations;
import mobilellm.kernel.PackedMatrix;
import mobilellm.kernel.ThreadTeam;

import java.lang.foreign.Arena;
import java.util.Optional;
import java.util.Set;

/// The output head and what it works on. Each kind of result has memory of its own, taken when it is first wanted.
final class Head implements AutoCloseable {
    private final PackedMatrix matrix;
    private final Operations kernels;
    private final ThreadTeam team;
    private Rows rows;
    private Logits logits;
    private Optional<Reduction> reduction = Optional.empty();

    /// @param input `[rows, hiddenSize]`, normalised
    private record Rows(Arena arena, Operand input) {}

    /// @param values `[rows, vocabularySize]`
    /// @param largest of each block of a row of values
    private record Logits(Arena arena, Activations values, Activations largest) {}

    private record Reduction(Arena arena, LogitReduction values) {}

    /// @param matrix `[vocabularySize, hiddenSize]`
    Head(PackedMatrix matrix, Operations kernels, ThreadTeam team) {
        this.matrix = matrix;
        this.kernels = kernels;
        this.team = team;
        rows = rows(1);
        logits = logits(1);
    }

    private Rows rows(int count) {
        Arena arena = Arena.ofShared();
        var values = new Activations(arena, count, matrix.columns());
        return new Rows(arena, kernels.operand(arena, values, Set.of(matrix.form())));
    }

    private Logits logits(int count) {
        Arena arena = Arena.ofShared();
        int blocks = Math.ceilDiv(matrix.rows(), Activations.BLOCK);
        return new Logits(
                arena,
                new Activations(arena, count, matrix.rows()),
                new Activations(arena, count, blocks));
    }

    /// Makes room for so many rows.
    void reserve(int count) {
        if (count > rows.input().values().rows()) {
            rows.arena().close();
            rows = rows(count);
        }
    }

    /// Makes room for the logits of so many rows.
    void reserveLogits(int count) {
        if (count > logits.values().rows()) {
            logits.arena().close();
            logits = logits(count);
        }
    }

    Operand input() {
        return rows.input();
    }

    Activations logits() {
        return logits.values();
    }

    /// The largest of each [Activations#BLOCK] logits of a row.
    Activations largest() {
        return logits.largest();
    }

    /// Reduces the logits of the first rows of the input, as many as there are lists of targets.
    LogitReduction reduce(int[][] targets) {
        if (reduction.isEmpty() || reduction.get().values().capacity() < targets.length) {
            reduction.ifPresent(old -> old.arena().close());
            Arena arena = Arena.ofShared();
            reduction =
                    Optional.of(
                            new Reduction(
                                    arena,
                                    new LogitReduction(
                                            arena, team.threads(), targets.length, matrix.rows())));
        }
        LogitReduction values = reduction.get().values();
        values.begin(targets);
        team.run(worker -> values.reduce(kernels, matrix, input(), worker));
        return values;
    }

    @Override
    public void close() {
        rows.arena().close();
        logits.arena().close();
        reduction.ifPresent(old -> old.arena().close());
    }
}
