package dev.vmplane;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.JobKey;
import dev.vmplane.bus.Address.Keys;
import dev.vmplane.bus.Address.Page;
import dev.vmplane.bus.Address.PageQuery;
import dev.vmplane.bus.Address.Slices;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Backoff;
import dev.vmplane.model.Changes;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.Event;
import dev.vmplane.model.EventType;
import dev.vmplane.model.ImageView;
import dev.vmplane.model.Intents;
import dev.vmplane.model.JobView;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Reason;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.Time;
import dev.vmplane.store.Addresses;
import dev.vmplane.store.Draft;
import dev.vmplane.store.Ledger;
import dev.vmplane.store.Rules;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * A store with the real rules and no database: each write is a {@link Draft} that is committed to a {@link Ledger} at
 * once and told. Tests put rows in by hand and make it refuse, from any thread.
 */
public final class LedgerStore extends VerticleBase {
    public static final Duration DRAIN_LIMIT = Duration.ofSeconds(30);
    public static final Duration STOP_LIMIT = Duration.ofSeconds(10);
    private static final Rules RULES = new Rules(
            "node-1",
            new Backoff(Duration.ofSeconds(10), Duration.ofSeconds(300), Duration.ofMinutes(10)),
            DRAIN_LIMIT,
            STOP_LIMIT,
            Duration.ofMinutes(10),
            1000);

    private final Ledger ledger = new Ledger(new Addresses("127.64.0.0/16"));
    private final List<MicroVm> committed = new ArrayList<>();
    private final List<Keys> looks = new ArrayList<>();
    private final Time time;
    private Bus bus;
    private Trouble trouble = Trouble.NONE;
    private int refusals;
    private int ids;

    /** What becomes of a question. */
    public enum Trouble {
        NONE,
        BUSY,
        UNAVAILABLE,
        /** A write is committed, and whoever asked for it hears that the store is unavailable. */
        ANSWERS_ARE_LOST
    }

    public LedgerStore(Time time) {
        this.time = time;
    }

    @Override
    public Future<?> start() {
        bus = new Bus(vertx);
        return Future.all(List.of(
                bus.answer(Address.STORE_INSTANCE_MOVED, moved -> write(draft -> draft.moved(moved))),
                bus.answer(Address.STORE_INSTANCE_RELEASED, vmId -> write(draft -> draft.released(vmId))),
                bus.answer(Address.STORE_INTEND, intents -> write(draft -> draft.intend(intents))),
                bus.answer(
                        Address.STORE_IMAGE_PUT,
                        put -> write(draft -> draft.images().put(put))),
                bus.answer(
                        Address.STORE_IMAGE_MOVED,
                        moved -> write(draft -> draft.images().moved(moved))),
                bus.answer(
                        Address.STORE_IMAGE_DELETE,
                        digest -> write(draft -> draft.images().delete(digest))),
                bus.answer(
                        Address.STORE_IMAGE_UNTAG,
                        name -> write(draft -> draft.images().untag(name))),
                bus.answer(
                        Address.STORE_IMAGE_REMOVED,
                        gone -> write(draft -> draft.images().removed(gone))),
                bus.answer(Address.STORE_IMAGE_GET, this::image),
                bus.answer(Address.STORE_IMAGE_LIST, this::images),
                bus.answer(Address.STORE_JOB_GET, this::job),
                bus.answer(Address.STORE_INSTANCE_GET, this::instance),
                bus.answer(Address.STORE_INSTANCE_LIST, this::instances),
                bus.answer(Address.STORE_SLICES, this::slices),
                bus.answer(Address.STORE_KEYS, nothing -> Future.succeededFuture(keys()))));
    }

    /** Commits a job as it is. */
    public synchronized void keep(DesiredVm job) {
        var told = new Event(
                ledger.seq() + 1, time.now(), EventType.JOB_CREATED, job.tenant(), job.jobId(), null, Map.of());
        commit(new Changes(List.of(job), List.of(), List.of(), List.of(), List.of(), List.of(), List.of(told)));
    }

    /** Commits a microVM as it is. */
    public synchronized void keep(MicroVm vm) {
        commit(new Changes(
                List.of(), List.of(), List.of(vm), List.of(), List.of(), List.of(), List.of(told(vm.vmId()))));
    }

    /** Commits that a row is gone, which no rule allows before the VM has ended. */
    public synchronized void lose(String vmId) {
        commit(new Changes(
                List.of(), List.of(), List.of(), List.of(ledger.vm(vmId)), List.of(), List.of(), List.of(told(vmId))));
    }

