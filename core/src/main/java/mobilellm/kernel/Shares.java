package mobilellm.kernel;

import java.util.concurrent.atomic.AtomicLongArray;

/// How far the members of a team are with each other's share of a task. Without a lock: a member takes from the front of its own share, and
/// who has none left takes from the back of another's.
///
/// Tasks come in the same order for all members, who count them. One word for each share says which task it is about, how many parts
/// its owner has taken from the front and how many others have from the back. A member goes on to the next task when nothing is left
/// of any share: who finds a later task in a word knows that nothing is left of his, who finds an earlier one that nobody has begun.
/// So nothing is reset between tasks and nobody waits for anybody.
final class Shares {
    /// Nothing is left.
    static final long NOTHING = 0;

    /// The most parts of a share.
    static final int MOST = 0xFFFF;

    /// Words from one share to the next: processors fetch cache lines in pairs.
    private static final int DISTANCE = 16;

    private final int members;
    private final AtomicLongArray words; // task << 32 | parts from the front << 16 | from the back

    Shares(int members) {
        this.members = members;
        words = new AtomicLongArray((members + 1) * DISTANCE);
    }

    /// The next task is number 1 again. No member may be at work.
    void reset() {
        for (int owner = 0; owner < members; owner++) {
            words.set(word(owner), 0);
        }
    }

    private static int word(int owner) {
        return (owner + 1) * DISTANCE;
    }

    /// Takes half of what is left of a share: the member's own or, when that is used up, the next one's that is not. Halves make a few
    /// large pieces of a share, and small ones at its end, where members would wait for each other.
    ///
    /// @param task from 1 on
    /// @param parts of the task, the same for all members, at most [#MOST] each
    /// @return [#NOTHING], or what [#first] and [#behind] tell apart
    long take(int member, int task, int parts) {
        long range = take(member, task, parts, true);
        for (int i = 1; range == NOTHING && i < members; i++) {
            range = take((member + i) % members, task, parts, false);
        }
        return range;
    }

    /// First of the parts taken.
    static int first(long range) {
        return (int) (range >>> 32);
    }

    /// Behind the last one.
    static int behind(long range) {
        return (int) range;
    }

    private long take(int owner, int task, int parts, boolean fromFront) {
        int begin = begin(owner, parts);
        int end = begin(owner + 1, parts);
        while (true) {
            long word = words.get(word(owner));
            int taskOfWord = (int) (word >>> 32);
            if (taskOfWord > task) {
                return NOTHING;
            }
            boolean isBegun = taskOfWord == task;
            int front = isBegun ? (int) (word >>> 16) & MOST : 0;
            int back = isBegun ? (int) word & MOST : 0;
            int left = end - begin - front - back;
            if (left == 0) {
                return NOTHING;
            }
            int count = (left + 1) / 2;
            int first = begin + front;
            if (fromFront) {
                front += count;
            } else {
                back += count;
                first = end - back;
            }
            if (words.compareAndSet(word(owner), word, word(task, front, back))) {
                return ((long) first << 32) | (first + count);
            }
        }
    }

    private static long word(int task, int front, int back) {
        return ((long) task << 32) | ((long) front << 16) | back;
    }

    private int begin(int owner, int parts) {
        return (int) ((long) parts * owner / members);
    }
}
