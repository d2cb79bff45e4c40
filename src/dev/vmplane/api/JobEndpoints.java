package dev.vmplane.api;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.DeleteJob;
import dev.vmplane.bus.Address.JobKey;
import dev.vmplane.bus.Address.PutAnswer;
import dev.vmplane.bus.Address.PutJob;
import dev.vmplane.bus.Address.SteerJob;
import dev.vmplane.bus.Bus;
import dev.vmplane.metric.Timers;
import dev.vmplane.model.Boot;
import dev.vmplane.model.Guard;
import dev.vmplane.model.JobView;
import dev.vmplane.model.MergePatch;
import dev.vmplane.model.Once;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.SpecDocument;
import dev.vmplane.model.Time;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Wishes for jobs: make or change one, steer it, read them, end one. {@link JobWrites} says what a write is answered with. */
final class JobEndpoints {
    /** How often a patch is made anew because the job has changed between the reading and the writing of it. */
    private static final int PATCH_ATTEMPTS = 5;

    private static final int CREATED = 201;

    private final Bus bus;
    private final Time time;
    private final JobWaits waits;
    private final JobWrites writes;
    private final KeyedWrites keyed;
    private final BodyReader bodies;
    private final Wishes wishes;
    private final ImagePins pins;
    private final Function<Boot, Future<Void>> images;
    private final MeterRegistry registry;
    private final Timer attachTime;

    JobEndpoints(Bus bus, ApiParts parts, JobWaits waits) {
        this.bus = bus;
        this.time = parts.time();
        this.waits = waits;
        this.writes = new JobWrites(bus, parts.time(), waits);
        this.keyed = new KeyedWrites(bus);
        this.bodies = new BodyReader(parts.yaml());
        this.wishes = parts.wishes();
        this.pins = new ImagePins(bus);
        this.images = parts.images();
        this.registry = parts.metrics();
        this.attachTime = Timers.quick("vmplane.attach", "from a wish to its 201, when warm microVMs filled all places")
                .register(registry);
    }

    /** A whole wish that says itself for which job it is. */
    Future<Answer> post(RoutingContext context) {
        return keyed.once(context, once -> put(context, body(context), once));
    }

    /** A whole wish for the job that the path names. */
    Future<Answer> put(RoutingContext context) {
        return keyed.once(context, once -> put(context, ofPath(context, body(context)), once));
    }

    private Future<Answer> put(RoutingContext context, Map<String, Object> request, Once once) {
        var asked = Timer.start(registry);
        var query = new Query(context.queryParams());
        var wait = query.waitFor();
        var guard = IfMatch.of(context.request().headers());
        return wish(wishes, request, query.pull())
                .map(wish -> wish.with(guard).with(once))
                .compose(wish -> writes.answer(() -> bus.ask(Address.STORE_JOB_PUT, wish), wait))
                .map(answer -> wait.isEmpty() ? timed(asked, answer) : answer);
    }

    /** Nobody waited for a boot, so what is live at once was warm. */
    private Answer timed(Timer.Sample asked, Answer answer) {
        if (answer.status() == CREATED) {
            asked.stop(attachTime);
        }
        return answer;
    }

    /** What differs from the wish that is there. A job that was stopped stays stopped. */
    Future<Answer> patch(RoutingContext context) {
        return keyed.once(context, once -> patch(context, once));
    }

    private Future<Answer> patch(RoutingContext context, Once once) {
        var query = new Query(context.queryParams());
        var wait = query.waitFor();
        var guard = IfMatch.of(context.request().headers());
        var difference = ofPath(
                context,
                bodies.readPatch(
                        context.request().getHeader(HttpHeaders.CONTENT_TYPE),
                        context.body().buffer()));
        var patch = new Patch(context.pathParam("job_id"), difference, guard, query.pull(), once);
        return writes.answer(() -> patch(patch, 1), wait);
    }

    /** What a job is to be changed by. */
    private record Patch(String jobId, Map<String, Object> difference, Guard guard, boolean fresh, Once once) {
        /** It holds for nothing but the generation that it was applied to, if the client means that one at all. */
        private Guard guardOf(long generation) {
            return guard.generations() == null || guard.generations().contains(generation)
                    ? Guard.of(Set.of(generation))
                    : guard;
        }
    }

    private Future<PutAnswer> patch(Patch patch, int attempt) {
        return find(patch.jobId)
                .compose(view -> patched(view, patch))
                .recover(cause -> isOutdated(cause) && patch.guard.generations() == null
                        ? patchAgain(patch, attempt)
                        : Future.failedFuture(cause));
    }

