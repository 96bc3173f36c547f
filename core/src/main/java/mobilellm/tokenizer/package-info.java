/// Text to token ids and back: byte-level byte-pair encoding with the vocabulary that a model file carries,
/// and decoding that is safe to show while it streams.
@NullMarked
package mobilellm.tokenizer;

import org.jspecify.annotations.NullMarked;
