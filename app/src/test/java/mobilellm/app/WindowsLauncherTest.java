package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.TestAbortedException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// The launcher for Windows, run by Wine's `cmd` on a small project of its own, as [LauncherTest] runs the other one. Wine starts
/// scripts of Unix as if they were programs of Windows: they stand in for java, and print how it was called.
///
/// Wine before version 9 knows too little of `cmd`. System property `mobilellm.wine` names one that is not on the PATH.
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "scripts of Unix stand in for java")
@Timeout(180)
final class WindowsLauncherTest {
    private static final int FIRST_GOOD_WINE = 9;
    private static final String JAVA =
            """
            #!/bin/sh
            printf '%s\\n' "$0"
            for argument; do printf '<%s>\\n' "$argument"; done
            echo end
            """;
    private static final String MAVEN =
            """
            @echo off
            echo with %JAVA_HOME%>>builds
            :hold
            if exist hold (
                ping -n 2 127.0.0.1 >nul
                goto hold
            )
            if exist broken (
                echo [ERROR] Main.java:[3,9] not a statement
                exit /b 1
            )
            if not exist app\\target mkdir app\\target
            echo built>app\\target\\mobilellm.jar
            """;
    private static final List<String> SOURCES =
            List.of(
                    "pom.xml",
                    "core/pom.xml",
                    "app/pom.xml",
                    "core/src/main/A.java",
                    "app/src/main/Main.java");

    private final String wine = System.getProperty("mobilellm.wine", "wine");

    @TempDir Path folder;
    private Path project;
    private Path path;

    @BeforeEach
    void makeProject() throws Exception {
        assumeWine();
        project = Files.createDirectories(folder.resolve("my (project)"));
        path = Files.createDirectories(folder.resolve("bin"));
        Files.copy(
                Path.of(System.getProperty("mobilellm.project"), "mobilellm.cmd"),
                project.resolve("mobilellm.cmd"));
        for (String file : SOURCES) {
            Files.createDirectories(project.resolve(file).getParent());
            Files.writeString(project.resolve(file), file);
        }
        Files.writeString(path.resolve("mvn.cmd"), MAVEN.replace("\n", "\r\n"));
    }

    @Test
    void takesTheFirstJdkThatIsNewEnough() throws Exception {
        String old = windows(jdk("jdk 17", "17.0.15"));
        Path good = jdk("jdk (25)", "25.0.3");
        String next = windows(jdk("jdk 26", "26-ea"));
        assertThat(java(Map.of("MOBILELLM_JAVA_HOME", windows(good), "JAVA_HOME", next)))
                .contains("jdk (25)", "app\\target\\mobilellm.jar>");
        assertThat(java(Map.of("JAVA_HOME", next))).contains("jdk 26");
        String bin = windows(good.resolve("bin"));
        assertThat(java(Map.of("JAVA_HOME", old, "WINEPATH", bin))).contains("jdk (25)");
    }

    @Test
    void refusesWhatIsOldOrHasNoCompilerAndSaysWhatItSaw() throws Exception {
        Path old = jdk("old (1)", "25.0.2");
        Path runtime = jdk("jre", "25.0.3");
        Files.delete(runtime.resolve("bin/javac.exe"));
        Outcome first = run(Map.of("MOBILELLM_JAVA_HOME", windows(old)));
        assertThat(first.status()).isEqualTo(1);
        assertThat(first.err())
                .contains(
                        "error: MOBILELLM_JAVA_HOME names no JDK 25.0.3 or newer",
                        "25.0.2  (\"" + windows(old) + "\")",
                        "Get one:");
        Outcome second =
                run(Map.of("JAVA_HOME", windows(runtime), "WINEPATH", windows(old.resolve("bin"))));
        assertThat(second.status()).isEqualTo(1);
        assertThat(second.err())
                .contains(
                        "error: no JDK 25.0.3 or newer found",
                        "25.0.3  (\"" + windows(runtime) + "\", without a compiler: a JRE)",
                        "25.0.2  (");
        assertThat(first.out() + second.out()).isEmpty();
    }

