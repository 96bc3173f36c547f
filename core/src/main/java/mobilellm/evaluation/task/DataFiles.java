package mobilellm.evaluation.task;

/// The files that tasks read. Licences are those that the publishers name.
final class DataFiles {
    static final DataFile ARC_EASY =
            new DataFile(
                    "arc_easy.test.jsonl",
                    2376,
                    "507345063b6b3ba99e4048d201187f179b8cbd93e90a0832a9e54191dc26a9ac",
                    "allenai/ai2_arc ARC-Easy, test",
                    "CC-BY-SA-4.0");
    static final DataFile ARC_CHALLENGE =
            new DataFile(
                    "arc_challenge.test.jsonl",
                    1172,
                    "f848bada746081d8a8e2e54d033b7ddc294d26872c94ee1cbba8f2e5bcd37129",
                    "allenai/ai2_arc ARC-Challenge, test",
                    "CC-BY-SA-4.0");
    static final DataFile BOOLQ =
            new DataFile(
                    "boolq.validation.jsonl",
                    3270,
                    "163f7e75d91b74a99a58704acee69acd16d96d48e658d8b3796cd92b4fcfc439",
                    "SuperGLUE BoolQ, validation",
                    "CC-BY-SA-3.0");
    static final DataFile PIQA =
            new DataFile(
                    "piqa.validation.jsonl",
                    1838,
                    "539b701fea64d5dfacfc2f45829cb495e317e164099da96925f3cc7713a39546",
                    "ybisk/piqa, validation",
                    "AFL-3.0");
    static final DataFile SOCIAL_IQA =
            new DataFile(
                    "social_iqa.validation.jsonl",
                    1954,
                    "f540a8ee46979c9b71110ea960b6708cc13b38f8c846e9c132684a7f15110074",
                    "allenai/social_i_qa, validation",
                    "CC-BY-4.0");
    static final DataFile HELLASWAG =
            new DataFile(
                    "hellaswag.validation.jsonl",
                    10_042,
                    "f1daa15104e6f6615154de961a3ca83710728b4bf6769bd8238de85b3cec048e",
                    "Rowan/hellaswag, validation",
                    "MIT");
    static final DataFile OPENBOOKQA =
            new DataFile(
                    "openbookqa.test.jsonl",
                    500,
                    "e03c15427c34a1f1385a0fc7bd5c1eec41c85bbf34f4cba52cb0fc62bbdd8509",
                    "allenai/openbookqa main, test",
                    "Apache-2.0");
    static final DataFile OPENBOOKQA_VALIDATION =
            new DataFile(
                    "openbookqa.validation.jsonl",
                    500,
                    "e206f4b2436d60d5d9bfe5162cd2b1eefc74dca6fc96cd4890b57b9c46838103",
                    "allenai/openbookqa main, validation",
                    "Apache-2.0");
    static final DataFile WINOGRANDE =
            new DataFile(
                    "winogrande_xl.validation.jsonl",
                    1267,
                    "1b8255b145025c4b4b3c7aee81e6cbe24023456875c670f1e8e829f0b0c42330",
                    "allenai/winogrande winogrande_xl, validation",
                    "CC-BY-4.0");
    static final DataFile RACE =
            new DataFile(
                    "race.subset1000.jsonl",
                    1000,
                    "d9ac3340e60ef013e5c4765a4bc9d328403fdd5ae508a0d6b94c085c1b0ccba5",
                    "RACE, 1,000 questions of unknown split, middle and high",
                    "research only");
    static final DataFile TRIVIAQA =
            new DataFile(
                    "triviaqa.wikipedia.validation.jsonl",
                    7993,
                    "02252c21cd3aad3bea340de1ce8e066229abc42277b38c486e936fc7b0971616",
                    "mandarjoshi/trivia_qa rc.wikipedia.nocontext, validation",
                    "unclear");
    static final DataFile LAMBADA =
            new DataFile(
                    "lambada_openai.test.jsonl",
                    5153,
                    "411bfbe5b9054346b6a19299c0242670adbefb9162efd958593cbc0290b8c9dc",
                    "EleutherAI/lambada_openai, test",
                    "CC-BY-4.0, of texts from books");
    static final DataFile WIKITEXT =
            new DataFile(
                    "wikitext2.test.raw",
                    4358,
                    "173c87a53759e0201f33e0ccf978e510c2042d7f2cb78229d9a50d79b9e7dd08",
                    "WikiText-2 raw, test",
                    "CC-BY-SA-3.0");

    private DataFiles() {}
}
