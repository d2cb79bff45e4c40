package dev.vmplane.cli;

import java.util.LinkedHashMap;
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

    /** The same job without replicas. */
    void stop(String jobId) {
        var job = new JobReport(api.get(path(jobId)));
        var wish = new LinkedHashMap<String, Object>();
        wish.put("job_id", jobId);
        wish.put("tenant", job.document().text("tenant"));
        wish.put("spec", job.spec().with("replicas", 0).fields());
        api.post("/vms", wish);
    }

    static String path(String jobId) {
        return "/vms/" + ApiClient.escaped(jobId);
    }
}
