package dev.vmplane.store;

import dev.vmplane.model.Backoff;
import java.time.Duration;

/**
 * The numbers the store's rules need.
 *
 * @param node the host new VMs are placed on
 * @param drainLimit how long a VM may finish what it has begun
 * @param stopLimit how long a guest may take to end after it was asked
 * @param keepEnded how long the row of an ended VM stays for people to read
 * @param keepEvents how many events the log holds at least
 */
public record Rules(
        String node, Backoff backoff, Duration drainLimit, Duration stopLimit, Duration keepEnded, long keepEvents) {}
