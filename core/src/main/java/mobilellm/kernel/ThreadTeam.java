package mobilellm.kernel;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/// A fixed team of threads that run one job together, with barriers inside it.
///
/// A transformer block needs six barriers or more; at 135 M parameters a token takes a few milliseconds, so a barrier must
/// cost well under a microsecond. Threads therefore spin for a bounded time and only then sleep: a spinning barrier takes
/// about 0.1 microseconds, a thread pool's future 60 to 90. An idle team sleeps and uses no processor time.
///
/// The caller of [#run] works as member 0, so a team of one has no threads and no cost at all. One job runs at a time;
/// concurrent callers queue.
public final class ThreadTeam implements AutoCloseable {
    /// From one member's count of barriers to the next's: processors fetch cache lines in pairs.
    public static final long ARRIVAL_BYTES = 128;

    /// Pauses of a waiting thread before it lets others run: about 50 microseconds, where a pause takes 40 ns.
    private static final int SPINS = 1_000;

    /// Times that a waiting thread gives way before it sleeps. Where threads outnumber processors, the member that all wait for
    /// may be waiting for this processor.
    private static final int YIELDS = 200;

    /// A sleeping barrier wakes by itself this often; reached only when threads outnumber processors.
    private static final long NAP_NANOS = 50_000;

    /// What a member waits in this run and the last few before it asks whether the team is worth while.
    private static final long PATIENCE_NANOS = 5_000_000;

    /// How long the caller works alone after a run that was given up; twice as long after the next one.
    private static final long FIRST_RETREAT_NANOS = 10_000_000;

    private static final long LONGEST_RETREAT_NANOS = 1_000_000_000;

    /// What every member of the team runs.
    @FunctionalInterface
    public interface Job {
        void run(Worker worker);
    }

    /// How often each member has come, on a cache line of its own, which nobody else writes: who comes last finds out by reading, and
    /// the one that waits for him by the one line that has changed. Off the heap, so that machine code can come, too.
    private static final class Barrier {
        private static final VarHandle COUNT = ValueLayout.JAVA_INT.varHandle();

        private final int members;
        private final MemorySegment counts;

        Barrier(int members) {
            this.members = members;
            counts = Arena.ofAuto().allocate(members * ARRIVAL_BYTES, ARRIVAL_BYTES);
        }

        /// How often a member has come.
        int count(int member) {
            return (int) COUNT.getAcquire(counts, member * ARRIVAL_BYTES);
        }

        /// The member has come once more.
        void arrive(int member) {
            COUNT.setRelease(counts, member * ARRIVAL_BYTES, count(member) + 1);
        }

        /// The first member from `first` on that has not come so often; the number of members if all have.
        int firstMissing(int first, int often) {
            int member = first;
            while (member < members && count(member) - often >= 0) {
                member++;
            }
            return member;
        }

        /// As new. Nobody may be waiting.
        void reset() {
            counts.fill((byte) 0);
        }
    }

    /// One member's view of the team while a job runs: its share of the work, or a piece of it.
    public final class Worker {
        private final int index;
        private final Worker alone;
        private final Pieces pieces;
        // The share: of `parts` equal parts those from `first` to `behind`.
        private int first;
        private int behind;
        private int parts;
        private long
                waited; // Nanoseconds in this run; the first moments of each wait are not counted.

        private Worker(int index) {
            this.index = index;
            hold(index, index + 1, threads);
            alone = new Worker(this);
            pieces = new Pieces(shares, this, new Worker(this));
        }

        private Worker(Worker member) {
            index = member.index;
            hold(0, 1, 1);
            alone = this;
            pieces = new Pieces(shares, this, this);
        }

        void hold(int newFirst, int newBehind, int newParts) {
            first = newFirst;
            behind = newBehind;
            parts = newParts;
        }

        /// This member with all units as its share: for what each member does for itself, in memory of its own.
        public Worker alone() {
            return alone;
        }

        /// The member's number, from 0 on.
        public int index() {
            return index;
        }

        /// Members that share the work; of a piece, how many parts the work has.
        public int count() {
            return parts;
        }

        /// First of this member's share of `units` units of work; the share ends where the next one's begins.
        public int from(int units) {
            return (int) ((long) units * first / parts);
        }

        /// One past the last unit of this member's share.
        public int to(int units) {
            return (int) ((long) units * behind / parts);
        }

