@NullMarked
package mobilellm.quant;

import org.jspecify.annotations.NullMarked;
