package mobilellm.hub;

import static mobilellm.hub.PullFixture.CONTENT;
import static mobilellm.hub.PullFixture.FILE;
import static mobilellm.hub.PullFixture.NAME;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import mobilellm.hub.LocalHub.Reply;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// Downloads that fail: each says why and what to do, and leaves nothing that looks like a model.
final class PullRefusalTest {
    @TempDir Path folder;

    @SuppressWarnings("NullAway.Init")
    private PullFixture fixture;

    @BeforeEach
    void open() throws IOException {
        fixture = new PullFixture(folder.resolve("store"));
    }

    @AfterEach
    void close() throws IOException {
        assertThat(fixture.store.list()).isEmpty();
        fixture.close();
    }

    /// The message of the failure that a pull must end in.
    private String failure() {
        HubException failure = catchThrowableOfType(HubException.class, fixture::pull);
        assertThat(failure).as("the pull must fail").isNotNull();
        String message = String.valueOf(failure.getMessage());
        assertThat(message).doesNotContain("SECRET", PullFixture.TOKEN);
        return message;
    }

    @Test
    void deletesAFileOfAnotherSumAndNamesBoth() throws Exception {
        String other = "ab".repeat(32);
        fixture.hub.hubAnswers(redirect(FILE, "X-Linked-ETag", "\"" + other + "\""));
        assertThat(failure()).contains(LocalHub.sha256(CONTENT), other, "deleted");
        assertThat(fixture.partial().file()).doesNotExist();
    }

    @Test
    void refusesAFileOfAnotherSize() {
        fixture.hub.hubAnswers(redirect(FILE, "X-Linked-Size", "999999"));
        assertThat(failure()).contains("1000000 bytes", "expected 999999");
    }

    @Test
    void givesUpOnABodyThatIsAlwaysShort() throws Exception {
        Reply nothing = fixture.hub.breakAfter(0);
        fixture.hub.storageAnswers(nothing, nothing, nothing, nothing);
        assertThat(failure()).contains("gave up after 3 attempts in a row");
        assertThat(fixture.pauses).containsExactly(Duration.ofSeconds(1), Duration.ofSeconds(2));
    }

    @Test
    void givesUpOnASenderThatAlwaysBeginsAnew() {
        Reply again = fixture.hub.breakAfter(200_000);
        fixture.hub.storageAnswers(again, again, again, again, again, again, again, again);
        assertThat(failure()).contains("gave up after 3 attempts in a row");
        assertThat(fixture.hub.storageRequests()).hasSizeLessThanOrEqualTo(4);
    }

    @Test
    void saysWhatIsNotThere() {
        fixture.hub.hubAnswers(LocalHub.status(404, "X-Error-Message", "Entry not found"));
        assertThat(failure())
                .contains(
                        "/owner/name/resolve/main/model.gguf answered 404 (Entry not found)",
                        "no such repository, revision or file");
        assertThat(fixture.pauses).isEmpty();
    }

    @Test
    void saysHowToOpenAGatedRepository() {
        fixture.hub.hubAnswers(LocalHub.status(401, "X-Error-Code", "GatedRepo"));
        assertThat(failure())
                .contains("gated", fixture.hub.endpoint() + "/owner/name and set HF_TOKEN");
    }

    @Test
    void tellsAWrongTokenFromNone() {
        fixture.hub.hubAnswers(LocalHub.status(401));
        assertThat(failure()).contains("HF_TOKEN is not accepted");
        fixture.options = HubOptions.defaults().withEndpoint(fixture.hub.endpoint());
        fixture.hub.hubAnswers(LocalHub.status(401));
        assertThat(failure()).contains("private", "set HF_TOKEN");
    }

    @Test
    void doesNotWaitLongerThanAllowed() {
        fixture.hub.hubAnswers(LocalHub.status(429, "Retry-After", "3600"));
        assertThat(failure()).contains("429", "3600 s");
        assertThat(fixture.pauses).isEmpty();
    }

    @Test
    void givesUpOnAHubThatKeepsFailing() {
        Reply failing = LocalHub.status(502);
        fixture.hub.hubAnswers(failing, failing, failing, failing);
        assertThat(failure()).contains("502", "gave up after 3 attempts");
    }

    @Test
    void stopsAtTheSizeLimitBeforeAndWithinTheBody() throws Exception {
        fixture.options = fixture.options.withMaximumBytes(500_000);
        assertThat(failure()).contains("1.0 MB", "limit is 500000 bytes");
        assertThat(fixture.partial().file()).doesNotExist();

        fixture.hub.nameNoSums();
        fixture.hub.storageAnswers(fixture.hub.withoutLength());
        assertThat(failure()).contains("longer than the limit of 500000 bytes");
        assertThat(fixture.partial().file()).doesNotExist();
    }