        /// The work in pieces, of which this member does as many as it comes to: first those of its own share from the front, then, while others are
        /// still busy, those at the back of theirs. A piece is like a member whose share is some of the parts; between the pieces
        /// of a task and what depends on them stands a barrier.
        ///
        /// All members ask for the pieces of the same tasks in the same order, and take all that they get.
        ///
        /// @param count equal parts of the work, the same for all members; the members' shares, if there are no more of them than members
        public Iterable<Worker> pieces(int count) {
            return pieces.begin(count);
        }

        /// Waits until every member has come here; what they wrote before is then visible. Not for pieces.
        public void barrier() {
            if (parts > 1) {
                barrier.arrive(index);
                await(barrier, this, true);
            }
        }

        /// Where the members' counts of barriers are, an int every [#ARRIVAL_BYTES]: machine code that a member runs comes to a barrier by adding 1
        /// to the member's, and may go on when no other's is less.
        public MemorySegment arrivals() {
            return barrier.counts;
        }

        /// Waits for those who have not come yet to the barrier that this member has come to in machine code.
        public void waitForOthers() {
            await(barrier, this, true);
        }
    }

    /// Unwinds the other members when one has failed.
    private static final class Aborted extends RuntimeException {
        private static final long serialVersionUID = 1;

        Aborted() {
            super("another member of the team failed", null, false, false);
        }
    }

    /// Given up because of other processes.
    private static final class Crowded extends RuntimeException {
        private static final long serialVersionUID = 1;

        Crowded() {
            super("the processors are busy", null, false, false);
        }
    }

    private final int threads;
    private final Worker[] workers;
    private final Thread[] members;
    private final ReentrantLock callers = new ReentrantLock();
    private final Barrier barrier;
    private final Barrier end;
    private final Shares shares;
    private volatile @Nullable Job job;
    // Guarded by `callers`; members see them after `round`.
    private int rounds;
    private boolean restartable;
    private long started;
    private long retreatNanos = FIRST_RETREAT_NANOS;
    private long aloneUntil = System.nanoTime();
    private long recentWaited;
    private long recentElapsed;

    private volatile int round;
    private volatile @Nullable Throwable failure;
    private volatile boolean closed;

    /// @param threads members, the caller of [#run] included; at least 1
    public ThreadTeam(int threads) {
        if (threads < 1 || threads > 1024) {
            throw new IllegalArgumentException("a team has 1 to 1024 threads, got " + threads);
        }
        this.threads = threads;
        barrier = new Barrier(threads);
        end = new Barrier(threads);
        shares = new Shares(threads);
        workers = new Worker[threads];
        members = new Thread[threads];
        for (int i = 0; i < threads; i++) {
            workers[i] = new Worker(i);
        }
        for (int i = 1; i < threads; i++) {
            Worker worker = workers[i];
            members[i] =
                    Thread.ofPlatform()
                            .daemon()
                            .name("mobilellm-team-" + i)
                            .start(() -> serve(worker));
        }
    }

    public int threads() {
        return threads;
    }

    /// Runs the job on every member and returns when all have finished.
    ///
    /// @throws IllegalStateException if the team is closed, or the caller is in the middle of a job of this team: it would
    ///     wait for itself
    /// @throws RuntimeException what a member threw; the others are stopped at their next barrier
    public void run(Job work) {
        begin();
        try {
            runTogether(work, false);
        } finally {
            callers.unlock();
        }
    }

    /// As [#run], for a job that may be given up in its middle and begun anew, by whatever number of members.
    ///
    /// Where threads outnumber processors, because other processes compute too, a barrier lasts until the system gives a processor to
    /// the member that all wait for: milliseconds. When members have mostly waited for one another, the job is given up and the caller runs
    /// it by itself, as it does those that come within the next moments; then the team is tried again.
    public void runRestartable(Job work) {
        begin();
        try {
            if (System.nanoTime() - aloneUntil < 0) {
                work.run(workers[0].alone());
                return;
            }
            try {
                runTogether(work, true);
            } catch (Crowded e) {
                recentWaited = 0;
                recentElapsed = 0;
                work.run(workers[0].alone());
                aloneUntil = System.nanoTime() + retreatNanos;
                retreatNanos = Math.min(2 * retreatNanos, LONGEST_RETREAT_NANOS);
            }
        } finally {
            callers.unlock();
        }
    }

    /// Runs are often shorter than what the system gives a process at once: a decoded token takes milliseconds. So the last few count
    /// together, an earlier one less than a later one.
    private void remember() {
        long waited = 0;
        for (Worker worker : workers) {
            waited += worker.waited;
        }
        recentWaited = recentWaited * 3 / 4 + waited / threads;
        recentElapsed = recentElapsed * 3 / 4 + System.nanoTime() - started;
        if (!isMostlyWaiting(recentWaited, recentElapsed)) {
            retreatNanos = Math.max(retreatNanos / 2, FIRST_RETREAT_NANOS);
        }
    }

