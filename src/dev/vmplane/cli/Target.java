package dev.vmplane.cli;

import java.util.Optional;

/**
 * What somebody named who may mean a job or one microVM.
 *
 * @param path of it in the API
 * @param job nothing when it is a microVM
 */
record Target(String path, Optional<JobReport> job) {

    /** Jobs first: somebody chose their names. */
    static Target of(ApiClient api, String name) {
        var job = new Jobs(api).find(name);
        if (job.isPresent()) {
            return new Target(Jobs.path(name), job);
        }
        var path = "/instances/" + ApiClient.escaped(name);
        try {
            api.get(path);
        } catch (ProblemException refused) {
            if (refused.notFound()) {
                throw new CommandException(
                        "'" + Table.printable(name) + "' cannot be found: it is neither a job nor a VM",
                        "'vmplane ps -a' lists the jobs.");
            }
            throw refused;
        }
        return new Target(path, Optional.empty());
    }
}
