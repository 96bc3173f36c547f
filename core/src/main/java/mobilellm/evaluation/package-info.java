/// How well a model does.
@NullMarked
package mobilellm.evaluation;

import org.jspecify.annotations.NullMarked;
