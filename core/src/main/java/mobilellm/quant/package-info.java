/// Block formats of quantised numbers: what the bytes mean.
@NullMarked
package mobilellm.quant;

import org.jspecify.annotations.NullMarked;