    /// Takes the lock.
    private void begin() {
        if (isWorking(Thread.currentThread())) {
            throw new IllegalStateException(
                    "a job of a thread team cannot run another job on the same team: its members"
                            + " are busy with this one");
        }
        callers.lock();
        if (closed) {
            callers.unlock();
            throw new IllegalStateException("the thread team is closed");
        }
    }

    private void runTogether(Job work, boolean mayGiveUp) {
        if (threads == 1) {
            work.run(workers[0]);
            return;
        }
        job = work;
        restartable = mayGiveUp;
        started = System.nanoTime();
        shares.reset();
        rounds++;
        round = rounds;
        for (int i = 1; i < threads; i++) {
            LockSupport.unpark(members[i]);
        }
        perform(workers[0]);
        finish();
        if (mayGiveUp) {
            remember();
        }
    }

    private boolean isWorking(Thread thread) {
        for (int i = 1; i < threads; i++) {
            if (thread.equals(members[i])) {
                return true;
            }
        }
        return callers.isHeldByCurrentThread();
    }

    private void finish() {
        Throwable thrown = failure;
        job = null;
        if (thrown == null) {
            return;
        }
        failure = null;
        barrier.reset();
        switch (thrown) {
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException(thrown);
        }
    }

    private void serve(Worker worker) {
        int seen = 0;
        while (true) {
            int spins = 0;
            while (round == seen) {
                if (closed) {
                    return;
                }
                if (!relax(++spins)) {
                    LockSupport.park(this);
                }
            }
            seen++;
            perform(worker);
        }
    }

    /// Runs the job as one member, then waits for the others: even a member that failed waits, so that the next job
    /// finds everybody idle.
    private void perform(Worker worker) {
        Job current = job;
        worker.waited = 0;
        worker.pieces.reset();
        try {
            if (current != null) {
                current.run(worker);
            }
        } catch (Throwable e) {
            if (!(e instanceof Aborted)) {
                failure = e;
            }
        }
        end.arrive(worker.index);
        await(end, worker, false);
    }

    /// Waits for the others at the barrier that the member has come to.
    ///
    /// @param inJob whether to give up where another member's failure means that it will never come, or the team is not worth while
    private void await(Barrier at, Worker worker, boolean inJob) {
        int count = at.count(worker.index);
        int spins = 0;
        long since = 0;
        int missing = at.firstMissing(0, count);
        while (missing < threads) {
            if (inJob && failure != null) {
                throw new Aborted();
            }
            if (++spins == SPINS) {
                since = System.nanoTime(); // Before others run: they may run for long.
            }
            if (!relax(spins)) {
                LockSupport.parkNanos(NAP_NANOS);
            }
            if (inJob && restartable && spins >= SPINS) {
                long now = System.nanoTime();
                long waited = recentWaited + worker.waited + now - since;
                if (waited > PATIENCE_NANOS
                        && isMostlyWaiting(waited, recentElapsed + now - started)) {
                    failure = new Crowded();
                }
            }
            missing = at.firstMissing(missing, count);
        }
        if (inJob && since != 0) {
            worker.waited += System.nanoTime() - since;
        }
    }

    /// Whether the caller alone would be about as fast. A member of n that has no processor for a share d of the time lets the others
    /// wait for d, and the team does the work of n (1 - d) processors; that of one, where d is (n - 1) / n. Two thirds of it count, for the
    /// sake of those who need processors, too.
    private boolean isMostlyWaiting(long waited, long elapsed) {
        return 3L * threads * waited > 2L * (threads - 1) * elapsed;
    }

    /// Passes a moment of waiting; false when it has lasted so long that the thread should sleep.
    @SuppressWarnings("ThreadPriorityCheck") // A hint for a busy machine; nothing depends on it.
    private static boolean relax(int turns) {
        if (turns < SPINS) {
            Thread.onSpinWait();
        } else if (turns < SPINS + YIELDS) {
            Thread.yield();
        } else {
            return false;
        }
        return true;
    }

    /// Lets the threads end; a running job finishes first.
    @Override
    public void close() {
        callers.lock();
        try {
            closed = true;
            for (int i = 1; i < threads; i++) {
                LockSupport.unpark(members[i]);
            }
        } finally {
            callers.unlock();
        }
    }
}
