package mobilellm.torch;

import java.util.List;

/// A tuple of Python.
record Tuple(List<Object> elements) {}
