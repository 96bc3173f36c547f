package mobilellm.app;

import mobilellm.evaluation.task.TableReader;

import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.Stream;

/// Finds readers of tables: on the class path, or in a jar beside the program's own, or where the project builds it. The
/// program's jar holds none, because they bring libraries along.
final class TableReaders {
    private static final String JAR = "mobilellm-datasets.jar";

    private TableReaders() {}

    static List<TableReader> find() throws IOException {
        List<TableReader> present = load(TableReaders.class.getClassLoader());
        Optional<Path> jar = present.isEmpty() ? jar() : Optional.empty();
        if (jar.isEmpty()) {
            return present;
        }
        return load(
                new URLClassLoader(
                        new URL[] {url(jar.get())}, TableReaders.class.getClassLoader()));
    }

    private static List<TableReader> load(ClassLoader loader) {
        return ServiceLoader.load(TableReader.class, loader).stream()
                .map(ServiceLoader.Provider::get)
                .toList();
    }

    private static URL url(Path jar) throws MalformedURLException {
        return jar.toUri().toURL();
    }

    private static Optional<Path> jar() throws IOException {
        try {
            Path own =
                    Path.of(
                            TableReaders.class
                                    .getProtectionDomain()
                                    .getCodeSource()
                                    .getLocation()
                                    .toURI());
            return Stream.of(
                            own.resolveSibling(JAR),
                            own.resolve("../../../datasets/target/" + JAR).normalize())
                    .filter(Files::isRegularFile)
                    .findFirst();
        } catch (URISyntaxException e) {
            throw new IOException("the program does not know where its own jar is", e);
        }
    }
}
