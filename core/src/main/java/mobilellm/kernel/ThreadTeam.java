package mobilellm.kernel;

import org.jspecify.annotations.Nullable;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/// A fixed team of threads that run one job together, with barriers inside it.
///
/// A transformer block needs about ten barriers; at 135 M parameters a token takes a few milliseconds, so a barrier must
/// cost well under a microsecond. Threads therefore spin for a bounded time and only then sleep: a spinning barrier takes
/// about 0.1 microseconds, a thread pool's future 60 to 90. An idle team sleeps and uses no processor time.
///
/// The caller of [#run] works as member 0, so a team of one has no threads and no cost at all. One job runs at a time;
/// concurrent callers queue.
public final class ThreadTeam implements AutoCloseable {
    /// Pauses of a waiting thread before it lets others run: about 50 microseconds, where a pause takes 40 ns.
    private static final int SPINS = 1_000;

    /// Times that a waiting thread gives way before it sleeps. Where threads outnumber processors, the member that all wait for
    /// may be waiting for this processor.
    private static final int YIELDS = 200;

    /// A sleeping barrier wakes by itself this often; reached only when threads outnumber processors.
    private static final long NAP_NANOS = 50_000;

    private static final VarHandle GENERATION;
    private static final VarHandle ARRIVED;

    static {
        try {
            var lookup = MethodHandles.lookup();
            GENERATION = lookup.findVarHandle(Barrier.class, "generation", int.class);
            ARRIVED = lookup.findVarHandle(Barrier.class, "arrived", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /// What every member of the team runs.
    @FunctionalInterface
    public interface Job {
        void run(Worker worker);
    }

    /// Sense-reversing barrier; the two counters lie on cache lines of their own.
    @SuppressWarnings("unused")
    private static final class Barrier {
        private long p00, p01, p02, p03, p04, p05, p06, p07;
        private int arrived;
        private long p10, p11, p12, p13, p14, p15, p16, p17;
        private int generation;
        private long p20, p21, p22, p23, p24, p25, p26, p27;
    }

    /// One member's view of the team while a job runs.
    public final class Worker {
        private final int index;

        private Worker(int index) {
            this.index = index;
        }

        public int index() {
            return index;
        }

        public int count() {
            return threads;
        }

        /// First of this member's share of `units` units of work; the share ends where the next one's begins.
        public int from(int units) {
            return (int) ((long) units * index / threads);
        }

        /// One past the last unit of this member's share.
        public int to(int units) {
            return (int) ((long) units * (index + 1) / threads);
        }

        /// Waits until every member has come here; what they wrote before is then visible.
        public void barrier() {
            if (threads > 1) {
                await(barrier, true);
            }
        }
    }

    /// Unwinds the other members when one has failed.
    private static final class Aborted extends RuntimeException {
        private static final long serialVersionUID = 1;

        Aborted() {
            super("another member of the team failed", null, false, false);
        }
    }

    private final int threads;
    private final Worker[] workers;
    private final Thread[] members;
    private final ReentrantLock callers = new ReentrantLock();
    private final Barrier barrier = new Barrier();
    private final Barrier end = new Barrier();
    private volatile @Nullable Job job;
    private int rounds; // Guarded by `callers`; members see it as `round`.
    private volatile int round;
    private volatile @Nullable Throwable failure;
    private volatile boolean closed;

    /// @param threads members, the caller of [#run] included; at least 1
    public ThreadTeam(int threads) {
        if (threads < 1 || threads > 1024) {
            throw new IllegalArgumentException("a team has 1 to 1024 threads, got " + threads);
        }
        this.threads = threads;
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
        if (isWorking(Thread.currentThread())) {
            throw new IllegalStateException(
                    "a job of a thread team cannot run another job on the same team: its members"
                            + " are busy with this one");
        }
        callers.lock();
        try {
            if (closed) {
                throw new IllegalStateException("the thread team is closed");
            }
            if (threads == 1) {
                work.run(workers[0]);
                return;
            }
            job = work;
            rounds++;
            round = rounds;
            for (int i = 1; i < threads; i++) {
                LockSupport.unpark(members[i]);
            }
            perform(workers[0]);
            finish();
        } finally {
            callers.unlock();
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
        ARRIVED.setVolatile(barrier, 0);
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
        try {
            if (current != null) {
                current.run(worker);
            }
        } catch (Throwable e) {
            if (!(e instanceof Aborted)) {
                failure = e;
            }
        }
        await(end, false);
    }

    /// Waits at a barrier; gives up where another member's failure means that it will never fill.
    private void await(Barrier at, boolean abortable) {
        int generation = (int) GENERATION.getAcquire(at);
        if ((int) ARRIVED.getAndAdd(at, 1) == threads - 1) {
            ARRIVED.setVolatile(at, 0);
            GENERATION.setRelease(at, generation + 1);
            return;
        }
        int spins = 0;
        while ((int) GENERATION.getAcquire(at) == generation) {
            if (abortable && failure != null) {
                throw new Aborted();
            }
            if (!relax(++spins)) {
                LockSupport.parkNanos(NAP_NANOS);
            }
        }
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
