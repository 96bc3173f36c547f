@NullMarked
package mobilellm.model;

import org.jspecify.annotations.NullMarked;
