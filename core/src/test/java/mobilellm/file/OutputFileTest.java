package mobilellm.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.nio.charset.StandardCharsets.UTF_8;

import mobilellm.testing.ChildProcess;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

class OutputFileTest {
    private static final String SUM_OF_ABC =
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    @TempDir Path folder;

    @Test
    void appearsWholeWithItsSum() throws IOException {
        Path path = folder.resolve("file");
        try (OutputFile file = OutputFile.create(path, false)) {
            write(file, "a");
            write(file, "bc");
            assertThat(path).doesNotExist();
            OutputFile.Written written = file.commit();
            assertThat(written.bytes()).isEqualTo(3);
            assertThat(written.sha256()).isEqualTo(SUM_OF_ABC);
        }
        assertThat(path).hasContent("abc");
        assertThat(names()).containsExactly("file");
    }

    /// More than the buffer, in pieces that do not divide it.
    @Test
    void keepsTheOrderOfManyPieces() throws IOException {
        byte[] expected = new byte[3_333_333];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = (byte) (i * 7919);
        }
        try (OutputFile file = OutputFile.create(folder.resolve("file"), false)) {
            for (int at = 0; at < expected.length; at += 777_777) {
                int end = Math.min(at + 777_777, expected.length);
                file.write(MemorySegment.ofArray(Arrays.copyOfRange(expected, at, end)));
            }
            assertThat(file.commit().bytes()).isEqualTo(expected.length);
        }
        assertThat(folder.resolve("file")).hasBinaryContent(expected);
    }

    @Test
    void leavesNothingUnlessCommitted() throws IOException {
        try (OutputFile file = OutputFile.create(folder.resolve("file"), false)) {
            write(file, "abc");
        }
        assertThat(names()).isEmpty();
    }

    @Test
    void replacesOnlyWhenTold() throws IOException {
        Path path = Files.writeString(folder.resolve("file"), "old");
        assertThatThrownBy(() -> OutputFile.create(path, false))
                .isInstanceOf(FileAlreadyExistsException.class)
                .hasMessageContaining("is there already");
        try (OutputFile file = OutputFile.create(path, true)) {
            write(file, "new");
            assertThat(path).hasContent("old");
            file.commit();
        }
        assertThat(path).hasContent("new");
        assertThat(names()).containsExactly("file");
    }

    @Test
    void doesNotReplaceAFileThatAppearsMeanwhile() throws IOException {
        Path path = folder.resolve("file");
        try (OutputFile file = OutputFile.create(path, false)) {
            Files.writeString(path, "somebody else's");
            assertThatThrownBy(file::commit).isInstanceOf(FileAlreadyExistsException.class);
        }
        assertThat(path).hasContent("somebody else's");
        assertThat(names()).containsExactly("file");
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "links need a privilege there")
    void refusesToReplaceItsSource() throws IOException {
        Path path = Files.writeString(folder.resolve("file"), "source");
        Path link = Files.createSymbolicLink(folder.resolve("link"), path);
        Path twin = Files.createLink(folder.resolve("twin"), path);
        for (Path target : List.of(path, link, twin)) {
            assertThatThrownBy(() -> OutputFile.create(target, true, path))
                    .isInstanceOf(FileSystemException.class)
                    .hasMessageContaining("is the file that is read");
        }
        try (OutputFile file = OutputFile.create(link, true)) {
            write(file, "new");
            file.commit();
        }
        assertThat(link).isSymbolicLink().hasContent("new");
        assertThat(twin).hasContent("source");
        assertThat(names()).containsExactly("file", "link", "twin");
    }

    @Test
    void refusesPlacesWhereNoFileCanBe() {
        assertThatThrownBy(() -> OutputFile.create(folder, true))
                .hasMessageContaining("is a directory");
        assertThatThrownBy(() -> OutputFile.create(folder.resolve("none/file"), true))
                .hasMessageContaining("there is no such folder");
    }

    /// A limit on the size of files stands for a full disk: both end in an error of the write itself.
    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "ulimit is a shell's")
    void fullDiskLeavesTheOldFileAlone() throws IOException, InterruptedException {
        Path path = Files.writeString(folder.resolve("file"), "old");
        Process process = start("ulimit -f 4096", path, "64");
        try (BufferedReader output = process.inputReader()) {
            assertThat(output.readLine())
                    .startsWith(path + ": could not be written beyond byte ")
                    .endsWith("nothing of it was kept");
        }
        assertThat(process.waitFor()).isEqualTo(1);
        assertThat(path).hasContent("old");
        assertThat(names()).containsExactly("file");
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there are no signals")
    void interruptLeavesTheOldFileAloneAndTheNextRunWorks()
            throws IOException, InterruptedException {
        Path path = Files.writeString(folder.resolve("file"), "old");
        Process process = start("true", path, "0");
        try (BufferedReader output = process.inputReader()) {
            assertThat(output.readLine()).isEqualTo("written");
            assertThat(names()).hasSize(2);
            ChildProcess.interrupt(process);
            assertThat(process.waitFor()).isEqualTo(130);
        }
        assertThat(path).hasContent("old");
        assertThat(names()).containsExactly("file");
        assertThat(start("true", path, "3").waitFor()).isZero();
        assertThat(path).hasSize(3 << 20);
        assertThat(names()).containsExactly("file");
    }

    private static Process start(String before, Path file, String megabytes) throws IOException {
        return ChildProcess.start(
                before, "mobilellm.file.OutputProcess", file.toString(), megabytes);
    }

    private static void write(OutputFile file, String text) throws IOException {
        file.write(MemorySegment.ofArray(text.getBytes(UTF_8)));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }
}
