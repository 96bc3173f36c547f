package mobilellm.judge;

import mobilellm.judge.JudgePrompts.Wording;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// One answer to rate, or two to compare: a turn of a question, and what the judge is asked about it.
///
/// @param turn 1 or 2
/// @param wordings one; of a comparison two, the second with the answers swapped, because judges favour a place
public record JudgeTask(ChatQuestion question, int turn, List<Wording> wordings) {
    /// Categories whose answers are judged beside a reference answer.
    private static final Set<String> REFERENCED = Set.of("math", "reasoning", "coding");

    /// What can be asked about a question: the answers, and reference answers.
    private record Material(
            ChatQuestion question, Map<String, ChatAnswer> references, JudgePrompts prompts) {}

    /// Each turn of each answer, to be rated from 1 to 10 (Zheng et al. 2023, section 3.4).
    ///
    /// @param references answers that are right, by the question's id
    /// @throws IllegalArgumentException naming the question that has no answer, or no reference answer where one is needed
    public static List<JudgeTask> ratings(
            List<ChatQuestion> questions,
            Map<String, ChatAnswer> answers,
            Map<String, ChatAnswer> references,
            JudgePrompts prompts) {
        List<JudgeTask> tasks = new ArrayList<>();
        for (ChatQuestion question : questions) {
            Material material = new Material(question, references, prompts);
            List<String> answer = turns(question, answers, "answer");
            for (int turn = 1; turn <= question.turns().size(); turn++) {
                Map<String, String> values = values(material, turn);
                put(values, "answer", answer);
                tasks.add(
                        new JudgeTask(
                                question,
                                turn,
                                List.of(
                                        fill(
                                                material,
                                                turn,
                                                "single-v1",
                                                "single-math-v1",
                                                values))));
            }
        }
        return tasks;
    }

    /// Each turn of each answer, to be compared with another model's in both orders.
    ///
    /// @throws IllegalArgumentException naming the question that one of the models has not answered
    public static List<JudgeTask> comparisons(
            List<ChatQuestion> questions,
            Map<String, ChatAnswer> answers,
            Map<String, ChatAnswer> baseline,
            Map<String, ChatAnswer> references,
            JudgePrompts prompts) {
        List<JudgeTask> tasks = new ArrayList<>();
        for (ChatQuestion question : questions) {
            Material material = new Material(question, references, prompts);
            List<String> answer = turns(question, answers, "answer");
            List<String> other = turns(question, baseline, "answer of the baseline");
            for (int turn = 1; turn <= question.turns().size(); turn++) {
                List<Wording> orders = new ArrayList<>();
                for (List<List<String>> order :
                        List.of(List.of(answer, other), List.of(other, answer))) {
                    Map<String, String> values = values(material, turn);
                    put(values, "answer_a", order.getFirst());
                    put(values, "answer_b", order.getLast());
                    orders.add(fill(material, turn, "pair-v2", "pair-math-v1", values));
                }
                tasks.add(new JudgeTask(question, turn, orders));
            }
        }
        return tasks;
    }

    private static List<String> turns(
            ChatQuestion question, Map<String, ChatAnswer> answers, String what) {
        ChatAnswer answer = answers.get(question.id());
        if (answer == null || answer.turns().size() < question.turns().size()) {
            throw new IllegalArgumentException(
                    "there is no %s to all %d turns of %s"
                            .formatted(what, question.turns().size(), ChatFormat.shown(question)));
        }
        return answer.turns();
    }

    private static boolean isReferenced(ChatQuestion question) {
        return REFERENCED.contains(question.category());
    }

    private static Map<String, String> values(Material material, int turn) {
        ChatQuestion question = material.question();
        Map<String, String> values = new LinkedHashMap<>();
        values.put("question", question.turns().get(turn - 1));
        put(values, "question", question.turns());
        if (isReferenced(question)) {
            put(
                    values,
                    "ref_answer",
                    turns(question, material.references(), "reference answer (--references)"));
        }
        return values;
    }

    /// `answer` is the first turn's, `answer_1` and `answer_2` those of each.
    private static void put(Map<String, String> values, String name, List<String> turns) {
        values.putIfAbsent(name, turns.getFirst());
        for (int i = 0; i < turns.size(); i++) {
            values.put(name + "_" + (i + 1), turns.get(i));
        }
    }

    private static Wording fill(
            Material material,
            int turn,
            String general,
            String referenced,
            Map<String, String> values) {
        if (turn > 2) {
            throw new IllegalArgumentException(
                    ChatFormat.shown(material.question())
                            + " has more than the two turns that MT-Bench's prompts are for");
        }
        String name = isReferenced(material.question()) ? referenced : general;
        return material.prompts().fill(turn == 1 ? name : name + "-multi-turn", values);
    }
}
