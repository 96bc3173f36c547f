package mobilellm.torch;

/// `None` of Python.
enum None {
    NONE
}
