package mobilellm.judge;

import mobilellm.evaluation.task.Row;
import mobilellm.file.JsonReader;
import mobilellm.file.JsonText;
import mobilellm.file.Printable;
import mobilellm.file.Sha256;
import mobilellm.file.WholeFile;
import mobilellm.tensor.MalformedFileException;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The files of chat benchmarks.
public enum ChatFormat {
    /// One JSON object a line: questions `{"question_id", "category", "turns": […]}`, answers `{"question_id", "model_id",
    /// "choices": [{"turns": […]}]}` (FastChat, `fastchat/llm_judge`).
    MT_BENCH,
    /// One JSON array: `{"instruction", "dataset"}`, and in answers `output` and `generator` (tatsu-lab/alpaca_eval).
    ALPACA_EVAL;

    private static final int LARGEST = 1 << 28;
    private static final String ID_DIGITS =
            "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

    /// The format of a file: an array, or objects.
    ///
    /// @throws MalformedFileException if it is neither
    public static ChatFormat of(Path file) throws IOException {
        for (byte one : bytes(file)) {
            if (one == '{') {
                return MT_BENCH;
            }
            if (one == '[') {
                return ALPACA_EVAL;
            }
            if (!Character.isWhitespace(one)) {
                break;
            }
        }
        throw new MalformedFileException(
                file
                        + ": expected JSON: an object a line (MT-Bench), or an array of objects"
                        + " (AlpacaEval)");
    }

    private static byte[] bytes(Path file) throws IOException {
        return WholeFile.read(file, "a file of questions or answers", LARGEST);
    }

    /// All questions of a file.
    ///
    /// @throws MalformedFileException naming the first that is none, or that is there twice
    public List<ChatQuestion> questions(Path file) throws IOException {
        List<ChatQuestion> questions = new ArrayList<>();
        Set<String> ids = new LinkedHashSet<>();
        for (Row row : rows(file)) {
            ChatQuestion question =
                    switch (this) {
                        case MT_BENCH ->
                                new ChatQuestion(
                                        id(row), row.optional("category"), row.texts("turns"));
                        case ALPACA_EVAL ->
                                new ChatQuestion(
                                        row.text("instruction"),
                                        row.optional("dataset"),
                                        List.of(row.text("instruction")));
                    };
            if (question.turns().isEmpty()) {
                throw row.malformed("the question has no turns");
            }
            if (!ids.add(question.id())) {
                throw row.malformed("the question is in the file twice");
            }
            questions.add(question);
        }
        if (questions.isEmpty()) {
            throw new MalformedFileException(file + " has no questions");
        }
        return questions;
    }

    /// The answers of a file, by the question's id.
    ///
    /// @throws MalformedFileException naming the first that is none
    public Map<String, ChatAnswer> answers(Path file) throws IOException {
        Map<String, ChatAnswer> answers = new LinkedHashMap<>();
        for (Row row : rows(file)) {
            ChatAnswer answer =
                    switch (this) {
                        case MT_BENCH -> answer(row);
                        case ALPACA_EVAL ->
                                new ChatAnswer(
                                        row.text("instruction"),
                                        row.optional("generator"),
                                        List.of(row.text("output")));
                    };
            answers.put(answer.id(), answer);
        }
        return answers;
    }

    private static ChatAnswer answer(Row row) {
        List<Row> choices = row.rows("choices");
        if (choices.isEmpty()) {
            throw row.malformed("the answer has no choices");
        }
        return new ChatAnswer(id(row), row.text("model_id"), choices.getFirst().texts("turns"));
    }

    private static String id(Row row) {
        return switch (row.fields().get("question_id")) {
            case String text -> text;
            case Number number -> number.toString();
            case null, default -> throw row.malformed("expected a question_id");
        };
    }

    private List<Row> rows(Path file) throws IOException {
        byte[] bytes = bytes(file);
        String name = file.toString();
        if (this == MT_BENCH) {
            return Row.read(bytes, name);
        }
        if (!(JsonReader.read(bytes, name, 0, JsonReader::value) instanceof List<?> list)) {
            throw new MalformedFileException(name + ": expected a JSON array");
        }
        return new Row(name, Map.of("", list)).rows("");
    }

    /// The answers as a file.
    ///
    /// @param questions in the order of the file
    /// @param answers one for each question
    /// @param seconds since 1970, when the answers were begun
    public String text(List<ChatQuestion> questions, List<ChatAnswer> answers, double seconds) {
        List<Map<String, Object>> objects = new ArrayList<>();
        for (int i = 0; i < questions.size(); i++) {
            objects.add(object(questions.get(i), answers.get(i), seconds));
        }
        if (this == ALPACA_EVAL) {
            return JsonText.of(objects) + "\n";
        }
        StringBuilder lines = new StringBuilder();
        objects.forEach(object -> lines.append(JsonText.of(object)).append('\n'));
        return lines.toString();
    }

    private Map<String, Object> object(ChatQuestion question, ChatAnswer answer, double seconds) {
        Map<String, Object> object = new LinkedHashMap<>();
        switch (this) {
            case MT_BENCH -> {
                object.put("question_id", idValue(question));
                object.put("answer_id", answerId(answer));
                object.put("model_id", answer.model());
                Map<String, Object> choice = new LinkedHashMap<>();
                choice.put("index", 0);
                choice.put("turns", answer.turns());
                object.put("choices", List.of(choice));
                object.put("tstamp", seconds);
            }
            case ALPACA_EVAL -> {
                object.put("dataset", question.category());
                object.put("instruction", question.id());
                object.put("output", answer.turns().getFirst());
                object.put("generator", answer.model());
            }
        }
        return object;
    }

    /// A question's id as JSON has it: a number, where it is one.
    public static Object idValue(ChatQuestion question) {
        String id = question.id();
        return id.matches("\\d{1,18}") ? (Object) Long.valueOf(id) : id;
    }

    /// Of the form of FastChat's (22 digits to the base 57), but the same for the same answer.
    private static String answerId(ChatAnswer answer) {
        String sum = Sha256.of(answer.model() + "\0" + answer.id() + "\0" + answer.turns());
        BigInteger rest = new BigInteger(sum, 16);
        StringBuilder id = new StringBuilder();
        BigInteger base = BigInteger.valueOf(ID_DIGITS.length());
        for (int i = 0; i < 22; i++) {
            id.append(ID_DIGITS.charAt(rest.mod(base).intValue()));
            rest = rest.divide(base);
        }
        return id.toString();
    }

    /// A question's id for a message.
    static String shown(ChatQuestion question) {
        return "question " + Printable.quote(question.id());
    }
}
