package mobilellm.hub;

import java.io.IOException;

/// A model could not be had. The message says which one, from where, why, and what to do.
public class HubException extends IOException {
    private static final long serialVersionUID = 1;

    public HubException(String message) {
        super(message);
    }

    public HubException(String message, Throwable cause) {
        super(message, cause);
    }
}
