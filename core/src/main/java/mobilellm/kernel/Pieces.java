package mobilellm.kernel;

import mobilellm.kernel.ThreadTeam.Worker;

import java.util.Iterator;
import java.util.NoSuchElementException;

/// The pieces of a task that one member does, one after the other; see [Worker#pieces]. Used again for each task, because generating a
/// token allocates nothing.
final class Pieces implements Iterable<Worker> {
    private final Shares shares;
    private final Worker member;
    private final Worker piece;
    private final Iterator<Worker> iterator = new Taking();
    private int task;
    private int parts;
    private boolean isWhole; // The member's share is one piece.
    private boolean isTaken; // There is a piece that was not handed out yet.

    Pieces(Shares shares, Worker member, Worker piece) {
        this.shares = shares;
        this.member = member;
        this.piece = piece;
    }

    /// Before the first task of a run.
    void reset() {
        task = 0;
    }

    /// Goes on to the next task.
    Pieces begin(int newParts) {
        int members = member.count();
        parts = Math.min(newParts, members * Shares.MOST);
        isWhole = members == 1 || parts <= members;
        isTaken = isWhole;
        if (!isWhole) {
            task++;
        }
        return this;
    }

    @Override
    public Iterator<Worker> iterator() {
        return iterator;
    }

    private final class Taking implements Iterator<Worker> {
        @Override
        public boolean hasNext() {
            if (!isTaken && !isWhole) {
                long range = shares.take(member.index(), task, parts);
                if (range != Shares.NOTHING) {
                    piece.hold(Shares.first(range), Shares.behind(range), parts);
                    isTaken = true;
                }
            }
            return isTaken;
        }

        @Override
        public Worker next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            isTaken = false;
            return isWhole ? member : piece;
        }
    }
}
