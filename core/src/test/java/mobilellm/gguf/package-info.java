@NullMarked
package mobilellm.gguf;

import org.jspecify.annotations.NullMarked;