    @Test
    void passesArgumentsAndOptionsThrough() throws Exception {
        var environment =
                Map.of(
                        "JAVA_HOME",
                        windows(jdk("jdk", "25.0.3")),
                        "MOBILELLM_JAVA_OPTIONS",
                        "-Xmx1g -Dkey=value");
        List<String> arguments =
                List.of(
                        "--prompt",
                        "it's (100%) ! & %PATH% | ^ <two> ",
                        "",
                        "é 東京",
                        "*",
                        "C:\\a folder\\");
        String out = java(environment, arguments.toArray(String[]::new));
        assertThat(out)
                .contains("<-Xmx1g>\n<-Dkey=value>\n<-jar>\n")
                .endsWith("mobilellm.jar>\n<" + String.join(">\n<", arguments) + ">\nend\n");
    }

    @Test
    void choosesTheOptionsThatTheKernelsNeed() throws Exception {
        var environment = Map.of("JAVA_HOME", windows(jdk("jdk", "25.0.3")));
        assertThat(java(environment, "info")).contains("TieredStopAtLevel");
        assertThat(java(environment, "convert")).doesNotContain("TieredStopAtLevel");
        assertThat(java(environment, "bench", "--kernels", "scalar,vector"))
                .contains("<--add-modules=jdk.incubator.vector>")
                .doesNotContain("TieredStopAtLevel");
        assertThat(java(environment, "generate", "--prompt", "of kernels", "--kernels=scalar"))
                .doesNotContain("jdk.incubator.vector", "TieredStopAtLevel");
    }

    @Test
    void buildsOnFirstUseAndWhenSourcesHaveChanged() throws Exception {
        Path jdk = jdk("jdk", "25.0.3");
        var environment = Map.of("JAVA_HOME", windows(jdk));
        assertThat(run(environment).err()).contains("mobilellm: building");
        assertThat(run(environment).err()).isEmpty();
        Files.writeString(project.resolve("core/src/main/A.java"), "another text");
        assertThat(run(environment).err()).contains("mobilellm: building");
        Files.delete(project.resolve("app/src/main/Main.java"));
        assertThat(run(environment).err()).contains("mobilellm: building");
        assertThat(builds()).hasSize(3).containsOnly("with " + windows(jdk));

        Files.writeString(project.resolve("app/target/mobilellm.jar"), "made by Maven");
        assertThat(run(environment).err()).contains("preparing faster starts");
        assertThat(run(environment).err()).isEmpty();
        assertThat(builds()).hasSize(3);
    }

    @Test
    void preparesTheVectorApiWhenItIsAskedFor() throws Exception {
        var environment = Map.of("JAVA_HOME", windows(jdk("jdk", "25.0.3")));
        assertThat(run(environment).err()).contains("mobilellm: building");
        assertThat(run(environment, "generate", "--kernels", "vector").err())
                .contains("preparing faster starts");
        assertThat(run(environment, "generate", "--kernels", "vector").err()).isEmpty();
        assertThat(run(environment, "generate", "--kernels", "scalar").err()).isEmpty();
        assertThat(run(environment).err()).isEmpty();
        assertThat(builds()).hasSize(1);
    }

    @Test
    void saysWhyThereIsNoBuild() throws Exception {
        var environment = Map.of("JAVA_HOME", windows(jdk("jdk", "25.0.3")));
        Files.createFile(project.resolve("broken"));
        Outcome broken = run(environment);
        assertThat(broken.status()).isEqualTo(1);
        assertThat(broken.err())
                .contains("error: the build failed", "not a statement", "Full log: ", "build.log");
        Files.delete(project.resolve("broken"));
        Files.delete(path.resolve("mvn.cmd"));
        Outcome noMaven = run(environment);
        assertThat(noMaven.status()).isEqualTo(1);
        assertThat(noMaven.err()).contains("error: Maven (mvn) is not on the PATH");
        assertThat(broken.out() + noMaven.out()).isEmpty();
    }

