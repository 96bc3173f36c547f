package mobilellm.hub;

import static mobilellm.hub.PullFixture.CONTENT;
import static mobilellm.hub.PullFixture.NAME;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/// Several pullers of one name, and pullers that are stopped.
@Timeout(60)
final class PullTogetherTest {
    private static final String SHA256 = LocalHub.sha256(CONTENT);

    @TempDir Path folder;

    @SuppressWarnings("NullAway.Init")
    private PullFixture fixture;

    private final CountDownLatch arrived = new CountDownLatch(1);
    private final CountDownLatch gate = new CountDownLatch(1);

    @BeforeEach
    void open() throws IOException {
        fixture = new PullFixture(folder.resolve("store"));
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void theSecondThreadWaitsForTheFirst() throws Exception {
        fixture.hub.storageAnswers(fixture.hub.usualAfter(arrived, gate));
        FutureTask<StoredModel> first = new FutureTask<>(fixture::pull);
        Thread.ofPlatform().start(first);
        arrived.await();
        CountDownLatch waiting = new CountDownLatch(1);
        FutureTask<StoredModel> second =
                new FutureTask<>(() -> fixture.puller().pull(NAME, new Noting(waiting)));
        Thread.ofPlatform().start(second);
        waiting.await();
        gate.countDown();
        assertThat(second.get()).isEqualTo(first.get());
        assertThat(fixture.hub.storageRequests()).hasSize(1);
    }

    @Test
    void theSecondProcessWaitsForTheFirst() throws Exception {
        fixture.hub.storageAnswers(fixture.hub.usualAfter(arrived, gate));
        Process first = start();
        arrived.await();
        Process second = start();
        try (BufferedReader output = second.inputReader()) {
            awaitLine(output, "note " + NAME + " is being downloaded by someone else");
            gate.countDown();
            awaitLine(output, "stored " + SHA256);
        }
        assertThat(first.waitFor()).isZero();
        assertThat(second.waitFor()).isZero();
        assertThat(fixture.hub.storageRequests()).hasSize(1);
        assertThat(fixture.store.find(NAME).orElseThrow().path()).hasBinaryContent(CONTENT);
    }

    @Test
    void whatAKilledProcessLeavesIsContinued() throws Exception {
        fixture.hub.storageAnswers(fixture.hub.stallAfter(500_000));
        Process first = start();
        try (BufferedReader output = first.inputReader()) {
            awaitLine(output, "bytes 1");
        }
        first.destroyForcibly().waitFor();
        long kept = fixture.partial().bytes();
        assertThat(kept).isPositive();
        assertThat(fixture.pull().path()).hasBinaryContent(CONTENT);
        assertThat(fixture.hub.storageRequests().getLast().header("Range"))
                .isEqualTo("bytes=" + kept + "-");
    }

    @Test
    void anInterruptLeavesOnlyWhatCanBeContinued() throws Exception {
        fixture.hub.storageAnswers(fixture.hub.stallAfter(500_000));
        CountDownLatch received = new CountDownLatch(1);
        FutureTask<StoredModel> pull =
                new FutureTask<>(() -> fixture.puller().pull(NAME, new Receiving(received)));
        Thread thread = Thread.ofPlatform().start(pull);
        received.await();
        thread.interrupt();
        assertThatThrownBy(() -> pull.get(20, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(InterruptedException.class);
        assertThat(fixture.store.list()).isEmpty();
        assertThat(fixture.files()).as("the part and its mark").hasSize(2);
        assertThat(fixture.pull().path()).hasBinaryContent(CONTENT);
        assertThat(fixture.hub.storageRequests().getLast().has("Range")).isTrue();
    }

    @Test
    void anInterruptEndsTheWaitForAnother() throws Exception {
        fixture.hub.storageAnswers(fixture.hub.usualAfter(arrived, gate));
        Process first = start();
        arrived.await();
        CountDownLatch waiting = new CountDownLatch(1);
        FutureTask<StoredModel> second =
                new FutureTask<>(() -> fixture.puller().pull(NAME, new Noting(waiting)));
        Thread thread = Thread.ofPlatform().start(second);
        waiting.await();
        thread.interrupt();
        assertThatThrownBy(() -> second.get(20, TimeUnit.SECONDS))
                .hasCauseInstanceOf(InterruptedException.class);
        gate.countDown();
        assertThat(first.waitFor()).isZero();
        assertThat(fixture.pull().sha256()).isEqualTo(SHA256);
    }

    private Process start() throws IOException {
        return new ProcessBuilder(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-cp",
                                System.getProperty("java.class.path"),
                                "mobilellm.hub.PullProcess",
                                fixture.hub.endpoint().toString(),
                                fixture.store.home().toString(),
                                NAME))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static void awaitLine(BufferedReader output, String beginning) throws IOException {
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.startsWith(beginning)) {
                return;
            }
        }
        throw new AssertionError("the process ended without a line that begins with: " + beginning);
    }

    /// Tells when there is something to wait for.
    private record Noting(CountDownLatch noted) implements ProgressListener {
        @Override
        public void phase(Phase phase, String subject) {}

        @Override
        public void bytes(long done, OptionalLong total) {}

        @Override
        public void note(String line) {
            noted.countDown();
        }
    }

    /// Tells when the first bytes are on the disk.
    private record Receiving(CountDownLatch received) implements ProgressListener {
        @Override
        public void phase(Phase phase, String subject) {}

        @Override
        public void bytes(long done, OptionalLong total) {
            if (done > 0) {
                received.countDown();
            }
        }

        @Override
        public void note(String line) {}
    }
}
