package mobilellm.app;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/// Writes a GGUF file with a complete model of a few thousand weights: every byte is a token, `He` and `ll` are merges,
/// and the chat template is ChatML. Its text is noise; everything around it is real.
final class TinyModel {
    static final int LAYERS = 2;
    static final int HIDDEN = 8;
    static final int INTERMEDIATE = 16;
    static final int HEADS = 2;
    static final int KEY_VALUE_HEADS = 1;
    static final int HEAD_DIM = 4;
    static final int CONTEXT = 64;
    static final int VOCABULARY = 260;
    static final int START = 256;
    static final int END = 257;
    static final int HE = 258;
    static final int LL = 259;

    static final String TEMPLATE =
            """
            {% for message in messages %}<|im_start|>{{ message['role'] }}
            {{ message['content'] }}<|im_end|>
            {% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
            {% endif %}\
            """;

    private static final int ALIGNMENT = 32;

    private final Bytes metadata = new Bytes();
    private final Bytes descriptions = new Bytes();
    private final Bytes data = new Bytes();
    private long pairs;
    private long tensors;

    private final Map<String, Float> recommended;

    private TinyModel(Map<String, Float> recommended) {
        this.recommended = recommended;
    }

    /// Writes the model and returns its path.
    static Path write(Path file) throws IOException {
        return write(file, Map.of());
    }

    /// Writes the model with sampling that its makers recommend, such as `temp` and `top_p`.
    static Path write(Path file, Map<String, Float> recommended) throws IOException {
        return Files.write(file, new TinyModel(recommended).bytes());
    }

    private byte[] bytes() {
        metadata();
        tensors();
        Bytes file = new Bytes();
        file.raw("GGUF".getBytes(StandardCharsets.US_ASCII));
        file.integer(3);
        file.number(tensors);
        file.number(pairs);
        file.raw(metadata.toByteArray());
        file.raw(descriptions.toByteArray());
        file.align();
        file.raw(data.toByteArray());
        return file.toByteArray();
    }

    private void metadata() {
        text("general.architecture", "llama");
        text("general.name", "Tiny");
        count("llama.block_count", LAYERS);
        count("llama.context_length", CONTEXT);
        count("llama.embedding_length", HIDDEN);
        count("llama.feed_forward_length", INTERMEDIATE);
        count("llama.attention.head_count", HEADS);
        count("llama.attention.head_count_kv", KEY_VALUE_HEADS);
        key("llama.attention.layer_norm_rms_epsilon", 6);
        metadata.real(1e-5f);
        count("llama.vocab_size", VOCABULARY);
        text("tokenizer.ggml.model", "gpt2");
        text("tokenizer.ggml.pre", "smollm");
        List<String> tokens = alphabet();
        Collections.addAll(tokens, "<|im_start|>", "<|im_end|>", "He", "ll");
        texts("tokenizer.ggml.tokens", tokens);
        key("tokenizer.ggml.token_type", 9);
        metadata.integer(5);
        metadata.number(VOCABULARY);
        for (int id = 0; id < VOCABULARY; id++) {
            metadata.integer(id == START || id == END ? 3 : 1);
        }
        texts("tokenizer.ggml.merges", List.of("H e", "l l"));
        count("tokenizer.ggml.bos_token_id", START);
        count("tokenizer.ggml.eos_token_id", END);
        text("tokenizer.chat_template", TEMPLATE);
        recommended.forEach(
                (name, value) -> {
                    key("general.sampling." + name, 6);
                    metadata.real(value);
                });
    }

    /// GPT-2's printable stand-ins for the 256 bytes: visible Latin-1 stays, the rest moves to U+0100 and on. Here every
    /// byte's id is the byte.
    private static List<String> alphabet() {
        List<String> tokens = new ArrayList<>();
        int moved = 0x100;
        for (int value = 0; value < 256; value++) {
            boolean visible = (value >= '!' && value <= '~') || (value >= 0xa1 && value != 0xad);
            tokens.add(Character.toString(visible ? value : moved++));
        }
        return tokens;
    }

    private void tensors() {
        tensor("token_embd.weight", VOCABULARY, HIDDEN);
        for (int layer = 0; layer < LAYERS; layer++) {
            String block = "blk." + layer + ".";
            tensor(block + "attn_norm.weight", HIDDEN);
            tensor(block + "attn_q.weight", HEADS * HEAD_DIM, HIDDEN);
            tensor(block + "attn_k.weight", KEY_VALUE_HEADS * HEAD_DIM, HIDDEN);
            tensor(block + "attn_v.weight", KEY_VALUE_HEADS * HEAD_DIM, HIDDEN);
            tensor(block + "attn_output.weight", HIDDEN, HEADS * HEAD_DIM);
            tensor(block + "ffn_norm.weight", HIDDEN);
            tensor(block + "ffn_gate.weight", INTERMEDIATE, HIDDEN);
            tensor(block + "ffn_up.weight", INTERMEDIATE, HIDDEN);
            tensor(block + "ffn_down.weight", HIDDEN, INTERMEDIATE);
        }
        tensor("output_norm.weight", HIDDEN);
    }

    /// @param shape outermost dimension first; the file has them the other way round
    private void tensor(String name, int... shape) {
        descriptions.string(name);
        descriptions.integer(shape.length);
        int elements = 1;
        for (int i = shape.length - 1; i >= 0; i--) {
            descriptions.number(shape[i]);
            elements *= shape[i];
        }
        descriptions.integer(0); // F32
        descriptions.number(data.size());
        for (int i = 0; i < elements; i++) {
            data.real((float) Math.sin(elements + 0.7 * i));
        }
        data.align();
        tensors++;
    }

    private void key(String key, int type) {
        metadata.string(key);
        metadata.integer(type);
        pairs++;
    }

    private void count(String key, int value) {
        key(key, 4);
        metadata.integer(value);
    }

    private void text(String key, String value) {
        key(key, 8);
        metadata.string(value);
    }

    private void texts(String key, List<String> values) {
        key(key, 9);
        metadata.integer(8);
        metadata.number(values.size());
        values.forEach(metadata::string);
    }

    /// Little-endian, as GGUF is.
    private static final class Bytes extends ByteArrayOutputStream {
        void raw(byte[] bytes) {
            writeBytes(bytes);
        }

        void integer(int value) {
            raw(buffer(4).putInt(value).array());
        }

        void number(long value) {
            raw(buffer(8).putLong(value).array());
        }

        void real(float value) {
            raw(buffer(4).putFloat(value).array());
        }

        void string(String value) {
            byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
            number(bytes.length);
            raw(bytes);
        }

        void align() {
            while (size() % ALIGNMENT != 0) {
                write(0);
            }
        }

        private static ByteBuffer buffer(int bytes) {
            return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        }
    }
}
