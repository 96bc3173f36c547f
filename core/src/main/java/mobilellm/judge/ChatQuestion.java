package mobilellm.judge;

import java.util.List;

/// A question of a chat benchmark.
///
/// @param id FastChat's `question_id`; the instruction itself where there is none (AlpacaEval)
/// @param category FastChat's `category`, AlpacaEval's `dataset`, or nothing
/// @param turns what the user says, one after the other, each after an answer; at least one
public record ChatQuestion(String id, String category, List<String> turns) {
    /// The temperature at which FastChat has the question answered (`temperature_config`).
    public double temperature() {
        return switch (category) {
            case "extraction", "math", "coding", "reasoning" -> 0;
            case "stem", "humanities" -> 0.1;
            default -> 0.7;
        };
    }
}
