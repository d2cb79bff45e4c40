package dev.vmplane.cli;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A job that was just made, at the hands of the person who made it. Ctrl-C ends the job, a second one the waiting for its
 * end, and a third one this process.
 */
final class AttachedRun {
    private static final int INTERRUPTED = 130;

    /** Between the end of the program and the last of what it printed. */
    private static final Duration LOG_LIMIT = Duration.ofSeconds(5);

    private final Surroundings around;
    private final ApiClient api;
    private final Jobs jobs;
    private final String jobId;
    private final RunOptions options;
    private final Ingress ingress;
    private final Output output;
    private final JobWatch watch;
    private final JobWatch ending;
    private final AtomicInteger interrupts = new AtomicInteger();

    AttachedRun(Surroundings around, ApiClient api, String jobId, RunOptions options, Ingress ingress) {
        this.around = around;
        this.api = api;
        this.jobs = new Jobs(api);
        this.jobId = jobId;
        this.options = options;
        this.ingress = ingress;
        this.output = around.output();
        this.watch = new JobWatch(jobs, jobId, output);
        this.ending = new JobWatch(jobs, jobId, output);
    }

    /** Leaves it to itself. */
    int detached(JobReport job) {
        output.result(jobId);
        tellTheWay(job);
        if (options.port != null && options.published().host() != null) {
            output.note("Port " + options.published().host()
                    + " of this host does not lead there: with -d nobody stays to pass requests on.");
        }
        return 0;
    }

    /** Shows what it prints until it is over; the exit status. */
    int toItsEnd() {
        output.note("vmplane: job " + jobId);
        try (var listening = around.interrupts().listen(this::interrupted);
                var forward = forward()) {
            var printed = new CountDownLatch(1);
            try (var log = log()) {
                start(() -> print(log, printed));
                var running = watch.until(job -> job.running() || job.over());
                running.filter(JobReport::running).ifPresent(this::tellTheWay);
                var last = watch.until(JobReport::over);
                if (isInterrupted()) {
                    return interruptedEnd();
                }
                await(printed);
                return ended(last);
            }
        }
    }

    /** Runs the program at this command's own streams, or terminal, in a VM that waits for it. */
    int attended() {
        try (var listening = around.interrupts().listen(this::interrupted);
                var forward = forward()) {
            var running = watch.until(job -> job.running() || job.over());
            if (isInterrupted()) {
                return INTERRUPTED;
            }
            if (running.filter(JobReport::running).isEmpty()) {
                return failed(running);
            }
            var program = new ExecRequest(List.of(), Map.of(), null, null, null, options.interactive, options.tty);
            return ExecSession.run(api, Jobs.path(jobId), program, around);
        } catch (CommandException failure) {
            if (isInterrupted()) {
                return INTERRUPTED;
            }
            throw failure;
        } finally {
            remove();
        }
    }

    private LogStream log() {
        var names = options.replicas != null && options.replicas > 1;
        var path = Jobs.path(jobId) + "/logs" + new Query().and("follow", true).and("stream", "stdout,stderr");
        return new LogStream(api, path, new LogPrinter(output, false, names));
    }

    private void print(LogStream log, CountDownLatch printed) {
        try {
            log.run();
        } catch (CommandException failure) {
            output.complain(failure);
        } finally {
            printed.countDown();
            watch.knock();
        }
    }

    private PortForward forward() {
        var port = options.port == null ? null : options.published().host();
        return port == null ? null : PortForward.open(port, ingress, jobId);
    }

    private void tellTheWay(JobReport job) {
        if (!job.lifecycle().equals("service")) {
            return;
        }
        var port = options.detach || options.port == null
                ? null
                : options.published().host();
        output.note(jobId
                + (options.detach ? " will be at " : " is at ")
                + (port == null ? ingress.wayTo(jobId) : "http://127.0.0.1:" + port + "/ and " + ingress.wayTo(jobId)));
    }

    private void interrupted() {
        switch (interrupts.incrementAndGet()) {
            case 1 -> {
                watch.giveUp();
                if (options.attended()) {
                    remove();
                }
            }
            case 2 -> ending.giveUp();
            default -> Runtime.getRuntime().halt(INTERRUPTED);
        }
    }

    private boolean isInterrupted() {
        return interrupts.get() > 0;
    }

    private int interruptedEnd() {
        output.note(
                "vmplane: " + (options.remove ? "removing " : "stopping ") + jobId + "; again: without waiting for it");
        if (options.remove) {
            jobs.remove(jobId);
        } else {
            jobs.stop(jobId);
        }
        var last = ending.until(JobReport::over);
        if (last.isPresent() && !options.remove) {
            output.note("vmplane: " + jobId + " is stopped; 'vmplane rm " + jobId + "' removes it");
        }
        return INTERRUPTED;
    }

    private int ended(Optional<JobReport> last) {
        if (last.isEmpty()) {
            throw new CommandException("job " + jobId + " cannot be followed any more: somebody removed it");
        }
        if (options.remove) {
            remove();
        }
        var job = last.get();
        job.neverRan().ifPresent(why -> output.note("vmplane: " + why));
        var status = job.exitStatus();
        return switch (job.state()) {
            case "failed" -> status.filter(known -> known != 0).orElseGet(() -> failed(last));
            default -> status.orElse(0);
        };
    }

    private int failed(Optional<JobReport> job) {
        var why = job.map(JobReport::reason).orElse("somebody removed it");
        output.note("vmplane: job " + jobId + " failed: " + (why.isEmpty() ? "the server does not say why" : why));
        return ExecSession.OWN_FAILURE;
    }

    /** What has gone by itself needs no removing. */
    private void remove() {
        try {
            jobs.remove(jobId);
        } catch (ProblemException refused) {
            if (!refused.notFound()) {
                output.complain(refused);
            }
        } catch (CommandException failure) {
            output.complain(failure);
        }
    }

    private void await(CountDownLatch printed) {
        try {
            if (!printed.await(LOG_LIMIT.toNanos(), TimeUnit.NANOSECONDS)) {
                output.note(
                        "vmplane: not all that " + jobId + " printed may be above; see 'vmplane logs " + jobId + "'");
            }
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    private static void start(Runnable task) {
        var thread = new Thread(task, "log");
        thread.setDaemon(true);
        thread.start();
    }
}
