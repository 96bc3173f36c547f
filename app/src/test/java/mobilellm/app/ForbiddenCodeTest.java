package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import mobilellm.kernel.Kernels;
import mobilellm.testing.ChildProcess;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/// Where machine code is forbidden - here by Java itself, told to refuse native access - other kernels compute, and one line says so.
@DisabledOnOs(OS.WINDOWS) // no POSIX shell
class ForbiddenCodeTest {
    private static final String DENY =
            "exec 2>&1; export JDK_JAVA_OPTIONS=--illegal-native-access=deny";

    @TempDir Path folder;

    @Test
    void otherKernelsComputeAndOneLineSaysSo() throws Exception {
        assumeTrue(Kernels.best().name().equals("machine"), () -> Kernels.best().why());
        List<String> lines = generate();
        assertThat(lines.stream().filter(line -> line.contains("machine code")))
                .singleElement()
                .asString()
                .startsWith("machine code may not run here (Java cannot call")
                .endsWith("kernels 'scalar' compute, slowly; --kernels vector is faster");
        assertThat(generate("--kernels", "scalar"))
                .noneMatch(line -> line.contains("machine code"));
        assertThat(generate("--kernels", "machine"))
                .anyMatch(line -> line.startsWith("error:") && line.contains("machine"));
    }

    private List<String> generate(String... options) throws IOException {
        String model = TinyModel.write(folder.resolve("tiny.gguf")).toString();
        Process process =
                ChildProcess.start(
                        DENY,
                        "mobilellm.app.Main",
                        TestArguments.of(
                                "generate",
                                model,
                                TestArguments.of("--ids=1,2", "--max-tokens=2", options)));
        byte[] output = process.getInputStream().readAllBytes();
        return new String(output, StandardCharsets.UTF_8).lines().toList();
    }
}
