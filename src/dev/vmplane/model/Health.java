package dev.vmplane.model;

import java.time.Duration;

/**
 * How the control plane finds out that a guest does its work: asked from outside every {@code interval}, an answer
 * must come within {@code timeout}. A fresh guest has {@code grace} from its first sign of life to pass once.
 *
 * @param path what to GET for {@link Kind#HTTP}, answered by a status of 200 to 399; null for the other kinds
 * @param port the guest's port that is asked; 0 for {@link Kind#NONE}
 */
public record Health(Kind kind, String path, int port, Duration interval, Duration timeout, Duration grace) {
    /** Nothing is asked, so nothing is timed. */
    public static final Health NONE = new Health(Kind.NONE, null, 0, Duration.ZERO, Duration.ZERO, Duration.ZERO);

    public enum Kind {
        HTTP,
        /** A connection is accepted and stays open, or brings data, for a moment. */
        TCP,
        /** Not asked: a guest counts as healthy from the moment it says that its program started. */
        NONE
    }
}
