package dev.vmplane.model;

import java.time.Duration;

/**
 * When a job that runs to its end is over.
 *
 * @param timeout how long one attempt may run before it counts as failed, or null for as long as it likes
 * @param timeToLive how long the job is remembered after its end, or null until somebody deletes it
 */
public record Completion(Duration timeout, Duration timeToLive) {
    public static final Completion OPEN = new Completion(null, null);
}
