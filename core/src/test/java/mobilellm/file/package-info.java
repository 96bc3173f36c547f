@NullMarked
package mobilellm.file;

import org.jspecify.annotations.NullMarked;
