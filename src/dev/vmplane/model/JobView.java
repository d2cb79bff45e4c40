package dev.vmplane.model;

import java.util.List;

/** One job with everything that is known of it: its microVMs, ended ones included, and its failures. */
public record JobView(DesiredVm job, List<MicroVm> instances, List<Retry> retries) {}
