package mobilellm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.kernel.ThreadTeam.Worker;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;

@Timeout(60) // a barrier that never fills must fail the test, not hang the build
class ThreadTeamTest {
    /// More than any machine here has processors, too.
    private static final int MANY = Runtime.getRuntime().availableProcessors() + 3;

    /// Whoever of the members tries it; the team is usable afterwards.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void aJobCannotRunAnotherOnItsOwnTeam(int threads) {
        try (ThreadTeam team = new ThreadTeam(threads)) {
            for (int member = 0; member < threads; member++) {
                int guilty = member;
                assertThatThrownBy(
                                () ->
                                        team.run(
                                                worker -> {
                                                    if (worker.index() == guilty) {
                                                        team.run(inner -> {});
                                                    }
                                                }))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("cannot run another job");
            }
            AtomicInteger ran = new AtomicInteger();
            team.run(worker -> ran.incrementAndGet());
            assertThat(ran).hasValue(threads);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7})
    void everyMemberRunsAndSharesCoverTheWorkOnce(int threads) {
        try (ThreadTeam team = new ThreadTeam(threads)) {
            int[] visits = new int[100];
            boolean[] members = new boolean[threads];
            team.run(
                    worker -> {
                        members[worker.index()] = true;
                        assertThat(worker.count()).isEqualTo(threads);
                        for (int unit = worker.from(100); unit < worker.to(100); unit++) {
                            visits[unit]++;
                        }
                    });
            assertThat(members).containsOnly(true);
            assertThat(visits).containsOnly(1);
        }
    }

    /// Tasks follow each other with and without barriers, and one member is slower than the others, in turns.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7})
    void membersDoEveryPieceOnce(int threads) {
        int tasks = 300;
        int units = 100;
        try (ThreadTeam team = new ThreadTeam(threads)) {
            for (int run = 0; run < 5; run++) {
                var visits = new AtomicIntegerArray(tasks * units);
                team.run(
                        worker -> {
                            for (int task = 0; task < tasks; task++) {
                                for (Worker piece : worker.pieces(task % (units + 1))) {
                                    for (int u = piece.from(units); u < piece.to(units); u++) {
                                        visits.incrementAndGet(task * units + u);
                                        if (task % threads == worker.index()) {
                                            Thread.onSpinWait();
                                        }
                                    }
                                }
                                if (task % 3 == 0) {
                                    worker.barrier();
                                }
                            }
                        });
                for (int i = 0; i < visits.length(); i++) {
                    assertThat(visits.get(i)).as("unit %d", i).isEqualTo(1);
                }
            }
        }
    }

    /// A member that does not come is waited for only where it holds a piece; the others have done the rest.
    @Test
    void membersDoThePiecesOfOneThatIsLate() {
        boolean[] done = new boolean[100];
        CountDownLatch allDone = new CountDownLatch(1);
        try (ThreadTeam team = new ThreadTeam(2)) {
            team.run(
                    worker -> {
                        if (worker.index() == 1) {
                            awaitUninterruptibly(allDone);
                        }
                        for (Worker piece : worker.pieces(10)) {
                            Arrays.fill(done, piece.from(100), piece.to(100), true);
                        }
                        allDone.countDown();
                    });
        }
        assertThat(done).containsOnly(true);
    }

    @Test
    void aTeamThatFailedAmongPiecesDoesAllPiecesOfTheNextJob() {
        try (ThreadTeam team = new ThreadTeam(3)) {
            for (int round = 0; round < 20; round++) {
                assertThatThrownBy(
                                () ->
                                        team.run(
                                                worker -> {
                                                    for (Worker piece : worker.pieces(9)) {
                                                        if (piece.from(9) <= 4 && piece.to(9) > 4) {
                                                            throw new IllegalArgumentException("4");
                                                        }
                                                    }
                                                    worker.barrier();
                                                }))
                        .isInstanceOf(IllegalArgumentException.class);
                AtomicInteger units = new AtomicInteger();
                team.run(
                        worker -> {
                            for (Worker piece : worker.pieces(50)) {
                                units.addAndGet(piece.to(70) - piece.from(70));
                            }
                        });
                assertThat(units).hasValue(70);
            }
        }
    }

    /// Plain writes before a barrier are read after it by another member, thousands of times.
    @Test
    void barriersOrderWrites() {
        assertBarriersOrderWrites(2, 5_000);
        assertBarriersOrderWrites(MANY, 200);
    }

    private static void assertBarriersOrderWrites(int threads, int phases) {
        try (ThreadTeam team = new ThreadTeam(threads)) {
            int[] counters = new int[threads];
            AtomicInteger stale = new AtomicInteger();
            team.run(
                    worker -> {
                        int next = (worker.index() + 1) % threads;
                        for (int phase = 1; phase <= phases; phase++) {
                            counters[worker.index()] = phase;
                            worker.barrier();
                            if (counters[next] != phase) {
                                stale.incrementAndGet();
                            }
                            worker.barrier();
                        }
                    });
            assertThat(stale).hasValue(0);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void aFailureReachesTheCallerAndTheTeamGoesOn(int failing) {
        try (ThreadTeam team = new ThreadTeam(3)) {
            for (int round = 0; round < 50; round++) {
                int barriersBefore = round % 3;
                assertThatThrownBy(
                                () ->
                                        team.run(
                                                worker -> {
                                                    for (int i = 0; i < barriersBefore; i++) {
                                                        worker.barrier();
                                                    }
                                                    if (worker.index() == failing) {
                                                        throw new IllegalArgumentException("row 7");
                                                    }
                                                    worker.barrier();
                                                }))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("row 7");
                assertThat(membersThatRun(team)).isEqualTo(3);
            }
        }
    }

    @Test
    void anErrorReachesTheCallerAsItIs() {
        try (ThreadTeam team = new ThreadTeam(2)) {
            assertThatThrownBy(
                            () ->
                                    team.run(
                                            worker -> {
                                                if (worker.index() == 1) {
                                                    throw new OutOfMemoryError("scratch");
                                                }
                                                worker.barrier();
                                            }))
                    .isInstanceOf(OutOfMemoryError.class)
                    .hasMessage("scratch");
            assertThat(membersThatRun(team)).isEqualTo(2);
        }
    }

    /// A member that gets no processor, or as if: it does not come to the barrier before the first one has given up.
    @Test
    void aJobWhoseMembersMostlyWaitIsRunByTheCallerAlone() {
        boolean[] done = new boolean[100];
        CountDownLatch givenUp = new CountDownLatch(1);
        try (ThreadTeam team = new ThreadTeam(2)) {
            team.runRestartable(
                    worker -> {
                        if (worker.index() == 1) {
                            awaitUninterruptibly(givenUp);
                        }
                        try {
                            worker.barrier();
                        } finally {
                            givenUp.countDown();
                        }
                        if (worker.index() == 0) {
                            Arrays.fill(done, worker.from(100), worker.to(100), true);
                        }
                    });
            assertThat(done).as("units of the caller").containsOnly(true);
            assertThat(membersThatRun(team)).as("who does not ask for it gets all").isEqualTo(2);
        }
    }

    /// The same, but the failure is the job's own.
    @Test
    void aFailureOfARestartableJobReachesTheCaller() {
        try (ThreadTeam team = new ThreadTeam(2)) {
            assertThatThrownBy(
                            () ->
                                    team.runRestartable(
                                            worker -> {
                                                if (worker.index() == worker.count() - 1) {
                                                    throw new IllegalArgumentException("row 7");
                                                }
                                                worker.barrier();
                                            }))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("row 7");
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        while (latch.getCount() > 0) {
            LockSupport.parkNanos(100_000);
        }
    }

    @Test
    void whatAMemberDoesForItselfIsNotShared() {
        try (ThreadTeam team = new ThreadTeam(3)) {
            AtomicInteger units = new AtomicInteger();
            team.run(
                    worker -> {
                        Worker alone = worker.alone();
                        assertThat(alone.index()).isEqualTo(worker.index());
                        alone.barrier(); // nobody to wait for
                        units.addAndGet(alone.to(7) - alone.from(7));
                        for (Worker piece : alone.pieces(5)) {
                            units.addAndGet(piece.to(7) - piece.from(7));
                        }
                    });
            assertThat(units).hasValue(3 * (7 + 7));
        }
    }

    @Test
    void concurrentCallersQueue() throws Exception {
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicInteger runs = new AtomicInteger();
        try (ThreadTeam team = new ThreadTeam(2);
                ExecutorService callers = Executors.newFixedThreadPool(4)) {
            List<Future<?>> all = new ArrayList<>();
            for (int caller = 0; caller < 4; caller++) {
                all.add(
                        callers.submit(
                                () -> {
                                    for (int i = 0; i < 200; i++) {
                                        team.run(
                                                worker -> {
                                                    most.accumulateAndGet(
                                                            inside.incrementAndGet(), Math::max);
                                                    worker.barrier();
                                                    inside.decrementAndGet();
                                                    runs.incrementAndGet();
                                                });
                                    }
                                }));
            }
            for (Future<?> caller : all) {
                caller.get(50, TimeUnit.SECONDS);
            }
        }
        assertThat(runs).hasValue(4 * 200 * 2);
        assertThat(most).hasValue(2);
    }

    @Test
    void aVirtualThreadMayCall() throws Exception {
        try (ThreadTeam team = new ThreadTeam(2);
                ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Integer>> results = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                results.add(callers.submit(() -> membersThatRun(team)));
            }
            for (Future<Integer> result : results) {
                assertThat(result.get(50, TimeUnit.SECONDS)).isEqualTo(2);
            }
        }
    }

    @Test
    void aTeamOfOneRunsInTheCallersThread() {
        Thread[] thread = new Thread[1];
        try (ThreadTeam team = new ThreadTeam(1)) {
            team.run(
                    worker -> {
                        worker.barrier();
                        thread[0] = Thread.currentThread();
                    });
        }
        assertThat(thread[0]).isSameAs(Thread.currentThread());
    }

    @Test
    void anInterruptedCallerStillGetsItsWorkDone() {
        try (ThreadTeam team = new ThreadTeam(2)) {
            Thread.currentThread().interrupt();
            int members = membersThatRun(team);
            assertThat(Thread.interrupted()).as("the interrupt is kept for the caller").isTrue();
            assertThat(members).isEqualTo(2);
        }
    }

    @Test
    void closingEndsTheThreadsAndFurtherWorkIsRefused() throws InterruptedException {
        Thread[] threads = new Thread[3];
        ThreadTeam team = new ThreadTeam(3);
        team.run(worker -> threads[worker.index()] = Thread.currentThread());
        team.close();
        team.close();
        for (int member = 1; member < 3; member++) {
            threads[member].join();
        }
        assertThatThrownBy(() -> team.run(worker -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 1025})
    void refusesAnAbsurdNumberOfThreads(int threads) {
        assertThatThrownBy(() -> new ThreadTeam(threads))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(String.valueOf(threads));
    }

    /// Spinning threads would use up the whole window.
    @Test
    void anIdleTeamUsesNoProcessorTime() {
        Thread[] threads = new Thread[MANY];
        try (ThreadTeam team = new ThreadTeam(MANY)) {
            team.run(worker -> threads[worker.index()] = Thread.currentThread());
            park(200); // the bounded spinning ends
            long before = processorNanos(threads);
            park(300);
            long used = processorNanos(threads) - before;
            assertThat(used).isLessThan(TimeUnit.MILLISECONDS.toNanos(30));
        }
    }

    private static long processorNanos(Thread[] threads) {
        long nanos = 0;
        for (int member = 1; member < threads.length; member++) {
            nanos +=
                    ManagementFactory.getThreadMXBean()
                            .getThreadCpuTime(threads[member].threadId());
        }
        return nanos;
    }

    private static void park(int milliseconds) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(milliseconds);
        while (System.nanoTime() < end) {
            LockSupport.parkNanos(end - System.nanoTime());
        }
    }

    private static int membersThatRun(ThreadTeam team) {
        AtomicInteger members = new AtomicInteger();
        team.run(
                worker -> {
                    members.incrementAndGet();
                    worker.barrier();
                });
        return members.get();
    }
}
