package dev.vmplane.cli;

/** Why a command cannot do what it was told, in a sentence for people. */
class CommandException extends RuntimeException {
    private final String advice;

    CommandException(String message) {
        this(message, null);
    }

    /**
     * One that can be helped.
     *
     * @param advice what to do next, or null
     */
    CommandException(String message, String advice) {
        super(message);
        this.advice = advice;
    }

    String advice() {
        return advice;
    }
}
