package mobilellm.assembler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// What the system says about the memory of code.
@EnabledOnOs({OS.LINUX, OS.WINDOWS}) // One tells in /proc, the other when it is asked.
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
                    .hasMessageMatching(
                            "the system refused (mmap \\(errno 12|VirtualAlloc \\(GetLastError"
                                    + " \\d+)\\)");
        }
    }

    private static Optional<String> permissions(long address) throws Exception {
        return OS.current() == OS.WINDOWS ? queried(address) : listed(address);
    }

    /// As Linux would put it. `VirtualQuery` fills in a MEMORY_BASIC_INFORMATION.
    @SuppressWarnings("restricted") // It asks the system.
    private static Optional<String> queried(long address) throws ExecutableMemoryRefused {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment region = arena.allocate(48, 8);
            new SystemCalls(SymbolLookup.libraryLookup("kernel32", arena), "GetLastError")
                    .address("VirtualQuery")
                    .call(0, address, region.address(), region.byteSize());
            int state = region.get(JAVA_INT, 32);
            int protection = region.get(JAVA_INT, 36);
            return switch (state) {
                case 0x2000 -> Optional.of("---p"); // MEM_RESERVE
                case 0x10000 -> Optional.empty(); // MEM_FREE
                default ->
                        Optional.of(
                                switch (protection) {
                                    case 0x04 -> "rw-p"; // PAGE_READWRITE
                                    case 0x20 -> "r-xp"; // PAGE_EXECUTE_READ
                                    default -> "PAGE protection 0x%x".formatted(protection);
                                });
            };
        }
    }

    private static Optional<String> listed(long address) throws IOException {
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
