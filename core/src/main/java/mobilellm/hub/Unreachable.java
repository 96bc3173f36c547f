package mobilellm.hub;

/// No connection came about: asking again at once would not help, another source might.
final class Unreachable extends HubException {
    private static final long serialVersionUID = 1;

    Unreachable(String message, Throwable cause) {
        super(message, cause);
    }
}
