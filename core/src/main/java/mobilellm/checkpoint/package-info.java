/// From a model file to configuration, named weights, tokenizer and chat template: the one place that knows the key and
/// tensor names of file formats.
@NullMarked
package mobilellm.checkpoint;

import org.jspecify.annotations.NullMarked;
