package mobilellm.checkpoint;

import mobilellm.config.ModelConfig;
import mobilellm.file.JsonText;
import mobilellm.file.WholeFile;
import mobilellm.tensor.DType;
import mobilellm.tokenizer.BpeVocabulary;
import mobilellm.tokenizer.SentencePieceVocabulary;
import mobilellm.tokenizer.TokenizerVocabulary;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;
import java.util.stream.Stream;

/// Makes the files of a model directory that hold no weights: those of a directory are copied, those of a GGUF file made
/// from its metadata.
///
/// @param config what the directory shall compute
/// @param notes takes what a reader should know
record TextFilesWriter(ModelSource source, ModelConfig config, List<String> notes) {
    private static final int MOST_BYTES = 128 << 20;

    /// What directories have besides weights and `config.json`.
    private static final List<String> COPIED =
            List.of(
                    "tokenizer.json",
                    "tokenizer.model",
                    "tokenizer_config.json",
                    "special_tokens_map.json",
                    "added_tokens.json",
                    "vocab.json",
                    "merges.txt",
                    "chat_template.jinja",
                    "generation_config.json",
                    "LICENSE");

    /// `config.json`, made anew.
    String config(Family family, DType type) {
        Object name = source.metadata().get(GgufMetadata.NAME);
        return new ConfigJsonWriter(config, family)
                .write(name instanceof String text ? text : "", type, bos(), eos());
    }

    /// The other files by name.
    Map<String, byte[]> others(boolean expanded) throws IOException {
        return switch (source) {
            case DirectorySource directory -> copied(directory.directory(), expanded);
            case GgufSource _ -> made();
        };
    }

    private OptionalInt bos() {
        Optional<OptionalInt> known = source.vocabulary().map(TokenizerVocabulary::bos);
        return known.orElse(id("bos_token_id"));
    }

    private OptionalInt eos() {
        Optional<OptionalInt> known = source.vocabulary().map(TokenizerVocabulary::eos);
        return known.orElse(id("eos_token_id"));
    }

    private OptionalInt id(String key) {
        return source.metadata().get(key) instanceof Integer id
                ? OptionalInt.of(id)
                : OptionalInt.empty();
    }

    /// The release's Python classes too, which `auto_map` of its `config.json` names; a model written out needs none.
    private Map<String, byte[]> copied(Path directory, boolean expanded) throws IOException {
        List<String> names = new ArrayList<>(COPIED);
        if (!expanded) {
            try (Stream<Path> entries = Files.list(directory)) {
                entries.map(entry -> entry.getFileName().toString())
                        .filter(name -> name.endsWith(".py"))
                        .sorted()
                        .forEach(names::add);
            }
        }
        Map<String, byte[]> files = new LinkedHashMap<>();
        for (String name : names) {
            Path file = directory.resolve(name);
            if (Files.isRegularFile(file) && Files.size(file) > 0) {
                files.put(name, WholeFile.read(file, "a file about text", MOST_BYTES));
            }
        }
        return files;
    }

    private Map<String, byte[]> made() {
        Map<String, byte[]> files = new LinkedHashMap<>();
        source.vocabulary()
                .ifPresentOrElse(
                        vocabulary -> {
                            putTokenizer(vocabulary, files);
                            files.put("tokenizer_config.json", utf8(tokenizerConfig(vocabulary)));
                        },
                        () -> notes.add(source.name() + ": has no tokenizer; none was written"));
        files.put("generation_config.json", utf8(generationConfig()));
        return files;
    }

    private static void putTokenizer(TokenizerVocabulary vocabulary, Map<String, byte[]> files) {
        if (vocabulary instanceof SentencePieceVocabulary pieces && !pieces.hasJson()) {
            files.put("tokenizer.model", pieces.toModel());
            return;
        }
        ByteArrayOutputStream json = new ByteArrayOutputStream();
        vocabulary.writeJson(json);
        files.put("tokenizer.json", json.toByteArray());
    }

    /// Transformers' class for whatever a `tokenizer.json` says: others build parts of it anew. Its class for a `tokenizer.model` is
    /// Llama's, which adds nothing of its own.
    private Map<String, Object> tokenizerConfig(TokenizerVocabulary vocabulary) {
        List<String> tokens =
                switch (vocabulary) {
                    case BpeVocabulary bpe -> bpe.tokens();
                    case SentencePieceVocabulary pieces -> pieces.pieces();
                };
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("add_bos_token", vocabulary.addBos());
        members.put("add_eos_token", vocabulary.addEos());
        vocabulary.bos().ifPresent(id -> members.put("bos_token", tokens.get(id)));
        members.put("clean_up_tokenization_spaces", false);
        vocabulary.eos().ifPresent(id -> members.put("eos_token", tokens.get(id)));
        boolean json = !(vocabulary instanceof SentencePieceVocabulary pieces) || pieces.hasJson();
        if (!json) {
            members.put("legacy", true);
        }
        members.put("model_max_length", config.contextLength());
        token("tokenizer.ggml.padding_token_id", tokens)
                .ifPresent(token -> members.put("pad_token", token));
        members.put("tokenizer_class", json ? "PreTrainedTokenizerFast" : "LlamaTokenizer");
        token("tokenizer.ggml.unknown_token_id", tokens)
                .ifPresent(token -> members.put("unk_token", token));
        source.chatTemplate().ifPresent(template -> members.put("chat_template", template));
        return members;
    }

    private Optional<String> token(String key, List<String> tokens) {
        return source.metadata().get(key) instanceof Number id
                        && id.longValue() >= 0
                        && id.longValue() < tokens.size()
                ? Optional.of(tokens.get(id.intValue()))
                : Optional.empty();
    }

    private Map<String, Object> generationConfig() {
        GenerationDefaults defaults = source.generationDefaults();
        Map<String, Object> members = new LinkedHashMap<>();
        bos().ifPresent(id -> members.put("bos_token_id", id));
        TreeSet<Integer> ends = new TreeSet<>(defaults.endOfGeneration());
        eos().ifPresent(ends::add);
        if (!ends.isEmpty()) {
            members.put("eos_token_id", ends.size() == 1 ? ends.getFirst() : List.copyOf(ends));
        }
        int before = members.size();
        defaults.temperature().ifPresent(value -> members.put("temperature", value));
        defaults.topK().ifPresent(value -> members.put("top_k", value));
        defaults.topP().ifPresent(value -> members.put("top_p", value));
        defaults.minP().ifPresent(value -> members.put("min_p", value));
        defaults.repeatPenalty().ifPresent(value -> members.put("repetition_penalty", value));
        if (members.size() > before) {
            members.put("do_sample", true);
        }
        return members;
    }

    private static byte[] utf8(Map<String, Object> members) {
        return JsonText.document(members).getBytes(StandardCharsets.UTF_8);
    }
}
