package dev.vmplane.reconcile;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.Keys;
import dev.vmplane.bus.Address.Nothing;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Brake;
import dev.vmplane.model.Changes;
import dev.vmplane.model.EventType;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Time;
import dev.vmplane.model.VolumeKey;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the reconciler: one pass at a time, over the keys that knocked since the last one. A knock says where to look, the
 * store says what is there. A slow pass over every key catches what no knock told of.
 */
public final class ReconcilerVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(ReconcilerVerticle.class);

    private static final int MAX_KEYS_A_PASS = 512;
    private static final Duration FULL_PASS = Duration.ofMinutes(1);
    private static final Duration RETRY_PASS = Duration.ofSeconds(1);

    private final Brake brake;
    private final Time time;
    private final PassMeters meters;
    private final Set<Key> knocked = new LinkedHashSet<>();
    private final Wakes wakes = new Wakes();
    private final Map<String, Demand> demands = new HashMap<>();
    private final Set<String> runningVms = new HashSet<>();
    private Bus bus;
    private boolean passing;
    private boolean stopped;
    private Instant alarmAt = Instant.MAX;
    private long passes;

    /** One that nobody measures. */
    public ReconcilerVerticle(Brake brake, Time time) {
        this(brake, time, PassMeters.none());
    }

    public ReconcilerVerticle(Brake brake, Time time, PassMeters meters) {
        this.brake = brake;
        this.time = time;
        this.meters = meters;
        meters.watch(knocked);
    }

    @Override
    public Future<?> start() {
        bus = new Bus(vertx);
        return bus.listen(Address.COMMITTED, this::committed)
                .compose(done ->
                        bus.ask(Address.STORE_INSTANCE_LIST, new Address.PageQuery(null, null, Integer.MAX_VALUE)))
                .map(page -> {
                    page.items().forEach(this::count);
                    return page;
                })
                .onSuccess(done -> passOverEverything());
    }

    @Override
    public Future<?> stop() {
        stopped = true;
        return Future.succeededFuture();
    }

    private void committed(Changes changes) {
        changes.vms().forEach(this::count);
        changes.vmsGone().forEach(vm -> runningVms.remove(vm.vmId()));
        learn(changes);
        knocked.addAll(Knocks.of(changes));
        pass();
    }

    private void count(MicroVm vm) {
        if (vm.phase() == Phase.RUNNING) {
            runningVms.add(vm.vmId());
        } else {
            runningVms.remove(vm.vmId());
        }
    }

    /** Claims, hits and misses alike, and boots are what the demand for a hash is estimated from. */
    private void learn(Changes changes) {
        var now = time.now();
        var attached = new HashSet<String>();
        for (var event : changes.events()) {
            if (event.type() == EventType.POOL_MISS) {
                var hash = (String) event.data().get("spec_hash");
                demands.put(hash, demand(hash).claimed(now));
            } else if (event.type() == EventType.VM_ATTACHED) {
                attached.add(event.vmId());
            }
        }
        for (var vm : changes.vms()) {
            if (attached.contains(vm.vmId())) {
                demands.put(vm.specHash(), demand(vm.specHash()).claimed(now));
            } else if (vm.phase() == Phase.WARM && vm.owner() == null) {
                var took = Duration.between(vm.createdAt(), vm.state().since());
                demands.put(vm.specHash(), demand(vm.specHash()).booted(took, now));
            }
        }
    }

    private Demand demand(String specHash) {
        return demands.getOrDefault(specHash, Demand.none(time.now()));
    }

    private void passOverEverything() {
        if (stopped) {
            return;
        }
        bus.ask(Address.STORE_KEYS, Nothing.NOTHING)
                .onSuccess(keys -> {
                    keys.jobIds().forEach(id -> knocked.add(new Key.Job(id)));
                    keys.specHashes().forEach(hash -> knocked.add(new Key.Pool(hash)));
                    demands.keySet().retainAll(new HashSet<>(keys.specHashes()));
                    pass();
                })
                .onFailure(cause -> LOG.atWarn().setCause(cause).log("the full pass could not begin"))
                .onComplete(done -> time.after(FULL_PASS, this::passOverEverything));
    }

    private void pass() {
        if (passing || stopped || knocked.isEmpty()) {
            return;
        }
        passing = true;
        passes++;
        var keys = take();
        var begun = meters.begin();
        bus.ask(Address.STORE_SLICES, keys)
                .compose(slices -> carryOut(Reconciler.reconcile(
                        slices, hash -> demand(hash).expected(time.now()), runningVms.size(), brake, time.now())))
                .onComplete(
                        done -> {
                            meters.passed(begun);
                            passing = false;
                            pass();
                        },
                        cause -> {
                            meters.failed();
                            LOG.atWarn()
                                    .addKeyValue("pass", passes)
                                    .setCause(cause)
                                    .log("a pass failed and is repeated");
                            keys.jobIds().forEach(id -> knocked.add(new Key.Job(id)));
                            keys.specHashes().forEach(hash -> knocked.add(new Key.Pool(hash)));
                            keys.volumes().forEach(key -> knocked.add(new Key.Volume(key)));
                            keys.images().forEach(digest -> knocked.add(new Key.Image(digest)));
                            time.after(RETRY_PASS, () -> {
                                passing = false;
                                pass();
                            });
                        });
    }

    private Keys take() {
        var jobs = new ArrayList<String>();
        var pools = new ArrayList<String>();
        var volumes = new ArrayList<VolumeKey>();
        var images = new ArrayList<String>();
        var each = knocked.iterator();
        for (var n = 0; n < MAX_KEYS_A_PASS && each.hasNext(); n++) {
            var key = each.next();
            each.remove();
            if (key instanceof Key.Job job) {
                jobs.add(job.jobId());
            } else if (key instanceof Key.Pool pool) {
                pools.add(pool.specHash());
            } else if (key instanceof Key.Volume volume) {
                volumes.add(volume.key());
            } else if (key instanceof Key.Image image) {
                images.add(image.digest());
            }
        }
        return new Keys(List.copyOf(jobs), List.copyOf(pools), List.copyOf(volumes), List.copyOf(images));
    }

    private Future<?> carryOut(Plan plan) {
        plan.wake().forEach(wakes::add);
        setAlarm();
        meters.held(plan.held().size());
        if (!plan.held().isEmpty()) {
            LOG.atError()
                    .addKeyValue("pass", passes)
                    .addKeyValue("vms", plan.held().size())
                    .log("the brake holds back a mass removal: delete what shall go through the API");
        }
        if (plan.intents().isEmpty()) {
            return Future.succeededFuture();
        }
        LOG.atInfo()
                .addKeyValue("pass", passes)
                .addKeyValue("place", plan.intents().place().size())
                .addKeyValue("warm", plan.intents().warm().size())
                .addKeyValue("retire", plan.intents().retire().size())
                .addKeyValue("pause", plan.intents().pause().size())
                .addKeyValue("expire", plan.intents().expire().size())
                .addKeyValue("waiting", plan.waiting().size())
                .log("reconciled");
        return bus.ask(Address.STORE_INTEND, plan.intents());
    }

    /** Sets the alarm for the earliest wake, unless one rings before it. A late alarm is harmless: it finds nothing due. */
    private void setAlarm() {
        wakes.next().filter(next -> next.isBefore(alarmAt)).ifPresent(next -> {
            alarmAt = next;
            var delay = Duration.between(time.now(), next);
            time.after(delay.isNegative() ? Duration.ZERO : delay, this::ring);
        });
    }

    private void ring() {
        alarmAt = Instant.MAX;
        knocked.addAll(wakes.due(time.now()));
        setAlarm();
        pass();
    }
}
