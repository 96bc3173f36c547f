package mobilellm.assembler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// What the system says about the memory of code.
@EnabledOnOs(OS.LINUX) // It tells in /proc.
final class CodeMemoryTest {
    private static final Path MAPS = Path.of("/proc/self/maps");

    @Test
    void codeIsExecutableNotWritableAndGuarded() throws Exception {
        var cpu = CpuFeatures.detect();
        assumeTrue(cpu.refusal().isEmpty(), cpu::why);
        var a = new Assembler();
        a.ret();
        long address;
        try (Arena arena = Arena.ofConfined()) {
            address = CodeMemory.install(arena, a.assemble()).address();
            assertThat(permissions(address)).contains("r-xp");
            assertThat(permissions(address - 1)).contains("---p");
            assertThat(permissions(address + GuardedPages.UNIT)).contains("---p");
        }
        assertThat(permissions(address)).isNotEqualTo(Optional.of("r-xp"));
    }

    @Test
    void pagesAreWritableBetweenGuards() throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            var pages = GuardedPages.map(arena, 5).segment();
            assertThat(pages.byteSize()).isEqualTo(GuardedPages.UNIT);
            assertThat(permissions(pages.address())).contains("rw-p");
            assertThat(permissions(pages.address() - 1)).contains("---p");
            assertThat(permissions(pages.address() + pages.byteSize())).contains("---p");
        }
    }

    @Test
    void aRefusalIsOneLineThatNamesTheCallAndTheError() {
        try (Arena arena = Arena.ofConfined()) {
            assertThatThrownBy(() -> GuardedPages.map(arena, 1L << 60))
                    .isInstanceOf(ExecutableMemoryRefused.class)
                    .hasMessage("the system refused mmap (errno 12)");
        }
    }

    private static Optional<String> permissions(long address) throws IOException {
        for (String line : Files.readAllLines(MAPS)) {
            int dash = line.indexOf('-');
            int blank = line.indexOf(' ');
            long from = Long.parseUnsignedLong(line.substring(0, dash), 16);
            long to = Long.parseUnsignedLong(line.substring(dash + 1, blank), 16);
            if (Long.compareUnsigned(from, address) <= 0 && Long.compareUnsigned(address, to) < 0) {
                return Optional.of(line.substring(blank + 1, blank + 5));
            }
        }
        return Optional.empty();
    }
}
