package mobilellm.evaluation.task;

import mobilellm.file.JsonText;
import mobilellm.file.Sha256;
import mobilellm.tensor.MalformedFileException;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/// A data set of the Hugging Face hub whose documents are those of one of our files, in other columns.
///
/// @param file of ours
/// @param repositories that have it, `OWNER/NAME`
/// @param config the part of the repository, or nothing where there is only one
/// @param fields of ours that questions are made of
/// @param sha256 of these fields in all known documents; nothing where they are not known
/// @param sizes how many documents there may be, where they are not known
/// @param columns our fields of the documents of a row as the hub has it
record HubSet(
        DataFile file,
        List<String> repositories,
        String config,
        List<String> fields,
        String sha256,
        Set<Integer> sizes,
        Function<Row, List<Map<String, Object>>> columns) {
    private static final List<String> CHOICE = List.of("question", "choices", "gold");

    /// Questions of RACE's test split: of middle schools, of high schools, of both.
    private static final Set<Integer> RACE_QUESTIONS = Set.of(1436, 3498, 4934);

    private static final List<HubSet> ALL =
            List.of(
                    known(
                            DataFiles.ARC_EASY,
                            List.of("allenai/ai2_arc"),
                            "ARC-Easy",
                            CHOICE,
                            "02259f3d182546eeded1e20b28781fef651daa7d0af1652cdf0d125a44088af7",
                            HubSet::lettered),
                    known(
                            DataFiles.ARC_CHALLENGE,
                            List.of("allenai/ai2_arc"),
                            "ARC-Challenge",
                            CHOICE,
                            "ece2fbe671786234f3ffcfccf56a7fa6fc9c23cbe5ec5162d586cf45547dfc7b",
                            HubSet::lettered),
                    known(
                            DataFiles.BOOLQ,
                            List.of("aps/super_glue", "super_glue"),
                            "boolq",
                            List.of("title", "passage", "question", "answer"),
                            "243273a9432d72293c33bbe8e34bf8b0473b930b1c39a28d8a2c8d1606ec7e76",
                            HubSet::boolQ),
                    known(
                            DataFiles.PIQA,
                            List.of("baber/piqa", "ybisk/piqa", "piqa"),
                            "",
                            List.of("goal", "choices", "gold"),
                            "1873d397d1fe34d83dff5f756b634f0fe0235226db63c3f2deb772d1058e6a53",
                            HubSet::piqa),
                    known(
                            DataFiles.SOCIAL_IQA,
                            List.of("lighteval/siqa", "allenai/social_i_qa", "social_i_qa"),
                            "",
                            List.of("context", "question", "choices", "gold"),
                            "dc3ff2c889e950e80adc20c31f7afd5381b4ead0eb1d2a0f8c7607557ff34dad",
                            HubSet::socialIqa),
                    known(
                            DataFiles.HELLASWAG,
                            List.of("Rowan/hellaswag", "hellaswag"),
                            "",
                            List.of("activity_label", "ctx_a", "ctx_b", "endings", "label"),
                            "8c746537408f81fe9f8a13b05f274bcd9485b075909eb88551a240d100f19ee0",
                            Row::fields),
                    known(
                            DataFiles.OPENBOOKQA,
                            List.of("allenai/openbookqa", "openbookqa"),
                            "main",
                            CHOICE,
                            "0511a437be583535b93d066d43a83aa3366fe01883f57dd314a5ad526dbc1d39",
                            HubSet::lettered),
                    known(
                            DataFiles.OPENBOOKQA_VALIDATION,
                            List.of("allenai/openbookqa", "openbookqa"),
                            "main",
                            CHOICE,
                            "3bfdd017b02587c8ebc94bfc2e3c27ada568a7960045b7022818b02ead86b6ab",
                            HubSet::lettered),
                    known(
                            DataFiles.WINOGRANDE,
                            List.of("allenai/winogrande", "winogrande"),
                            "winogrande_xl",
                            List.of("sentence", "option1", "option2", "gold"),
                            "a8b88ec347e1820a0f0eb7909ca493971b1f27023407a49f033ad7859f15bba0",
                            HubSet::winoGrande),
                    known(
                            DataFiles.TRIVIAQA,
                            List.of("mandarjoshi/trivia_qa", "trivia_qa"),
                            "rc.wikipedia.nocontext",
                            List.of("question", "answer"),
                            "6378e2b4466c6ffdb8257df7772c0c34ff56f49bd4ce7f2efef208c9d919cf9b",
                            HubSet::triviaQa),
                    known(
                            DataFiles.LAMBADA,
                            List.of("EleutherAI/lambada_openai"),
                            "default",
                            List.of("context", "continuation"),
                            "bbd8c6f16fe3f300ffbdbadcaab3fe6e56ba5c6dda5bc80427b00ca0ffcd84cb",
                            HubSet::lambada),
                    known(
                            DataFiles.WIKITEXT,
                            List.of("EleutherAI/wikitext_document_level"),
                            "wikitext-2-raw-v1",
                            List.of("page"),
                            "683cc3441cbf97058b49df35d91bf0cc1fc8b18815ab7525ff6259bcd586b575",
                            Row::fields),
                    new HubSet(
                            DataFiles.RACE,
                            List.of("EleutherAI/race", "ehovy/race", "race"),
                            "",
                            List.of("example_id", "article", "question", "options", "answer"),
                            "",
                            RACE_QUESTIONS,
                            HubSet::race));

    /// A data set whose documents are known, one a row.
    private static HubSet known(
            DataFile file,
            List<String> repositories,
            String config,
            List<String> fields,
            String sha256,
            Function<Row, Map<String, Object>> columns) {
        return new HubSet(
                file,
                repositories,
                config,
                fields,
                sha256,
                Set.of(),
                row -> List.of(columns.apply(row)));
    }

    /// The data set that has the documents of a file, if one is known.
    static Optional<HubSet> of(DataFile file) {
        return ALL.stream().filter(set -> set.file.equals(file)).findFirst();
    }

    /// Where else the documents may come from, for a message.
    String described() {
        return "; or a table of " + source();
    }

    private String source() {
        String part = config.isEmpty() ? "" : " " + config;
        return repositories.getFirst() + part + ", split " + file.split();
    }

    /// Whether a file is one of a split's: `test-00000-of-00001.parquet`, `ai2_arc-test.arrow` or `test/0000.parquet` below
    /// folders that name repository and config, or a table with the name of our own file.
    ///
    /// @param folder of the data; it may be one of these folders itself
    /// @param relative to it
    boolean isShard(Path folder, Path relative, String split) {
        String name = relative.getFileName() + "";
        if (!name.endsWith(".parquet") && !name.endsWith(".arrow")) {
            return false;
        }
        String own = file.name().replaceFirst("\\.[^.]+\\.jsonl$", "." + split + ".");
        if (name.startsWith(own) && name.indexOf('.', own.length()) < 0) {
            return relative.getNameCount() == 1;
        }
        List<String> folders = new ArrayList<>();
        folder.toAbsolutePath().resolve(relative).forEach(one -> folders.add(one.toString()));
        folders.removeLast();
        boolean isOfSplit =
                name.matches("(.*-)?" + split + "(-\\d{5}-of-\\d{5})?\\.\\w+")
                        || (name.matches("\\d+\\.\\w+")
                                && !folders.isEmpty()
                                && folders.getLast().equals(split));
        boolean isOfConfig =
                config.isEmpty()
                        || folders.contains(config)
                        || (config.equals("default") && folders.contains("data"));
        String path = "/" + String.join("/", folders) + "/";
        return isOfSplit
                && isOfConfig
                && repositories.stream()
                        .flatMap(
                                one ->
                                        List.of(
                                                one,
                                                one.replace("/", "___"),
                                                "datasets--" + one.replace("/", "--"))
                                                .stream())
                        .anyMatch(one -> path.contains("/" + one + "/"));
    }

    /// The documents of a row, in our columns; one that has them already stays.
    List<Row> ours(Row row) {
        return row.fields().keySet().containsAll(fields)
                ? List.of(row)
                : columns.apply(row).stream().map(one -> new Row(row.place(), one)).toList();
    }

    /// Of the fields that questions are made of, in all rows.
    ///
    /// @param rows in our columns
    String digest(List<Row> rows) {
        MessageDigest digest = Sha256.start();
        for (Row row : rows) {
            for (String field : fields) {
                Object value = row.fields().getOrDefault(field, "");
                digest.update(JsonText.of(canonical(value)).getBytes(StandardCharsets.UTF_8));
                digest.update((byte) '\n');
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /// Of an answer with several accepted forms only these matter.
    private static Object canonical(Object value) {
        return value instanceof Map<?, ?> answer
                ? answer.get("aliases") instanceof List<?> aliases ? aliases : List.of()
                : value;
    }

    /// Refuses other documents.
    ///
    /// @param found digest of the documents
    /// @param size how many there are
    /// @throws MalformedFileException if they are not the known ones
    void requireKnown(String found, int size, Path folder) {
        if (sha256.isEmpty() && !sizes.contains(size)) {
            throw new MalformedFileException(
                    "%s in %s has %,d documents, expected one of %s"
                            .formatted(source(), folder, size, new TreeSet<>(sizes)));
        }
        if (!sha256.isEmpty() && !found.equals(sha256)) {
            throw new MalformedFileException(
                    "the documents of %s in %s are not the known ones: their questions have sha256 %s, expected %s (%,d documents); their scores could not be compared with others'"
                            .formatted(source(), folder, found, sha256, file.rows()));
        }
    }

    private static Map<String, Object> fields(Object... pairs) {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            fields.put((String) pairs[i], pairs[i + 1]);
        }
        return fields;
    }

    /// ARC and OpenBookQA: choices have labels, and the answer is one of these.
    private static Map<String, Object> lettered(Row row) {
        Row choices = row.row("choices");
        int gold = choices.texts("label").indexOf(row.text("answerKey").strip());
        if (gold < 0) {
            throw row.malformed(
                    "the field 'answerKey' is none of the labels " + choices.texts("label"));
        }
        boolean isStem = row.fields().containsKey("question_stem");
        return fields(
                "id", row.optional("id"),
                "question", row.text(isStem ? "question_stem" : "question"),
                "choices", choices.texts("text"),
                "gold", gold);
    }

    /// SuperGLUE's passages begin with their title, and its questions lack the question mark.
    private static Map<String, Object> boolQ(Row row) {
        String passage = row.text("passage");
        int end = passage.indexOf(" -- ");
        if (end < 0) {
            throw row.malformed("the passage does not begin with a title and ' -- '");
        }
        return fields(
                "title",
                passage.substring(0, end),
                "passage",
                passage.substring(end + 4),
                "question",
                row.text("question") + "?",
                "answer",
                row.index("label", 2) == 1);
    }

    private static Map<String, Object> piqa(Row row) {
        return fields(
                "goal", row.text("goal"),
                "choices", List.of(row.text("sol1"), row.text("sol2")),
                "gold", row.index("label", 2));
    }

    private static Map<String, Object> socialIqa(Row row) {
        return fields(
                "context", row.text("context"),
                "question", row.text("question"),
                "choices", List.of(row.text("answerA"), row.text("answerB"), row.text("answerC")),
                "gold", row.index("label", 4) - 1);
    }

    private static Map<String, Object> winoGrande(Row row) {
        return fields(
                "sentence", row.text("sentence"),
                "option1", row.text("option1"),
                "option2", row.text("option2"),
                "gold", row.index("answer", 3) - 1);
    }

    private static Map<String, Object> triviaQa(Row row) {
        return fields(
                "question_id", row.optional("question_id"),
                "question", row.text("question"),
                "answer", Map.of("aliases", row.row("answer").texts("aliases")));
    }

    /// An article with all its questions; those that have a row each are ours already. Only high schools are there.
    private static List<Map<String, Object>> race(Row row) {
        try {
            Row article =
                    new Row(
                            row.place(),
                            Map.of("problems", PythonLiteral.read(row.text("problems"))));
            return article.rows("problems").stream()
                    .map(
                            problem ->
                                    fields(
                                            "example_id", "high, " + row.place(),
                                            "article", row.text("article"),
                                            "question", problem.text("question"),
                                            "options", problem.texts("options"),
                                            "answer", problem.text("answer")))
                    .toList();
        } catch (IllegalArgumentException e) {
            throw row.malformed("the field 'problems' is no Python list: " + e.getMessage());
        }
    }

    /// The last word is what follows the last blank.
    private static Map<String, Object> lambada(Row row) {
        String text = row.text("text");
        int last = text.lastIndexOf(' ');
        if (last < 0) {
            throw row.malformed("the text has only one word");
        }
        return fields("context", text.substring(0, last), "continuation", text.substring(last + 1));
    }
}
