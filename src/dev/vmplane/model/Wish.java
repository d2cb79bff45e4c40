package dev.vmplane.model;

/** What somebody asks for in one document: a job, whose it is, and its complete spec. */
public record Wish(String jobId, String tenant, Spec spec) {

    /** What ids of jobs and tenants look like: one label of a host name, because a job is served under its id. */
    public static final Fields.Form ID = new Fields.Form(
            "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", "1 to 63 of the characters a-z, 0-9 and -, with no - at either end");
}
