package dev.vmplane.vm.agent;

import java.util.Map;

/**
 * What a guest is told about whose it is.
 *
 * @param env by name; not part of what it booted with
 */
public record Attachment(String jobId, String tenant, Map<String, String> env) {}
