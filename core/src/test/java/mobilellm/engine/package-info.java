@NullMarked
package mobilellm.engine;

import org.jspecify.annotations.NullMarked;
