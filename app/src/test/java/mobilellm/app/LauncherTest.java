package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.APPEND;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// The launcher script beside the README, run by `sh` on a small project of its own: folders with a `release` file stand in for JDKs,
/// and their `java` prints how it was called; a script stands in for Maven.
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the launcher is a POSIX shell script")
final class LauncherTest {
    private static final List<String> TOOLS =
            List.of(
                    "sh",
                    "cat",
                    "find",
                    "grep",
                    "head",
                    "mkdir",
                    "mv",
                    "readlink",
                    "rm",
                    "rmdir",
                    "sleep",
                    "touch");
    private static final String MAVEN =
            """
            #!/bin/sh
            echo build >>builds
            while [ -e hold ]; do sleep 0.05; done
            if [ -e broken ]; then echo '[ERROR] Main.java:[3,9] not a statement'; exit 1; fi
            mkdir -p app/target
            echo built >app/target/mobilellm.jar
            """;
    private static final String JAVA =
            """
            #!/bin/sh
            echo "$0"
            pwd
            for argument; do echo "<$argument>"; done
            exit 7
            """;

    @TempDir Path folder;
    private Path project;
    private Path path;

    @BeforeEach
    void makeProject() throws IOException {
        project = Files.createDirectories(folder.resolve("my project"));
        path = Files.createDirectories(folder.resolve("bin"));
        Path script = Path.of(System.getProperty("mobilellm.project"), "mobilellm");
        Files.copy(script, project.resolve("mobilellm"));
        for (String file :
                List.of(
                        "pom.xml",
                        "core/pom.xml",
                        "app/pom.xml",
                        "core/src/main/A.java",
                        "app/src/main/Main.java")) {
            Files.createDirectories(project.resolve(file).getParent());
            Files.writeString(project.resolve(file), file);
        }
        for (String tool : TOOLS) {
            Path usual = Path.of("/usr/bin", tool);
            Path program = Files.exists(usual) ? usual : Path.of("/bin", tool);
            executable(path.resolve(tool), "#!/bin/sh\nexec %s \"$@\"\n".formatted(program));
        }
        executable(path.resolve("mvn"), MAVEN);
    }

    @Test
    void takesTheFirstJdkThatIsNewEnough() throws Exception {
        Path old = jdk("jdk 17", "17.0.15");
        Path almost = jdk("jdk 25.0.2", "25.0.2");
        Path good = jdk("jdk 25", "25.0.3");
        Path next = jdk("jdk 26", "26-ea");
        assertThat(run(Map.of("MOBILELLM_JAVA_HOME", good, "JAVA_HOME", next)).java())
                .isEqualTo(good.resolve("bin/java"));
        assertThat(run(Map.of("JAVA_HOME", next)).java()).isEqualTo(next.resolve("bin/java"));

        Files.createSymbolicLink(path.resolve("java"), good.resolve("bin/java"));
        assertThat(run(Map.of("JAVA_HOME", old)).java()).isEqualTo(good.resolve("bin/java"));
        assertThat(run(Map.of("JAVA_HOME", almost)).java()).isEqualTo(good.resolve("bin/java"));
    }

