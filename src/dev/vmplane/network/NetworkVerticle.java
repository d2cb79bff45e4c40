package dev.vmplane.network;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.PageQuery;
import dev.vmplane.bus.Bus;
import dev.vmplane.host.network.HostNetwork;
import dev.vmplane.host.network.Rights;
import dev.vmplane.model.Allow;
import dev.vmplane.model.Changes;
import dev.vmplane.model.JobView;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Time;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes what is committed hold on the host's network: who may connect to whom, and by what name. It hears of commits first
 * and loads the world then; at its start it puts up all walls at once, later what changes.
 *
 * <p>One round of work at a time takes up all that has been heard since the last. What fails is taken up again.
 */
public final class NetworkVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(NetworkVerticle.class);
    private static final Duration SWEEP = Duration.ofMinutes(1);
    private static final Duration TRY_AGAIN = Duration.ofSeconds(1);
    private static final PageQuery EVERYTHING = new PageQuery(null, null, Integer.MAX_VALUE);

    private final HostNetwork network;
    private final NetworkPolicy policy;
    private final Optional<Names> names;
    private final Time time;
    private final Set<String> vmIds = new HashSet<>();
    private final Set<String> tenants = new HashSet<>();
    private List<Changes> heardWhileLoading = new ArrayList<>();
    private long applied;
    private Bus bus;
    private boolean loading = true;
    private boolean unsure = true;
    /** From the beginning: the first round is the start itself, and a commit heard meanwhile waits for its end. */
    private boolean working = true;

    private boolean stopped;

    /**
     * The follower for one host.
     *
     * @param grants exceptions concerning the host that specs may ask for
     * @param names who answers guests' questions for names, if anybody can
     */
    public NetworkVerticle(HostNetwork network, Collection<Allow> grants, Optional<Names> names, Time time) {
        this.network = network;
        this.policy = new NetworkPolicy(grants);
        this.names = names;
        this.time = time;
    }

    @Override
    public Future<?> start() {
        bus = new Bus(vertx);
        return bus.listen(Address.COMMITTED, this::follow)
                .compose(listening -> load())
                .compose(vms -> lookForNames().compose(found -> network.raiseWalls(vms, rights(policy.vmIds()))))
                .onSuccess(raised -> {
                    working = false;
                    work();
                    time.after(SWEEP, this::sweep);
                });
    }

    /** Walls, taps and names stay as they are: VMs run on. */
    @Override
    public Future<?> stop() {
        stopped = true;
        return names.<Future<?>>map(Names::close).orElseGet(Future::succeededFuture);
    }

    private void follow(Changes changes) {
        if (loading) {
            heardWhileLoading.add(changes);
        } else if (!changes.isEmpty() && applied != 0 && changes.events().get(0).seq() > applied + 1) {
            LOG.atWarn().addKeyValue("seq", applied).log("network missed a commit and loads the world again");
            reload();
        } else {
            apply(changes);
            work();
        }
    }

    private void apply(Changes changes) {
        if (!changes.isEmpty()) {
            var touched = policy.apply(changes);
            vmIds.addAll(touched.vmIds());
            tenants.addAll(touched.tenants());
            applied = changes.seq();
        }
    }

    /** What is heard meanwhile comes on top: it may be in the answers already, and saying it twice changes nothing. */
    private Future<List<MicroVm>> load() {
        loading = true;
        return Future.all(bus.ask(Address.STORE_JOB_LIST, EVERYTHING), bus.ask(Address.STORE_INSTANCE_LIST, EVERYTHING))
                .map(both -> {
                    Address.Page<JobView> jobs = both.resultAt(0);
                    Address.Page<MicroVm> rows = both.resultAt(1);
                    var vms = rows.items().stream().filter(vm -> !vm.released()).toList();
                    policy.load(jobs.items().stream().map(JobView::job).toList(), vms);
                    loading = false;
                    applied = 0;
                    var heard = heardWhileLoading;
                    heardWhileLoading = new ArrayList<>();
                    heard.forEach(this::apply);
                    return vms;
                });
    }

    private void reload() {
        var before = policy.vmIds();
        load().onSuccess(vms -> {
                    vmIds.addAll(before);
                    vmIds.addAll(policy.vmIds());
                    tenants.addAll(policy.tenants());
                    work();
                })
                .onFailure(cause -> time.after(TRY_AGAIN, this::reload));
    }

    private void work() {
        if (working || stopped || loading || (!unsure && vmIds.isEmpty() && tenants.isEmpty())) {
            return;
        }
        working = true;
        lookForNames()
                .compose(known -> change())
                .onComplete(done -> working = false)
                .onSuccess(done -> work())
                .onFailure(cause -> {
                    LOG.atWarn().setCause(cause).log("the network could not be changed and is tried again");
                    time.after(TRY_AGAIN, this::work);
                });
    }

    private Future<?> change() {
        var changedVms = Set.copyOf(vmIds);
        var changedTenants = Set.copyOf(tenants);
        vmIds.clear();
        tenants.clear();
        return grant(changedVms)
                .compose(granted -> serve(changedTenants))
                .compose(this::grant)
                .recover(cause -> {
                    vmIds.addAll(changedVms);
                    tenants.addAll(changedTenants);
                    return Future.failedFuture(cause);
                });
    }

    private Future<?> grant(Set<String> changed) {
        return Future.join(changed.stream()
                .map(vmId -> network.walls().grant(vmId, rights(vmId)))
                .toList());
    }

    /** Answers the VMs whose questions are answered elsewhere than before. */
    private Future<Set<String>> serve(Set<String> changed) {
        var moved = new HashSet<String>();
        var done = Future.<Void>succeededFuture();
        for (var tenant : names.isEmpty() ? Set.<String>of() : changed) {
            done = done.compose(next -> serve(names.get(), tenant)).map(movedOnes -> {
                moved.addAll(movedOnes);
                return null;
            });
        }
        return done.map(moved);
    }

    private Future<Set<String>> serve(Names servers, String tenant) {
        var before = servers.port(tenant);
        var served =
                policy.tenants().contains(tenant) ? servers.serve(tenant, policy.names(tenant)) : servers.end(tenant);
        return served.map(done -> servers.port(tenant) == before ? Set.of() : policy.vmsOf(tenant));
    }

    private Map<String, Rights> rights(Set<String> ids) {
        var rights = new HashMap<String, Rights>();
        ids.forEach(vmId -> rights.put(vmId, rights(vmId)));
        return rights;
    }

    private Rights rights(String vmId) {
        return policy.rights(
                vmId, tenant -> names.map(served -> served.port(tenant)).orElse(0));
    }

    /** After a start and from time to time: which servers live, and which are there for nobody. */
    private Future<?> lookForNames() {
        if (names.isEmpty() || !unsure) {
            unsure = false;
            return Future.succeededFuture();
        }
        return names.get().look().map(found -> {
            unsure = false;
            tenants.addAll(found);
            tenants.addAll(policy.tenants());
            return found;
        });
    }

    private void sweep() {
        if (stopped) {
            return;
        }
        network.repair()
                .onFailure(cause -> LOG.atWarn().setCause(cause).log("the network could not be repaired"))
                .onComplete(done -> {
                    unsure = true;
                    work();
                    time.after(SWEEP, this::sweep);
                });
    }
}
