package mobilellm.tokenizer;

/// Turns ids into text as they come, whole characters only: a character whose bytes are spread over several tokens
/// appears with the last of them. The pieces and the rest together equal [Tokenizer#decode] of all ids, but for
/// a space in front that it leaves out. For one stream and one thread.
public interface StreamingDecoder {

    /// What may be shown after this id; empty while a character is incomplete. Bytes that can no longer become a
    /// character appear at once as U+FFFD.
    String accept(int id);

    /// What is left of an incomplete character: U+FFFD or nothing. The decoder is then as new.
    String finish();
}
