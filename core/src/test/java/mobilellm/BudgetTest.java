package mobilellm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/// Limits that keep the project small enough to be read.
final class BudgetTest {
    private static final int MAXIMUM_LINES = 600;

    /// 17 MB of it are the built-in model, which every start without a network needs and which does not compress.
    private static final long MAXIMUM_JAR_BYTES = 27_000_000;

    private static final Set<String> SOURCES =
            Set.of("java", "sh", "mjs", "cmd", "mobilellm", "run");
    private static final Set<String> TEXTS =
            Set.of("md", "xml", "json", "jsonl", "txt", "properties");

    /// Where packages come from is for the user's own package manager to know. (Joined, so that this file passes.)
    private static final List<String> FORBIDDEN =
            List.of(
                    String.join(".", "maven", "apache", "org/maven2"),
                    String.join(".", "pypi", "org"),
                    String.join(".", "pythonhosted", "org"),
                    String.join(".", "npmjs", "org"),
                    String.join(".", "crates", "io"),
                    String.join(".", "proxy", "golang", "org"));

    private final Path project = Path.of(System.getProperty("mobilellm.project"));

    @Test
    void noSourceFileIsTooLongToRead() throws IOException {
        var tooLong = new ArrayList<String>();
        for (Path file : files(SOURCES)) {
            int lines = Files.readAllLines(file).size();
            if (lines > MAXIMUM_LINES) {
                tooLong.add(project.relativize(file) + ": " + lines);
            }
        }
        assertThat(tooLong).as("source files of more than %d lines", MAXIMUM_LINES).isEmpty();
    }

    @Test
    void everyPackageIsNullMarkedAndDescribed() throws IOException {
        var folders = new TreeSet<Path>();
        for (Path file : files(Set.of("java"))) {
            if (file.toString().contains("src" + file.getFileSystem().getSeparator() + "main")
                    && !file.endsWith("module-info.java")) {
                folders.add(file.resolveSibling("package-info.java"));
            }
        }
        assertThat(folders)
                .isNotEmpty()
                .allSatisfy(
                        info -> assertThat(info).content().contains("@NullMarked").contains("///"));
    }

    @Test
    void noFileNamesAPackageRegistry() throws IOException {
        var found = new ArrayList<String>();
        var kinds = new TreeSet<>(SOURCES);
        kinds.addAll(TEXTS);
        for (Path file : files(kinds)) {
            String text = Files.readString(file).toLowerCase(Locale.ROOT);
            FORBIDDEN.stream()
                    .filter(text::contains)
                    .forEach(word -> found.add(project.relativize(file) + ": " + word));
        }
        assertThat(found).isEmpty();
    }

    @Test
    void theJarStaysSmall() throws IOException {
        Path jar = project.resolve("app/target/mobilellm.jar");
        if (Files.exists(jar)) {
            assertThat(Files.size(jar)).as("bytes of %s", jar).isLessThan(MAXIMUM_JAR_BYTES);
        }
    }

    /// Files whose ending (or whole name, where there is none) is one of these; build output left out.
    private List<Path> files(Set<String> kinds) throws IOException {
        var files = new ArrayList<Path>();
        Files.walkFileTree(
                project,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(
                            Path folder, BasicFileAttributes attributes) {
                        Set<String> skipped = Set.of("target", ".git", ".idea", ".vscode");
                        return skipped.contains(folder.getFileName().toString())
                                ? FileVisitResult.SKIP_SUBTREE
                                : FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                        String name = file.getFileName().toString();
                        if (attributes.isRegularFile()
                                && kinds.contains(name.substring(name.lastIndexOf('.') + 1))) {
                            files.add(file);
                        }
                        return FileVisitResult.CONTINUE;
                    }
                });
        return files;
    }
}
