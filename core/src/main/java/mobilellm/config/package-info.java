/// What a model is, before any weights exist: sizes, rotary embedding, the plan of its layers.
@NullMarked
package mobilellm.config;

import org.jspecify.annotations.NullMarked;
