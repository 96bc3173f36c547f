package mobilellm.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.OptionalInt;

/// Writes a `tokenizer.model`: what [SentencePieceFile] reads, and what SentencePiece itself needs besides. Field numbers are
/// those of `sentencepiece_model.proto`. (protobuf's own writer makes Java 25 warn about `sun.misc.Unsafe`.)
final class SentencePieceFileWriter {
    private static final int UNKNOWN = 2;
    private static final int BYTE = 6;

    private static final int VARINT = 0;
    private static final int LENGTH_DELIMITED = 2;
    private static final int FIXED32 = 5;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private SentencePieceFileWriter() {}

    static byte[] write(SentencePieceVocabulary vocabulary) {
        SentencePieceFileWriter model = new SentencePieceFileWriter();
        for (int id = 0; id < vocabulary.pieces().size(); id++) {
            SentencePieceFileWriter piece = new SentencePieceFileWriter();
            piece.text(1, vocabulary.pieces().get(id));
            piece.real(2, vocabulary.scores()[id]);
            piece.integer(3, vocabulary.types()[id]);
            model.message(1, piece);
        }
        model.message(2, trainerSpec(vocabulary));
        model.message(3, normaliserSpec(vocabulary.normalisation()));
        return model.bytes.toByteArray();
    }

    /// The special pieces are named by their text; an empty one is none.
    private static SentencePieceFileWriter trainerSpec(SentencePieceVocabulary vocabulary) {
        boolean unigram = vocabulary.algorithm() == SentencePieceVocabulary.Algorithm.UNIGRAM;
        int[] types = vocabulary.types();
        boolean hasBytes = false;
        OptionalInt unknown = OptionalInt.empty();
        for (int id = 0; id < types.length; id++) {
            hasBytes |= types[id] == BYTE;
            unknown = types[id] == UNKNOWN ? OptionalInt.of(id) : unknown;
        }
        SentencePieceFileWriter spec = new SentencePieceFileWriter();
        spec.integer(3, unigram ? 1 : 2);
        spec.integer(4, types.length);
        spec.flag(24, vocabulary.normalisation().whitespaceAsSuffix());
        spec.flag(35, hasBytes);
        spec.integer(40, unknown.orElse(-1));
        spec.integer(41, vocabulary.bos().orElse(-1));
        spec.integer(42, vocabulary.eos().orElse(-1));
        spec.integer(43, -1);
        spec.text(45, piece(vocabulary, unknown));
        spec.text(46, piece(vocabulary, vocabulary.bos()));
        spec.text(47, piece(vocabulary, vocabulary.eos()));
        return spec;
    }

    private static String piece(SentencePieceVocabulary vocabulary, OptionalInt id) {
        return id.isEmpty() ? "" : vocabulary.pieces().get(id.getAsInt());
    }

    private static SentencePieceFileWriter normaliserSpec(
            SentencePieceVocabulary.Normalisation rules) {
        SentencePieceFileWriter spec = new SentencePieceFileWriter();
        spec.field(2, rules.charsmap());
        spec.flag(3, rules.addDummyPrefix());
        spec.flag(4, rules.removeExtraWhitespaces());
        spec.flag(5, rules.escapeWhitespaces());
        return spec;
    }

    private void message(int field, SentencePieceFileWriter message) {
        field(field, message.bytes.toByteArray());
    }

    private void text(int field, String text) {
        field(field, text.getBytes(UTF_8));
    }

    private void field(int field, byte[] content) {
        varint(field << 3 | LENGTH_DELIMITED);
        varint(content.length);
        bytes.writeBytes(content);
    }

    private void flag(int field, boolean value) {
        integer(field, value ? 1 : 0);
    }

    private void integer(int field, int value) {
        varint(field << 3 | VARINT);
        varint(value);
    }

    private void real(int field, float value) {
        varint(field << 3 | FIXED32);
        int bits = Float.floatToRawIntBits(value);
        for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
            bytes.write(bits >> shift);
        }
    }

    /// Seven bits a byte, the lowest first; a negative number as one of 64 bits.
    private void varint(long value) {
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            bytes.write((int) (rest & 0x7F) | 0x80);
            rest >>>= 7;
        }
        bytes.write((int) rest);
    }
}
