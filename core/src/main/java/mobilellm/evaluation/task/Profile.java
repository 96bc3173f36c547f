package mobilellm.evaluation.task;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// A way to word and score tasks.
public enum Profile {
    /// As lm-evaluation-harness does, request by request.
    HARNESS,

    /// As LLaMA's and MobileLLM's authors describe it (Touvron et al. 2023, section 3; MobileLLM's own evaluation was never
    /// published): likelihoods for each character, but for OpenBookQA and BoolQ divided by those after `Answer:` alone. A
    /// reading, not a reproduction.
    LLAMA_PAPER;

    /// The tasks of the MobileLLM paper's tables, in their order.
    public static final List<String> PAPER8 =
            List.of(
                    "arc_easy",
                    "arc_challenge",
                    "boolq",
                    "piqa",
                    "social_iqa",
                    "hellaswag",
                    "openbookqa",
                    "winogrande");

    private static final Map<String, List<String>> GROUPS = Map.of("paper8", PAPER8);

    /// What the command line calls it.
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /// All tasks, in the order in which they are listed.
    public List<Task> tasks() {
        return switch (this) {
            case HARNESS -> Catalogue.harness();
            case LLAMA_PAPER -> Catalogue.paper();
        };
    }

    /// Names of groups of tasks.
    public static Set<String> groups() {
        return GROUPS.keySet();
    }

    /// The tasks of these names, each once; a group stands for its tasks.
    ///
    /// @throws IllegalArgumentException if there is no such task or group
    public List<Task> select(List<String> names) {
        return names.stream()
                .flatMap(name -> GROUPS.getOrDefault(name, List.of(name)).stream())
                .distinct()
                .map(this::task)
                .toList();
    }

    private Task task(String name) {
        for (Task task : tasks()) {
            if (task.name().equals(name)) {
                return task;
            }
        }
        String known = String.join(", ", tasks().stream().map(Task::name).toList());
        throw new IllegalArgumentException(
                "there is no task '%s' in profile %s, expected %s or %s"
                        .formatted(name, word(), String.join(", ", GROUPS.keySet()), known));
    }
}