    /** Commits that a microVM shall go. */
    public synchronized void retire(String vmId, Reason reason) {
        intend(new Intents(List.of(), List.of(), List.of(new Intents.Retire(vmId, reason))));
    }

    public synchronized void intend(Intents intents) {
        var draft = draft();
        draft.intend(intents);
        commit(draft.changes());
    }

    /** From here on every question meets this trouble. */
    public synchronized void meet(Trouble trouble) {
        this.trouble = trouble;
    }

    /** How many questions have met trouble. */
    public synchronized int refusals() {
        return refusals;
    }

    /** The row as it is, or null. */
    public synchronized MicroVm vm(String vmId) {
        return ledger.vm(vmId);
    }

    public synchronized List<MicroVm> vms() {
        return List.copyOf(ledger.vms());
    }

    /** Every state of every row that was committed, in order. */
    public synchronized List<MicroVm> committed() {
        return List.copyOf(committed);
    }

    /** The keys somebody has asked the slices of, a list for each time. */
    public synchronized List<Keys> looks() {
        return List.copyOf(looks);
    }

    private synchronized <A> Future<A> write(Function<Draft, A> operation) {
        if (trouble == Trouble.BUSY || trouble == Trouble.UNAVAILABLE) {
            return refused();
        }
        var draft = draft();
        var answer = operation.apply(draft);
        commit(draft.changes());
        return trouble == Trouble.ANSWERS_ARE_LOST ? refused() : Future.succeededFuture(answer);
    }

    private Draft draft() {
        return new Draft(ledger, RULES, time.now(), () -> "vm-new-" + ++ids);
    }

    private void commit(Changes changes) {
        if (changes.isEmpty()) {
            return;
        }
        ledger.apply(changes);
        committed.addAll(changes.vms());
        bus.publish(Address.COMMITTED, changes);
    }

    private Event told(String vmId) {
        return new Event(ledger.seq() + 1, time.now(), EventType.VM_PHASE, null, null, vmId, Map.of());
    }

    private synchronized Future<JobView> job(JobKey key) {
        if (trouble == Trouble.BUSY || trouble == Trouble.UNAVAILABLE) {
            return refused();
        }
        return ledger.slices(new Keys(List.of(key.jobId()), List.of())).jobs().stream()
                .filter(view -> view.job() != null)
                .findFirst()
                .map(Future::succeededFuture)
                .orElseGet(() -> Future.failedFuture(
                        Refusal.notFound("job_not_found", "job '" + key.jobId() + "' does not exist")
                                .asException()));
    }

    private synchronized Future<MicroVm> instance(String vmId) {
        if (trouble == Trouble.BUSY || trouble == Trouble.UNAVAILABLE) {
            return refused();
        }
        var vm = ledger.vm(vmId);
        return vm == null
                ? Future.failedFuture(Refusal.notFound("vm_not_found", "vm '" + vmId + "' does not exist")
                        .asException())
                : Future.succeededFuture(vm);
    }

    private synchronized Future<Page<MicroVm>> instances(PageQuery everything) {
        return Future.succeededFuture(new Page<>(List.copyOf(ledger.vms()), null));
    }

    private synchronized Future<ImageView> image(String name) {
        var images = ledger.images();
        var image = images.named(name) == null ? images.image(name) : images.named(name);
        return image == null
                ? Future.failedFuture(Refusal.notFound("image_not_found", "image '" + name + "' does not exist")
                        .asException())
                : Future.succeededFuture(images.view(image));
    }

    private synchronized Future<Page<ImageView>> images(PageQuery query) {
        return Future.succeededFuture(new Page<>(ledger.images().after(query.after(), query.limit()), null));
    }

    private synchronized Future<Slices> slices(Keys keys) {
        looks.add(keys);
        return trouble == Trouble.NONE ? Future.succeededFuture(ledger.slices(keys)) : refused();
    }

    private synchronized Keys keys() {
        return new Keys(ledger.jobIds(), ledger.specHashes());
    }

    private <A> Future<A> refused() {
        refusals++;
        var kind = trouble == Trouble.BUSY ? Refusal.Kind.BUSY : Refusal.Kind.UNAVAILABLE;
        return Future.failedFuture(new Refusal(kind, "store_troubled", null, "the store is " + kind).asException());
    }
}
