package dev.vmplane.model;

/** Which place a microVM fills: replica {@code replica}, counted from 0, of a job as of {@code generation}. */
public record Owner(String jobId, String tenant, int replica, long generation) {}
