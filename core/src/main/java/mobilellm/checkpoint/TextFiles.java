package mobilellm.checkpoint;

import mobilellm.file.JsonReader;
import mobilellm.file.Printable;
import mobilellm.file.WholeFile;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tokenizer.Tokenizer;
import mobilellm.tokenizer.TokenizerOptions;
import mobilellm.tokenizer.TokenizerVocabulary;
import mobilellm.tokenizer.Tokenizers;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// The files of a model directory that are about text: tokenizer, chat template, how to generate.
final class TextFiles {
    private static final int MOST_JSON_BYTES = 16 << 20;
    private static final int MOST_TOKENIZER_BYTES = 128 << 20;
    private static final int MOST_TEMPLATE_BYTES = 1 << 20;

    private final Path directory;
    private final ConfigJson config;
    private final Keys tokenizerConfig;
    private final Keys generationConfig;
    private final Optional<byte[]> tokenizerJson;
    private final Optional<byte[]> sentencePiece;
    private final Optional<String> templateFile;

    /// Reads all of them that are there.
    TextFiles(Path directory, ConfigJson config) throws IOException {
        this.directory = directory;
        this.config = config;
        tokenizerConfig = json("tokenizer_config.json");
        generationConfig = json("generation_config.json");
        tokenizerJson = bytes("tokenizer.json", MOST_TOKENIZER_BYTES);
        sentencePiece = bytes("tokenizer.model", MOST_TOKENIZER_BYTES);
        templateFile =
                bytes("chat_template.jinja", MOST_TEMPLATE_BYTES)
                        .map(utf8 -> new String(utf8, StandardCharsets.UTF_8));
    }

    private Keys json(String name) throws IOException {
        String file = directory.resolve(name).toString();
        Optional<byte[]> bytes = bytes(name, MOST_JSON_BYTES);
        return new Keys(
                file, bytes.isPresent() ? JsonReader.readObject(bytes.get(), file) : Map.of());
    }

    private Optional<byte[]> bytes(String name, int most) throws IOException {
        Path path = directory.resolve(name);
        return Files.exists(path)
                ? Optional.of(WholeFile.read(path, "a file about text", most))
                : Optional.empty();
    }

    /// From `tokenizer.json` if there is one, as in Transformers, else from `tokenizer.model`.
    Tokenizer tokenizer() {
        Tokenizer tokenizer;
        if (tokenizerJson.isPresent()) {
            tokenizer = Tokenizers.fromJson(tokenizerJson.get(), options());
        } else if (sentencePiece.isPresent()) {
            tokenizer = Tokenizers.sentencePiece(sentencePiece.get(), options());
        } else {
            throw new MalformedFileException(
                    directory
                            + ": there is no tokenizer, neither tokenizer.json nor"
                            + " tokenizer.model");
        }
        return EndingTokenizer.of(tokenizer, endOfGeneration());
    }

    /// Of the same file as [#tokenizer].
    Optional<TokenizerVocabulary> vocabulary() {
        return tokenizerJson
                .map(json -> Tokenizers.vocabularyOfJson(json, options()))
                .or(
                        () ->
                                sentencePiece.map(
                                        model -> Tokenizers.vocabularyOfModel(model, options())));
    }

    private TokenizerOptions options() {
        return new TokenizerOptions(
                tokenizerConfig.optionalFlag("legacy").orElse(true),
                tokenizerConfig.optionalFlag("add_bos_token"),
                tokenizerConfig.optionalFlag("add_eos_token"),
                token("bos_token"),
                token("eos_token"),
                addedTokens());
    }

    /// Text, or an object with the text as `content`. MobileLLM's release has empty ones and means those that the
    /// tokenizer itself names: `<s>`, `</s>`, `<unk>`.
    private Optional<String> token(String key) {
        Optional<String> text =
                tokenizerConfig.all().get(key) instanceof Map<?, ?>
                        ? tokenizerConfig
                                .optionalObject(key)
                                .flatMap(object -> object.optionalString("content"))
                        : tokenizerConfig.optionalString(key);
        return text.filter(token -> !token.isEmpty());
    }

    private Map<Integer, String> addedTokens() {
        String key = "added_tokens_decoder";
        Map<Integer, String> tokens = new LinkedHashMap<>();
        Optional<Keys> added = tokenizerConfig.optionalObject(key);
        for (String id : added.map(keys -> keys.all().keySet()).orElse(Set.of())) {
            Keys token = added.orElseThrow().optionalObject(id).orElseThrow();
            if (token.optionalFlag("special").orElse(false)) {
                if (!id.matches("\\d{1,9}")) {
                    throw tokenizerConfig.malformed(
                            key, "has the id %s, expected a number".formatted(Printable.quote(id)));
                }
                tokens.put(Integer.parseInt(id), token.string("content"));
            }
        }
        return tokens;
    }

    /// The file `chat_template.jinja`, else a text or the text named "default" of several in `tokenizer_config.json`.
    Optional<String> chatTemplate() {
        String key = "chat_template";
        if (templateFile.isPresent() || !(tokenizerConfig.all().get(key) instanceof List<?>)) {
            return templateFile.isPresent() ? templateFile : tokenizerConfig.optionalString(key);
        }
        for (Object element : tokenizerConfig.list(key)) {
            if (!(element instanceof Map<?, ?> named
                    && named.get("name") instanceof String name
                    && named.get("template") instanceof String template)) {
                throw tokenizerConfig.malformed(
                        key, "should be a text, or a list of objects with 'name' and 'template'");
            }
            if (name.equals("default")) {
                return Optional.of(template);
            }
        }
        return Optional.empty();
    }

    GenerationDefaults generationDefaults() {
        return new GenerationDefaults(
                endOfGeneration(),
                generationConfig.optionalFlag("do_sample"),
                generationConfig.optionalNumber("temperature"),
                generationConfig.optionalIndex("top_k"),
                generationConfig.optionalNumber("top_p"),
                generationConfig.optionalNumber("min_p"),
                generationConfig.optionalNumber("repetition_penalty"));
    }

    /// One id or several, of `generation_config.json` and `config.json`.
    private Set<Integer> endOfGeneration() {
        Set<Integer> ids = new TreeSet<>();
        for (Keys keys : List.of(generationConfig, config.keys())) {
            String key = "eos_token_id";
            Object value = keys.all().getOrDefault(key, List.of());
            for (Object id : value instanceof List<?> list ? list : List.of(value)) {
                int size = config.config().vocabularySize();
                if (!(id instanceof Integer integer) || integer < 0 || integer >= size) {
                    throw keys.malformed(
                            key,
                            "has %s, expected ids of the vocabulary, 0 to %d"
                                    .formatted(Printable.quote(id.toString()), size - 1));
                }
                ids.add(integer);
            }
        }
        return ids;
    }
}
