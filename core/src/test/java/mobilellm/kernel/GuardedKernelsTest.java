package mobilellm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.testing.ChildProcess;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

import java.nio.charset.StandardCharsets;
import java.util.List;

/// Machine code is checked by nobody: here it runs between untouchable pages, in a process of its own, which dies of the first byte
/// that is read or written outside of a buffer.
class GuardedKernelsTest {
    @Test
    @DisabledOnOs(OS.WINDOWS) // no POSIX shell
    void machineCodeStaysWithinItsBuffers() throws Exception {
        String[] names =
                Kernels.usable().stream()
                        .map(KernelProvider::name)
                        .filter(name -> name.startsWith("machine:"))
                        .toArray(String[]::new);
        Assumptions.assumeTrue(names.length > 0, () -> Kernels.all().getFirst().why());
        Process process =
                ChildProcess.start("ulimit -c 0", "mobilellm.kernel.GuardedKernels", names);
        byte[] output = process.getInputStream().readAllBytes();
        List<String> lines = new String(output, StandardCharsets.UTF_8).lines().toList();
        assertThat(process.waitFor()).as("status after \"%s\"", lines.getLast()).isZero();
        assertThat(lines.getLast()).isEqualTo("done");
    }
}
