package mobilellm;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// Holds the code to the table of packages in docs/architecture.md.
@TestInstance(TestInstance.Lifecycle.PER_CLASS) // The classes are read once.
final class ArchitectureTest {
    private static final String ROOT = "mobilellm";
    private static final Pattern ROW =
            Pattern.compile("\\| (?:`(\\w+)`|\\(root\\)) \\|.*\\| here \\|");

    private final List<String> order = order();
    private final List<JavaClass> classes =
            List.copyOf(
                    new ClassFileImporter()
                            .withImportOption(new ImportOption.DoNotIncludeTests())
                            .importPackages(ROOT));

    @Test
    void theTableListsThePackagesThatExist() {
        var packages = new TreeSet<String>();
        classes.forEach(type -> packages.add(line(type)));
        assertThat(order).containsExactlyInAnyOrderElementsOf(packages);
    }

    @Test
    void aPackageImportsOnlyFromTheLinesAbove() {
        var violations = new ArrayList<String>();
        for (JavaClass type : classes) {
            for (var dependency : type.getDirectDependenciesFromSelf()) {
                JavaClass target = dependency.getTargetClass().getBaseComponentType();
                if (isOurs(target) && order.indexOf(line(target)) > order.indexOf(line(type))) {
                    violations.add(dependency.getDescription());
                }
            }
        }
        assertThat(violations).isEmpty();
    }

    private static boolean isOurs(JavaClass type) {
        return type.getPackageName().equals(ROOT) || type.getPackageName().startsWith(ROOT + ".");
    }

    /// The line of the table that a class belongs to: the first name below the root, or the root itself.
    private static String line(JavaClass type) {
        String[] names = type.getPackageName().split("\\.", -1);
        return names.length == 1 ? ROOT : names[1];
    }

    private static List<String> order() {
        var order = new ArrayList<String>();
        try {
            for (String line :
                    Files.readAllLines(
                            Path.of(
                                    System.getProperty("mobilellm.project"),
                                    "docs/architecture.md"))) {
                var row = ROW.matcher(line);
                if (row.matches()) {
                    order.add(row.group(1) == null ? ROOT : row.group(1));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return order;
    }
}
