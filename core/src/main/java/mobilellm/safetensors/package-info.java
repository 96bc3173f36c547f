/// The safetensors file format: named tensors of a memory-mapped file whose every byte may be hostile.
@NullMarked
package mobilellm.safetensors;

import org.jspecify.annotations.NullMarked;
