package mobilellm.evaluation.task;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.file.Sha256;
import mobilellm.testing.EvaluationRows;
import mobilellm.testing.JsonRow;
import mobilellm.testing.Shared;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Every request of every task is the one that lm-evaluation-harness makes, byte for byte.
class ReferenceTasksTest {
    private static List<Document> documents(Profile profile, String task) throws IOException {
        return profile.select(List.of(task))
                .getFirst()
                .read(new DataFolder(Shared.path("data/eval"), true));
    }

    @ParameterizedTest
    @CsvSource({
        "arc_easy, 9501, e3e37ac2966c1b11b638d25c3f04478079d984233a4544ebf95be76149fbe006,"
                + " 73aee9ec1fc94e57",
        "arc_challenge, 4687, 36a971da35f4bb1eeb665c593f87ba9de2649096303a2d6e789195f9958c4dff,"
                + " 441f7216e52807c3",
        "openbookqa, 2000, cc6b5ec7ce624d2054bd583d17ee932be04dcdaeeb346e12dca83b07413d0c24,"
                + " 2ed90b4dc5270a30",
        "piqa, 3676, d31fec046ca4c2587713d7495c87c860e661b552fee503cb072303790410e8e6,"
                + " b3d1d5ef23c8c5e6",
        "social_iqa, 5862, 3725356a78937dbe59309f1a1a57fb512e85a63c7fee5406d75bbe60334ebfb7,"
                + " 3a578ad1dde32b28",
        "winogrande, 2534, 7df36d2a92f18e220d78e616185c25d40d8cf4680dda5992dc51395d0c6ea842,"
                + " 21d6aacf930378c6",
        "boolq, 6540, cf5663d659ea911048794305197f7eabd901dcad386317199350b9e7439931b8,"
                + " 61edd56b7ea9df55",
        "lambada_openai, 5153, 0f6be8d8846dcf07d39807f6bdada64f642f72e2a39d42dd41d36c956cbe86ed,",
    })
    void wholeSetsHaveTheKnownDigests(String task, int requests, String digest, String gold)
            throws IOException {
        List<Document> documents = documents(Profile.HARNESS, task);
        MessageDigest all = Sha256.start();
        int count = 0;
        for (Document document : documents) {
            for (Pair pair : document.question().pairs()) {
                all.update(pair.context().getBytes(StandardCharsets.UTF_8));
                all.update((byte) 0);
                all.update(pair.continuation().getBytes(StandardCharsets.UTF_8));
                all.update((byte) 1);
                count++;
            }
        }
        assertThat(count).isEqualTo(requests);
        assertThat(HexFormat.of().formatHex(all.digest())).isEqualTo(digest);
        if (gold != null) {
            String indices =
                    documents.stream()
                            .map(document -> document.question().target())
                            .collect(Collectors.joining(","));
            assertThat(Sha256.of(indices)).startsWith(gold);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "HARNESS, arc_easy, harness_arc_easy",
        "HARNESS, hellaswag, harness_hellaswag",
        "HARNESS, openbookqa_validation, harness_openbookqa_validation",
        "HARNESS, race, harness_race",
        "HARNESS, triviaqa, harness_triviaqa",
        "HARNESS, wikitext, harness_wikitext",
        "LLAMA_PAPER, race, f64_race_paper",
    })
    void documentsAskWhatTheReferenceAsked(Profile profile, String task, String fixture)
            throws IOException {
        List<Document> documents = documents(profile, task);
        for (JsonRow row : EvaluationRows.rows(fixture)) {
            int index = (int) row.number("doc");
            Question question = documents.get(index).question();
            assertThat(hashes(question)).as("%s %d", task, index).isEqualTo(row.list("req"));
            if (row.has("gold")) {
                assertThat(question.target()).isEqualTo("" + (int) row.number("gold"));
            }
        }
    }

    /// The reference writes a request without context or continuation with an empty one.
    private static List<String> hashes(Question question) {
        Stream<Pair> pairs =
                switch (question) {
                    case Question.Page page -> Stream.of(new Pair(page.text(), ""));
                    case Question.Open open -> Stream.of(new Pair(open.prompt(), ""));
                    default -> question.pairs().stream();
                };
        return pairs.map(pair -> Sha256.of(pair.context() + "\0" + pair.continuation()))
                .map(hash -> hash.substring(0, 16))
                .toList();
    }

    @Test
    void unconditionalRequestsFollowThoseOfTheQuestion() throws IOException {
        List<Document> documents = documents(Profile.LLAMA_PAPER, "openbookqa");
        for (JsonRow row : EvaluationRows.rows("f64_openbookqa_uncond")) {
            Question question = documents.get((int) row.number("doc")).question();
            assertThat(hashes(question).subList(4, 8)).isEqualTo(row.list("req"));
        }
        assertThat(documents(Profile.LLAMA_PAPER, "openbookqa_whole")).hasSize(1000);
    }

    @Test
    void wikiTextHasTheKnownPages() throws IOException {
        List<Question.Page> pages =
                documents(Profile.HARNESS, "wikitext").stream()
                        .map(document -> (Question.Page) document.question())
                        .toList();
        assertThat(pages).hasSize(62);
        assertThat(pages.stream().mapToLong(Question.Page::words).sum()).isEqualTo(241_335);
        assertThat(pages.stream().mapToLong(Question.Page::bytes).sum()).isEqualTo(1_290_527);
        assertThat(pages.stream().limit(10).map(Question.Page::words))
                .containsExactly(
                        1093L, 4751L, 2434L, 7104L, 2025L, 2425L, 10259L, 2250L, 10762L, 1745L);
        assertThat(Sha256.of(pages.getFirst().text()))
                .isEqualTo("d73a87153b7d72333355ee37ea7c73f47c1d2697574c6d71feac6994a1f007c5");
        String all = pages.stream().map(Question.Page::text).collect(Collectors.joining("\0"));
        assertThat(Sha256.of(all))
                .isEqualTo("b0ae50e166add20959a5406d9b3c99fe1f23819ec0a10149047149434fb85d81");
    }

    @ParameterizedTest
    @CsvSource({"HARNESS", "LLAMA_PAPER"})
    void everyTaskHasAsManyDocumentsAsItsListSays(Profile profile) throws IOException {
        for (Task task : profile.tasks()) {
            assertThat(task.read(new DataFolder(Shared.path("data/eval"), true)))
                    .as(task.name())
                    .hasSize(task.documents());
        }
    }

    /// What tables are compared with.
    @Test
    void theDigestsOfDocumentsAreThoseOfTheKnownFiles() throws IOException {
        int sets = 0;
        for (Task task : Profile.HARNESS.tasks()) {
            Optional<HubSet> set = HubSet.of(task.files().getFirst());
            if (set.isPresent() && !set.get().sha256().isEmpty()) {
                List<Row> rows =
                        task.read(new DataFolder(Shared.path("data/eval"), true)).stream()
                                .map(document -> new Row(document.place(), document.fields()))
                                .toList();
                assertThat(set.get().digest(rows)).as(task.name()).isEqualTo(set.get().sha256());
                sets++;
            }
        }
        assertThat(sets).isEqualTo(12);
    }
}
