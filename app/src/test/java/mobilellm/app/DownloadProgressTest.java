package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.hub.ProgressListener.Phase;

import org.junit.jupiter.api.Test;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;

class DownloadProgressTest {
    private static final long MEGABYTE = 1_000_000;

    private final ByteArrayOutputStream error = new ByteArrayOutputStream();
    private long now;

    @Test
    void writesALineEveryTenthWithoutATerminal() {
        DownloadProgress progress = progress(false);
        progress.phase(Phase.DOWNLOADING, "the hub");
        download(progress, 0, 100);
        String text = error.toString(StandardCharsets.UTF_8);
        assertThat(text).startsWith("downloading mine from the hub\n").hasLineCount(11);
        assertThat(text.lines().skip(5).findFirst())
                .hasValue("mine    50 %   50.0 MB of 100.0 MB   10.0 MB/s   5 s left");
        assertThat(text).doesNotContain("\r");
    }

    @Test
    void rewritesOneLineOnATerminal() {
        DownloadProgress progress = progress(true);
        progress.phase(Phase.DOWNLOADING, "the hub");
        download(progress, 0, 100);
        progress.phase(Phase.DONE, "mine");
        String text = error.toString(StandardCharsets.UTF_8);
        assertThat(text.lines()).hasSizeGreaterThan(50);
        assertThat(text.chars().filter(character -> character == '\n')).hasSize(1);
        assertThat(text).contains("\rmine    99 %").endsWith(" \r");
    }

    @Test
    void whatAnEarlierAttemptLeftDoesNotCountAsSpeed() {
        DownloadProgress progress = progress(false);
        progress.phase(Phase.DOWNLOADING, "the hub");
        download(progress, 80, 100);
        assertThat(error.toString(StandardCharsets.UTF_8))
                .contains("mine    90 %   90.0 MB of 100.0 MB   10.0 MB/s   1 s left");
    }

    private DownloadProgress progress(boolean animated) {
        PrintStream stream = new PrintStream(error, true, StandardCharsets.UTF_8);
        return new DownloadProgress("mine", new Notes(stream, animated), () -> now);
    }

    /// One megabyte each tenth of a second.
    private void download(DownloadProgress progress, int from, int to) {
        for (int megabytes = from; megabytes <= to; megabytes++) {
            progress.bytes(megabytes * MEGABYTE, OptionalLong.of(100 * MEGABYTE));
            now += 100_000_000;
        }
    }
}
