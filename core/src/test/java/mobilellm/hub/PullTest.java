package mobilellm.hub;

import static mobilellm.hub.PullFixture.CONTENT;
import static mobilellm.hub.PullFixture.FILE;
import static mobilellm.hub.PullFixture.NAME;
import static mobilellm.hub.PullFixture.TOKEN;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.hub.LocalHub.Request;
import mobilellm.hub.ProgressListener.Phase;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.OptionalLong;

/// Downloads that succeed in the end: at once, or continued, or begun anew.
final class PullTest {
    @TempDir Path folder;

    @SuppressWarnings("NullAway.Init")
    private PullFixture fixture;

    @BeforeEach
    void open() throws IOException {
        fixture = new PullFixture(folder.resolve("store"));
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void bringsAFileIntoTheStore() throws Exception {
        StoredModel model = fixture.pull();
        assertThat(model.path()).hasBinaryContent(CONTENT);
        assertThat(model.sha256()).isEqualTo(LocalHub.sha256(CONTENT));
        assertThat(fixture.store.find(NAME)).contains(model);
        assertThat(fixture.files()).as("blob and name, nothing else").hasSize(2);
        assertThat(fixture.listener.phases)
                .containsExactly(Phase.RESOLVING, Phase.DOWNLOADING, Phase.VERIFYING, Phase.DONE);
        assertThat(fixture.listener.bytes)
                .contains(
                        new RecordingListener.Bytes(
                                Phase.DOWNLOADING,
                                CONTENT.length,
                                OptionalLong.of(CONTENT.length)));
        assertThat(fixture.listener.notes).isEmpty();
    }

    @Test
    void asksNobodyForWhatItHas() throws Exception {
        StoredModel model = fixture.pull();
        int requests = fixture.hub.requests.size();
        assertThat(fixture.pull()).isEqualTo(model);
        fixture.options = fixture.options.withOffline(true);
        assertThat(fixture.pull()).isEqualTo(model);
        assertThat(fixture.hub.requests).hasSize(requests);
    }

    @Test
    void showsTheTokenToTheHubOnly() throws Exception {
        fixture.pull();
        assertThat(fixture.hub.requests)
                .extracting(Request::host)
                .doesNotHaveDuplicates()
                .hasSize(2);
        assertThat(fixture.hub.requests.getFirst().header("Authorization"))
                .isEqualTo("Bearer " + TOKEN);
        assertThat(fixture.hub.storageRequests())
                .hasSize(1)
                .allSatisfy(
                        request -> assertThat(request.headers().toString()).doesNotContain(TOKEN));
    }

    @Test
    void findsTheOnlyModelFileOfARepository() throws Exception {
        fixture.hub.put("owner/name/main/README.md", new byte[] {1});
        assertThat(fixture.puller().pull("hf:owner/name", fixture.listener).path())
                .hasBinaryContent(CONTENT);
        assertThat(fixture.store.find("hf:owner/name")).isPresent();
    }

    @Test
    void listsTheFilesOfARepositoryThatHasSeveral() throws Exception {
        fixture.hub.put("owner/name/main/sub/other.GGUF", new byte[] {1});
        fixture.hub.put("owner/name/main/../evil.gguf", new byte[] {1});
        assertThatThrownBy(() -> fixture.puller().pull("hf:owner/name", fixture.listener))
                .isInstanceOf(HubException.class)
                .hasMessageContaining("2 .gguf files")
                .hasMessageContaining("hf:owner/name:model.gguf")
                .hasMessageContaining("sub/other.GGUF")
                .hasMessageNotContaining("evil");
    }

    @Test
    void continuesWhereTheConnectionBroke() throws Exception {
        fixture.hub.storageAnswers(fixture.hub.breakAfter(300_000));
        assertThat(fixture.pull().path()).hasBinaryContent(CONTENT);
        assertThat(fixture.hub.storageRequests()).hasSize(2);
        long from = rangeStart(fixture.hub.storageRequests().getLast());
        assertThat(from).isBetween(1L, 300_000L);
        assertThat(fixture.pauses).containsExactly(Duration.ofSeconds(1));
        assertThat(fixture.listener.notes)
                .hasSize(1)
                .first()
                .asString()
                .endsWith("trying again in 1 s");
    }

    @Test
    void continuesWhatAnEarlierRunLeft() throws Exception {
        breakFirstRun(400_000);
        long kept = fixture.partial().bytes();
        assertThat(kept).isPositive();
        assertThat(fixture.pull().path()).hasBinaryContent(CONTENT);
        assertThat(rangeStart(fixture.hub.storageRequests().getLast())).isEqualTo(kept);
        assertThat(fixture.files()).hasSize(2);
    }

    @Test
    void continuesByEntityTagWhenTheHubNamesNoSum() throws Exception {
        fixture.hub.nameNoSums();
        breakFirstRun(400_000);
        assertThat(fixture.pull().path()).hasBinaryContent(CONTENT);
        Request last = fixture.hub.storageRequests().getLast();
        assertThat(rangeStart(last)).isPositive();
        assertThat(last.header("If-Range")).startsWith("\"");
        assertThat(fixture.listener.notes)
                .anySatisfy(note -> assertThat(note).contains("no checksum"));
    }

    @Test
    void beginsAnewWhenTheContentHasChanged() throws Exception {
        for (boolean sums : new boolean[] {true, false}) {
            if (!sums) {
                fixture.hub.nameNoSums();
                fixture.store.remove(NAME);
            }
            breakFirstRun(400_000);
            byte[] changed = LocalHub.bytes(900_000, sums ? 8 : 9);
            fixture.hub.put(FILE, changed);
            assertThat(fixture.pull().path()).as("sums: " + sums).hasBinaryContent(changed);
        }
    }

    @Test
    void beginsAnewWhenNothingTellsWhatThePartBelongsTo() throws Exception {
        breakFirstRun(400_000);
        fixture.partial().mark(java.util.Optional.empty());
        assertThat(fixture.pull().path()).hasBinaryContent(CONTENT);
    }

    @Test
    void beginsAnewWhenTheSenderKnowsNoRanges() throws Exception {
        fixture.hub.storageAnswers(fixture.hub.breakAfter(300_000), fixture.hub.withoutLength());
        assertThat(fixture.pull().path()).hasBinaryContent(CONTENT);
    }

    @Test
    void takesAPartThatIsCompleteAlready() throws Exception {
        breakFirstRun(400_000);
        Files.write(fixture.partial().file(), CONTENT);
        assertThat(fixture.pull().path()).hasBinaryContent(CONTENT);
        assertThat(fixture.hub.storageRequests()).as("the last one was answered by 416").hasSize(2);
    }

    @Test
    void beginsAnewWhenThePartIsLongerThanTheFile() throws Exception {
        breakFirstRun(400_000);
        Files.write(fixture.partial().file(), Arrays.copyOf(CONTENT, CONTENT.length + 1));
        assertThat(fixture.pull().path()).hasBinaryContent(CONTENT);
        assertThat(fixture.hub.storageRequests().getLast().has("Range")).isFalse();
    }

    @Test
    void continuesAfterSilence() throws Exception {
        fixture.options =
                fixture.options.withTimeouts(Duration.ofSeconds(5), Duration.ofMillis(500));
        fixture.hub.storageAnswers(fixture.hub.stallAfter(300_000));
        assertThat(fixture.pull().path()).hasBinaryContent(CONTENT);
        assertThat(fixture.hub.storageRequests().getLast().has("Range")).isTrue();
    }

    @Test
    void asksForAFreshAddressWhenTheStorageHostRefusesTheOldOne() throws Exception {
        fixture.hub.storageAnswers(LocalHub.status(403));
        assertThat(fixture.pull().path()).hasBinaryContent(CONTENT);
        assertThat(fixture.hub.requests).hasSize(4);
    }

    @Test
    void waitsAsLongAsABusyHubAsks() throws Exception {
        String date =
                DateTimeFormatter.RFC_1123_DATE_TIME.format(
                        ZonedDateTime.now(ZoneOffset.UTC).plusSeconds(42));
        fixture.hub.hubAnswers(
                LocalHub.status(429, "Retry-After", "7"),
                LocalHub.status(503, "Retry-After", date));
        assertThat(fixture.pull().path()).hasBinaryContent(CONTENT);
        assertThat(fixture.pauses.getFirst()).isEqualTo(Duration.ofSeconds(7));
        // The server sent its own date some moments after this test wrote the other.
        assertThat(fixture.pauses.getLast())
                .isBetween(Duration.ofSeconds(30), Duration.ofSeconds(42));
    }

    private void breakFirstRun(int after) {
        HubOptions options = fixture.options;
        fixture.options = options.withRetries(1, options.longestWait());
        fixture.hub.storageAnswers(fixture.hub.breakAfter(after));
        assertThatThrownBy(fixture::pull)
                .isInstanceOf(HubException.class)
                .hasMessageContaining("what has arrived is kept");
        fixture.options = options;
    }

    private static long rangeStart(Request request) {
        return Long.parseLong(request.header("Range").replaceAll("bytes=(\\d+)-", "$1"));
    }
}
