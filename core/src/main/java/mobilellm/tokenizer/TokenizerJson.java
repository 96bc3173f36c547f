package mobilellm.tokenizer;

import mobilellm.file.Printable;
import mobilellm.tensor.MalformedFileException;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The contents of a `tokenizer.json`: the vocabulary and the merges, which are most of it, as they stream by; the
/// components as small trees.
///
/// @param components `normalizer`, `pre_tokenizer`, `post_processor`, `decoder` and `model` (without what follows)
/// @param addedTokens in the order of the file
/// @param vocabulary id by token, of a BPE model
/// @param merges left and right, in turn
/// @param pieces tokens with their scores, in the order of their ids, of a unigram model
record TokenizerJson(
        Map<String, JsonTree> components,
        List<JsonTree> addedTokens,
        Map<String, Integer> vocabulary,
        List<String> merges,
        List<Scored> pieces,
        int fileBytes) {
    private static final int DEEPEST = 64;
    private static final int MOST_PARTS = 1_000;
    private static final JsonFactory FACTORY =
            JsonFactory.builder()
                    .streamReadConstraints(
                            StreamReadConstraints.builder()
                                    .maxNestingDepth(DEEPEST)
                                    .maxStringLength(Integer.MAX_VALUE)
                                    .maxNumberLength(100)
                                    .build())
                    .build();

    record Scored(String piece, double score) {}

    /// @throws MalformedFileException if the bytes are no JSON, or not of this form
    static TokenizerJson read(byte[] utf8) {
        TokenizerJson file =
                new TokenizerJson(
                        new HashMap<>(),
                        new ArrayList<>(),
                        new LinkedHashMap<>(),
                        new ArrayList<>(),
                        new ArrayList<>(),
                        utf8.length);
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), utf8)) {
            parser.nextToken();
            file.readFile(parser);
            if (parser.nextToken() != null) {
                throw malformed(parser, "something follows the object");
            }
        } catch (JacksonException e) {
            throw new MalformedFileException(
                    "tokenizer.json is not the JSON it should be: " + e.getOriginalMessage(), e);
        }
        return file;
    }

    private void readFile(JsonParser parser) {
        expect(parser, JsonToken.START_OBJECT);
        while (parser.nextName() != null) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            switch (name) {
                case "model" -> readModel(parser);
                case "added_tokens" -> readAddedTokens(parser);
                case "normalizer", "pre_tokenizer", "post_processor", "decoder" -> {
                    if (value != JsonToken.VALUE_NULL) {
                        expect(parser, JsonToken.START_OBJECT);
                        JsonTree component = JsonTree.read(parser, name);
                        if (component.parts() > MOST_PARTS) {
                            throw component.unsupported(
                                    "a tree of more than %d parts".formatted(MOST_PARTS));
                        }
                        components.put(name, component);
                    }
                }
                default -> parser.skipChildren(); // truncation and padding are about batches, not
                    // about text
            }
        }
    }

    private void readAddedTokens(JsonParser parser) {
        if (parser.currentToken() == JsonToken.VALUE_NULL) {
            return;
        }
        expect(parser, JsonToken.START_ARRAY);
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            expect(parser, JsonToken.START_OBJECT);
            addedTokens.add(
                    JsonTree.read(parser, "added_tokens[%d]".formatted(addedTokens.size())));
        }
    }

    private void readModel(JsonParser parser) {
        expect(parser, JsonToken.START_OBJECT);
        Map<String, Object> members = new HashMap<>();
        while (parser.nextName() != null) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            if (name.equals("vocab") && value == JsonToken.START_ARRAY) {
                readPieces(parser);
            } else if (name.equals("vocab")) {
                readVocabulary(parser);
            } else if (name.equals("merges")) {
                readMerges(parser);
            } else {
                switch (value) {
                    case VALUE_NULL -> {}
                    case VALUE_TRUE, VALUE_FALSE -> members.put(name, parser.getBooleanValue());
                    case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT ->
                            members.put(name, parser.getDoubleValue());
                    case VALUE_STRING -> members.put(name, parser.getString());
                    default -> parser.skipChildren();
                }
            }
        }
        components.put("model", new JsonTree("model", members));
    }

    private void readVocabulary(JsonParser parser) {
        expect(parser, JsonToken.START_OBJECT);
        while (parser.nextName() != null) {
            String token = parser.currentName();
            parser.nextToken();
            expect(parser, JsonToken.VALUE_NUMBER_INT);
            vocabulary.put(token, parser.getIntValue());
        }
    }

    private void readPieces(JsonParser parser) {
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            expect(parser, JsonToken.START_ARRAY);
            parser.nextToken();
            String piece = string(parser);
            parser.nextToken();
            if (!parser.currentToken().isNumeric()) {
                throw malformed(parser, "expected a score");
            }
            pieces.add(new Scored(piece, parser.getDoubleValue()));
            parser.nextToken();
            expect(parser, JsonToken.END_ARRAY);
        }
    }

    private void readMerges(JsonParser parser) {
        expect(parser, JsonToken.START_ARRAY);
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() == JsonToken.START_ARRAY) {
                for (int half = 0; half < 2; half++) {
                    parser.nextToken();
                    merges.add(string(parser));
                }
                parser.nextToken();
                expect(parser, JsonToken.END_ARRAY);
            } else {
                String line = string(parser);
                int space = line.indexOf(' ');
                if (space <= 0 || space != line.lastIndexOf(' ') || space == line.length() - 1) {
                    throw new MalformedFileException(
                            "merge %d of the tokenizer, %s: expected two tokens with one space between them"
                                    .formatted(merges.size() / 2, Printable.quote(line)));
                }
                merges.add(line.substring(0, space));
                merges.add(line.substring(space + 1));
            }
        }
    }

    private static String string(JsonParser parser) {
        expect(parser, JsonToken.VALUE_STRING);
        return parser.getString();
    }

    private static void expect(JsonParser parser, JsonToken expected) {
        if (parser.currentToken() != expected) {
            throw malformed(
                    parser, "found %s, expected %s".formatted(parser.currentToken(), expected));
        }
    }

    private static MalformedFileException malformed(JsonParser parser, String problem) {
        return new MalformedFileException(
                "tokenizer.json, at byte %d: %s"
                        .formatted(parser.currentLocation().getByteOffset(), problem));
    }
}
