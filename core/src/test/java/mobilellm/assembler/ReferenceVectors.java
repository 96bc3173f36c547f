package mobilellm.assembler;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BinaryOperator;
import java.util.function.IntUnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/// What GNU `as` makes of every case: asked by `main`, stored, and read by the test.
final class ReferenceVectors {
    private static final String RESOURCE = "encodings.txt.gz";
    private static final Pattern ERROR = Pattern.compile("[^:]*:(\\d+): Error: .*");

    private ReferenceVectors() {}

    /// For each form the bytes of its cases; `-` is an instruction that `as` refuses.
    static Map<String, List<String>> stored() {
        var vectors = new LinkedHashMap<String, List<String>>();
        try (var in = ReferenceVectors.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException(
                        "no resource " + RESOURCE + "; run dev/assembler-vectors.sh");
            }
            var previous = new HashMap<String, List<String>>();
            try (var lines =
                    new BufferedReader(
                            new InputStreamReader(
                                    new GZIPInputStream(in), StandardCharsets.US_ASCII))) {
                lines.lines()
                        .forEach(
                                line -> {
                                    int tab = line.indexOf('\t');
                                    String form = line.substring(0, tab);
                                    List<String> bytes =
                                            List.of(line.substring(tab + 1).split(" ", -1));
                                    var base = previous.getOrDefault(operands(form), bytes);
                                    bytes = combine(base, bytes, ReferenceVectors::restored);
                                    previous.put(operands(form), bytes);
                                    vectors.put(form, bytes);
                                });
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return vectors;
    }

    private static final class Smallest extends GZIPOutputStream {
        Smallest(OutputStream out) throws IOException {
            super(out);
            def.setLevel(Deflater.BEST_COMPRESSION);
        }
    }

    /// Arguments: a folder for intermediate files, and the folder of resources to write to.
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path folder = Path.of(arguments[0]);
        var texts = new ArrayList<String>();
        List<Form> forms = Form.all();
        for (Form form : forms) {
            EncodingSweep.of(form).forEach(one -> texts.addAll(one.texts()));
        }
        List<String> encoded = assemble(folder, texts);
        var next = encoded.iterator();
        var previous = new HashMap<String, List<String>>();
        Path target = Path.of(arguments[1], "mobilellm", "assembler", RESOURCE);
        Files.createDirectories(target.getParent());
        try (var out = new Smallest(Files.newOutputStream(target))) {
            for (Form form : forms) {
                var bytes = new ArrayList<String>();
                for (EncodingSweep.Case one : EncodingSweep.of(form)) {
                    String accepted = "-";
                    for (int i = 0; i < one.texts().size(); i++) {
                        String text = next.next();
                        accepted = text.equals("-") ? accepted : text;
                    }
                    bytes.add(accepted);
                }
                String operands = operands(form.toString());
                List<String> shortened =
                        combine(
                                previous.getOrDefault(
                                        operands, bytes.stream().map(_ -> "").toList()),
                                bytes,
                                ReferenceVectors::shortened);
                previous.put(operands, bytes);
                String line = form + "\t" + String.join(" ", shortened) + "\n";
                out.write(line.getBytes(StandardCharsets.US_ASCII));
            }
        }
        System.out.printf(
                "%d forms, %d instructions, %d bytes%n",
                forms.size(), texts.size(), Files.size(target));
    }

    /// Forms with the same operands differ in a few digits: the others are stored as dots.
    private static String shortened(String previous, String bytes) {
        return previous.length() == bytes.length()
                ? digits(bytes, i -> bytes.charAt(i) == previous.charAt(i) ? '.' : bytes.charAt(i))
                : bytes;
    }

    private static String restored(String previous, String bytes) {
        return digits(bytes, i -> bytes.charAt(i) == '.' ? previous.charAt(i) : bytes.charAt(i));
    }

    private static String digits(String like, IntUnaryOperator digit) {
        return IntStream.range(0, like.length())
                .map(digit)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    private static String operands(String form) {
        return form.substring(form.indexOf('['));
    }

    private static List<String> combine(
            List<String> previous, List<String> bytes, BinaryOperator<String> combination) {
        var combined = new ArrayList<String>();
        for (int i = 0; i < bytes.size(); i++) {
            combined.add(combination.apply(previous.get(i), bytes.get(i)));
        }
        return combined;
    }

    private static List<String> assemble(Path folder, List<String> texts)
            throws IOException, InterruptedException {
        Set<Integer> refused = refused(folder, texts);
        run(folder, source(texts, refused), "as", "-o", "cases.o", "cases.s");
        run(folder, "", "objcopy", "-O", "binary", "-j", ".text", "cases.o", "cases.bin");
        run(
                folder,
                "",
                "objcopy",
                "-O",
                "binary",
                "-j",
                ".lengths",
                "--set-section-flags",
                ".lengths=alloc",
                "cases.o",
                "cases.lengths");
        byte[] bytes = Files.readAllBytes(folder.resolve("cases.bin"));
        byte[] lengths = Files.readAllBytes(folder.resolve("cases.lengths"));
        var encoded = new ArrayList<String>();
        int offset = 0;
        int index = 0;
        for (int i = 0; i < texts.size(); i++) {
            if (refused.contains(i)) {
                encoded.add("-");
            } else {
                int end = offset + lengths[index++];
                encoded.add(HexFormat.of().formatHex(bytes, offset, end));
                offset = end;
            }
        }
        return encoded;
    }

    /// Line by line, so that the number of a complaint is that of a case.
    private static Set<Integer> refused(Path folder, List<String> texts)
            throws IOException, InterruptedException {
        var refused = new TreeSet<Integer>();
        String text = ".intel_syntax noprefix\n" + String.join("\n", texts) + "\n";
        for (String line : run(folder, text, "as", "-o", "cases.o", "cases.s")) {
            var error = ERROR.matcher(line);
            if (error.matches()) {
                refused.add(Integer.parseInt(error.group(1)) - 2);
            }
        }
        return refused;
    }

    private static String source(List<String> texts, Set<Integer> refused) {
        var source = new StringBuilder(".intel_syntax noprefix\n");
        for (int i = 0; i < texts.size(); i++) {
            if (!refused.contains(i)) {
                source.append("1: ")
                        .append(texts.get(i))
                        .append("\n2: .pushsection .lengths\n.byte 2b - 1b\n.popsection\n");
            }
        }
        return source.toString();
    }

    private static List<String> run(Path folder, String input, String... command)
            throws IOException, InterruptedException {
        if (!input.isEmpty()) {
            Files.writeString(folder.resolve("cases.s"), input);
        }
        Process process =
                new ProcessBuilder(command)
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .start();
        List<String> lines = process.inputReader().lines().toList();
        process.waitFor();
        return lines;
    }
}
