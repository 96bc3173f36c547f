package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.hub.ModelStore;
import mobilellm.hub.StoredModel;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;

/// `pull`, `list` and `rm`, and how the other verbs find their model. Nothing here leaves the machine.
class StoreVerbsTest {
    @TempDir Path folder;
    private Path home = Path.of("");
    private Path file = Path.of("");
    private Shell shell = new Shell();

    @BeforeEach
    void separateHome() throws IOException {
        home = folder.resolve("home");
        file = TinyModel.write(folder.resolve("tiny.gguf"));
        shell = new Shell().with("MOBILELLM_HOME", home.toString()).with("HF_HUB_OFFLINE", "1");
    }

    @Test
    void anEmptyStoreListsNothingAndTellsHowToFillIt() {
        Shell.Result result = shell.run("list");
        assertThat(result.exitCode()).isZero();
        assertThat(result.output()).isEmpty();
        assertThat(result.error()).contains("mobilellm pull smollm2:135m").hasLineCount(1);
        assertThat(shell.run("list", "--quiet").error()).isEmpty();
    }

    @Test
    void aFileWhereTheStoreShouldBeIsNamed() throws IOException {
        Files.writeString(home, "not a folder");
        Shell.Result result = shell.run("list");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.error())
                .isEqualTo(
                        "error: %s: is no folder, expected that of the model store\n"
                                .formatted(home));
    }

    @Test
    void listsOneModelALine() throws IOException {
        StoredModel model = store("mine:tiny");
        store("mine:other");
        assertThat(shell.run("list").output().lines())
                .satisfiesExactly(
                        line -> assertThat(line).startsWith("mine:other  "),
                        line ->
                                assertThat(line)
                                        .startsWith("mine:tiny   ")
                                        .contains(Text.bytes(model.bytes()))
                                        .contains(model.sha256().substring(0, 12))
                                        .endsWith("a test"));
    }

    @Test
    void listsJsonLines() throws IOException {
        StoredModel model = store("mine:tiny");
        assertThat(shell.run("list", "--json").json())
                .isEqualTo(
                        Map.of(
                                "name",
                                "mine:tiny",
                                "path",
                                model.path().toString(),
                                "bytes",
                                (int) model.bytes(),
                                "sha256",
                                model.sha256(),
                                "source",
                                "a test"));
    }

    @Test
    void removesAModel() throws IOException {
        StoredModel model = store("mine:tiny");
        Shell.Result result = shell.run("rm", "mine:tiny");
        assertThat(result.exitCode()).isZero();
        assertThat(result.output()).startsWith("mine:tiny");
        assertThat(model.path()).doesNotExist();
        assertThat(shell.run("list", "--quiet").output()).isEmpty();
    }

    @Test
    void removingWhatIsNotThereFailsAndNamesWhatIs() throws IOException {
        store("mine:tiny");
        Shell.Result result = shell.run("rm", "mine:tinny");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.output()).isEmpty();
        assertThat(result.error()).startsWith("error: ").contains("mine:tinny", "mine:tiny");
    }

    @Test
    void pullingAnUnknownNameFails() {
        Shell.Result result = shell.run("pull", "nobody:knows");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.output()).isEmpty();
        assertThat(result.error()).startsWith("error: ").contains("nobody:knows").hasLineCount(1);
    }

    @Test
    void pullingWithoutANetworkFails() {
        Shell.Result result = shell.run("pull", "smollm2:135m");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.error()).startsWith("error: ").contains("HF_HUB_OFFLINE");
    }

    @Test
    void pullNeedsAName() {
        Shell.Result result = shell.run("pull");
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.error()).startsWith("error: ").contains("NAME");
    }

    @Test
    void theOnlyStoredModelIsTheOneMeant() throws IOException {
        store("mine:tiny");
        assertThat(shell.run("info", "--json").json()).containsEntry("name", "mine:tiny");
    }

    @Test
    void aStoredModelIsFoundByName() throws IOException {
        store("mine:tiny");
        store("mine:other");
        assertThat(shell.run("info", "mine:tiny", "--json").json())
                .containsEntry("name", "mine:tiny");
    }

    @Test
    void theVariableNamesTheModel() throws IOException {
        store("mine:tiny");
        shell.with("MOBILELLM_MODEL", file.toString());
        assertThat(shell.run("info", "--json").json()).containsEntry("path", file.toString());
    }

    @Test
    void aDirectoryWithOneFileIsAModel() throws IOException {
        Path directory = Files.createDirectory(folder.resolve("model"));
        TinyModel.write(directory.resolve("tiny.gguf"));
        assertThat(shell.run("info", directory.toString(), "--json").json())
                .containsEntry("layers", TinyModel.LAYERS);
    }

    @Test
    void anUnknownModelIsAnErrorThatNamesTheKnownOnes() {
        Shell.Result result = shell.run("info", "smolm");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.error())
                .startsWith("error: there is no model 'smolm'")
                .contains("smollm2:135m")
                .hasLineCount(1);
    }

    @Test
    void aMissingFileIsAnErrorThatNamesIt() {
        String missing = folder.resolve("missing.gguf").toString();
        Shell.Result result = shell.run("info", missing);
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.error()).contains(missing, "no such file or directory");
    }

    @Test
    void withoutATerminalNothingIsDownloadedUnasked() {
        Shell online = new Shell().with("MOBILELLM_HOME", home.toString());
        Shell.Result result = online.run("info");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.output()).isEmpty();
        assertThat(result.error())
                .startsWith("error: the model smollm2:135m")
                .contains("mobilellm pull smollm2:135m", "--yes")
                .hasLineCount(1);
    }

    @Test
    void onATerminalAQuestionComesFirst() {
        Shell.Result refused = shell.onTerminal().input("n\n").run("info", "smollm2:135m");
        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.error())
                .startsWith("Download smollm2:135m (")
                .contains("[Y/n]", "error: ", "nothing was downloaded");
        Shell.Result agreed = shell.input("\n").run("info", "smollm2:135m");
        assertThat(agreed.exitCode()).isEqualTo(1);
        assertThat(agreed.error()).contains("HF_HUB_OFFLINE");
    }

    @Test
    void yesNeedsNoQuestion() {
        Shell.Result result = shell.run("info", "smollm2:135m", "--yes");
        assertThat(result.error()).doesNotContain("[Y/n]").contains("HF_HUB_OFFLINE");
    }

    private StoredModel store(String name) throws IOException {
        return new ModelStore(home).add(name, file, sha256(file), "a test");
    }

    private static String sha256(Path file) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(Files.readAllBytes(file)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    @Test
    void withoutANetworkTheBuiltInModelAnswers() {
        Shell.Result result =
                shell.run("generate", "--prompt", "Once upon a time", "--max-tokens", "3");
        assertThat(result.exitCode()).isZero();
        assertThat(result.output()).isNotBlank();
        assertThat(result.error())
                .contains("downloads are switched off")
                .contains("built-in model 'tiny', which only tells simple stories");
        assertThat(shell.run("info").error())
                .as("that it is in the store does not make it the default")
                .contains("downloads are switched off");
        assertThat(shell.run("info", "tiny").output())
                .contains("Tells simple stories in simple English; it knows nothing.");
    }
}
