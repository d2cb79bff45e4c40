package dev.vmplane.api;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.DeleteJob;
import dev.vmplane.bus.Address.Page;
import dev.vmplane.bus.Address.PageQuery;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Brake;
import dev.vmplane.model.JobView;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.Wish;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * Makes the rows of the desired file equal to it, once: reads what there is, plans, deletes, puts. A row that is refused
 * does not keep the others from being written.
 */
final class DesiredFilePass {
    private static final int PAGE = 500;

    /** Writes under way at once: enough for the store to commit many together. */
    private static final int AT_ONCE = 64;

    private final Bus bus;
    private final Set<Complaint> complaints = new LinkedHashSet<>();
    private boolean complete = true;

    private DesiredFilePass(Bus bus) {
        this.bus = bus;
    }

    /** Why something of the file is not as it says; {@code job} is null when it concerns all of it. */
    record Complaint(String job, String error) {}

    /**
     * What came of a pass.
     *
     * @param complete false if the store could not take everything and may later
     */
    record Outcome(int put, int deleted, Set<Complaint> complaints, boolean complete) {}

    static Future<Outcome> make(Bus bus, List<Wish> wishes, DesiredImages images, Brake brake) {
        var pass = new DesiredFilePass(bus);
        images.refused().forEach(pass::refused);
        return pass.jobs()
                .compose(jobs ->
                        pass.perform(DesiredFilePlan.of(wishes, images.refused().keySet(), jobs, brake)));
    }

    private Future<Outcome> perform(DesiredFilePlan plan) {
        for (var job : plan.taken()) {
            complaints.add(new Complaint(job, "job " + job + " cannot follow the file: it belongs to the API"));
        }
        if (!plan.held().isEmpty()) {
            complaints.add(new Complaint(
                    null,
                    plan.held().size() + " jobs left the file and stay, because too many VMs would go at once:"
                            + " delete them through the API if they shall go"));
        }
        return each(
                        plan.delete(),
                        key -> outcome(
                                key.jobId(),
                                bus.ask(Address.STORE_JOB_DELETE, new DeleteJob(key.jobId(), key.tenant()))))
                .compose(deleted -> each(plan.put(), put -> outcome(put.jobId(), bus.ask(Address.STORE_JOB_PUT, put))))
                .map(put -> new Outcome(plan.put().size(), plan.delete().size(), complaints, complete));
    }

    /** Completes when the answer is there, be it yes or no. */
    private Future<Void> outcome(String job, Future<?> answer) {
        return answer.<Void>mapEmpty().recover(cause -> {
            refused(job, ((RefusedException) cause).refusal());
            return Future.succeededFuture();
        });
    }

    private void refused(String job, Refusal refusal) {
        complete &= refusal.kind() != Refusal.Kind.BUSY && refusal.kind() != Refusal.Kind.UNAVAILABLE;
        complaints.add(new Complaint(job, refusal.message()));
    }

    private Future<List<JobView>> jobs() {
        var read = Promise.<List<JobView>>promise();
        readPage(new ArrayList<>(), null, read);
        return read.future();
    }

    private void readPage(List<JobView> jobs, String after, Promise<List<JobView>> read) {
        bus.ask(Address.STORE_JOB_LIST, new PageQuery(null, after, PAGE))
                .onComplete(page -> addPage(jobs, page, read), read::fail);
    }

    private void addPage(List<JobView> jobs, Page<JobView> page, Promise<List<JobView>> read) {
        jobs.addAll(page.items());
        if (page.next() == null) {
            read.complete(jobs);
        } else {
            readPage(jobs, page.next(), read);
        }
    }

    private static <T> Future<Void> each(List<T> items, Function<T, Future<Void>> act) {
        var done = Promise.<Void>promise();
        actOnSome(items.iterator(), act, done);
        return done.future();
    }

    private static <T> void actOnSome(Iterator<T> items, Function<T, Future<Void>> act, Promise<Void> done) {
        var underWay = new ArrayList<Future<Void>>();
        while (items.hasNext() && underWay.size() < AT_ONCE) {
            underWay.add(act.apply(items.next()));
        }
        if (underWay.isEmpty()) {
            done.complete();
        } else {
            Future.join(underWay).onComplete(ended -> actOnSome(items, act, done));
        }
    }
}
