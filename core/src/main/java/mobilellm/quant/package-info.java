/// Block formats of quantised numbers: what the bytes mean, and how numbers become such bytes.
@NullMarked
package mobilellm.quant;

import org.jspecify.annotations.NullMarked;
