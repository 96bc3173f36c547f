package mobilellm.judge;

/// What may be spent. A request is refused that could exceed it; a request that failed without a word of what it cost counts
/// as the most that it can have cost.
public final class Budget {
    private final long mostRequests;
    private final long mostTokens;
    private long requests;
    private long tokens;

    public Budget(long mostRequests, long mostTokens) {
        this.mostRequests = mostRequests;
        this.mostTokens = mostTokens;
    }

    /// Sets aside what a request can cost.
    ///
    /// @throws JudgeException if that could be too much
    void reserve(long most) throws JudgeException {
        if (requests + 1 > mostRequests) {
            throw new JudgeException(
                    "stopped: the next request would be one more than the %,d that are allowed (--max-requests); what was judged is kept, and the same command goes on from there"
                            .formatted(mostRequests));
        }
        if (tokens + most > mostTokens) {
            throw new JudgeException(
                    "stopped: the next request could bring the tokens from %,d to more than the %,d that are allowed (--max-tokens); what was judged is kept, and the same command goes on from there"
                            .formatted(tokens, mostTokens));
        }
        requests++;
        tokens += most;
    }

    /// A request that was set aside for cost less.
    void settle(long reserved, long actual) {
        tokens += actual - reserved;
    }

    /// Requests that were made, those included that failed.
    public long requests() {
        return requests;
    }

    /// Tokens that were used, as far as the endpoint told.
    public long tokens() {
        return tokens;
    }
}
