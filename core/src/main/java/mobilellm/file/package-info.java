/// What all file formats share, and distrust: mapped files, JSON documents and text that strangers wrote.
@NullMarked
package mobilellm.file;

import org.jspecify.annotations.NullMarked;
