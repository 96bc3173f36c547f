/// Text to token ids and back, with the vocabulary that a model's files carry: byte-level BPE, SentencePiece and
/// `tokenizer.json`; and decoding that is safe to show while it streams.
@NullMarked
package mobilellm.tokenizer;

import org.jspecify.annotations.NullMarked;
