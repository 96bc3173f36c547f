package mobilellm.app;

import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/// Builds picocli's model of the command line.
final class CommandTree {
    private static final int USAGE_WIDTH = 100;

    /// The sections of `mobilellm --help`: verbs before options.
    private static final List<String> OVERVIEW =
            List.of(
                    UsageMessageSpec.SECTION_KEY_HEADER,
                    UsageMessageSpec.SECTION_KEY_SYNOPSIS_HEADING,
                    UsageMessageSpec.SECTION_KEY_SYNOPSIS,
                    UsageMessageSpec.SECTION_KEY_COMMAND_LIST,
                    UsageMessageSpec.SECTION_KEY_OPTION_LIST_HEADING,
                    UsageMessageSpec.SECTION_KEY_OPTION_LIST,
                    UsageMessageSpec.SECTION_KEY_FOOTER_HEADING,
                    UsageMessageSpec.SECTION_KEY_FOOTER);

    private CommandTree() {}

    /// The tree for these arguments: verbs that occur among them are complete, the others are names that serve
    /// "did you mean" and the overview.
    static CommandLine forArguments(Root root, String[] arguments, boolean coloured) {
        EnumSet<Verbs> typed = EnumSet.noneOf(Verbs.class);
        for (String argument : arguments) {
            Verbs.of(argument).ifPresent(typed::add);
        }
        return build(root, typed, coloured);
    }

    /// The tree with every verb complete.
    static CommandLine complete() {
        return build(new Root(), EnumSet.allOf(Verbs.class), false);
    }

    private static CommandLine build(Root root, Set<Verbs> complete, boolean coloured) {
        CommandLine tree = new CommandLine(root);
        for (Verbs verb : Verbs.values()) {
            CommandSpec spec =
                    complete.contains(verb)
                            ? CommandSpec.forAnnotatedObject(verb.create())
                            : CommandSpec.create();
            describe(spec, verb);
            tree.addSubcommand(verb.word(), spec);
        }
        tree.getCommandSpec().usageMessage().sectionKeys(OVERVIEW);
        tree.getHelpSectionMap()
                .put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST, CommandTree::groupedVerbs);
        tree.setExpandAtFiles(false); // "@you" is a text to tokenize, not a file of options.
        tree.setUsageHelpWidth(USAGE_WIDTH);
        tree.setColorScheme(Help.defaultColorScheme(coloured ? Ansi.ON : Ansi.OFF));
        return tree;
    }

    /// What the pages of all verbs have in common; a verb's annotation adds its own text and its examples.
    private static void describe(CommandSpec spec, Verbs verb) {
        spec.name(verb.word());
        spec.usageMessage()
                .header(capitalised(verb.summary()) + ".")
                .synopsisHeading("%nUsage: ")
                .abbreviateSynopsis(true)
                .descriptionHeading("%n")
                .parameterListHeading("%n")
                .optionListHeading("%nOptions%n")
                .sortOptions(false)
                .footerHeading("%nExamples%n")
                .hidden(verb.group() == Verbs.Group.HIDDEN);
    }

    private static String groupedVerbs(Help help) {
        StringBuilder text = new StringBuilder();
        int width =
                2
                        + Arrays.stream(Verbs.values())
                                .mapToInt(verb -> verb.word().length())
                                .max()
                                .orElse(0);
        for (Verbs.Group group : Verbs.Group.values()) {
            Collection<Verbs> members =
                    Arrays.stream(Verbs.values()).filter(verb -> verb.group() == group).toList();
            if (group == Verbs.Group.HIDDEN || members.isEmpty()) {
                continue;
            }
            text.append("%n%s%n".formatted(group.heading()));
            for (Verbs verb : members) {
                String word = help.colorScheme().commandText(verb.word()).toString();
                text.append("  ").append(word);
                text.append(" ".repeat(width - verb.word().length()));
                text.append(verb.summary()).append(System.lineSeparator());
            }
        }
        return text.toString();
    }

    private static String capitalised(String sentence) {
        return Character.toUpperCase(sentence.charAt(0)) + sentence.substring(1);
    }
}
