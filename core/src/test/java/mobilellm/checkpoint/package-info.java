@NullMarked
package mobilellm.checkpoint;

import org.jspecify.annotations.NullMarked;
