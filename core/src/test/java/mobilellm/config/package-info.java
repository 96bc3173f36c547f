@NullMarked
package mobilellm.config;

import org.jspecify.annotations.NullMarked;
