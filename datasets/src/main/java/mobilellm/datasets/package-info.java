/// Tables of documents, as Hugging Face's datasets are stored: Parquet and Arrow files, each as rows of plain values. A
/// module of its own, so that its libraries burden nobody who has no use for them.
@NullMarked
package mobilellm.datasets;

import org.jspecify.annotations.NullMarked;
