/// PyTorch's `.bin` and `.pt` files: named tensors out of a pickle whose every byte may be hostile. Nothing in it is ever
/// executed.
@NullMarked
package mobilellm.torch;

import org.jspecify.annotations.NullMarked;
