package mobilellm.app;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/// The command `mobilellm` itself: the options that every verb has.
@Command(
        name = "mobilellm",
        customSynopsis = "mobilellm VERB [MODEL] [options]",
        header = "Small language models on your own machine, in pure Java.",
        synopsisHeading = "%nUsage: ",
        commandListHeading = "",
        sortOptions = false,
        optionListHeading = "%nOptions of every verb%n",
        footerHeading = "%nExamples%n",
        footer = {
            "  mobilellm info smollm2:135m --yes",
            "  mobilellm tokenize smollm2:135m \"Hello, world\" --pieces",
            "",
            "`mobilellm VERB --help` explains a verb."
        })
final class Root {
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "show this help")
    boolean help;

    @Option(
            names = "--version",
            versionHelp = true,
            description = "show the version of the program and of Java")
    boolean version;

    @Option(
            names = "--json",
            scope = ScopeType.INHERIT,
            description = "answer as JSON: one object, or one a line where the answer streams")
    boolean json;

    @Option(
            names = {"-q", "--quiet"},
            scope = ScopeType.INHERIT,
            description = "no notes and no progress on stderr")
    boolean quiet;

    @Option(
            names = {"-v", "--verbose"},
            scope = ScopeType.INHERIT,
            description = "tell on stderr what was chosen and how long it took")
    boolean verbose;

    @Option(
            names = "--stacktrace",
            scope = ScopeType.INHERIT,
            description = "show where in the program an error came from")
    boolean stacktrace;
}
