package mobilellm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.config.KvType;
import mobilellm.config.LayerSharing;
import mobilellm.engine.Likelihood;
import mobilellm.engine.Prediction;
import mobilellm.engine.PredictionScorer;
import mobilellm.evaluation.Answer;
import mobilellm.evaluation.Evaluation;
import mobilellm.evaluation.Journal;
import mobilellm.evaluation.PairEncoder;
import mobilellm.evaluation.TaskResult;
import mobilellm.evaluation.task.DataFolder;
import mobilellm.evaluation.task.Document;
import mobilellm.evaluation.task.Metric;
import mobilellm.evaluation.task.Profile;
import mobilellm.evaluation.task.Question;
import mobilellm.evaluation.task.Task;
import mobilellm.testing.EvaluationRows;
import mobilellm.testing.JsonRow;
import mobilellm.testing.RealModel;
import mobilellm.testing.ReferenceTensors;
import mobilellm.testing.Shared;
import mobilellm.testing.WideWeights;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Zero-shot scores equal those of lm-evaluation-harness, request by request.
class ZeroShotTest {
    /// Of a float32 engine, from the notes beside the reference scores.
    private static final double TOLERANCE = 1e-3;

    /// A task of a profile, and how many of the reference's documents are asked here; all of them were, once, by hand.
    private record Part(Profile profile, String task, String scores, int documents) {}

    private static final List<Part> PARTS =
            List.of(
                    new Part(Profile.HARNESS, "arc_easy", "f64_arc_easy", 6),
                    new Part(Profile.HARNESS, "arc_challenge", "f64_arc_challenge", 3),
                    new Part(Profile.HARNESS, "boolq", "f64_boolq", 2),
                    new Part(Profile.HARNESS, "piqa", "f64_piqa", 4),
                    new Part(Profile.HARNESS, "social_iqa", "f64_social_iqa", 6),
                    new Part(Profile.HARNESS, "hellaswag", "f64_hellaswag", 4),
                    new Part(Profile.HARNESS, "openbookqa", "f64_openbookqa", 6),
                    new Part(Profile.HARNESS, "winogrande", "f64_winogrande", 8),
                    new Part(Profile.HARNESS, "lambada_openai", "f64_lambada_openai", 3),
                    new Part(Profile.LLAMA_PAPER, "openbookqa", "paper_openbookqa", 4),
                    new Part(Profile.LLAMA_PAPER, "arc_easy", "paper_arc_easy", 4));

