package dev.vmplane.store;

import dev.vmplane.model.Once;
import java.time.Instant;

/**
 * That a write which is to be done once was done.
 *
 * @param jobId of which job
 * @param fresh whether something was made or claimed for it
 * @param answered whether the answer to it is in the database
 */
record Done(Once once, String jobId, boolean fresh, Instant at, boolean answered) {
    Done asAnswered() {
        return new Done(once, jobId, fresh, at, true);
    }
}
