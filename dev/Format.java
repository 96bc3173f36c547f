import java.util.spi.ToolProvider;
import module java.base;

/// Checks, or with `fix` rewrites, the layout of every Java file under the given folders:
/// `java dev/Format.java check|fix DIR...` with google-java-format on the class path.
void main(String[] args) throws IOException {
    boolean fix = args[0].equals("fix");
    var command = new ArrayList<>(List.of("--aosp", "--skip-javadoc-formatting"));
    command.addAll(fix ? List.of("--replace") : List.of("--dry-run", "--set-exit-if-changed"));
    for (String folder : List.of(args).subList(1, args.length)) {
        if (Files.isDirectory(Path.of(folder))) {
            try (var files = Files.walk(Path.of(folder))) {
                files.map(Path::toString).filter(file -> file.endsWith(".java")).forEach(command::add);
            }
        }
    }
    var formatter = ToolProvider.findFirst("google-java-format").orElseThrow();
    int status = formatter.run(System.out, System.err, command.toArray(String[]::new));
    if (status != 0) {
        IO.println("The files above are not in the house layout; run: mvn -N process-sources -Dformat=fix");
    }
    System.exit(status);
}