    @Test
    void asksForRoomBeforeItStarts() {
        fixture.options = fixture.options.withMaximumBytes(Long.MAX_VALUE);
        fixture.hub.nameNoSums();
        fixture.hub.storageAnswers(
                exchange -> {
                    exchange.sendResponseHeaders(200, 900_000_000_000_000_000L);
                    exchange.getResponseBody().flush();
                });
        assertThat(failure()).contains("needs 900000000.0 GB", "make room");
    }

    @Test
    void leavesARedirectLoop() {
        Reply loop =
                LocalHub.status(
                        302,
                        "Location",
                        fixture.hub.endpoint() + "/owner/name/resolve/main/model.gguf");
        Reply[] loops = new Reply[30];
        java.util.Arrays.fill(loops, loop);
        fixture.hub.hubAnswers(loops);
        assertThat(failure()).contains("redirects more than 10 times");
        assertThat(fixture.hub.requests).hasSize(11);
    }

    @Test
    void refusesRedirectsThatLeaveTheWeb() {
        for (String target :
                List.of(
                        "file:///etc/passwd",
                        "ftp://localhost/x",
                        "http://",
                        "http://user:SECRET@localhost/",
                        "%%")) {
            fixture.hub.hubAnswers(LocalHub.status(302, "Location", target));
            assertThat(failure()).as(target).contains("redirects to something");
        }
    }

    @Test
    void refusesAnAnswerToAnotherQuestion() {
        fixture.hub.storageAnswers(LocalHub.status(206, "Content-Range", "bytes 5-9/10"));
        assertThat(failure()).contains("answered 206, although the whole file was asked for");
        fixture.hub.storageAnswers(LocalHub.status(418));
        assertThat(failure()).contains("answered 418");
    }

    @Test
    void refusesAListingThatIsNone() {
        for (String name : List.of("hf:owner/name", "hf:no/body")) {
            fixture.hub.hubAnswers(
                    exchange -> {
                        exchange.sendResponseHeaders(200, 0);
                        exchange.getResponseBody()
                                .write(
                                        "["
                                                .repeat(50_000)
                                                .getBytes(java.nio.charset.StandardCharsets.UTF_8));
                    });
            assertThat(
                            catchThrowableOfType(
                                    HubException.class,
                                    () -> fixture.puller().pull(name, fixture.listener)))
                    .hasMessageContaining("no list of files");
        }
        assertThat(
                        catchThrowableOfType(
                                HubException.class,
                                () -> fixture.puller().pull("hf:no/body", fixture.listener)))
                .hasMessageContaining("holds no .gguf file");
    }

    @Test
    void contactsNobodyOffline() {
        fixture.options = fixture.options.withOffline(true);
        assertThat(failure()).contains(NAME, "not in the store", "offline");
        assertThat(fixture.hub.requests).isEmpty();
    }

    @Test
    void namesTheCatalogueForAnUnknownName() {
        assertThat(
                        catchThrowableOfType(
                                HubException.class,
                                () -> fixture.puller().pull("smollm3:1b", fixture.listener)))
                .hasMessageContaining("unknown model 'smollm3:1b'")
                .hasMessageContaining("smollm2:135m");
    }

    @Test
    void doesNotRepeatWhatCannotConnect() throws IOException {
        int closed;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
        }
        fixture.options = fixture.options.withEndpoint(URI.create("http://127.0.0.1:" + closed));
        assertThat(failure()).contains("no connection to 127.0.0.1");
        fixture.options = fixture.options.withEndpoint(URI.create("http://no-such-host.invalid"));
        assertThat(failure()).contains("no-such-host.invalid");
        assertThat(fixture.pauses).isEmpty();
    }

    @Test
    void waitsForAConnectionOnlySoLong() throws IOException {
        // A listener whose queue is full drops further connections without a word.
        List<Socket> queue = new ArrayList<>();
        try (ServerSocket deaf = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            boolean full = false;
            while (!full && queue.size() < 100) {
                Socket socket = new Socket();
                queue.add(socket);
                try {
                    socket.connect(
                            new InetSocketAddress(deaf.getInetAddress(), deaf.getLocalPort()), 200);
                } catch (SocketTimeoutException e) {
                    full = true;
                }
            }
            fixture.options =
                    fixture.options
                            .withEndpoint(URI.create("http://127.0.0.1:" + deaf.getLocalPort()))
                            .withTimeouts(Duration.ofMillis(300), Duration.ofSeconds(5));
            long start = System.nanoTime();
            assertThat(failure()).contains("no connection to 127.0.0.1");
            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .isLessThan(Duration.ofSeconds(4));
        } finally {
            for (Socket socket : queue) {
                socket.close();
            }
        }
    }

    /// The hub's usual answer with one header of its own.
    private Reply redirect(String file, String header, String value) {
        return LocalHub.status(
                302,
                "Location",
                fixture.hub.storage() + "/storage/" + file + "?signature=SECRET",
                header,
                value);
    }
}
