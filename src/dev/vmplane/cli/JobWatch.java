package dev.vmplane.cli;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Looks at a job again and again, and says on standard error what keeps it. A server that restarts is waited for. */
final class JobWatch {
    private static final Duration FIRST_LOOKS = Duration.ofMillis(200);
    private static final Duration LATER_LOOKS = Duration.ofSeconds(1);
    private static final int MANY_LOOKS = 50;

    /** Failed looks in a row. */
    private static final int MAX_FAILURES = 30;

    private final Jobs jobs;
    private final String jobId;
    private final Output output;
    private final Semaphore knocks = new Semaphore(0);
    private String told = "";
    private int looks;
    private int failures;
    private volatile boolean given;

    JobWatch(Jobs jobs, String jobId, Output output) {
        this.jobs = jobs;
        this.jobId = jobId;
        this.output = output;
    }

    /** The job when it is as {@code wanted}; nothing when it is gone, or it was {@link #giveUp given up}. */
    Optional<JobReport> until(Predicate<JobReport> wanted) {
        while (!given) {
            var job = look();
            if (job != null && (job.isEmpty() || wanted.test(job.get()))) {
                return job;
            }
            pause();
        }
        return Optional.empty();
    }

    /** Looks at once, from any thread. */
    void knock() {
        knocks.release();
    }

    /** Ends {@link #until}, from any thread. */
    void giveUp() {
        given = true;
        knock();
    }

    /** Null when nobody answers just now. */
    private Optional<JobReport> look() {
        try {
            var job = jobs.find(jobId);
            failures = 0;
            job.ifPresent(this::tell);
            return job;
        } catch (CommandException failure) {
            var lasting = failure instanceof ProblemException refused && !refused.passing();
            if (lasting || ++failures > MAX_FAILURES) {
                throw failure;
            }
            return null;
        }
    }

    private void tell(JobReport job) {
        var text = job.state().equals("waiting") || job.state().equals("unhealthy")
                ? "vmplane: " + jobId + " is " + job.state() + (job.reason().isEmpty() ? "" : ": " + job.reason())
                : "";
        if (!text.isEmpty() && !text.equals(told) && !job.waitsForItsTurn()) {
            output.note(text);
        }
        told = text;
    }

    private void pause() {
        var length = ++looks < MANY_LOOKS && failures == 0 ? FIRST_LOOKS : LATER_LOOKS;
        try {
            if (knocks.tryAcquire(length.toNanos(), TimeUnit.NANOSECONDS)) {
                knocks.drainPermits();
            }
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
            given = true;
        }
    }
}
