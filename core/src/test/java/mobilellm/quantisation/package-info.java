@NullMarked
package mobilellm.quantisation;

import org.jspecify.annotations.NullMarked;
