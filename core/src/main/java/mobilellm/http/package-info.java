/// Requests to servers of strangers: how long to wait, what may be asked again and when, who may see a secret.
@NullMarked
package mobilellm.http;

import org.jspecify.annotations.NullMarked;