    @Test
    void refusesAnOldJdkAndSaysWhatItSaw() throws Exception {
        Path old = jdk("old", "25.0.2");
        var outcome = run(Map.of("MOBILELLM_JAVA_HOME", old));
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.err())
                .contains("error:", "25.0.3 or newer", "25.0.2  (" + old + ")", "Get one:");
        assertThat(outcome.out()).isEmpty();
    }

    @Test
    void refusesARuntimeWithoutCompiler() throws Exception {
        Path runtime = jdk("jre", "25.0.3");
        Files.delete(runtime.resolve("bin/javac"));
        var outcome = run(Map.of("MOBILELLM_JAVA_HOME", runtime));
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.err()).contains("25.0.3  (" + runtime + ", without a compiler: a JRE)");
    }

    @Test
    void passesArgumentsOptionsFolderAndStatusThrough() throws Exception {
        Path jdk = jdk("jdk", "25.0.3");
        var outcome =
                run(
                        Map.of("JAVA_HOME", jdk, "MOBILELLM_JAVA_OPTIONS", "-Xmx1g -Dkey=*"),
                        "generate",
                        "--prompt",
                        "it's \"one\" * $HOME",
                        "",
                        "two\nlines");
        assertThat(outcome.status()).isEqualTo(7);
        assertThat(outcome.lines().get(1)).isEqualTo(folder.toRealPath().toString());
        assertThat(outcome.out())
                .endsWith(
                        """
                        <-Xmx1g>
                        <-Dkey=*>
                        <-jar>
                        <%s>
                        <generate>
                        <--prompt>
                        <it's "one" * $HOME>
                        <>
                        <two
                        lines>
                        """
                                .formatted(
                                        project.toRealPath().resolve("app/target/mobilellm.jar")));
    }

    @Test
    void buildsOnFirstUseAndWhenASourceIsNewer() throws Exception {
        Map<String, Object> environment = Map.of("JAVA_HOME", jdk("jdk", "25.0.3"));
        assertThat(run(environment).err()).contains("mobilellm: building");
        assertThat(run(environment).err()).isEmpty();
        assertThat(builds()).isEqualTo(1);

        Path source = project.resolve("core/src/main/A.java");
        Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(1)));
        assertThat(run(environment).err()).contains("mobilellm: building");
        assertThat(builds()).isEqualTo(2);
    }

    @Test
    void worksThroughLinks() throws Exception {
        Path link =
                Files.createSymbolicLink(
                        path.resolve("mobilellm"), Path.of("../my project/mobilellm"));
        Path second = Files.createSymbolicLink(folder.resolve("second"), link);
        assertThat(start(second, Map.of("JAVA_HOME", jdk("jdk", "25.0.3"))).finish().status())
                .isEqualTo(7);
        assertThat(project.resolve("app/target/mobilellm.jar")).exists();
    }

    @Test
    void namesTheLogOfAFailedBuild() throws Exception {
        Files.createFile(project.resolve("broken"));
        var outcome = run(Map.of("JAVA_HOME", jdk("jdk", "25.0.3")));
        assertThat(outcome.status()).isEqualTo(1);
        Path log = project.toRealPath().resolve("target/launcher/build.log");
        assertThat(outcome.err())
                .contains("error: the build failed", "not a statement", "Full log: " + log);
        assertThat(log).content().contains("not a statement");

        Files.delete(project.resolve("broken"));
        assertThat(run(Map.of("JAVA_HOME", jdk("jdk", "25.0.3"))).status()).isEqualTo(7);
    }

    @Test
    void saysHowToGetMaven() throws Exception {
        Files.delete(path.resolve("mvn"));
        var outcome = run(Map.of("JAVA_HOME", jdk("jdk", "25.0.3")));
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.err()).contains("Maven (mvn) is not on the PATH", "apt install maven");
    }

    @Test
    void preparesAJarThatMavenMade() throws Exception {
        Map<String, Object> environment = Map.of("JAVA_HOME", jdk("jdk", "25.0.3"));
        Path jar = project.resolve("app/target/mobilellm.jar");
        Files.createDirectories(jar.getParent());
        Files.writeString(jar, "made by Maven");
        assertThat(run(environment).err()).contains("preparing faster starts");
        assertThat(run(environment).err()).isEmpty();
        assertThat(jar).hasContent("made by Maven");
        assertThat(project.resolve("builds")).doesNotExist();
    }

    @Test
    void preparesTheVectorApiWhenItIsAskedFor() throws Exception {
        Path jdk = jdk("jdk", "25.0.3");
        Files.writeString(jdk.resolve("release"), "OS_ARCH=\"x86_64\"\n", APPEND);
        Map<String, Object> environment = Map.of("JAVA_HOME", jdk);
        assertThat(run(environment).err()).contains("mobilellm: building");
        assertThat(run(environment, "generate", "--kernels", "vector").err())
                .contains("preparing faster starts");
        assertThat(run(environment, "generate", "--kernels", "vector").err()).isEmpty();
        assertThat(run(environment, "generate", "--kernels", "scalar").err()).isEmpty();
        assertThat(run(environment).err()).isEmpty();
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    void twoAtOnceBuildOnce() throws Exception {
        Map<String, Object> environment = Map.of("JAVA_HOME", jdk("jdk", "25.0.3"));
        Path hold = Files.createFile(project.resolve("hold"));
        try (var first = start(environment)) {
            assertThat(first.nextError()).contains("mobilellm: building");
            try (var second = start(environment)) {
                assertThat(second.nextError()).contains("waiting for another build");
                Files.delete(hold);
                assertThat(first.finish().status()).isEqualTo(7);
                assertThat(second.finish().status()).isEqualTo(7);
            }
        }
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    void anInterruptedBuildIsNotUsed() throws Exception {
        Map<String, Object> environment = Map.of("JAVA_HOME", jdk("jdk", "25.0.3"));
        Path hold = Files.createFile(project.resolve("hold"));
        try (var first = start(environment)) {
            assertThat(first.nextError()).contains("mobilellm: building");
            Files.createDirectories(project.resolve("app/target"));
            Files.writeString(project.resolve("app/target/mobilellm.jar"), "half a j");
            first.interrupt();
            assertThat(first.finish().status()).isEqualTo(143);
        }
        Files.delete(hold);
        assertThat(run(environment).status()).isEqualTo(7);
        assertThat(project.resolve("app/target/mobilellm.jar")).hasContent("built");
    }

    private Path jdk(String name, String version) throws IOException {
        Path jdk = folder.resolve(name);
        Files.createDirectories(jdk.resolve("bin"));
        Files.writeString(
                jdk.resolve("release"),
                "IMPLEMENTOR=\"Somebody\"\nJAVA_VERSION=\"%s\"\nOS_NAME=\"Any\"\n"
                        .formatted(version));
        executable(jdk.resolve("bin/java"), JAVA);
        executable(jdk.resolve("bin/javac"), JAVA);
        return jdk;
    }

    private static void executable(Path file, String text) throws IOException {
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private int builds() throws IOException {
        return Files.readAllLines(project.resolve("builds")).size();
    }

    private Outcome run(Map<String, ?> environment, String... arguments) throws Exception {
        try (var run = start(environment, arguments)) {
            return run.finish();
        }
    }

    private Run start(Map<String, ?> environment, String... arguments) throws IOException {
        return start(project.resolve("mobilellm"), environment, arguments);
    }

    private Run start(Path script, Map<String, ?> environment, String... arguments)
            throws IOException {
        var command = new ArrayList<>(List.of("/bin/sh", script.toString()));
        command.addAll(List.of(arguments));
        Path out = Files.createTempFile(folder, "out", ".txt");
        var builder =
                new ProcessBuilder(command).directory(folder.toFile()).redirectOutput(out.toFile());
        builder.environment().clear();
        builder.environment().put("PATH", path.toString());
        builder.environment().put("HOME", folder.toString());
        environment.forEach((name, value) -> builder.environment().put(name, value.toString()));
        Process process = builder.start();
        process.getOutputStream().close();
        return new Run(process, process.errorReader(UTF_8), out);
    }

    private record Run(Process process, BufferedReader errors, Path out) implements AutoCloseable {
        String nextError() throws IOException {
            String line = errors.readLine();
            return line == null ? "" : line;
        }

        Outcome finish() throws IOException, InterruptedException {
            String err = String.join("\n", errors.readAllLines());
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            return new Outcome(process.exitValue(), Files.readString(out), err);
        }

        /// Again, where it did not end: a shell may miss a signal that comes just before it begins to wait.
        void interrupt() throws InterruptedException {
            do {
                process.toHandle().destroy();
            } while (!process.waitFor(5, TimeUnit.SECONDS));
        }

        @Override
        public void close() {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private record Outcome(int status, String out, String err) {
        List<String> lines() {
            return out.lines().toList();
        }

        Path java() {
            return Path.of(lines().getFirst());
        }
    }
}
