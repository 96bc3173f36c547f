package mobilellm.app;

import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Parameters;

/// `mobilellm completion bash|zsh|fish`
@Command(
        footer = {
            "  source <(mobilellm completion bash)",
            "  mobilellm completion fish > ~/.config/fish/completions/mobilellm.fish"
        })
final class CompletionVerb implements Verb {
    @Parameters(paramLabel = "SHELL", description = "bash, zsh or fish")
    String shell = "";

    @Override
    public void run(Context context) {
        switch (shell) {
            // The script for bash switches zsh into bash's ways by itself.
            case "bash", "zsh" ->
                    context.output().text(AutoComplete.bash("mobilellm", CommandTree.complete()));
            case "fish" -> context.output().text(fish(CommandTree.complete()));
            default -> throw new UsageException("expected bash, zsh or fish, got '" + shell + "'");
        }
    }

    /// One `complete` line for each verb, and one for each option of each verb.
    private static String fish(CommandLine tree) {
        StringBuilder script = new StringBuilder();
        for (CommandLine command : tree.getSubcommands().values()) {
            CommandSpec verb = command.getCommandSpec();
            if (verb.usageMessage().hidden()) {
                continue;
            }
            script.append(
                    "complete -c mobilellm -n __fish_use_subcommand -f -a %s -d %s%n"
                            .formatted(verb.name(), quoted(verb.usageMessage().header())));
            for (OptionSpec option : verb.options()) {
                script.append(
                        "complete -c mobilellm -n '__fish_seen_subcommand_from %s'%s%s -d %s%n"
                                .formatted(
                                        verb.name(),
                                        names(option),
                                        option.arity().max() > 0 ? " -r" : "",
                                        quoted(option.description())));
            }
        }
        return script.toString();
    }

    private static String names(OptionSpec option) {
        StringBuilder names = new StringBuilder();
        for (String name : option.names()) {
            names.append(
                    name.startsWith("--")
                            ? " -l " + name.substring(2)
                            : " -s " + name.substring(1));
        }
        return names.toString();
    }

    private static String quoted(String[] lines) {
        String first = lines.length == 0 ? "" : lines[0];
        return "'" + first.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }
}
