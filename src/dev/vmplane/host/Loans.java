package dev.vmplane.host;

import dev.vmplane.model.CrashPoint;
import dev.vmplane.model.MicroVm;
import io.vertx.core.Future;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Everything this host lends to VMs, kind by kind. What is lent later may stand on what was lent before, so it is taken
 * back in reverse; the run directory is the first and the last.
 */
public final class Loans {
    private final List<Holding> holdings;

    /** @param holdings in the order in which they are lent */
    public Loans(List<Holding> holdings) {
        this.holdings = List.copyOf(holdings);
    }

    /** Lends one of each kind. May be repeated, and after a failure {@link #takeBack} removes what there is. */
    public Future<Void> lend(MicroVm vm) {
        Future<Void> lent = Future.succeededFuture();
        for (var holding : holdings) {
            lent = lent.compose(before -> holding.lend(vm)).onSuccess(made -> CrashPoint.LOAN_LENT.here());
        }
        return lent;
    }

    /** Takes back all that the VM holds. One kind that fails does not keep the others, and is the failure of the whole. */
    public Future<Void> takeBack(String vmId) {
        Future<Void> taken = Future.succeededFuture();
        for (var at = holdings.size() - 1; at >= 0; at--) {
            var holding = holdings.get(at);
            taken = taken.transform((before, failure) -> holding.takeBack(vmId)
                    .onSuccess(gone -> CrashPoint.LOAN_TAKEN_BACK.here())
                    .compose(done -> failure == null ? Future.succeededFuture() : Future.failedFuture(failure)));
        }
        return taken;
    }

    /** The VMs that hold anything at all, by id. Fails when one kind cannot be looked at. */
    public Future<Set<String>> held() {
        return Future.all(holdings.stream().map(Holding::held).toList())
                .map(all -> all.<Set<String>>list().stream()
                        .flatMap(Collection::stream)
                        .collect(Collectors.toUnmodifiableSet()));
    }
}
