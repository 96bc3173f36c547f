import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/// Copies a jar, and gives classes of the time before Java 6 the stack maps of today: `java dev/StackMaps.java FROM TO`.
///
/// Picocli is compiled for Java 5. Without stack maps the JVM verifies it by the old, slow method at every start and keeps none of
/// its 228 classes in an AOT cache; a start with it takes 0.08 s of processor time more.
final class StackMaps {
    /// The first class file version whose classes an AOT cache keeps.
    private static final int WITH_STACK_MAPS = ClassFile.JAVA_6_VERSION;

    private static final int MAJOR_VERSION_AT = 6;

    private StackMaps() {}

    public static void main(String[] arguments) throws IOException {
        try (ZipFile from = new ZipFile(arguments[0]);
                ZipOutputStream to =
                        new ZipOutputStream(Files.newOutputStream(Path.of(arguments[1])))) {
            ClassFile classes =
                    ClassFile.of(
                            ClassFile.StackMapsOption.GENERATE_STACK_MAPS,
                            ClassFile.DeadCodeOption.PATCH_DEAD_CODE,
                            ClassFile.ClassHierarchyResolverOption.of(hierarchy(from)));
            for (ZipEntry entry : Collections.list(from.entries())) {
                byte[] bytes = from.getInputStream(entry).readAllBytes();
                if (entry.getName().endsWith(".class") && isOld(bytes)) {
                    bytes = modern(classes, bytes);
                }
                ZipEntry copy = new ZipEntry(entry.getName());
                copy.setTime(entry.getTime());
                to.putNextEntry(copy);
                to.write(bytes);
                to.closeEntry();
            }
        }
    }

    private static ClassHierarchyResolver hierarchy(ZipFile jar) {
        return ClassHierarchyResolver.ofResourceParsing(
                        name -> {
                            String descriptor = name.descriptorString();
                            String path = descriptor.substring(1, descriptor.length() - 1) + ".class";
                            ZipEntry entry = jar.getEntry(path);
                            try {
                                return entry == null
                                        ? null
                                        : new ByteArrayInputStream(
                                                jar.getInputStream(entry).readAllBytes());
                            } catch (IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        })
                .orElse(ClassHierarchyResolver.defaultResolver());
    }

    private static boolean isOld(byte[] bytes) {
        int major = (bytes[MAJOR_VERSION_AT] & 0xff) << 8 | (bytes[MAJOR_VERSION_AT + 1] & 0xff);
        return major < WITH_STACK_MAPS;
    }

    private static byte[] modern(ClassFile classes, byte[] bytes) {
        ClassTransform code = ClassTransform.transformingMethodBodies((to, element) -> to.with(element));
        ClassTransform version =
                (to, element) -> {
                    if (element instanceof ClassFileVersion) {
                        to.withVersion(ClassFile.JAVA_17_VERSION, 0);
                    } else {
                        to.with(element);
                    }
                };
        return classes.transformClass(classes.parse(bytes), code.andThen(version));
    }
}
