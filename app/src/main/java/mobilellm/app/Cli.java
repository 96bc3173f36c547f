package mobilellm.app;

import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/// Runs one command line from its arguments to its exit code. Streams and environment are handed in, so that a test
/// sees exactly what a shell would.
final class Cli {
    static final int DONE = 0;
    static final int FAILED = 1;
    static final int WRONG_USAGE = 2;
    static final int INTERRUPTED = 130; // What a shell reports for a program that Ctrl-C ended.

    private final Root root = new Root();
    private final InputStream input;
    private final Output output;
    private final Notes notes;
    private final Environment environment;

    private Cli(InputStream input, Output output, Notes notes, Environment environment) {
        this.input = input;
        this.output = output;
        this.notes = notes;
        this.environment = environment;
    }

    static int run(
            String[] arguments,
            InputStream input,
            OutputStream output,
            OutputStream error,
            Environment environment) {
        PrintStream errorText = new PrintStream(error, false, StandardCharsets.UTF_8);
        Notes notes = new Notes(errorText, environment.animated());
        return new Cli(input, new Output(output), notes, environment).run(arguments);
    }

    private int run(String[] arguments) {
        try {
            int exitCode = dispatch(helpAsOption(arguments));
            output.flush();
            return exitCode;
        } catch (Output.Failure e) {
            return e.isBrokenPipe() ? DONE : fail(e);
        }
    }

    private int dispatch(String[] arguments) {
        CommandLine tree = CommandTree.forArguments(root, arguments, environment.coloured());
        try {
            ParseResult parsed = tree.parseArgs(arguments);
            while (parsed.hasSubcommand()) {
                parsed = parsed.subcommand();
            }
            return execute(parsed);
        } catch (UnmatchedArgumentException e) {
            return wrongUsage(unmatched(e), e.getCommandLine());
        } catch (ParameterException e) {
            return wrongUsage(sentence(e), e.getCommandLine());
        }
    }

    private int execute(ParseResult parsed) {
        CommandLine command = parsed.commandSpec().commandLine();
        if (parsed.isUsageHelpRequested()) {
            output.text(command.getUsageMessage());
            return DONE;
        }
        if (parsed.isVersionHelpRequested()) {
            output.line(Version.text());
            return DONE;
        }
        notes.quiet(root.quiet);
        notes.verbose(root.verbose);
        if (!(command.getCommand() instanceof Verb verb)) {
            notes.println(command.getUsageMessage().stripTrailing());
            return WRONG_USAGE;
        }
        return perform(verb, command);
    }

    /// Whatever goes wrong becomes one sentence and an exit code here, and nowhere else.
    private int perform(Verb verb, CommandLine command) {
        try {
            verb.run(new Context(input, output, notes, environment, root.json));
            return DONE;
        } catch (UsageException e) {
            return wrongUsage(String.valueOf(e.getMessage()), command);
        } catch (Output.Failure e) {
            throw e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return INTERRUPTED;
        } catch (Exception | OutOfMemoryError | StackOverflowError e) {
            return fail(e);
        }
    }

    private int fail(Throwable failure) {
        notes.error(ErrorText.of(failure));
        if (root.stacktrace) {
            notes.stackTrace(failure);
        }
        return FAILED;
    }

    private int wrongUsage(String sentence, CommandLine command) {
        notes.error(sentence);
        notes.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
        return WRONG_USAGE;
    }

    private static String unmatched(UnmatchedArgumentException e) {
        String word = "'" + Text.printable(e.getUnmatched().getFirst()) + "'";
        List<String> suggestions = e.getSuggestions();
        if (!suggestions.isEmpty()) {
            word += "; did you mean " + String.join(" or ", suggestions) + "?";
        } else if (e.isUnknownOption()) {
            word += "; a text that begins with '-' needs '--' before it";
        }
        if (e.isUnknownOption()) {
            return "unknown option " + word;
        }
        boolean isVerb = e.getCommandLine().getParent() == null;
        return (isVerb ? "unknown verb " : "unexpected argument ") + word;
    }

    /// Picocli begins its sentences with a capital, where after `error: ` none belongs, and calls numbers what Java does.
    private static String sentence(ParameterException e) {
        String text =
                ErrorText.oneLine(String.valueOf(e.getMessage()))
                        .replaceFirst(" is not an? (int|long)$", " is not a whole number in range")
                        .replaceFirst(" is not a (float|double)$", " is not a number");
        return Character.toLowerCase(text.charAt(0)) + text.substring(1);
    }

    /// `mobilellm help VERB` is `mobilellm VERB --help`.
    private static String[] helpAsOption(String[] arguments) {
        if (arguments.length == 0 || !arguments[0].equals("help")) {
            return arguments;
        }
        String[] rotated = Arrays.copyOfRange(arguments, 1, arguments.length + 1);
        rotated[rotated.length - 1] = "--help";
        return rotated;
    }
}
