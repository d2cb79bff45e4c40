package dev.vmplane.api;

import dev.vmplane.model.JobView;
import java.time.Duration;

/** What a request waits for, and for how long at most. */
record WaitFor(Goal goal, Duration limit) {
    enum Goal {
        /** Every replica runs. */
        RUNNING {
            @Override
            boolean reached(JobView view, JobStatus status) {
                return switch (status.state()) {
                    case RUNNING, SUCCEEDED, STOPPED -> true;
                    case STARTING, UNHEALTHY, WAITING, FAILED, DRAINING -> false;
                };
            }

            @Override
            boolean over(JobView view, JobStatus status) {
                return status.state().settled();
            }
        },
        /** No replica runs or will run again: each has come to its end, good or bad. */
        FINISHED {
            @Override
            boolean reached(JobView view, JobStatus status) {
                return status.state() == JobStatus.State.STOPPED
                        || view.finishedAt().isPresent();
            }

            @Override
            boolean over(JobView view, JobStatus status) {
                return reached(view, status);
            }
        };

        abstract boolean reached(JobView view, JobStatus status);

        /** Whether waiting longer changes nothing. */
        abstract boolean over(JobView view, JobStatus status);
    }
}
