/// The GGUF file format, versions 2 and 3: metadata and tensors of a memory-mapped file whose every byte may be hostile.
@NullMarked
package mobilellm.gguf;

import org.jspecify.annotations.NullMarked;
