package dev.vmplane.cli;

/** The server's answer of no. */
final class ProblemException extends CommandException {
    private static final int NOT_FOUND = 404;
    private static final int TOO_MANY = 429;
    private static final int UNAVAILABLE = 503;

    private final int status;
    private final String code;

    /**
     * One that the server has given a reason for.
     *
     * @param status of HTTP
     * @param code stable: what programs look at
     */
    ProblemException(int status, String code, String detail) {
        super(detail, status == UNAVAILABLE || status == TOO_MANY ? "This passes: try again in a moment." : null);
        this.status = status;
        this.code = code;
    }

    String code() {
        return code;
    }

    boolean notFound() {
        return status == NOT_FOUND;
    }

    /** Whether the same request may be answered otherwise a little later. */
    boolean passing() {
        return status == UNAVAILABLE || status == TOO_MANY;
    }
}