    @Test
    void twoAtOnceBuildOnce() throws Exception {
        var environment = Map.of("JAVA_HOME", windows(jdk("jdk", "25.0.3")));
        Path hold = Files.createFile(project.resolve("hold"));
        Process first = start("first", environment);
        await("first.err", "building");
        Process second = start("second", environment);
        await("second.err", "waiting for another build");
        Files.delete(hold);
        await("first.out", "mobilellm.jar>");
        await("second.out", "mobilellm.jar>");
        finish("first", first);
        finish("second", second);
        assertThat(builds()).hasSize(1);
    }

    /// Looks a hundred times a second: a pipe would stay open as long as Wine's server runs.
    private void await(String file, String words) throws IOException {
        while (!Files.readString(folder.resolve(file)).contains(words)) {
            assertThat(Thread.interrupted()).as("timed out").isFalse();
            LockSupport.parkNanos(10_000_000);
        }
    }

    private void assumeWine() throws Exception {
        String version = "";
        try {
            Process process = new ProcessBuilder(wine, "--version").start();
            version = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
        } catch (IOException _) {
            // There is none.
        }
        String major = version.replaceFirst("^wine-(\\d+).*", "$1");
        if (!major.matches("\\d{1,3}") || Integer.parseInt(major) < FIRST_GOOD_WINE) {
            String reason =
                    "skipped: no Wine %d or newer at %s (%s); system property mobilellm.wine names it"
                            .formatted(FIRST_GOOD_WINE, wine, version);
            System.out.println(reason);
            throw new TestAbortedException(reason);
        }
    }

    private static String windows(Path file) {
        return "Z:" + file.toString().replace('/', '\\');
    }

    private Path jdk(String name, String version) throws IOException {
        Path jdk = folder.resolve(name);
        Files.createDirectories(jdk.resolve("bin"));
        Files.writeString(
                jdk.resolve("release"),
                "JAVA_VERSION=\"%s\"\r\nOS_ARCH=\"x86_64\"\r\n".formatted(version));
        for (String program : List.of("java.exe", "javac.exe")) {
            Path file = jdk.resolve("bin").resolve(program);
            Files.writeString(file, JAVA);
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        return jdk;
    }

    private List<String> builds() throws IOException {
        return Files.readAllLines(project.resolve("builds"));
    }

    /// A run that starts java. Wine does not wait for scripts: what they print may come after the end of `cmd`.
    private String java(Map<String, String> environment, String... arguments) throws Exception {
        Process process = start("java", environment, arguments);
        await("java.out", "end\n");
        return finish("java", process).out();
    }

    private Outcome run(Map<String, String> environment, String... arguments) throws Exception {
        return finish("run", start("run", environment, arguments));
    }

    private Process start(String name, Map<String, String> environment, String... arguments)
            throws IOException {
        var command = new ArrayList<>(List.of(wine, "cmd", "/c", "mobilellm.cmd"));
        command.addAll(List.of(arguments));
        var builder =
                new ProcessBuilder(command)
                        .directory(project.toFile())
                        .redirectOutput(folder.resolve(name + ".out").toFile())
                        .redirectError(folder.resolve(name + ".err").toFile());
        List.of("JAVA_HOME", "MOBILELLM_JAVA_HOME", "MOBILELLM_JAVA_OPTIONS")
                .forEach(builder.environment().keySet()::remove);
        builder.environment().put("LC_ALL", "C.UTF-8");
        builder.environment().put("WINEDEBUG", "-all");
        environment.forEach(builder.environment()::put);
        builder.environment().merge("WINEPATH", windows(path), (java, maven) -> java + ";" + maven);
        Process process = builder.start();
        process.getOutputStream().close();
        return process;
    }

    private Outcome finish(String name, Process process) throws Exception {
        assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
        return new Outcome(
                process.exitValue(),
                Files.readString(folder.resolve(name + ".out")).replace("\r", ""),
                // What Wine says before it starts anything is no line of the launcher's.
                Files.readString(folder.resolve(name + ".err"))
                        .replaceAll("(?m)^.*XDG_RUNTIME_DIR.*\\R", ""));
    }

    private record Outcome(int status, String out, String err) {}
}
