package dev.vmplane.api;

import dev.vmplane.api.WaitFor.Goal;
import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.DeleteJob;
import dev.vmplane.bus.Address.JobKey;
import dev.vmplane.bus.Address.PutAnswer;
import dev.vmplane.bus.Address.PutJob;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Boot;
import dev.vmplane.model.JobView;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.Time;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Wishes for jobs: make or change one, read them, end one. 200 and 201 mean live: the wish is durable, every replica
 * runs, and the ingress routes to it; or, for who waits for that, every replica has come to its end. 202 means durable
 * and not there yet.
 */
final class JobEndpoints {
    /** How long a wish is kept waiting whose warm VMs have only to be resumed and told of it. */
    private static final Duration ATTACH_LIMIT = Duration.ofSeconds(10);

    private final Bus bus;
    private final Time time;
    private final JobWaits waits;
    private final BodyReader bodies;
    private final Wishes wishes;
    private final ImagePins pins;
    private final Function<Boot, Future<Void>> images;

    JobEndpoints(Bus bus, ApiParts parts, JobWaits waits) {
        this.bus = bus;
        this.time = parts.time();
        this.waits = waits;
        this.bodies = new BodyReader(parts.yaml());
        this.wishes = parts.wishes();
        this.pins = new ImagePins(bus);
        this.images = parts.images();
    }

    Future<Answer> put(RoutingContext context) {
        var query = new Query(context.queryParams());
        var wait = query.waitFor();
        var guard = IfMatch.of(context.request().headers());
        var request = bodies.read(
                context.request().getHeader(HttpHeaders.CONTENT_TYPE),
                context.body().buffer());
        return wish(request, query.pull())
                .map(wish -> wish.with(guard))
                .compose(wish -> images.apply(wish.spec().boot())
                        .compose(
                                there -> wait.isEmpty() ? put(wish) : waits.admit(() -> putAndWait(wish, wait.get()))));
    }

    /** What the request asks for, with the image that it gets. */
    private Future<PutJob> wish(Map<String, Object> request, boolean fresh) {
        return wishes.image(request)
                .map(reference -> pins.pin((String) request.get("job_id"), reference, fresh, "spec.image")
                        .map(image -> wishes.read(request, image)))
                .orElseGet(() -> Future.succeededFuture(wishes.read(request, null)));
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
        var end = new DeleteJob(
                context.pathParam("job_id"), null, IfMatch.of(context.request().headers()));
        return find(end.jobId())
                .compose(view -> bus.ask(Address.STORE_JOB_DELETE, end).map(seq -> leaving(view)));
    }

    private Answer leaving(JobView view) {
        var left = JobStatus.unwanted(view);
        return left.state() == JobStatus.State.STOPPED
                ? Answer.noContent()
                : Answer.accepted(Representation.of(view, left), null);
    }

    private Future<Answer> put(PutJob wish) {
        return bus.ask(Address.STORE_JOB_PUT, wish)
                .compose(put -> onlyAttaches(put) && waits.mayWait()
                        ? waits.admit(() -> waits.until(
                                        JobEndpoints::attached, put.job().jobId(), ATTACH_LIMIT))
                                .compose(view -> answer(put, view, Goal.RUNNING, heard(put)))
                        : after(put).compose(view -> answer(put, view, Goal.RUNNING, put.seq())));
    }

    private Future<Answer> putAndWait(PutJob wish, WaitFor wait) {
        return bus.ask(Address.STORE_JOB_PUT, wish)
                .compose(put -> waits.until(wait.goal()::over, wish.jobId(), wait.limit())
                        .compose(view -> answer(put, view, wait.goal(), heard(put))));
    }

    /** How far the ingress must be to know all that was waited for. */
    private long heard(PutAnswer put) {
        return Math.max(put.seq(), waits.heard());
    }

    /** Whether each replica has got its warm VM, and nothing is missing but that some of them hear of it. */
    private static boolean onlyAttaches(PutAnswer put) {
        return put.attached().size() == put.job().spec().replicas()
                && put.attached().stream().anyMatch(MicroVm::attaching);
    }

    /** Each has heard of it, or will never serve. */
    private static boolean attached(JobView view, JobStatus status) {
        return view.instances().stream().noneMatch(MicroVm::attaching);
    }

    /** The job right after its wish; the store need not be asked when the wish found all it needs. */
    private Future<JobView> after(PutAnswer put) {
        var attached = new JobView(put.job(), put.attached(), List.of());
        if (put.attached().size() == put.job().spec().replicas()
                && put.attached().stream().allMatch(MicroVm::serving)) {
            return Future.succeededFuture(attached);
        }
        return find(put.job().jobId())
                .recover(cause -> isGone(cause) ? Future.succeededFuture(attached) : Future.failedFuture(cause));
    }

    static boolean isGone(Throwable cause) {
        return cause instanceof RefusedException refused && refused.refusal().kind() == Refusal.Kind.NOT_FOUND;
    }

    private Future<Answer> answer(PutAnswer put, JobView view, Goal goal, long seq) {
        var status = JobStatus.of(view, time.now());
        var body = Representation.of(view, status);
        var location = "/vms/" + view.job().jobId();
        var answer = goal.reached(view, status)
                ? bus.ask(Address.INGRESS_CAUGHT_UP, seq)
                        .map(routed -> fresh(put) ? Answer.created(body, location) : Answer.ok(body))
                : Future.succeededFuture(Answer.accepted(body, location));
        return answer.map(given -> given.of(view.job().generation()));
    }

    private static boolean fresh(PutAnswer put) {
        return put.created() || !put.attached().isEmpty();
    }

    private Future<JobView> find(String jobId) {
        return bus.ask(Address.STORE_JOB_GET, new JobKey(jobId, null));
    }

    private JsonObject shown(JobView view) {
        return Representation.of(view, JobStatus.of(view, time.now()));
    }
}
