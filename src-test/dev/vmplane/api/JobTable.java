package dev.vmplane.api;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.DeleteJob;
import dev.vmplane.bus.Address.JobKey;
import dev.vmplane.bus.Address.Page;
import dev.vmplane.bus.Address.PageQuery;
import dev.vmplane.bus.Address.PutAnswer;
import dev.vmplane.bus.Address.PutJob;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.JobView;
import dev.vmplane.model.Refusal;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** Answers for the store, from a map. What it was asked to write is in {@link #writes}, in the order of asking. */
final class JobTable {
    private final TreeMap<String, DesiredVm> jobs = new TreeMap<>();
    private final List<String> writes = new ArrayList<>();
    private final Map<String, Refusal> refusals = new ConcurrentHashMap<>();
    private int lists;

    static JobTable answering(Vertx vertx) {
        var store = new JobTable();
        var bus = new Bus(vertx);
        Future.all(
                        bus.answer(Address.STORE_JOB_GET, store::get),
                        bus.answer(Address.STORE_JOB_LIST, store::list),
                        bus.answer(Address.STORE_JOB_PUT, store::put),
                        bus.answer(Address.STORE_JOB_DELETE, store::delete))
                .await();
        return store;
    }

    synchronized void hold(DesiredVm job) {
        jobs.put(job.jobId(), job);
    }

    /** Answers every put of {@code jobId} with no. */
    void refuse(String jobId, Refusal.Kind kind) {
        refusals.put(jobId, new Refusal(kind, "refused", null, "job " + jobId + " cannot be put: the test says so"));
    }

    void refuseNothing() {
        refusals.clear();
    }

    synchronized List<String> writes() {
        return List.copyOf(writes);
    }

    /** How often it was asked what there is. */
    synchronized int lists() {
        return lists;
    }

    synchronized Map<String, DesiredVm> jobs() {
        return Map.copyOf(jobs);
    }

    private synchronized Future<JobView> get(JobKey key) {
        var job = jobs.get(key.jobId());
        return job == null
                ? Future.failedFuture(Refusal.notFound("job_not_found", "job '" + key.jobId() + "' does not exist")
                        .asException())
                : Future.succeededFuture(new JobView(job, List.of(), List.of()));
    }

    private synchronized Future<Page<JobView>> list(PageQuery query) {
        lists += query.after() == null ? 1 : 0;
        var behind = query.after() == null ? jobs : jobs.tailMap(query.after(), false);
        var views = behind.values().stream()
                .limit(query.limit())
                .map(job -> new JobView(job, List.of(), List.of()))
                .toList();
        var next =
                views.size() < behind.size() ? views.get(views.size() - 1).job().jobId() : null;
        return Future.succeededFuture(new Page<>(views, next));
    }

    private synchronized Future<PutAnswer> put(PutJob put) {
        writes.add("put " + put.jobId());
        var refusal = refusals.get(put.jobId());
        if (refusal != null) {
            return Future.failedFuture(refusal.asException());
        }
        var row = FileJobs.row(put.jobId(), put.tenant(), put.spec(), put.source());
        jobs.put(put.jobId(), row);
        return Future.succeededFuture(new PutAnswer(row, true, true, List.of(), writes.size()));
    }

    private synchronized Future<Long> delete(DeleteJob key) {
        writes.add("delete " + key.jobId() + " of " + key.tenant());
        jobs.remove(key.jobId());
        return Future.succeededFuture((long) writes.size());
    }
}
