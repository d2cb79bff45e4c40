package dev.vmplane.cli;

import java.util.Map;
import java.util.Optional;

/** What can be done with jobs. */
record Jobs(ApiClient api) {
    /** Nothing when there is none of that id. */
    Optional<JobReport> find(String jobId) {
        try {
            return Optional.of(new JobReport(api.get(path(jobId))));
        } catch (ProblemException refused) {
            if (refused.notFound()) {
                return Optional.empty();
            }
            throw refused;
        }
    }

    JobReport make(Map<String, Object> wish) {
        return new JobReport(api.post("/vms", wish).body());
    }

    void remove(String jobId) {
        api.delete(path(jobId));
    }

    /** Lets its VMs go. The job stays what it is. */
    void stop(String jobId) {
        api.post(path(jobId) + "/stop", null);
    }

    static String path(String jobId) {
        return "/vms/" + ApiClient.escaped(jobId);
    }
}
