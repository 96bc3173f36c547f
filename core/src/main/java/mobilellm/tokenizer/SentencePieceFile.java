package mobilellm.tokenizer;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;

import mobilellm.file.Printable;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.UnsupportedModelException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/// Reads a `tokenizer.model`: the message `ModelProto` of SentencePiece's `sentencepiece_model.proto`. Field numbers and
/// defaults are those of that file.
final class SentencePieceFile {
    private static final int NORMAL = 1;
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;

    private final CodedInputStream input;
    private final List<String> pieces = new ArrayList<>();
    private float[] scores = new float[64];
    private int[] types = new int[64];

    // TrainerSpec
    private int algorithm = 1;
    private boolean whitespaceAsSuffix;
    private String bosPiece = "<s>";
    private String eosPiece = "</s>";

    // NormalizerSpec
    private byte[] charsmap = {};
    private boolean addDummyPrefix = true;
    private boolean removeExtraWhitespaces = true;
    private boolean escapeWhitespaces = true;

    private SentencePieceFile(byte[] bytes) {
        input = CodedInputStream.newInstance(bytes);
    }

    /// @throws MalformedFileException if the bytes are not such a message
    static SentencePieceVocabulary read(byte[] bytes, TokenizerOptions options) {
        SentencePieceFile file = new SentencePieceFile(bytes);
        try {
            file.readModel();
        } catch (InvalidProtocolBufferException | CharacterCodingException e) {
            throw new MalformedFileException(
                    "the SentencePiece model is damaged at byte %d of %d: %s"
                            .formatted(
                                    file.input.getTotalBytesRead(), bytes.length, e.getMessage()),
                    e);
        } catch (IOException e) {
            throw new AssertionError("bytes in memory cannot fail to be read", e);
        }
        return file.vocabulary(options);
    }

    private void readModel() throws IOException {
        for (int tag = input.readTag(); tag != 0; tag = input.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 1 -> within(tag, this::readPiece);
                case 2 -> within(tag, this::readTrainerSpec);
                case 3 -> within(tag, this::readNormaliserSpec);
                default -> skip(tag);
            }
        }
    }

    private interface Message {
        void read() throws IOException;
    }

    private void within(int tag, Message message) throws IOException {
        expect(tag, WireFormat.WIRETYPE_LENGTH_DELIMITED);
        int limit = input.pushLimit(input.readRawVarint32());
        message.read();
        if (input.getBytesUntilLimit() != 0) {
            throw new InvalidProtocolBufferException("a message ends in the middle of a field");
        }
        input.popLimit(limit);
    }

    private void readPiece() throws IOException {
        String piece = "";
        float score = 0;
        int type = NORMAL;
        for (int tag = input.readTag(); tag != 0; tag = input.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 1 -> piece = string(tag);
                case 2 -> {
                    expect(tag, WireFormat.WIRETYPE_FIXED32);
                    score = input.readFloat();
                }
                case 3 -> type = integer(tag);
                default -> skip(tag);
            }
        }
        if (piece.isEmpty()) {
            throw new MalformedFileException(
                    "piece %d of the tokenizer is empty".formatted(pieces.size()));
        }
        add(piece, score, type);
    }

    private void add(String piece, float score, int type) {
        if (pieces.size() == scores.length) {
            scores = Arrays.copyOf(scores, 2 * scores.length);
            types = Arrays.copyOf(types, 2 * types.length);
        }
        scores[pieces.size()] = score;
        types[pieces.size()] = type;
        pieces.add(piece);
    }

    private void readTrainerSpec() throws IOException {
        for (int tag = input.readTag(); tag != 0; tag = input.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 3 -> algorithm = integer(tag);
                case 24 -> whitespaceAsSuffix = flag(tag);
                case 46 -> bosPiece = string(tag);
                case 47 -> eosPiece = string(tag);
                default -> skip(tag);
            }
        }
    }

    private void readNormaliserSpec() throws IOException {
        for (int tag = input.readTag(); tag != 0; tag = input.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 2 -> {
                    expect(tag, WireFormat.WIRETYPE_LENGTH_DELIMITED);
                    charsmap = input.readByteArray();
                }
                case 3 -> addDummyPrefix = flag(tag);
                case 4 -> removeExtraWhitespaces = flag(tag);
                case 5 -> escapeWhitespaces = flag(tag);
                default -> skip(tag);
            }
        }
    }

    private void skip(int tag) throws IOException {
        if (!input.skipField(tag)) {
            throw new InvalidProtocolBufferException("a group ends that has not begun");
        }
    }

    private int integer(int tag) throws IOException {
        expect(tag, WireFormat.WIRETYPE_VARINT);
        return input.readInt32();
    }

    private boolean flag(int tag) throws IOException {
        expect(tag, WireFormat.WIRETYPE_VARINT);
        return input.readBool();
    }

    private String string(int tag) throws IOException {
        expect(tag, WireFormat.WIRETYPE_LENGTH_DELIMITED);
        return StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(input.readByteArray()))
                .toString();
    }

    private static void expect(int tag, int wireType) throws InvalidProtocolBufferException {
        if (WireFormat.getTagWireType(tag) != wireType) {
            throw new InvalidProtocolBufferException(
                    "field %d has wire type %d, expected %d"
                            .formatted(
                                    WireFormat.getTagFieldNumber(tag),
                                    WireFormat.getTagWireType(tag),
                                    wireType));
        }
    }

    private SentencePieceVocabulary vocabulary(TokenizerOptions options) {
        if (pieces.isEmpty()) {
            throw new MalformedFileException("the SentencePiece model has no pieces");
        }
        options.specialTokens().forEach(this::makeSpecial);
        return new SentencePieceVocabulary(
                pieces,
                Arrays.copyOf(scores, pieces.size()),
                Arrays.copyOf(types, pieces.size()),
                switch (algorithm) {
                    case 1 -> SentencePieceVocabulary.Algorithm.UNIGRAM;
                    case 2 -> SentencePieceVocabulary.Algorithm.BPE;
                    default ->
                            throw new UnsupportedModelException(
                                    "the SentencePiece model is of type %d; supported are 1 (unigram) and 2 (BPE)"
                                            .formatted(algorithm));
                },
                new SentencePieceVocabulary.Normalisation(
                        charsmap,
                        addDummyPrefix,
                        removeExtraWhitespaces,
                        escapeWhitespaces,
                        whitespaceAsSuffix),
                idOf(options.bos().orElse(bosPiece)),
                idOf(options.eos().orElse(eosPiece)),
                options.addBos().orElse(true),
                options.addEos().orElse(false),
                options.legacy());
    }

    private void makeSpecial(int id, String text) {
        if (id < 0 || id > pieces.size()) {
            throw new MalformedFileException(
                    "special token %s has id %d; expected at most %d, the first behind the tokenizer's own"
                            .formatted(Printable.quote(text), id, pieces.size()));
        }
        if (id == pieces.size()) {
            add(text, 0, CONTROL);
        } else if (types[id] != UNKNOWN || !pieces.get(id).equals(text)) {
            pieces.set(id, text);
            types[id] = CONTROL;
        }
    }

    private OptionalInt idOf(String piece) {
        int id = pieces.indexOf(piece);
        return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
    }
}