    @Test
    void likelihoodsAndChoicesAreThoseOfTheReference() throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(RealModel.path());
                MobileLlm model = wide(checkpoint);
                PredictionScorer scorer = model.scorer(256)) {
            for (Part part : PARTS) {
                compare(part, model, scorer);
            }
        }
    }

    /// What the model writes in answer to a question is what the harness's model wrote, with the same score.
    @Test
    void writtenAnswersAreThoseOfTheReference() throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(RealModel.path());
                MobileLlm model = wide(checkpoint);
                PredictionScorer scorer = model.scorer(256)) {
            Task task = Profile.HARNESS.select(List.of("triviaqa")).getFirst();
            List<Document> all = task.read(new DataFolder(Shared.path("data/eval"), true));
            // Most questions are answered with nothing.
            List<JsonRow> rows =
                    EvaluationRows.rows("harness_triviaqa").stream()
                            .filter(row -> !row.text("raw").isEmpty())
                            .limit(20)
                            .toList();
            List<Document> documents =
                    rows.stream().map(row -> all.get((int) row.number("doc"))).toList();
            TaskResult result = evaluation(model, scorer).run(task, documents, (done, total) -> {});
            for (int i = 0; i < rows.size(); i++) {
                TaskResult.Answered answered = result.answers().get(i);
                String place = answered.document().place();
                assertThat(answered.answer())
                        .as(place)
                        .isEqualTo(new Answer.Written(rows.get(i).text("raw")));
                assertThat(answered.value(Metric.EXACT_MATCH))
                        .as(place)
                        .isEqualTo(rows.get(i).number("exact_match"));
            }
        }
    }

    private static MobileLlm wide(Checkpoint checkpoint) throws IOException {
        return MobileLlm.of(
                WideWeights.of(checkpoint.tensors()),
                checkpoint.config(),
                checkpoint::tokenizer,
                checkpoint.chatTemplate(),
                LoadOptions.builder().keyValueType(KvType.F32).build());
    }

    private static void compare(Part part, MobileLlm model, PredictionScorer scorer)
            throws IOException {
        Task task = part.profile().select(List.of(part.task())).getFirst();
        List<Document> all = task.read(new DataFolder(Shared.path("data/eval"), true));
        List<JsonRow> rows = EvaluationRows.rows(part.scores()).subList(0, part.documents());
        List<Document> documents =
                rows.stream().map(row -> all.get((int) row.number("doc"))).toList();
        TaskResult result = evaluation(model, scorer).run(task, documents, (done, total) -> {});
        for (int i = 0; i < rows.size(); i++) {
            assertSame(rows.get(i), task, result.answers().get(i));
        }
    }

    private static Evaluation evaluation(MobileLlm model, PredictionScorer scorer) {
        return new Evaluation(
                new PairEncoder(model.tokenizer(), model.contextLength()),
                scorer,
                (prompts, written) -> {
                    for (int i = 0; i < prompts.size(); i++) {
                        GenerationOptions options =
                                GenerationOptions.greedy().toBuilder()
                                        .maxTokens(prompts.get(i).maxTokens())
                                        .stop(prompts.get(i).stops())
                                        .build();
                        written.accept(model.generate(prompts.get(i).ids(), options).text(), i);
                    }
                },
                Journal.inMemory());
    }

    private static void assertSame(JsonRow row, Task task, TaskResult.Answered answered) {
        String what = task.name() + ", " + answered.document().place();
        Answer.Likelihoods answer = (Answer.Likelihoods) answered.answer();
        if (row.has("ll")) {
            assertClose(
                    answer.likelihoods().stream().map(Likelihood::logLikelihood).toList(),
                    row.list("ll"),
                    what);
            assertThat(answer.likelihoods().stream().map(one -> one.isGreedy() ? 1.0 : 0.0))
                    .as(what)
                    .isEqualTo(row.list("greedy"));
            for (Metric metric : List.of(Metric.ACC, Metric.ACC_NORM)) {
                if (task.metrics().contains(metric)) {
                    assertThat(answered.value(metric))
                            .as(what)
                            .isEqualTo(row.number(metric.word()));
                }
            }
        } else {
            Question.Choice choice = (Question.Choice) answered.document().question();
            List<Double> scores = new ArrayList<>();
            for (double score : answer.scores(task.main(), choice)) {
                scores.add(score);
            }
            assertClose(scores, row.list("score"), what);
            assertThat(answer.best(task.main(), choice))
                    .as(what)
                    .isEqualTo((int) row.number("pred"));
        }
    }

    private static void assertClose(List<Double> actual, List<?> expected, String what) {
        assertThat(actual).as(what).hasSameSizeAs(expected);
        for (int i = 0; i < actual.size(); i++) {
            assertThat(actual.get(i))
                    .as(what)
                    .isCloseTo((Double) expected.get(i), within(TOLERANCE));
        }
    }

    /// A model with shared layers visits each block twice, unless it is told not to.
    @Test
    void sharedLayersAreAllVisited() throws IOException {
        Path folder = Shared.path("fixtures/models/ls-192x2");
        JsonRow notes = JsonRow.read(folder.resolve("expected.json"));
        int[] ids = notes.row("sequences").ids("len33");
        double[][] logits =
                ReferenceTensors.read(folder.resolve("expected.safetensors"))
                        .rows("immediate-x2.own.len33.logits_f64");
        double expected = 0;
        for (int position = 0; position < ids.length - 1; position++) {
            double sum = 0;
            for (double logit : logits[position]) {
                sum += Math.exp(logit);
            }
            expected += logits[position][ids[position + 1]] - Math.log(sum);
        }
        LoadOptions own = LoadOptions.builder().keyValueType(KvType.F32).build();
        LoadOptions once =
                LoadOptions.builder().keyValueType(KvType.F32).sharing(LayerSharing.NONE).build();
        Path model = folder.resolve("safetensors");
        assertThat(likelihood(model, own, ids)).isCloseTo(expected, within(TOLERANCE));
        assertThat(likelihood(model, once, ids)).isNotCloseTo(expected, within(1.0));
    }

    private static double likelihood(Path path, LoadOptions options, int[] ids) throws IOException {
        double[] likelihood = new double[1];
        try (MobileLlm model = MobileLlm.load(path, options);
                PredictionScorer scorer = model.scorer(8)) {
            scorer.score(
                    List.of(new Prediction(ids, ids.length - 1)),
                    (index, known) -> likelihood[0] = known.logLikelihood());
        }
        return likelihood[0];
    }
}
