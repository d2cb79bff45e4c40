package dev.vmplane.model;

import java.time.Instant;
import java.util.Map;

/**
 * One line of the durable log, written in the same transaction as the change it tells.
 *
 * @param seq without gaps, from 1
 * @param tenant null when it concerns no tenant's VM, such as a warm one
 * @param data facts of this type: text, numbers and booleans only
 */
public record Event(
        long seq, Instant at, EventType type, String tenant, String jobId, String vmId, Map<String, Object> data) {}
