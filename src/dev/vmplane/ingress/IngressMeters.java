package dev.vmplane.ingress;

import dev.vmplane.metric.JobLabels;
import dev.vmplane.metric.Timers;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What is measured of requests to jobs. So many jobs have series of their own, those that are asked for first; the others
 * are counted together.
 */
public final class IngressMeters {
    private static final int JOBS = 100;

    private final MeterRegistry registry;
    private final JobLabels<JobMeters> jobs;
    private final Map<Rejection, Counter> unrouted = new EnumMap<>(Rejection.class);

    /** How a request ended: by the class of its status, or because a side went away before its last byte. */
    enum Outcome {
        INFORMED("1xx"),
        SUCCEEDED("2xx"),
        REDIRECTED("3xx"),
        REFUSED("4xx"),
        FAILED("5xx"),
        BROKEN_OFF("broken_off");

        private final String text;

        Outcome(String text) {
            this.text = text;
        }

        /** Guests may answer with any number. */
        static Outcome of(int status) {
            return values()[Math.min(Math.max(status / 100, 1), 5) - 1];
        }
    }

    /** The meters of one job. */
    record JobMeters(Timer time, Map<Outcome, Counter> requests) {

        private Stream<Meter> all() {
            return Stream.concat(Stream.of(time), requests.values().stream());
        }
    }

    public IngressMeters(MeterRegistry registry) {
        this.registry = registry;
        jobs = new JobLabels<>(JOBS, this::make, meters -> meters.all().forEach(registry::remove));
        for (var rejection : Rejection.values()) {
            unrouted.put(
                    rejection,
                    Counter.builder("vmplane.ingress.rejections")
                            .description("requests that the ingress answered by itself")
                            .tag("reason", rejection.name().toLowerCase(Locale.ROOT))
                            .register(registry));
        }
    }

    /** Measures for nobody. */
    static IngressMeters none() {
        return new IngressMeters(new CompositeMeterRegistry());
    }

    private JobMeters make(String label) {
        var requests = new EnumMap<Outcome, Counter>(Outcome.class);
        for (var outcome : Outcome.values()) {
            requests.put(
                    outcome,
                    Counter.builder("vmplane.ingress.requests")
                            .description("requests to jobs")
                            .tag("job_id", label)
                            .tag("outcome", outcome.text)
                            .register(registry));
        }
        var time = Timers.quick("vmplane.ingress.request", "from the head of a request to the last byte of its answer")
                .tag("job_id", label)
                .register(registry);
        return new JobMeters(time, requests);
    }

    /** Begins to measure a request to a job. */
    Request begin(String jobId) {
        return new Request(jobs.of(jobId), Timer.start(registry));
    }

    void rejected(Rejection rejection) {
        unrouted.get(rejection).increment();
    }

    void forget(String jobId) {
        jobs.forget(jobId);
    }

    /** One request under way. */
    record Request(JobMeters meters, Timer.Sample begun) {

        void over(Outcome outcome) {
            meters.requests().get(outcome).increment();
            begun.stop(meters.time());
        }

        /** A WebSocket has closed: how long people talked is no latency. */
        void hungUp() {
            meters.requests().get(Outcome.INFORMED).increment();
        }
    }
}
