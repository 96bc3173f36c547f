package mobilellm.model;

import mobilellm.kernel.Activations;
import mobilellm.kernel.LogitReduction;
import mobilellm.kernel.Operand;
import mobilellm.kernel.Operations;
import mobilellm.kernel.PackedMatrix;
import mobilellm.kernel.ThreadTeam;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.Set;

/// The output head and what it works on. Each kind of result has memory of its own, taken when it is first wanted.
final class Head implements AutoCloseable {
    /// The most rows of [#tile]: 13 MB for a vocabulary of 50,000.
    static final int TILE = 64;

    private final PackedMatrix matrix;
    private final Operations kernels;
    private final ThreadTeam team;
    private Rows rows;
    private Logits logits;
    private Optional<Tile> tile = Optional.empty();
    private Optional<Reduction> reduction = Optional.empty();

    /// @param input `[rows, hiddenSize]`, normalised
    private record Rows(Arena arena, Operand input) {}

    /// @param values `[rows, vocabularySize]`
    /// @param largest of each block of a row of values
    private record Logits(Arena arena, Activations values, Activations largest) {}

    private record Tile(Arena arena, Operand input, Activations logits) {}

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
        return new Rows(arena, operand(arena, count));
    }

    private Operand operand(Arena arena, int count) {
        return kernels.operand(arena, count, matrix.columns(), Set.of(matrix.type()));
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

    /// The logits of some rows of the input.
    ///
    /// @param count at most [#TILE]
    Activations tile(int first, int count) {
        Tile target = tile.orElseGet(this::newTile);
        tile = Optional.of(target);
        Activations all = input().values();
        Activations some = target.input().values();
        MemorySegment.copy(all.data(), all.offset(first), some.data(), 0, all.offset(count));
        team.run(
                worker -> {
                    kernels.prepare(target.input(), count, worker);
                    worker.barrier();
                    kernels.multiply(matrix, target.input(), count, target.logits(), false, worker);
                });
        return target.logits();
    }

    private Tile newTile() {
        Arena arena = Arena.ofShared();
        return new Tile(arena, operand(arena, TILE), new Activations(arena, TILE, matrix.rows()));
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
        tile.ifPresent(old -> old.arena().close());
        reduction.ifPresent(old -> old.arena().close());
    }
}
