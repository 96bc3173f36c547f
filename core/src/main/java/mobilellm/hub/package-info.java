/// Models by name: what the catalogue knows, what the local store holds, and the verified way from one to the other.
/// Names, answers of servers, archives and the store's own files are all read as if a stranger had written them.
@NullMarked
package mobilellm.hub;

import org.jspecify.annotations.NullMarked;