    private Future<PutAnswer> patched(JobView view, Patch patch) {
        var job = view.job();
        var whole = new LinkedHashMap<String, Object>();
        whole.put("job_id", job.jobId());
        whole.put("tenant", job.tenant());
        whole.put("spec", SpecDocument.of(job.spec()));
        var request = MergePatch.apply(whole, patch.difference);
        return wish(wishes.asWritten(job.spec().role()), request, patch.fresh)
                .map(wish -> wish.keepingStopped()
                        .with(patch.guardOf(job.generation()))
                        .with(patch.once))
                .compose(wish -> bus.ask(Address.STORE_JOB_PUT, wish));
    }

    private Future<PutAnswer> patchAgain(Patch patch, int attempt) {
        return attempt < PATCH_ATTEMPTS
                ? patch(patch, attempt + 1)
                : Future.failedFuture(new Refusal(
                                Refusal.Kind.BUSY,
                                "job_changes",
                                null,
                                "job '" + patch.jobId + "' cannot be patched: others change it all the time; try again")
                        .asException());
    }

    private static boolean isOutdated(Throwable cause) {
        return cause instanceof RefusedException refused && refused.refusal().kind() == Refusal.Kind.OUTDATED;
    }

    Future<Answer> start(RoutingContext context) {
        return steer(context, SteerJob.Way.START);
    }

    Future<Answer> stop(RoutingContext context) {
        return steer(context, SteerJob.Way.STOP);
    }

    Future<Answer> restart(RoutingContext context) {
        return steer(context, SteerJob.Way.RESTART);
    }

    private Future<Answer> steer(RoutingContext context, SteerJob.Way way) {
        var wait = new Query(context.queryParams()).waitFor();
        var guard = IfMatch.of(context.request().headers());
        return keyed.once(context, once -> {
            var steer = new SteerJob(context.pathParam("job_id"), null, way, guard, once);
            return writes.answer(() -> bus.ask(Address.STORE_JOB_STEER, steer), wait);
        });
    }

    private Map<String, Object> body(RoutingContext context) {
        return bodies.read(
                context.request().getHeader(HttpHeaders.CONTENT_TYPE),
                context.body().buffer());
    }

    /** The same wish, with the id that the path names. */
    private static Map<String, Object> ofPath(RoutingContext context, Map<String, Object> request) {
        var jobId = context.pathParam("job_id");
        var whole = new LinkedHashMap<String, Object>();
        whole.put("job_id", jobId);
        whole.putAll(request);
        if (!jobId.equals(whole.get("job_id"))) {
            throw Refusal.invalid(
                            "other_job",
                            "job_id",
                            "job_id cannot be another than the path names, '" + jobId + "': leave it out")
                    .asException();
        }
        return whole;
    }

    /** What the request asks for, with the image that it gets. */
    private Future<PutJob> wish(Wishes wishes, Map<String, Object> request, boolean fresh) {
        return wishes.image(request)
                .map(reference -> pins.pin((String) request.get("job_id"), reference, fresh, "spec.image")
                        .map(image -> wishes.read(request, image)))
                .orElseGet(() -> Future.succeededFuture(wishes.read(request, null)))
                .compose(wish -> images.apply(wish.spec().boot()).map(there -> wish));
    }

    Future<Answer> list(RoutingContext context) {
        return bus.ask(Address.STORE_JOB_LIST, new Query(context.queryParams()).page())
                .map(page -> Answer.ok(Representation.of(page, this::shown)));
    }

    Future<Answer> get(RoutingContext context) {
        var jobId = context.pathParam("job_id");
        return new Query(context.queryParams())
                .waitFor()
                .map(wait -> waits.admit(() -> waits.until(wait.goal()::over, jobId, wait.limit())))
                .orElseGet(() -> find(jobId))
                .map(view -> Answer.ok(shown(view)).of(view.job().generation()));
    }

    /** What is answered is what was there when the wish ended; its VMs leave from then on. */
    Future<Answer> delete(RoutingContext context) {
        var jobId = context.pathParam("job_id");
        var guard = IfMatch.of(context.request().headers());
        return keyed.once(
                context,
                once -> find(jobId).map(JobEndpoints::leaving).compose(answer -> {
                    var end = new DeleteJob(jobId, null, guard, once, answer.kept());
                    return bus.ask(Address.STORE_JOB_DELETE, end).map(seq -> answer);
                }));
    }

    private static Answer leaving(JobView view) {
        var left = JobStatus.unwanted(view);
        return left.state() == JobStatus.State.STOPPED
                ? Answer.noContent()
                : Answer.accepted(Representation.of(view, left), null);
    }

    private Future<JobView> find(String jobId) {
        return bus.ask(Address.STORE_JOB_GET, new JobKey(jobId, null));
    }

    private JsonObject shown(JobView view) {
        return Representation.of(view, JobStatus.of(view, time.now()));
    }
}
