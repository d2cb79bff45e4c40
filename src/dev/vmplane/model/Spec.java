package dev.vmplane.model;

import java.util.Map;

/**
 * What somebody wants of one job, complete: roles and defaults are already filled in.
 *
 * @param role name of the template it was filled from, or null
 * @param host extra host name the ingress serves it under, or null
 */
public record Spec(
        String role,
        Boot boot,
        Lifecycle lifecycle,
        WarmPool warmPool,
        Restart restart,
        int replicas,
        String host,
        Map<String, String> labels) {}
