@NullMarked
package mobilellm.sampling;

import org.jspecify.annotations.NullMarked;
